"""Render the household's trunks and handsets for either of Asterisk's SIP drivers.

Both functions return the same shape, which one template prints: a list of
sections ``{"name": str, "options": [[key, value], ...]}`` in file order. A key may
stand more than once (``register``, ``match``).

Options are chosen among those that Asterisk 13.14 (Stretch) knows already; the table
with their source is tests/appliance/asterisk-13.14-options.yml.

The code is the package `asterisk_drivers`, in the folder beside this file, as Ansible loads each
file of filter_plugins on its own: roles/household/filter_plugins/household_filters.py says more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from asterisk_drivers.chan_pjsip import asterisk_chan_pjsip
from asterisk_drivers.chan_sip import asterisk_chan_sip, chan_sip_addresses
from asterisk_drivers.shared import Device, peer_host


def asterisk_trunk_hosts(trunks: list[Device], driver: str) -> list[str]:
    """Return ``peer=host`` for every trunk: the peer that has the address of that host."""
    return [f"{_peer(trunk, driver)}={peer_host(trunk)}" for trunk in trunks]


def _peer(trunk: Device, driver: str) -> str:
    """Return the trunk's name, or of chan_sip's peers the one that stands for its proxy."""
    if driver == "chan_sip" and trunk["proxy"]:
        return str(chan_sip_addresses(trunk)[-1]["name"])
    return str(trunk["name"])


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "asterisk_chan_sip": asterisk_chan_sip,
            "asterisk_chan_pjsip": asterisk_chan_pjsip,
            "asterisk_trunk_hosts": asterisk_trunk_hosts,
        }
