"""Images and cards to try `image flash` and `image verify` on: real files, real loop devices."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from image import manifest

MIB = 1 << 20
# As the builder lays it out: a FAT partition from 4 MiB on, the root partition behind it.
BOOT = (4 * MIB, 2 * MIB)

needs_loop = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/loop-control").exists() or not shutil.which("losetup"),
    reason="needs root and loop devices",
)


def make_image(path: Path, size: int = 12 * MIB) -> Path:
    """Make an image with holes, and its manifest."""
    noise = random.Random(size)  # noqa: S311
    table = bytearray(512)
    root = (BOOT[0] + BOOT[1], size - BOOT[0] - BOOT[1] - MIB)
    for number, (kind, (start, length)) in enumerate(((0x0C, BOOT), (0x83, root))):
        entry = (0, b"", kind, b"", start // 512, length // 512)
        struct.pack_into("<B3sB3sII", table, 446 + 16 * number, *entry)
    table[510:] = b"\x55\xaa"
    with path.open("wb") as stream:
        stream.truncate(size)
        stream.write(table)
        for offset in (BOOT[0] + 5000, root[0] + 70_000, size - 300_000):
            stream.seek(offset)
            stream.write(noise.randbytes(200_000))
    assert path.stat().st_blocks * 512 < 2 * MIB, "the image has no holes"
    manifest.write(path, {"host": "pi"}, lambda _: None)
    return path


def old_card(path: Path, size: int) -> Path:
    """Make a card that something else was on, to its last byte."""
    path.write_bytes(b"old " * (size // 4))
    return path


@contextmanager
def loop(backing: Path, *options: str) -> Iterator[str]:
    """Make a file a disk."""
    command = ["losetup", *options, "--find", "--show", str(backing)]
    device = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@contextmanager
def mounted(what: str, where: Path, *options: str) -> Iterator[Path]:
    """Mount something for a while."""
    where.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, what, str(where)], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)
