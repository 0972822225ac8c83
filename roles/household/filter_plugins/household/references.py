"""What one setting says of another, and of the host: the last check, over what has its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .card import card_problems
from .phone import PhoneError, line, matches
from .problems import Problem, Setting, complete, did_you_mean, listed, quoted
from .settings import defaults
from .written import meant

Sound = Mapping[str, Any]

TLS_OF_PORT = {465: "implicit", 587: "starttls"}
RELAY = defaults("household_mail.relay")


def reference_problems(sound: Sound) -> Iterator[Problem]:
    """Yield all problems between settings."""
    for check in CHECKS:
        yield from check(sound)


def _entries(sound: Sound, name: str) -> Iterator[tuple[Setting, dict[str, Any]]]:
    for index, entry in enumerate(sound.get(name, [])):
        yield (name, index), entry


def _ids(sound: Sound, name: str, key: str) -> list[str]:
    return [entry[key] for _, entry in _entries(sound, name) if key in entry]


def _empty(sound: Sound) -> Iterator[Problem]:
    if sound.get("household_self_setup") and sound.get("household_for_card"):
        return  # who it will be for is not known yet
    if sound.get("household_trunks") == []:
        yield Problem(("household_trunks",), "has no line. Add the line that your calls come by.")
    if sound.get("household_handsets") == []:
        yield Problem(("household_handsets",), "has no phone. Add one at least.")


def _quiet(canonical: Callable[[str], object]) -> Callable[[str], str]:
    """Take a text as it is where its format is wrong: that has been said."""

    def taken(text: str) -> str:
        try:
            return str(canonical(text))
        except PhoneError:
            return text

    return taken


# What must be there once only, however it is written.
UNIQUE: list[tuple[str, str, Callable[[str], str]]] = [
    ("household_trunks", "name", str),
    ("household_trunks", "number", _quiet(line)),
    ("household_handsets", "extension", str),
    ("household_mailboxes", "number", str),
    ("household_allow", "number", _quiet(meant)),
    ("household_allow", "file", str),
    ("household_block", "number", _quiet(meant)),
    ("household_block", "file", str),
    ("household_block", "preset", str),
]


def _duplicates(sound: Sound) -> Iterator[Problem]:
    for name, key, canonical in UNIQUE:
        first: dict[str, Setting] = {}
        for at, entry in _entries(sound, name):
            if key in entry and (before := first.setdefault(canonical(entry[key]), at)) != at:
                text = f"is {quoted(entry[key])} again, as in {name}[{before[1]}]. Delete one"
                yield Problem((*at, key), f"{text}, or correct it.")


def _contradictions(sound: Sound) -> Iterator[Problem]:
    canonical = _quiet(meant)
    allowed = {canonical(number) for number in _ids(sound, "household_allow", "number")}
    for at, entry in _entries(sound, "household_block"):
        if "number" in entry and canonical(entry["number"]) in allowed:
            text = "is in household_allow too, which wins: it would never be blocked."
            yield Problem((*at, "number"), f"{text} Delete one of them.")


def _mentions(sound: Sound) -> Iterator[tuple[Setting, str, str, list[str]]]:
    """Yield what names something: setting, name, where it must exist, what exists there."""
    extensions = _ids(sound, "household_handsets", "extension")
    mailboxes = _ids(sound, "household_mailboxes", "number")
    trunks = _ids(sound, "household_trunks", "name")
    providers = list(sound.get("household_providers", {}))
    presets = list(sound.get("household_presets", {}))
    for at, entry in _entries(sound, "household_handsets"):
        if entry.get("mailbox"):
            yield (*at, "mailbox"), entry["mailbox"], "household_mailboxes", mailboxes
    for at, entry in _entries(sound, "household_trunks"):
        if "provider" in entry:
            yield (*at, "provider"), entry["provider"], "household_providers", providers
        if entry.get("mailbox"):
            yield (*at, "mailbox"), entry["mailbox"], "household_mailboxes", mailboxes
        for index, extension in enumerate(entry.get("rings", [])):
            yield (*at, "rings", index), extension, "household_handsets", extensions
    for at, entry in _entries(sound, "household_block"):
        if "preset" in entry:
            yield (*at, "preset"), entry["preset"], "household_presets", presets
    for name, route in sound.get("household_routes", {}).items():
        for index, trunk in enumerate(route if isinstance(route, list) else []):
            yield ("household_routes", name, index), trunk, "household_trunks", trunks
    guard = sound.get("household_guard", {})
    if "decoy" in guard:
        decoys = list(sound.get("household_decoys", {}))
        yield ("household_guard", "decoy"), guard["decoy"], "household_decoys", decoys


def _unresolved(sound: Sound) -> Iterator[Problem]:
    for setting, mentioned, where, known in _mentions(sound):
        if mentioned not in known and all(
            complete(sound, name, key) for name, key, _ in UNIQUE if name == where
        ):
            hint = did_you_mean(mentioned, known) or f" There are: {listed(known)}."
            yield Problem(setting, f"names {quoted(mentioned)}, which {where} does not have.{hint}")


def _routes(sound: Sound) -> Iterator[Problem]:
    classes = sound.get("household_number_classes", {})
    for name, route in sound.get("household_routes", {}).items():
        setting = ("household_routes", name)
        if name not in classes:
            hint = did_you_mean(name, classes) or f" There are: {listed(classes)}."
            yield Problem(setting, f"is no class of numbers that exists.{hint}")
        if not isinstance(route, list):
            yield Problem(setting, "must be a list of trunks, as in [free, ovh].")
        elif len({str(trunk) for trunk in route}) < len(route):
            yield Problem(setting, "names a trunk twice. Delete one.")


def _requirements(sound: Sound) -> Iterator[Problem]:
    providers = sound.get("household_providers", {})
    for at, entry in _entries(sound, "household_trunks"):
        provider = entry.get("provider", "")
        for key in providers.get(provider, {}).get("requires", []):
            if not entry.get(key):
                text = f"is missing: provider {provider} needs it. Your operator names it."
                yield Problem((*at, key), text)
    for at, entry in _entries(sound, "household_trunks"):
        if entry.get("rings") == []:
            text = "is empty: its calls would ring nowhere. Name phones, or delete it for all."
            yield Problem((*at, "rings"), text)


def _swallowed(sound: Sound) -> Iterator[Problem]:
    """Yield handsets whose extension is a number that the household wants to dial."""
    for at, entry in _entries(sound, "household_handsets"):
        extension = entry.get("extension", "")
        setting = (*at, "extension")
        if extension in sound.get("household_emergency_numbers", []):
            text = f"is {extension}, an emergency number: it could not be dialled any more."
            yield Problem(setting, f'{text} Choose another, as "001".')
        for name, numbers in sound.get("household_number_classes", {}).items():
            if any(matches(pattern, extension) for pattern in numbers["patterns"]):
                text = f"is {extension}, a number of the class {name}."
                yield Problem(setting, f'{text} Choose another, as "001".')


def _outgoing(sound: Sound) -> Iterator[Problem]:
    """Yield what is opened but is not barred, or has no line; and phones that may dial nothing."""
    classes = sound.get("household_number_classes", {})
    costly = [name for name, numbers in classes.items() if numbers.get("costly")]
    routes = sound.get("household_routes", {})
    for index, text in enumerate(sound.get("household_outgoing", {}).get("open", [])):
        setting = ("household_outgoing", "open", index)
        try:
            opened = [text] if text in classes else _classes_of(meant(text), classes)
        except PhoneError as error:
            hint = did_you_mean(text, costly) or f" Or name a class: {listed(costly)}."
            yield Problem(setting, f"is {quoted(text)}, which {error}{hint}")
            continue
        if not set(opened) & set(costly):
            text = f"is {quoted(text)}, which is not barred. Delete it; barred are: "
            yield Problem(setting, f"{text}{listed(costly)}.")
        elif routes and not any(routes.get(name) for name in opened if name in costly):
            name = next(name for name in opened if name in costly)
            text = f"is {quoted(text)}, but no line carries it. Name one in household_routes.{name}"
            yield Problem(setting, f"{text} (trunks.yml).")
    for at, entry in _entries(sound, "household_handsets"):
        if entry.get("only") == []:
            text = "is empty: this phone could call nobody. Name numbers, or delete it for all."
            yield Problem((*at, "only"), text)


def _classes_of(numbers: list[str], classes: Mapping[str, Any]) -> list[str]:
    """Return the classes that numbers, or the continuations of prefixes, belong to."""
    whole = {
        number.replace("*", digit * length)
        for number in numbers
        for digit in "0123456789"
        for length in range(14 if number.endswith("*") else 1)
    }
    return [
        name
        for name, entry in classes.items()
        if any(matches(pattern, number) for pattern in entry["patterns"] for number in whole)
    ]


def _mails(sound: Sound) -> Iterator[Problem]:
    mail = sound.get("household_mail", {"relay": {}})
    if mail == {}:
        for at, entry in _entries(sound, "household_mailboxes"):
            if entry.get("email"):
                text = "is set, but household_mail is not: no mail could be sent. Set it in"
                yield Problem((*at, "email"), f"{text} mail.yml, or delete the address.")
        return
    relay = mail.get("relay", {})
    port, tls = relay.get("port", RELAY["port"]), relay.get("tls", RELAY["tls"])
    if TLS_OF_PORT.get(port, tls) != tls:
        text = f"is {tls}, but port {port} is for {TLS_OF_PORT[port]}. Change one of them."
        yield Problem(("household_mail", "relay", "tls"), text)


def _backups(sound: Sound) -> Iterator[Problem]:
    backup = sound.get("household_backup", {})
    asked = [key for key in ("usb", "folder", "ssh") if backup.get(key)]
    if asked and not sound.get("household_secrets", {}).get("backup"):
        text = "is set, but household_secrets.backup is not: what leaves the Pi is closed by it."
        yield Problem(("household_backup", asked[0]), f"{text} Write one in vault.yml.")
    if bool(backup.get("ssh")) != bool(backup.get("ssh_host_key")):
        here, lacks = ("ssh", "ssh_host_key") if backup.get("ssh") else ("ssh_host_key", "ssh")
        yield Problem(
            ("household_backup", here), f"is set, but household_backup.{lacks} is not. Set both."
        )


RELEASE_DATA = (
    "household_release",
    "household_releases",
    "household_recommended_release",
    "household_releases_without_asterisk",
)


def release_problems(sound: Sound) -> Iterator[Problem]:
    """Yield what the host's release cannot do."""
    releases, release = sound["household_releases"], sound["household_release"]
    if release not in releases:
        text = (
            f"is {quoted(release)}: this host's system has no Asterisk that I know."
            f" {sound['household_releases_without_asterisk']} has none at all. Use"
            f" {releases[sound['household_recommended_release']]['name']}; there are:"
            f" {listed(known['name'] for known in releases.values())}."
        )
        yield Problem(("household_release",), text)
        return
    drivers = releases[release]["sip_drivers"]
    driver = sound.get("household_sip_driver", "auto")
    if driver not in ("auto", *drivers):
        text = (
            f"is {driver}, but Asterisk {releases[release]['asterisk']} of"
            f" {releases[release]['name']} has only {listed(drivers)}. Write auto."
        )
        yield Problem(("household_sip_driver",), text)
        return
    yield from _second_phones(sound, drivers[0] if driver == "auto" else driver)


def _python(sound: Sound) -> Iterator[Problem]:
    """Yield that this Ansible does not reach the Python of an old release."""
    python, running = sound.get("household_python", ""), sound.get("household_ansible", "")
    for release, about in sound.get("household_releases", {}).items():
        last = about.get("ansible")
        if last and about["python"] == python and _older(last, running):
            text = (
                f"is {python}, which Ansible {running} does not reach. {last} does:"
                f" make setup-{release}, and then .venv-{release}/bin/ansible-playbook."
            )
            yield Problem(("household_python",), text)


def _older(version: str, than: str) -> bool:
    """Compare the first two numbers of two versions."""
    one, two = ([int(part) for part in text.split(".")[:2]] for text in (version, than))
    return one < two


def _second_phones(sound: Sound, driver: str) -> Iterator[Problem]:
    if driver != "chan_sip":
        return
    for at, entry in _entries(sound, "household_handsets"):
        if (second := entry.get("second_phone", "replace")) != "replace":
            text = (
                f"is {second}, but the driver chan_sip knows one phone for each login, the newest."
                " Write replace, or asterisk_sip_driver: chan_pjsip in house.yml."
            )
            yield Problem((*at, "second_phone"), text)


def _release(sound: Sound) -> Iterator[Problem]:
    """Yield that at once where the release is known, else what holds for each of them."""
    if all(sound.get(name) for name in RELEASE_DATA):
        yield from release_problems(sound)
    else:
        yield from _second_phones(sound, sound.get("household_sip_driver", "auto"))


CHECKS: list[Callable[[Sound], Iterator[Problem]]] = [
    _empty,
    _duplicates,
    _contradictions,
    _unresolved,
    _routes,
    _requirements,
    _swallowed,
    _outgoing,
    _mails,
    _backups,
    _release,
    _python,
    card_problems,
]
