"""Check an image against its manifest, or a written card against its image."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from image import cards, manifest, words
from image.device import Device
from image.errors import ImageError
from image.manifest import SECTOR, Manifest
from image.progress import bar

DEFAULT = Path("gardeligne.img")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = commands.add_parser("verify", help="check an image, or a card written from it")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "image", metavar="IMAGE", nargs="?", type=Path, help=f"the image to check ({DEFAULT})"
    )
    what.add_argument("--disk", help="the card to check, e.g. /dev/sdb, or a copy of it in a file")
    parser.add_argument(
        "--against",
        metavar="IMAGE",
        type=Path,
        help=f"what the card must be: the image, or its manifest ({DEFAULT})",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Check an image or a card, and report what differs."""
    if options.disk is None:
        if options.against is not None:
            raise ImageError("--against needs --disk: the card to check")
        image = options.image or DEFAULT
        wanted = manifest.read(image)
        with bar("reading", wanted.size) as advance:
            manifest.check(image, wanted, advance)
        print(f"{image}: {words.exact(wanted.size)}, as built; SHA-256 {wanted.sha256}")
    else:
        image = options.against or DEFAULT
        wanted = manifest.load(image if image.suffix == ".json" else manifest.beside(image))
        path, room = _place(options.disk)
        with Device(path) as device:
            check(device, room, image, wanted)
        print(f"{path}: it holds {image}, unchanged; SHA-256 {wanted.sha256}")


def check(device: Device, room: int, image: Path, wanted: Manifest) -> None:
    """Raise ImageError, with the place, where a card differs from its image."""
    again = "write it again (`make flash`)"
    if room < wanted.size:
        raise ImageError(
            f"{device.path}: cut off: it has {words.exact(room)}, "
            f"{image} needs {words.exact(wanted.size)}; {again}"
        )
    if not any(device.read(0, SECTOR)):
        raise ImageError(
            f"{device.path}: it has no partition table: writing it was cut off, or failed; {again}"
        )
    with bar("reading the card", wanted.size) as advance:
        found = manifest.measure(device.blocks(wanted.size, advance), wanted.partitions)
    if not (wrong := wanted.differences(found)):
        return
    reasons = [f"{device.path}: it is not {image}", *(f"differs: {where}" for where in wrong)]
    if image.suffix != ".json" and image.exists():
        at = first_difference(device, image, wanted.size)
        if at is None:  # then it is the image that is not as built
            raise ImageError(
                f"{image}: it is not the image that {manifest.beside(image)} describes"
            )
        reasons.append(f"the first byte that differs is byte {at:,}")
    reasons.append(f"a card that has started a Pi, or was mounted, has changed; else {again}")
    raise ImageError("\n  ".join(reasons))


def first_difference(device: Device, image: Path, size: int, skip: int = 0) -> int | None:
    """Find the first byte that differs from the image's, beyond those skipped."""
    with bar("comparing", size) as advance, closing(_pairs(device, image, size)) as pairs:
        for offset, ours, theirs in pairs:
            advance(len(ours))
            if ours != theirs:
                for at in range(max(skip - offset, 0), len(ours), SECTOR):
                    here, there = ours[at : at + SECTOR], theirs[at : at + SECTOR]
                    if here != there:
                        same = zip(here, there, strict=True)
                        return offset + at + [one == other for one, other in same].index(False)
    return None


def _pairs(
    device: Device, image: Path, size: int
) -> Generator[tuple[int, bytes, bytes], None, None]:
    offset = 0
    for ours in manifest.blocks(image, size, lambda _: None):
        yield offset, ours, device.read(offset, len(ours))
        offset += len(ours)


def _place(disk: str) -> tuple[str, int]:
    """Find the card, or a file that is a copy of it, and its size."""
    if Path(disk).is_file():
        return disk, Path(disk).stat().st_size
    found = cards.find(disk)
    return found.raw, found.size
