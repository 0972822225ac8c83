"""From what a household wrote, and has been checked, to what the roles are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .hours import hours
from .phone import international, line
from .settings import defaults
from .written import meant

Data = Mapping[str, Any]

# What is left unsaid.
TRUNK: Data = defaults("household_trunks")
HANDSET: Data = defaults("household_handsets")
MAILBOX: Data = defaults("household_mailboxes")
GUARD: Data = defaults("household_guard")
OUTGOING: Data = defaults("household_outgoing")
RELAY: Data = defaults("household_mail.relay")
WATCH: Data = defaults("household_watch")
BACKUP: Data = defaults("household_backup")
FIREWALL: Data = defaults("household_firewall")
CARD: Data = defaults("household_card")
NETWORK: Data = defaults("household_card.network")
WIFI: Data = defaults("household_card.wifi")


def household_model(values: Data, generated: Data) -> dict[str, Any]:
    """Return the household with nothing left unsaid.

    ``values`` are the variables ``household_*``, checked; ``generated`` the secrets that were
    made for this household: ``{handsets: {extension: …}, mailboxes: {number: …}}``.
    """
    raw = {name.removeprefix("household_"): value for name, value in values.items()}
    providers = raw["providers"]
    secrets = raw["secrets"]
    mailboxes = [_mailbox({**MAILBOX, **entry}, secrets, generated) for entry in raw["mailboxes"]]
    usual = {
        **TRUNK,
        "rings": [entry["extension"] for entry in raw["handsets"]],
        "mailbox": mailboxes[0]["number"] if mailboxes else "",
    }
    trunks = [
        _trunk(
            {**usual, **providers[entry["provider"]], **entry},
            entry,
            secrets,
            named=not raw["self_setup"] or "host" in providers[entry["provider"]],
        )
        for entry in raw["trunks"]
    ]
    spoken = {codec for trunk in trunks for codec in trunk["codecs"]}
    release = raw["releases"].get(raw["release"], {})
    handsets = [
        {**_handset(entry, secrets, generated), "codecs": _codecs(entry["codecs"], spoken, release)}
        for entry in ({**HANDSET, **written} for written in raw["handsets"])
    ]
    return {
        "name": raw["name"],
        "trunks": trunks,
        "handsets": handsets,
        "security_updates": bool(raw["security_updates"]),
        "presence": bool(raw["presence"]),
        "mailboxes": mailboxes,
        "guard": _guard(raw["guard"]),
        "outgoing": _outgoing(raw["outgoing"], raw["number_classes"]),
        "outgoing_pin": secrets.get("outgoing") or "",
        "routes": _routes(
            raw["routes"] or _default_routes(raw["trunks"], providers, raw["number_classes"]),
            raw["number_classes"],
            raw["outgoing"].get("open", []),
        ),
        "mail": _mail(raw["mail"], secrets),
        "backup": {**BACKUP, **raw["backup"], "passphrase": secrets.get("backup") or ""},
        "watch": _typed(WATCH, raw["watch"]),
        "firewall": _typed(FIREWALL, raw["firewall"]),
        "card": _card(raw["card"], secrets),
    }


def _typed(usual: Data, written: Data) -> dict[str, Any]:
    """Return what is written, or usual, each of the usual one's type."""
    return {key: type(usual[key])(value) for key, value in {**usual, **written}.items()}


def household_pick(entries: Iterable[Data], *keys: str) -> list[dict[str, Any]]:
    """Return the entries with only these keys: no role sees a password it does not need."""
    return [{key: entry[key] for key in keys} for entry in entries]


def _secret(kind: str, key: str, *sources: Data) -> str:
    """Return the first secret that is not empty, "" if there is none."""
    found = ((source.get(kind) or {}).get(key) for source in sources)
    return next((str(secret) for secret in found if secret), "")


def _handset(entry: Data, secrets: Data, generated: Data) -> dict[str, Any]:
    extension = entry["extension"]
    return {
        "extension": extension,
        "name": entry["name"],
        "secret": _secret("handsets", extension, secrets, generated),
        "mailbox": entry["mailbox"],
        "only": _callers(entry.get("only", [])),
        "second_phone": entry["second_phone"],
    }


def _codecs(codecs: list[str], spoken: set[str], release: Data) -> list[str]:
    """Return what a phone is offered; of what a line speaks (``spoken``), if it can be but one."""
    if not release.get("one_codec"):
        return list(codecs)
    return ([codec for codec in codecs if codec in spoken] or codecs)[:1]


def _mailbox(entry: Data, secrets: Data, generated: Data) -> dict[str, Any]:
    return {
        "number": entry["number"],
        "name": entry["name"],
        "email": entry["email"],
        "pin": _secret("mailboxes", entry["number"], secrets, generated),
    }


def _trunk(merged: Data, entry: Data, secrets: Data, *, named: bool) -> dict[str, Any]:
    """Return a line; ``named`` tells whether its name says whose it is."""
    number = line(merged["number"])
    # Who carries the line, in a household's eyes: without a name of its own it is its server.
    operator = merged["name"] if named else merged["host"]
    # A preset's `user` says how to make the login; a trunk's own `user` is the login.
    made = international(number) if merged["user"] == "international" else number
    return {
        "name": merged["name"],
        "operator": operator,
        "number": number,
        "caller_id": line(merged.get("caller_id", number)),
        "send_pai": "caller_id" in merged,
        "channels": int(merged["channels"]),
        "user": entry.get("user", made),
        "secret": _secret("trunks", merged["name"], secrets),
        "host": merged["host"],
        "port": int(merged["port"]),
        "domain": merged.get("domain", merged["host"]),
        "proxy": merged["proxy"],
        "codecs": list(merged["codecs"]),
        "dtmf": merged["dtmf"],
        "expiry": int(merged["expiry"]),
        "addresses": list(merged["addresses"]),
        "rings": list(merged["rings"]),
        "mailbox": merged["mailbox"],
    }


def _guard(given: Data) -> dict[str, Any]:
    guard = {key: type(GUARD[key])(value) for key, value in {**GUARD, **given}.items()}
    return {**guard, "quiet": guard["quiet"] and hours(guard["quiet"])}


def _outgoing(given: Data, classes: Data) -> dict[str, Any]:
    outgoing = {key: type(OUTGOING[key])(value) for key, value in {**OUTGOING, **given}.items()}
    return {**outgoing, "open": _callers(text for text in outgoing["open"] if text not in classes)}


def _callers(texts: Iterable[str]) -> list[str]:
    return [caller for text in texts for caller in meant(text)]


def _routes(
    routes: Data, classes: Mapping[str, Data], opened: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the classes of numbers with their patterns, trunks, and what is checked before.

    A class without a trunk is one too: its numbers exist, and are refused with that reason.
    """
    found = []
    for name, numbers in classes.items():
        costly = numbers.get("costly", False)
        checks = ["phone", *["barred"] * (costly and name not in opened), *["costly"] * costly]
        trunks = list(routes.get(name, []))
        found.append(
            {
                "name": name,
                "patterns": numbers["patterns"],
                "trunks": trunks,
                "checks": checks if trunks else [],
            }
        )
    return found


def _default_routes(
    trunks: Iterable[Data], providers: Mapping[str, Data], classes: Iterable[str]
) -> dict[str, list[str]]:
    """Return every class by all trunks, in order, whose provider does not refuse it."""
    return {
        name: [
            trunk["name"]
            for trunk in trunks
            if name not in providers[trunk["provider"]].get("refuses", [])
        ]
        for name in classes
    }


def _mail(mail: Data, secrets: Data) -> dict[str, Any]:
    relay = {**RELAY, **mail["relay"]} if mail.get("relay") else {}
    if relay:
        relay["port"] = int(relay["port"])
        relay["password"] = secrets.get("mail", "")
    # Who reads the machine's own mail, if nobody is named: who sends it.
    sender = mail.get("sender", "")
    return {"sender": sender, "admin": mail.get("admin", sender), "relay": relay}


def _card(card: Data, secrets: Data) -> dict[str, Any]:
    """Return what makes a written card a machine of this house's, {} if there is none."""
    if not card:
        return {}
    wifi = {**WIFI, **card["wifi"], "password": secrets.get("wifi", "")} if card.get("wifi") else {}
    return {
        "hostname": {**CARD, **card}["hostname"],
        "ssh_keys": [key.strip() for key in card.get("ssh_keys", [])],
        "network": {**NETWORK, **card.get("network", {})},
        "wifi": {**wifi, "hidden": bool(wifi["hidden"])} if wifi else {},
    }
