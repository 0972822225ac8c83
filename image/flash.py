"""Write an image to a card, and read it back."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from image import cards, manifest, words
from image.cards import Disk
from image.device import Device
from image.errors import ImageError
from image.manifest import SECTOR, Manifest
from image.progress import bar
from image.verify import first_difference

BAD = "the card is worn out, or smaller than it claims: take another"
TAIL = 1 << 20  # where GPT, RAID and LVM keep a second copy of what they know


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = commands.add_parser("flash", help="write the image to a card, and read it back")
    parser.add_argument(
        "image",
        metavar="IMAGE",
        nargs="?",
        type=Path,
        default="gardeligne.img",
        help="the image, as built or packed by xz (default: %(default)s)",
    )
    parser.add_argument("--disk", help="the card, e.g. /dev/sdb (default: list them, and ask)")
    parser.add_argument("--yes", action="store_true", help="do not ask; needs --disk")
    parser.add_argument(
        "--fixed-disk",
        action="store_true",
        help="the disk of --disk may be one that is not removable",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the card, or say why not."""
    if options.disk is None and (options.yes or options.fixed_disk):
        raise ImageError("--yes and --fixed-disk need --disk: name the disk, e.g. --disk /dev/sdb")
    image: Path = options.image
    wanted = manifest.read(image)
    if options.disk is None:
        disk = choose(cards.disks(), wanted.size)
    else:
        disk = named(options.disk, wanted.size, options.fixed_disk)
        if not options.yes:
            print(f"  {disk}")
            confirm(disk)
    with Device(disk.raw, writing=True) as device:
        # Meanwhile another card may be in the reader, or this one may have been mounted.
        if named(disk.path, wanted.size, options.fixed_disk) != disk:
            raise ImageError(f"{disk.path}: it is not the card that it was a moment ago: try again")
        with bar("checking the image", wanted.size) as advance:
            manifest.check(image, wanted, advance)
        print(write(device, disk.size, image, wanted))
        ejected = disk.removable and device.eject()
    if sys.platform == "darwin":
        ejected = subprocess.run(["diskutil", "eject", disk.path], check=False).returncode == 0
    print(f"{disk.path}: {'ejected, ' if ejected else ''}take it out, and put it into the Pi.")


def named(name: str, needed: int, fixed: bool) -> Disk:
    """Find the disk that somebody named, if it may be written."""
    disk = cards.find(name)
    if reasons := disk.objections(needed, fixed):
        raise ImageError(f"{disk.path}: {'; '.join(reasons)}")
    return disk


def choose(disks: list[Disk], needed: int) -> Disk:
    """List the cards, and ask which."""
    found = [disk for disk in disks if disk.is_card]
    if not found:
        raise ImageError(
            "no card found: put one in. (A disk that is not removable is not listed: "
            "--disk NAME --fixed-disk)"
        )
    refused = {disk.name: disk.objections(needed) for disk in found}
    for disk in found:
        print(f"  {disk}", *(f"      {reason}" for reason in refused[disk.name]), sep="\n")
    good = [disk for disk in found if not refused[disk.name]]
    if not good:
        raise ImageError("none of these cards can be written; the reasons stand below each")
    return confirm(*good)


def confirm(*good: Disk) -> Disk:
    """Have the name of the disk typed: nobody does that by mistake."""
    names = " or ".join(disk.name for disk in good)
    try:
        answer = input(f"Everything on it will be lost. Type {names} to go on: ").strip()
    except EOFError:
        raise ImageError("nobody answered; without a keyboard: --disk NAME --yes") from None
    for disk in good:
        if answer in (disk.name, disk.path):
            return disk
    raise ImageError(f"'{answer}' is not {names}: nothing was written")


def write(device: Device, room: int, image: Path, wanted: Manifest) -> str:
    """Write an image that was checked, and read it back; say how that went.

    The first sector, the partition table, comes last, when all the rest has been read back: a
    card that was cut off in the middle, or that is bad, does not look like one that starts.
    """
    began = time.monotonic()
    state = "may have lost what was on it"
    try:
        device.write(0, bytes(SECTOR))
        device.sync()
        state = "now has no partition table, so that no Pi starts from it"
        table = _write_rest(device, room, image, wanted.size)
        wrote = time.monotonic()
        _read_back(device, room, image, wanted, table)
        state = "may not be whole"
        device.write(0, table)
        device.sync()
        if device.read(0, SECTOR) != table:
            raise ImageError(f"{device.path}: its first sector does not keep what is written")
    except ImageError as error:
        raise ImageError(f"{error}\n{device.path} {state}: write it again") from None
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{device.path} {state}: write it again") from None
    read = time.monotonic()
    return (
        f"{device.path}: {image} written, {words.exact(wanted.size)} in "
        f"{_rate(wanted.size, wrote - began)}, and read back in "
        f"{_rate(wanted.size, read - wrote)}: the same, SHA-256 {wanted.sha256}"
    )


def _write_rest(device: Device, room: int, image: Path, size: int) -> bytes:
    """Write all but the first sector, and give that."""
    table = b""
    with bar("writing", size) as advance:
        for offset, length in _tail(room, size):
            device.write(offset, bytes(length))
        offset = 0
        for block in manifest.blocks(image, size, lambda _: None):
            if not table:
                table = block[:SECTOR]
                block = bytes(SECTOR) + block[SECTOR:]
            device.write(offset, block)
            offset += len(block)
            advance(len(block))
        device.sync()
    return table


def _read_back(device: Device, room: int, image: Path, wanted: Manifest, table: bytes) -> None:
    with bar("reading back", wanted.size) as advance:
        found = manifest.measure(
            _with_table(device.blocks(wanted.size, advance), table), wanted.partitions
        )
        kept = not any(any(device.read(*place)) for place in _tail(room, wanted.size))
    if found.sha256 != wanted.sha256:
        at = first_difference(device, image, wanted.size, skip=SECTOR)
        if at is None:
            raise ImageError(f"{image}: it changed while it was written")
        raise ImageError(f"{device.path}: byte {at:,} is not what was written there: {BAD}")
    if not kept:
        raise ImageError(f"{device.path}: its last bytes are not what was written there: {BAD}")


def _with_table(blocks: Iterator[bytes], table: bytes) -> Iterator[bytes]:
    first = next(blocks)
    yield table + first[len(table) :]
    yield from blocks


def _tail(room: int, size: int) -> list[tuple[int, int]]:
    """The end of the disk beyond the image (where, how much), to be wiped."""
    begin = max(size, room - TAIL)
    return [(begin, room - begin)] if begin < room else []


def _rate(size: int, seconds: float) -> str:
    return f"{seconds:.0f} s ({words.size(round(size / max(seconds, 0.001)))}/s)"
