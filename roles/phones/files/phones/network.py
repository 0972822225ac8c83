"""This machine's place in the house's network."""

import ipaddress
import re
import subprocess
from typing import Dict, List


class NoAddress(Exception):
    """The machine has no IPv4 address that a telephone could use."""


def ip(*arguments: str) -> str:
    """Return what `ip` says of IPv4, "" if it fails."""
    try:
        said = subprocess.check_output(["ip", "-4", *arguments], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.decode("ascii", "replace")


def interfaces() -> Dict[str, List[ipaddress.IPv4Interface]]:
    """Return the addresses, with their networks, by the name of the interface."""
    found = {}  # type: Dict[str, List[ipaddress.IPv4Interface]]
    # `2: eth0    inet 192.168.1.10/24 brd 192.168.1.255 scope global eth0\ …`
    shown = ip("-o", "address", "show", "scope", "global")
    for name, address in re.findall(r"^\d+: (\S+) +inet ([0-9./]+)", shown, re.MULTILINE):
        found.setdefault(name, []).append(ipaddress.IPv4Interface(address))
    return found


def address() -> str:
    """Return the address that telephones use: on the way to the router, else the first.

    Raises NoAddress.
    """
    found = interfaces()
    way = re.search(r"^default .*?dev (\S+)", ip("route", "show", "default"), re.MULTILINE)
    on_the_way = found.get(way.group(1), []) if way else []
    for interface in on_the_way + [one for several in found.values() for one in several]:
        return str(interface.ip)
    raise NoAddress()


def networks() -> List[ipaddress.IPv4Network]:
    """Return the networks that this machine is in, its own loopback included."""
    several = [one.network for found in interfaces().values() for one in found]
    return [ipaddress.IPv4Network("127.0.0.0/8"), *several]
