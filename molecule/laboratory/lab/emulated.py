"""A Pi emulated by QEMU: its power switch, its console, and its card as a PC sees it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from testinfra.host import Host

from image import boot, disk

from .house import House
from .world import PIDS, PROJECT, eventually, scenario

SWITCH = PROJECT / "molecule/image/emulated-pi"
READY = "Votre standard téléphonique est prêt"  # what it reports on a start
# Seconds that it may take on a busy machine: to start, and to set itself up.
STARTING = 15 * 60
SETTING_UP = 45 * 60
# A hundredth of the work of alexdedyura/cpu-benchmark, for which a Pi 3 B+ (1.4 GHz, Python 3.11)
# takes 245 s (its issue 20): so a Pi's time can be told from that of the machine that plays it.
PI_WORKS_FOR = 2.45
WORK = """
import time
began = time.perf_counter()
for turn in range(100):
    for number in range(1, 1000):
        3.141592 * 2**number
    for number in range(1, 10000):
        float(number) / 3.141592
    for number in range(1, 10000):
        float(3.141592) / number
print(time.perf_counter() - began)
"""


def lets_in(house: House) -> bool:
    """Tell whether SSH answers."""
    try:
        house.run("true")
    except RuntimeError:
        return False
    return True


def set_up_in(host: Host) -> str:
    """Say how long the Pi has last worked on foyer.txt."""
    show = "systemctl show --value --property=ExecMain{}TimestampMonotonic gardeligne-setup"
    began, ended = (int(host.check_output(show.format(what))) for what in ("Start", "Exit"))
    return f"{(ended - began) / 1e6:.0f} s"


def starts_in(image: Path, words: bytes) -> float:
    """Return the seconds until a copy of an image says something on its console."""
    with TemporaryDirectory(prefix="gardeligne-") as folder, TemporaryFile() as console:
        began = time.monotonic()
        command = boot.boot_command(image, "virt", Path(folder))
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console)
        try:
            eventually(
                lambda: words in os.pread(console.fileno(), 1 << 20, 0),
                f"the console says {words!r}",
                STARTING,
            )
            return time.monotonic() - began
        finally:
            machine.terminate()
            machine.wait()


class Pi:
    """The machine; the card may be touched while it is off."""

    def __init__(self) -> None:
        """Find it."""
        name = scenario()
        self._on = 0.0
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
        self._on = time.monotonic()
        subprocess.run([SWITCH, "again"], check=True)

    def wait_for(self, words: str, timeout: float) -> None:
        """Wait until the console says something."""
        eventually(
            lambda: words in self.console.read_text(errors="replace"),
            f"the console says {words!r}",
            timeout,
        )

    def on_for(self) -> str:
        """Say how long it has been on."""
        return f"{time.monotonic() - self._on:.0f} s"

    def read(self, name: str) -> str:
        """Read a text on the card, as a PC does: its lines end as ours do."""
        return self._mtools("mtype", f"::{name}").stdout.decode("utf-8-sig").replace("\r\n", "\n")

    def has(self, name: str) -> bool:
        """Tell whether a file is on the card."""
        try:
            return bool(self.read(name))
        except subprocess.CalledProcessError:
            return False

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
