"""The last work on a filled card: both partitions made anew, the same to the byte every time.

Two runs of the playbook over one base for the same household give the same image, so that anybody
who has both can check what a card was made from. Whatever a run leaves of its own time and chance
is taken out (volatile.py), and neither file system keeps what was deleted in it.

Dates and identities come from the packages in it, not from the clock and not by chance (stamp.py).
"""

from __future__ import annotations

from pathlib import Path

from image import disk, ext4, fat, sbom, stamp, volatile
from image.bases import Base
from image.stamp import Stamp
from image.steps import Steps

TOOLS = ext4.TOOLS


def finish(
    parts: disk.Parts, base: Base, host: str, boot: Path, work: Path, margin: int, steps: Steps
) -> Stamp:
    """Make both partitions anew from their content, and return their stamp.

    `boot` has the boot partition's files; `margin` is what the root's is to have to spare, in
    bytes. Into the folder for the work comes the bill of materials.
    """
    tree, new = work / "tree", work / "new.ext4"
    tree.mkdir()
    with disk.mounted(parts, tree):
        by = stamp.of(tree, base.name, host)
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
