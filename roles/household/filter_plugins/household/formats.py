"""What a text must look like, field by field: nothing that a file of the exchange could misread.

A format returns what is wrong and the cure, or "". Texts end in Asterisk's files, where `;`
begins a comment, `[` a section, `,` the next argument and `${` a variable: only characters that
mean nothing there are let through.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from .card import country, hostname, interface, nameserver, router, ssh_key, ssid
from .hours import hours
from .phone import line
from .problems import VARIABLES, Problem, Setting, quoted
from .settings import SETTINGS, limits
from .written import meant

Format = Callable[[str], str]

# What the article, and vault.yml.example, leave for the reader to replace.
PLACEHOLDER = re.compile(
    r"SUPERPASSWORD|MDP[A-Z]{4,}|\b0[0-9]X{8}\b|PR[EÉ]NOM|\bXXXX|CHANGE[ _-]?ME", re.IGNORECASE
)
# Where letters may spell anything by chance.
RANDOM = {"household_card.ssh_keys"}
PLACEHOLDER_TEXT = "is still the example's placeholder. Write your own."

# Section names of sip.conf and pjsip.conf, and extensions of the dialplan, that exist already.
TRUNK_NAMES_TAKEN = {"general", "global", "system", "authentication", "end"}

# What a name may have besides letters and digits, and its length.
NAME_SIGNS = " .'\u2019-_&+/()°"
NAME_LENGTH = 60

HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
EMAIL = re.compile(r"[A-Za-z0-9_+%-]+(\.[A-Za-z0-9_+%-]+)*@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}")


def _spoiling(text: str, allowed: str) -> str:
    """Return the characters that are neither letters nor digits nor allowed, to be shown."""
    spoiling = sorted(
        {c for c in text if not (c.isalnum() or unicodedata.combining(c) or c in allowed)}
    )
    return " ".join(c if c.isprintable() and c != " " else quoted(c) for c in spoiling)


def name(text: str) -> str:
    """Check what is shown on phones and in mails."""
    if not text.strip():
        return "is empty. Write a name."
    if found := _spoiling(text, NAME_SIGNS):
        return f"has {found} in it. Use letters, digits, spaces and . ' - _ & + / ( ) only."
    if len(text) > NAME_LENGTH:
        return f"is longer than {NAME_LENGTH} characters. Shorten it."
    return ""


def trunk_name(text: str) -> str:
    """Check a name that becomes a section, an extension and a login."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,19}", text):
        return (
            f"is {quoted(text)}. Use 2 to 20 small letters, digits and _ only, a letter first,"
            ' as in "ovh2".'
        )
    return f'is "{text}", a name that Asterisk uses itself. Choose another.' * (
        text in TRUNK_NAMES_TAKEN
    )


def extension(text: str) -> str:
    """Check an extension or a mailbox's number."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        return ""
    return f'is {quoted(text)}. Use 1 to 6 digits, in quotes, as in "001".'


def email(text: str) -> str:
    """Check an address."""
    if EMAIL.fullmatch(text) and len(text) <= 254:
        return ""
    return f"is {quoted(text)}, which is no e-mail address. Write it as name@example.org."


def host(text: str) -> str:
    """Check the name or the IPv4 address of a server."""
    if re.fullmatch(r"[0-9.]+", text):
        return "" if _is_network(text) else f"is {quoted(text)}, which is no IPv4 address."
    if HOST.fullmatch(text):
        return ""
    cure = " Write the port under port." if re.fullmatch(r"[^:]+:\d+", text) else ""
    return f"is {quoted(text)}, which is no name of a server.{cure}"


def host_port(text: str) -> str:
    """Check host[:port]."""
    server, colon, port = text.partition(":")
    if not colon or (port.isdecimal() and 1 <= int(port) <= 65535):
        return host(server)
    return f"is {quoted(text)}, but the port after the : must be from 1 to 65535."


def network(text: str) -> str:
    """Check an IPv4 address or network."""
    if _is_network(text):
        return ""
    return f"is {quoted(text)}. Write an address or a network as in 91.121.128.0/23."


def tcp_port(text: str) -> str:
    """Check the number of a port."""
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return ""
    return f'is {quoted(text)}. Write a number from 1 to 65535, in quotes, as "445".'


def _is_network(text: str) -> bool:
    try:
        ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return True


def sip_user(text: str) -> str:
    """Check a login at an operator."""
    if re.fullmatch(r"[A-Za-z0-9+._-]{1,64}", text):
        return ""
    return f"is {quoted(text)}. Use letters, digits and + . _ - only, without @ and the host."


def relay_user(text: str) -> str:
    """Check a login at the mail relay; Postfix's file ends it with a colon."""
    if re.fullmatch(r"[!-9;-~]+", text):
        return ""
    return f"is {quoted(text)}. Use letters, digits and signs other than the colon, no spaces."


def list_file(text: str) -> str:
    """Check the name of a file that lists numbers; Ansible takes some for files of variables."""
    if not text.strip() or _spoiling(text, " .-_()"):
        return f"is {quoted(text)}. Name a file beside this one, as contacts.vcf or liste.txt."
    if PurePath(text).suffix in VARIABLES:
        return f"is {quoted(text)}, which Ansible reads as settings. Let its name end in .txt."
    return ""


def host_key(text: str) -> str:
    """Check the key that another machine is recognised by."""
    if not ssh_key(text):
        return ""
    return (
        "is no key of a machine. Write what ssh-keyscan shows behind its name, as"
        " ssh-ed25519 AAAAC3…"
    )


def folder(text: str) -> str:
    """Check a folder that copies go to, named from the root."""
    if re.fullmatch(r"(/[\w.+@ -]*[\w+@-])+", text) and ".." not in text.split("/"):
        return ""
    return f"is {quoted(text)}. Write a folder with all that is above it, as /mnt/nas/gardeligne."


def remote(text: str) -> str:
    """Check user@machine[:port]/folder."""
    login, slash, below = text.partition("/")
    user, at, server = login.partition("@")
    sound = re.fullmatch(r"[a-z_][a-z0-9_.-]*", user) and re.fullmatch(r"[\w./+@ -]*", below)
    if at and slash and sound and not host_port(server):
        return ""
    return f"is {quoted(text)}. Write user@machine/folder, as sauvegarde@nas.local/gardeligne."


def parsed(parse: Callable[[str], object]) -> Format:
    """Check what a function can read, or says in a ValueError why it cannot."""

    def checked(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            return f"is {quoted(text)}, which {error}"
        return ""

    return checked


# The names that argument specs give a setting's format.
FORMATS: Mapping[str, Format] = {
    "caller": parsed(meant),
    "country": country,
    "email": email,
    "extension": extension,
    "folder": folder,
    "host": host,
    "host_port": host_port,
    "host_key": host_key,
    "hostname": hostname,
    "hours": parsed(hours),
    "interface": interface,
    "line": parsed(line),
    "list_file": list_file,
    "name": name,
    "nameserver": nameserver,
    "network": network,
    "relay_user": relay_user,
    "remote": remote,
    "router": router,
    "sip_user": sip_user,
    "ssh_key": ssh_key,
    "ssid": ssid,
    "tcp_port": tcp_port,
    "trunk_name": trunk_name,
}


def format_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for every text or number that is not what its field takes."""
    for setting, value in leaves(sound):
        field = ".".join(str(key) for key in setting if not isinstance(key, int))
        option = SETTINGS.get(field, {})
        if isinstance(value, str) and "format" in option:
            if value == option.get("default"):
                continue
            placeholder = field not in RANDOM and PLACEHOLDER.search(value)
            wrong = PLACEHOLDER_TEXT if placeholder else FORMATS[option["format"]](value)
            if wrong:
                yield Problem(setting, wrong)
        elif "range" in option:
            least, most = limits(field)
            if not least <= value <= most:
                yield Problem(setting, f"is {value}, but must be from {least} to {most}.")


def leaves(value: Any, at: Setting = ()) -> Iterator[tuple[Setting, Any]]:
    """Yield every value that is neither a list nor a block, with its setting."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*at, index))
    else:
        yield at, value
