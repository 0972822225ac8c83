"""What the box knows of its household, for root alone; each file is replaced whole.

`inventory/` is what the playbook is run with, written before the run. What is in effect is written
after it: `foyer.txt` as the card has it once sealed, `secrets.json` which that leaves out, and the
state. In the state are

- `applied`: hash of that foyer.txt; nothing while a run has not ended well, since then a part of
  what was to change may have changed;
- `unsealed`: hash of the same with its secrets, while it may still be on the card so;
- `lines`: telephone numbers of the household whose messages and records are on the box.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from . import files

HOST = "gardeligne"
LOGIN = "pi"
HOSTS = {
    "exchange": {
        "hosts": {
            HOST: {
                "ansible_connection": "local",
                "ansible_user": LOGIN,
                "ansible_become": False,  # it is root that runs it
                "system_offline": True,  # all packages are there
            }
        }
    }
}


def digest(content: bytes) -> str:
    """Return the hash that a text is known by."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class State:
    """The settings in effect, by hash, and whose they are."""

    applied: str = ""
    unsealed: str = ""
    lines: list[str] = field(default_factory=list)


class Store:
    """The folder that it is kept in."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, and read the state."""
        self.folder = folder
        self.inventory = folder / "inventory"
        self.secrets = self.inventory / "secrets"
        self.sealed = folder / "foyer.txt"
        self._secrets = folder / "secrets.json"
        self._variables = self.inventory / "group_vars/exchange/foyer.yml"
        for each in (folder, self.inventory, self.inventory / "group_vars", self._variables.parent):
            files.make_folder(each)
        try:
            self.state = State(**json.loads((folder / "state.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            # As of a box that was never set up: what is on the card is looked at anew.
            self.state = State()

    def save(self) -> None:
        """Write the state."""
        files.write(self.folder / "state.json", json.dumps(asdict(self.state)).encode())

    def kept_secrets(self) -> Mapping[str, Any] | None:
        """Return the secrets that a sealed foyer.txt leaves out, None if there are none."""
        try:
            secrets: Mapping[str, Any] = json.loads(self._secrets.read_text())
        except FileNotFoundError:
            return None
        return secrets

    def keep(self, variables: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        """Write the inventory; both parts in one file, so that they are of one household."""
        text = yaml.safe_dump(
            {**variables, "household_secrets": dict(secrets)}, allow_unicode=True, sort_keys=False
        )
        files.write(self.inventory / "hosts.yml", yaml.safe_dump(HOSTS, sort_keys=False).encode())
        files.write(self._variables, text.encode())

    def begin(self, lines: list[str]) -> None:
        """Note that settings are being changed: neither the former nor the new are in effect."""
        self.state = State(lines=lines)
        self.save()

    def took_effect(self, raw: bytes, sealed: bytes, secrets: Mapping[str, Any]) -> None:
        """Note the settings in effect, and that the card may still have their secrets."""
        files.write(self._secrets, json.dumps(dict(secrets)).encode())
        files.write(self.sealed, sealed)
        self.state = State(digest(sealed), digest(raw), self.state.lines)
        self.save()

    def forget(self) -> None:
        """Remove what was in effect: it is another household's."""
        for path in (self._secrets, self.sealed):
            files.remove(path)
