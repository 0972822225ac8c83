"""Where things are on the box."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The folders and files of a box, whose root may be elsewhere when this is tried."""

    root: Path = Path("/")
    # The project (playbook and roles), its ansible-playbook, and the Python of Ansible's modules.
    project: Path = Path("/usr/local/lib/gardeligne-setup/project")
    ansible: str = "/usr/bin/ansible-playbook"
    interpreter: Path = Path("/usr/local/lib/gardeligne-setup/python")
    # What opens a backup, and puts what is in it in its place.
    backup: Path = Path("/usr/local/sbin/gardeligne-backup")

    @property
    def boot(self) -> Path:
        """The partition that any PC reads."""
        return self.root / "boot/firmware"

    @property
    def kept(self) -> Path:
        """What the household wrote, for root alone."""
        return self.root / "etc/gardeligne/setup"

    @property
    def inventory(self) -> Path:
        """The same for Ansible, with the secrets that were made."""
        return self.kept / "inventory"

    @property
    def status(self) -> Path:
        """How the settings were taken, for the report on the start."""
        return self.root / "var/lib/gardeligne/setup.json"

    @property
    def facts(self) -> Path:
        """What Ansible has asked the machine."""
        return self.root / "var/cache/gardeligne-facts"

    @property
    def reported(self) -> Path:
        """What exists once a start has been reported on, and nothing was missing."""
        return self.root / "var/lib/gardeligne/first-boot-done"

    @property
    def log(self) -> Path:
        """What the playbook said last."""
        return self.root / "var/log/gardeligne-setup.log"

    @property
    def run(self) -> Path:
        """In memory: Ansible's files while it works."""
        return self.root / "run/gardeligne-setup"
