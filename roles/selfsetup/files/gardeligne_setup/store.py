"""What the box knows of its household, for root alone; each file is replaced whole.

`inventory/` is what the playbook is run with. It is written before the run, so it can be newer
than what is in effect; `state.json` says what is. In the state are

- `applied`: hash of the foyer.txt that is in effect, as it is on the card once sealed;
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
                "ansible_python_interpreter": "/usr/bin/python3",
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
    """What is in effect."""

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
            variables = yaml.safe_load(self._variables.read_text())
        except FileNotFoundError:
            return None
        secrets: Mapping[str, Any] = variables["household_secrets"]
        return secrets

    def keep(self, variables: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
        """Write the inventory; both parts in one file, so that they are of one household."""
        text = yaml.safe_dump(
            {**variables, "household_secrets": dict(secrets)}, allow_unicode=True, sort_keys=False
        )
        files.write(self.inventory / "hosts.yml", yaml.safe_dump(HOSTS, sort_keys=False).encode())
        files.write(self._variables, text.encode())

    @property
    def sealed(self) -> Path:
        """foyer.txt as it is in effect, without secrets."""
        return self.folder / "foyer.txt"
