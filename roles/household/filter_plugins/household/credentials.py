"""Passwords and PINs. No message here ever has one in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .formats import PLACEHOLDER, PLACEHOLDER_TEXT
from .problems import Problem, Setting, complete, listed, shown
from .settings import limits
from .sources import Sources
from .structure import unquoted

Entry = Mapping[str, Any]

# SIP passwords are rendered as they are. `;` would begin a comment, and in chan_sip's
# `register => user:secret@host/extension~expiry` so would : @ / ~ ? end the password.
SIP_SIGNS = "! $ % & ( ) * + , - . = ^ _"
SIP_SECRET = re.compile(rf"[A-Za-z0-9{re.escape(SIP_SIGNS.replace(' ', ''))}]+")
# A pass phrase, or the key itself (IEEE 802.11).
WIFI_SECRET = re.compile(r"[ -~]{8,63}|[0-9A-Fa-f]{64}")
TRUNK_SECRET_LENGTH = 8
HANDSET_SECRET_LENGTH = 12
BACKUP_SECRET_LENGTH = 12
PIN_LENGTHS = limits("household_secrets.mailboxes", "length")
# The beginnings of what everybody tries first.
COMMON = (
    "password", "passw0rd", "passe", "motdepasse", "azerty", "qwerty", "qwertz", "admin",
    "asterisk", "freephonie", "raspberry", "secret", "soleil", "bonjour", "doudou", "loulou",
    "marseille", "changeme", "letmein", "welcome", "abcdef", "123456", "iloveyou", "jetaime",
)  # fmt: skip
TRIED_FIRST = "is weak: it is among the first that are tried. Choose another."


def credential_problems(sound: Mapping[str, Any], sources: Sources) -> Iterator[Problem]:
    """Yield what is wrong with household_secrets."""
    secrets = sound.get("household_secrets", {})
    for kind, (key, called, lack, check) in KINDS.items():
        entries = {
            entry[key]: entry for entry in sound.get(f"household_{kind}", []) if key in entry
        }
        given = secrets.get(kind, {})
        for number, secret in given.items():
            setting = ("household_secrets", kind, number)
            if not isinstance(number, str):
                raw = sources.key(setting) or str(number)
                yield Problem(setting, f'has no quotes around its key {raw}. Write "{raw}".')
            elif number not in entries:
                if not complete(sound, f"household_{kind}", key):
                    continue
                yield Problem(setting, _nobody(kind, number, called, list(entries)))
            elif secret is not None and not isinstance(secret, str):
                yield Problem(setting, unquoted(None, secret, secret=True))
            elif secret and (wrong := _checked(secret, entries[number], check)):
                yield Problem(setting, wrong)
        for number in entries:
            if lack and not given.get(number):
                yield Problem(("household_secrets", kind, number), lack)
    yield from _relay(sound.get("household_mail"), secrets.get("mail", ""))
    yield from _backup(secrets.get("backup", ""))
    yield from _wifi(sound.get("household_card"), secrets.get("wifi", ""))
    if (pin := secrets.get("outgoing", "")) and (wrong := _checked(pin, {"number": ""}, _pin)):
        yield Problem(("household_secrets", "outgoing"), wrong)


def _relay(mail: Entry | None, secret: str) -> Iterator[Problem]:
    setting: Setting = ("household_secrets", "mail")
    relay = (mail or {}).get("relay")
    if relay is None:
        if secret and mail == {}:
            yield Problem(setting, "is set, but household_mail is not. Set it too, or delete this.")
    elif not secret:
        yield Problem(setting, "is missing: the password of household_mail.relay.user.")
    elif PLACEHOLDER.search(secret):
        yield Problem(setting, PLACEHOLDER_TEXT)
    elif not secret.isprintable() or secret != secret.strip():
        yield Problem(
            setting, "has a line break, a tab or a space at an end. Write it on one line, without."
        )


def _backup(secret: str) -> Iterator[Problem]:
    if secret and (wrong := backup_secret(secret)):
        yield Problem(("household_secrets", "backup"), wrong)


def backup_secret(secret: str) -> str:
    """Return what is wrong with a backup's passphrase: who has the file may guess for years."""
    if PLACEHOLDER.search(secret):
        return PLACEHOLDER_TEXT
    if not secret.isprintable() or secret != secret.strip():
        return "has a line break, a tab or a space at an end. Write it on one line, without."
    if len(secret) < BACKUP_SECRET_LENGTH:
        return f"is weak: it has {len(secret)} characters. Use {BACKUP_SECRET_LENGTH} at least."
    return TRIED_FIRST * _is_tried_first(secret)


def _wifi(card: Entry | None, secret: str) -> Iterator[Problem]:
    setting: Setting = ("household_secrets", "wifi")
    wifi = (card or {}).get("wifi", {})
    if not wifi:
        if secret and card is not None:
            text = "is set, but household_card.wifi is not. Set it too, or delete this."
            yield Problem(setting, text)
    elif not secret:
        yield Problem(setting, "is missing: the password of the network household_card.wifi.ssid.")
    elif PLACEHOLDER.search(secret):
        yield Problem(setting, PLACEHOLDER_TEXT)
    elif not WIFI_SECRET.fullmatch(secret):
        text = "is no WiFi password: it has 8 to 63 letters without accents, digits and signs."
        yield Problem(setting, f"{text} It stands on the box, most often.")


def _checked(secret: str, entry: Entry, check: Callable[[str, Entry], str]) -> str:
    return PLACEHOLDER_TEXT if PLACEHOLDER.search(secret) else check(secret, entry)


def _nobody(kind: str, number: str, called: str, known: list[str]) -> str:
    return (
        f"is for {called} {shown(number)}, which household_{kind} does not have."
        f" Delete it, or name one of: {listed(known)}."
    )


def _sip(secret: str, entry: Entry, least: int) -> str:
    if not SIP_SECRET.fullmatch(secret):
        return (
            "has characters that Asterisk's files could misread. Use letters without accents,"
            f" digits and {SIP_SIGNS} only; change it at the operator if it is theirs."
        )
    if len(secret) < least:
        return f"is weak: it has {len(secret)} characters. Use {least} at least."
    own = {re.sub(r"\W", "", text.casefold()) for text in entry.values() if isinstance(text, str)}
    plain = re.sub(r"\W", "", secret.casefold())
    if plain in own:
        return "is weak: it is the entry's own name, number or login. Choose another."
    return TRIED_FIRST * _is_tried_first(secret)


def _is_tried_first(secret: str) -> bool:
    plain = re.sub(r"\W", "", secret.casefold())
    return len(set(secret)) < 5 or any(
        plain.startswith(word) and len(plain) < len(word) + 6 for word in COMMON
    )


def _trunk(secret: str, entry: Entry) -> str:
    return _sip(secret, entry, TRUNK_SECRET_LENGTH)


def _handset(secret: str, entry: Entry) -> str:
    wrong = _sip(secret, entry, HANDSET_SECRET_LENGTH)
    return wrong.replace("; change it at the operator if it is theirs", "")


def _pin(pin: str, entry: Entry) -> str:
    least, most = PIN_LENGTHS
    if not re.fullmatch(r"[0-9]+", pin):
        return "is no PIN: a keypad has digits only."
    if not least <= len(pin) <= most:
        return f"has {len(pin)} digits. Use {least} to {most}."
    if pin == entry["number"]:
        return "is the mailbox's own number. Choose another."
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    half = len(pin) // 2
    if (len(steps) == 1 and steps <= {0, 1, 9}) or pin == pin[:half] * 2:
        return "is easy to guess: digits in a row or repeated. Choose another."
    return ""


_MISSING = "is missing: the password that the operator gave for this line."
# Kind of secret: what its key is in the entries, what they are called, what to say if it lacks
# (nothing: it will be made), and the check.
KINDS: dict[str, tuple[str, str, str, Callable[[str, Entry], str]]] = {
    "trunks": ("name", "trunk", _MISSING, _trunk),
    "handsets": ("extension", "handset", "", _handset),
    "mailboxes": ("number", "mailbox", "", _pin),
}
