"""A boot partition made anew from a folder, the same to the byte for the same files."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from image import disk
from image.disk import SECTOR, Parts
from image.steps import Steps


@dataclass(frozen=True)
class Kind:
    """What a FAT was like: 32 or 16 bits, how many sectors to a cluster, its label."""

    bits: int
    cluster: int
    label: str


def kind(parts: Parts) -> Kind:
    """Read what the boot partition is like, from its first sector."""
    with parts.head.open("rb") as head:
        head.seek(parts.boot_start)
        sector = head.read(SECTOR)
    # FAT32 has no size in the field of the older ones, and more fields before the label.
    (size,) = struct.unpack_from("<H", sector, 22)
    bits, at = (16, 43) if size else (32, 71)
    return Kind(bits, sector[13], sector[at : at + 11].decode("ascii", "replace").rstrip())


def make(parts: Parts, folder: Path, number: int, when: int, steps: Steps) -> None:
    """Make the boot partition anew with a folder's files, of which all times become `when`.

    `number` is the partition's own (32 bits); `when` is in seconds since 1970. What was deleted
    before is not in it.
    """
    like = kind(parts)
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (when, when))
    empty = parts.head.with_name("head.new")
    empty.unlink(missing_ok=True)
    disk.copy_range(parts.head, 0, parts.boot_start, empty, 0)
    os.truncate(empty, parts.root_start)
    _, place = _place(parts)
    steps.run(
        "mkfs.vfat", "--invariant", "-F", str(like.bits), "-s", str(like.cluster),
        "-n", like.label, "-i", f"{number:08x}",
        "--offset", str(parts.boot_start // SECTOR), empty, str(place // 1024),
    )  # fmt: skip
    empty.replace(parts.head)
    # FAT has local times; mtools put the time of now beside a file's own.
    env = {**os.environ, "TZ": "UTC", "SOURCE_DATE_EPOCH": str(when)}
    disk.write_boot(parts, folder, steps, env)


def _place(parts: Parts) -> tuple[int, int]:
    """Say where the boot partition is, and its size, by the partition table."""
    with parts.head.open("rb") as head:
        table = head.read(SECTOR)
    start, count = struct.unpack_from("<II", table, 446 + 8)
    return start * SECTOR, count * SECTOR
