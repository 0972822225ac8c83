"""Removes or fixes what differs between two runs: dates, random numbers, caches."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

# What programs make anew when they need it, or what only says how this run went. Secrets and
# seeds, which each machine must make for itself, are removed by the role sdcard (seal.yml).
REMOVED = (
    "var/cache/ldconfig/aux-cache",  # by the numbers and times of files
    "var/cache/debconf/*-old",
    "var/lib/dpkg/*-old",
    "etc/*-",  # passwd-, shadow- …: as they were before
    "var/lib/systemd/catalog/database",
)
# Folders whose files go, but for databases: the record of calls is made with its columns.
EMPTIED = ("var/log", "var/lib/apt/lists", "var/tmp")
KEPT = ".db"
# What was deleted while a program had it open, and never closed: libfuse only renames that.
HIDDEN = ".fuse_hidden"
DAY = 86400
PYC = struct.Struct("<4sIII")  # what Python writes first: magic, flags, date and size of the source


def settle(root: Path, when: int) -> None:
    """Do all of it: after this, two runs differ only in dates, which ext4.py sets."""
    remove(root)
    shadow(root, when)
    for folder, _, names in os.walk(root):
        for name in names:
            if name.startswith(HIDDEN):
                Path(folder, name).unlink()
            elif name.endswith(".pyc"):
                compiled(Path(folder, name), when)


def remove(root: Path) -> None:
    """Remove the files that only this run needed."""
    for pattern in REMOVED:
        for path in root.glob(pattern):
            path.unlink()
    for name in EMPTIED:
        for path in (root / name).rglob("*"):
            if stat.S_ISREG(path.lstat().st_mode) and path.suffix != KEPT:
                path.unlink()


def shadow(root: Path, when: int) -> None:
    """Date the last change of each password to the day of `when` at the latest."""
    file = root / "etc/shadow"
    day = when // DAY
    lines = []
    for line in file.read_text().splitlines(keepends=True):
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdigit():
            fields[2] = str(min(int(fields[2]), day))
        lines.append(":".join(fields))
    file.write_text("".join(lines))


def compiled(path: Path, when: int) -> None:
    """Adjust Python's compiled files to the dates that their sources will get."""
    with path.open("r+b") as file:
        start = file.read(PYC.size)
        if len(start) < PYC.size:
            return
        magic, flags, date, size = PYC.unpack(start)
        if flags == 0 and date > when:  # else it goes by the source's content
            file.seek(0)
            file.write(PYC.pack(magic, flags, when, size))
