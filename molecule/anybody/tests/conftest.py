"""The Pi that QEMU plays, its card as a PC sees it, and the laboratory around it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
import testinfra
from lab import Lab, open_lab
from lab.house import House
from lab.world import DATA, PIDS, SCENARIO, eventually
from testinfra.host import Host

from image import disk

PROJECT = SCENARIO.parents[1]
FOLDER = PROJECT / ".cache/pi/anybody"
SWITCH = PROJECT / "molecule/image/pi"
CONFIG = PIDS / "gardeligne-anybody-pi.ssh"
SETTING_UP = 45 * 60  # seconds that an emulated Pi may take for the playbook, on a busy machine


class Pi:
    """The machine without a network into it: power, console, and the card while it is off."""

    image = FOLDER / "card.img"
    console = FOLDER / "console.log"

    @property
    def address(self) -> str:
        """Where its router puts it."""
        found = re.search(r"HostName (\S+)", CONFIG.read_text())
        assert found
        return found[1]

    def cut(self) -> None:
        """Switch it off."""
        subprocess.run([SWITCH, "cut"], check=True)

    def again(self) -> None:
        """Switch it on, with an empty console."""
        self.console.write_text("")
        subprocess.run([SWITCH, "again"], check=True)

    def wait_for(self, words: str, timeout: float) -> None:
        """Wait until the console says something."""
        eventually(
            lambda: words in self.console.read_text(errors="replace"),
            f"the console says {words!r}",
            timeout,
        )

    def read(self, name: str) -> str:
        """Read a text on the card, as a PC does."""
        return self._mtools("mtype", f"::{name}").stdout.decode("utf-8-sig")

    def write(self, name: str, text: str) -> None:
        """Write a text as a PC's editor does: a new file, then the old one is deleted."""
        new = FOLDER / "new.txt"
        new.write_bytes(text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8-sig"))
        self._mtools("mcopy", "-o", str(new), f"::{name}.tmp")
        self._mtools("mdel", f"::{name}")
        self._mtools("mcopy", str(new), f"::{name}")
        self._mtools("mdel", f"::{name}.tmp")

    def boot_partition(self) -> bytes:
        """Return every byte of the partition that a PC reads."""
        (start, size), _ = disk.partitions(self.image)
        with self.image.open("rb") as card:
            card.seek(start)
            return card.read(size)

    def _mtools(self, command: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        (start, _), _ = disk.partitions(self.image)
        place = ["-i", f"{self.image}@@{start}"]
        return subprocess.run([command, *place, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def pi() -> Pi:
    return Pi()


@pytest.fixture(scope="session")
def host() -> Host:
    """Return the booted machine, entered by SSH with the household's key."""
    return testinfra.get_host("ssh://pi", ssh_config=str(CONFIG), sudo=True)


@pytest.fixture(scope="session")
def lab(host: Host) -> Generator[Lab, None, None]:
    """Return the laboratory, whose phones have the passwords that the Pi has made."""
    made = Path("/etc/gardeligne/setup/inventory/secrets/gardeligne")
    for extension in DATA["lab_handset_secrets"]:
        secret = host.file(str(made / f"handset-{extension}")).content_string.strip()
        DATA["lab_handset_secrets"][extension] = secret
    with open_lab(["pi"]) as opened:
        opened.houses["pi"].mailbox = "famille.martin@example.org"
        yield opened


@pytest.fixture
def house(lab: Lab) -> Generator[House, None, None]:
    house = lab.houses["pi"]
    yield house
    house.callers_hang_up()
    house.wait_until_idle()
    house.forget()
