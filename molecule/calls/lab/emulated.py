"""A Pi emulated by QEMU: its power switch, its console, and its card as a PC sees it."""

from __future__ import annotations

import re
import subprocess

from image import disk

from .world import PIDS, SCENARIO, eventually, scenario

PROJECT = SCENARIO.parents[1]
SWITCH = PROJECT / "molecule/image/pi"
READY = "Votre standard téléphonique est prêt"  # what it reports on a start
SETTING_UP = 45 * 60  # seconds that it may take to set itself up, on a busy machine


class Pi:
    """The machine; the card may be touched while it is off."""

    def __init__(self) -> None:
        """Find it."""
        name = scenario()
        self._folder = PROJECT / f".cache/pi-{name}"
        self.image = self._folder / "card.img"
        self.console = self._folder / "console.log"
        self.ssh_config = PIDS / f"gardeligne-{name}-pi.ssh"

    @property
    def address(self) -> str:
        """The address that its router gives it."""
        found = re.search(r"HostName (\S+)", self.ssh_config.read_text())
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
        new = self._folder / "new.txt"
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
