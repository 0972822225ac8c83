"""The last work on a filled card: both partitions made anew, the same to the byte every time.

Two runs of the playbook over one base for the same household give the same image, so that anybody
who has both can check what a card was made from. Whatever a run leaves of its own time and chance
is taken out (volatile.py), and neither file system keeps what was deleted in it.

The date of all that the making has written is that of the newest package in it. It is none of the
clock's, and none of the project's last commit, which may have changed nothing but a word of its
documentation; and no file of a package is newer, so that these keep their own dates, which Python
compares with what it has compiled.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from image import disk, ext4, fat, sbom, volatile
from image.bases import Base
from image.errors import ImageError
from image.steps import Steps

TOOLS = ext4.TOOLS
STATUS = "var/lib/dpkg/status"  # which packages are in a root


@dataclass(frozen=True)
class Stamp:
    """What stands for the clock and for chance: a time (seconds since 1970), and a number."""

    when: int
    seed: str  # hexadecimal, of the packages and of what the card is for

    @property
    def day(self) -> str:
        """Give the day as people write it for machines: 2026-10-28."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.when))

    def uuid(self, of: str) -> UUID:
        """Make an identity for something of this card."""
        return uuid5(NAMESPACE_URL, f"gardeligne:{self.seed}:{of}")

    def number(self, of: str) -> int:
        """Make a number of 32 bits for something of this card."""
        return self.uuid(of).int >> 96


def newest_package(root: Path) -> int:
    """Say when the newest package of a root was made, in seconds since 1970.

    dpkg keeps the list of sums that comes with a package, and its date.
    """
    dates = [path.stat().st_mtime for path in (root / "var/lib/dpkg/info").glob("*.md5sums")]
    if not dates:
        raise ImageError(f"{root}: no Debian packages are in it, so there is no date to give it")
    return int(max(dates))


def stamp(root: Path, *about: str) -> Stamp:
    """Find what stands for clock and chance in a root; `about` says what it is for."""
    seed = hashlib.sha256((root / STATUS).read_bytes())
    for word in about:
        seed.update(b"\0" + word.encode())
    return Stamp(newest_package(root), seed.hexdigest())


def finish(
    parts: disk.Parts, base: Base, host: str, boot: Path, work: Path, margin: int, steps: Steps
) -> Stamp:
    """Make both partitions anew of what they have, and say by what stamp.

    `boot` has the boot partition's files; `margin` is what the root's is to have to spare, in
    bytes. Into the folder for the work comes the bill of materials.
    """
    tree, new = work / "tree", work / "new.ext4"
    tree.mkdir()
    with disk.mounted(parts, tree):
        by = stamp(tree, base.name, host)
        with steps.step("bill of materials"):
            sbom.write(tree, work, base, by, steps)
        with steps.step("root partition"):
            volatile.settle(tree, by.when)
            ext4.make(tree, parts.root, new, by.uuid("root"), by.when, margin, steps)
    new.replace(parts.root)
    tree.rmdir()
    with steps.step("boot partition"):
        fat.make(parts, boot, by.number("boot"), by.when, steps)
        if not base.official:  # those name their partitions by the number that they have
            disk.identify(parts, by.number("disk"), steps)
    return by
