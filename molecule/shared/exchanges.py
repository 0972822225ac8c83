"""The exchanges that the scenarios build: each release of releases.yml with each SIP driver.

As a program (by the script `hosts`, an inventory of Ansible's): prints them as JSON. The laboratory
reads the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parents[2] / "group_vars/all/releases.yml"
SCENARIO = "{{ lookup('ansible.builtin.env', 'MOLECULE_SCENARIO_NAME') }}"


def exchanges(
    releases: Mapping[str, Mapping[str, Any]], *, every: bool = True
) -> dict[str, dict[str, Any]]:
    """Return the hosts by name, RELEASE-DRIVER; what is archived has a scenario of its own.

    Not every: neither a release whose Asterisk another has, nor a driver that only an inventory
    can ask for.
    """
    found: dict[str, dict[str, Any]] = {}
    for release, about in releases.items():
        if about.get("archived") or ("twin" in about and not every):
            continue
        for driver in about["sip_drivers"][: None if every else 1]:
            name = f"{release}-{driver.removeprefix('chan_')}"
            found[name] = {"container_release": release}
            if about.get("built"):
                found[name]["container_packages"] = release
            # Where there is but one, `auto` is tried.
            if len(about["sip_drivers"]) > 1:
                found[name]["asterisk_sip_driver"] = driver
    return found


def inventory(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the exchanges as Ansible's inventory scripts do."""
    # Nothing waits for a twin's packages to be built, and two processors carry the calls of two
    # exchanges: the others are there for who names one (`make scenario EXCHANGE=...`).
    every = bool(os.environ.get("GARDELIGNE_EXCHANGE"))
    hosts = exchanges(data["gardeligne_releases"], every=every)
    return {
        "_meta": {"hostvars": hosts},
        "all": {
            "vars": {
                # The number of each one's line, from 1 on.
                "lab_exchanges": {name: line for line, name in enumerate(hosts, 1)},
                "lab_recommended": f"{data['gardeligne_recommended_release']}-pjsip",
            }
        },
        "exchange": {
            "hosts": list(hosts),
            "vars": {
                "ansible_connection": "container",
                "ansible_host": "gardeligne-{{ container_scenario }}-{{ inventory_hostname }}",
                "container_scenario": SCENARIO,
                # Else a second run would change nothing because it does nothing.
                "settled_full": True,
            },
        },
    }


if __name__ == "__main__":
    print(json.dumps(inventory(yaml.safe_load(FILE.read_text(encoding="utf-8"))), indent=1))
