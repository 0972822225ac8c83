"""The SD card's own settings: a name, who may log in, and the way into the network."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .problems import Problem, quoted

# What ssh-keygen makes, and Debian's sshd takes.
KEY_TYPES = {
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
}
RSA_BITS = 2048
KEY_CURE = "Write the one line of a file that ends in .pub, as of ~/.ssh/id_ed25519.pub."
SSID_BYTES = 32
# 0.0.0.0/8 is a network for nobody, and smaller ones than /30 have no place for two.
PREFIXES = range(8, 31)


def hostname(text: str) -> str:
    """Check the machine's name."""
    if text == "localhost":
        return 'is "localhost", which every machine is to itself. Choose another.'
    if re.fullmatch(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", text):
        return ""
    return (
        f"is {quoted(text)}. Use 1 to 63 small letters, digits and - only, a letter first and no"
        " - last."
    )


def ssh_key(text: str) -> str:
    """Check a public key. Whatever it is, it is not shown: it may be a secret one."""
    if "PRIVATE KEY" in text or text.startswith("PuTTY-User-Key-File"):
        return (
            f"is a private key, which must never leave the machine that it was made on. {KEY_CURE}"
            " Who may have read this one can log in wherever it is known: make another."
        )
    text = text.strip()
    if "\n" in text:
        return f"has several lines. {KEY_CURE}"
    kind, _, rest = text.partition(" ")
    if kind not in KEY_TYPES:
        if kind == "ssh-dss":
            return "is of the type ssh-dss, which is too weak. Make another: ssh-keygen -t ed25519."
        return f"is no public key for OpenSSH. {KEY_CURE}"
    try:
        parts = _parts(base64.b64decode(rest.partition(" ")[0], validate=True))
    except (binascii.Error, ValueError):
        parts = []
    if len(parts) < 2 or parts[0] != kind.encode():
        return f"is cut off or damaged. {KEY_CURE}"
    if not text.isprintable():
        return f"has characters that do not belong there. {KEY_CURE}"
    if kind == "ssh-rsa" and (bits := int.from_bytes(parts[-1]).bit_length()) < RSA_BITS:
        return (
            f"is weak: it has {bits} bits. Use {RSA_BITS} at least, or better:"
            " ssh-keygen -t ed25519."
        )
    return ""


def _parts(blob: bytes) -> list[bytes]:
    """Return the texts that a key is made of, each with its length before it (RFC 4253)."""
    parts = []
    while blob:
        length = int.from_bytes(blob[:4])
        if len(blob) < 4 + length:
            raise ValueError("ends early")
        parts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return parts


def interface(text: str) -> str:
    """Check an address with its network's size."""
    try:
        address = ipaddress.IPv4Interface(text)
    except ValueError:
        return f"is {quoted(text)}, which is no IPv4 address. Write it as 192.168.1.10/24."
    if "/" not in text or address.network.prefixlen not in PREFIXES:
        return (
            f"is {quoted(text)}. Write the size of your network behind it, most often /24, as in"
            " 192.168.1.10/24."
        )
    if address.ip in (address.network.network_address, address.network.broadcast_address):
        return f"is {quoted(text)}, the first or last of its network. Choose one in between."
    return ""


def router(text: str) -> str:
    """Check an IPv4 address of one machine."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return f"is {quoted(text)}. Write an IPv4 address as 192.168.1.254."
    return ""


def nameserver(text: str) -> str:
    """Check an address of one machine."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return f"is {quoted(text)}. Write an address as 192.168.1.254, not a name."
    return ""


def country(text: str) -> str:
    """Check a country's two letters."""
    if re.fullmatch(r"[A-Z]{2}", text):
        return ""
    return f"is {quoted(text)}. Write two capital letters, as FR."


def ssid(text: str) -> str:
    """Check the name of a wireless network."""
    if not text:
        return "is empty. Write the name of your wireless network, or delete the block wifi."
    if not text.isprintable():
        return "has characters that no wireless network's name has. Write it again."
    if (length := len(text.encode())) > SSID_BYTES:
        return f"has {length} bytes, but {SSID_BYTES} at most make a wireless network's name."
    return ""


def card_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what the card's settings say of one another."""
    card = sound.get("household_card", {})
    if sound.get("household_for_card", False) and not card:
        text = "is missing: a card is made for this house, and nobody could log in."
        yield Problem(("household_card",), f"{text} card.yml of inventory/example shows how.")
    if card and "ssh_keys" not in card and not sound.get("household_self_setup", False):
        text = "is missing. Add it: public keys of who may log in; passwords do not."
        yield Problem(("household_card", "ssh_keys"), text)
    if card.get("ssh_keys") == []:
        text = f"has no key: nobody could log in. {KEY_CURE} None yet? ssh-keygen -t ed25519"
        yield Problem(("household_card", "ssh_keys"), text)
    if card and sound.get("household_login", "") == "root":
        text = "is root, whom the card lets nobody log in as. Write another in hosts.yml, as pi."
        yield Problem(("household_login",), text)
    yield from _network(card.get("network", {}))


def _network(network: Mapping[str, Any]) -> Iterator[Problem]:
    address, gateway = network.get("address", ""), network.get("gateway", "")
    at = ("household_card", "network")
    if not address:
        for key in ("gateway", "dns"):
            if network.get(key):
                text = "is set, but address is not: the router says it then. Delete it,"
                yield Problem((*at, key), f"{text} or write an address too.")
        return
    if not gateway:
        yield Problem((*at, "gateway"), "is missing: an address of its own needs the router's too.")
    if not network.get("dns"):
        text = "is missing: an address of its own needs a name server, most often the router."
        yield Problem((*at, "dns"), text)
    if not gateway or interface(address) or router(gateway):
        return
    own = ipaddress.IPv4Interface(address)
    if own.ip == ipaddress.IPv4Address(gateway):
        text = f"is {gateway}, this machine's own address. Write the router's."
        yield Problem((*at, "gateway"), text)
    elif ipaddress.IPv4Address(gateway) not in own.network:
        text = f"is {gateway}, which is not in the network of {address}. Correct one of them."
        yield Problem((*at, "gateway"), text)
