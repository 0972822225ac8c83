"""A root file system made anew from a tree, the same to the byte for the same tree.

A file system that has been worked in keeps what happened to it: where blocks were free, which
inodes were taken, what deleted files held. Made anew in one go, in sorted order, it has only what
the tree has. What mke2fs takes from the clock or from the tree's own history is set here.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from image import disk, tools
from image.errors import ImageError
from image.steps import Steps

TOOLS = ("mke2fs", "debugfs", "dumpe2fs", "tune2fs", "e2fsck", "disorderfs")
BLOCK = 4096
INODE = 256  # bytes of one
PER_INODE = 16384  # bytes of the disk for each, as mke2fs has it by default
JOURNAL = 16 << 20
FIRST_INODE = 11  # the ones before are the file system's own
ROOT_INODE = 2
# Instead of this machine's /etc/mke2fs.conf: all that matters is said on the command line.
SETTINGS = f"[fs_types]\next4 = {{\ninode_size = {INODE}\n}}\n"
# Of what a used file system says of itself, that which is no matter of its making.
STATES = {"needs_recovery", "orphan_present"} | {
    name.removeprefix("^") for name in disk.FEATURES.split(",")
}


@dataclass(frozen=True)
class Kind:
    """What another file system was like: its label, and what it can do."""

    label: str
    features: tuple[str, ...]


def kind(root: Path) -> Kind:
    """Read what a file system is like."""
    said = {
        key.strip(): value.strip()
        for key, _, value in (line.partition(":") for line in _dump("-h", root).splitlines())
    }
    label = said["Filesystem volume name"]
    features = said["Filesystem features"].split()
    return Kind(
        "" if label == "<none>" else label, tuple(name for name in features if name not in STATES)
    )


def make(
    tree: Path, target: Path, like: Kind, identity: UUID, when: int, margin: int, steps: Steps
) -> None:
    """Make a file system of a tree, with so many bytes to spare.

    Files keep the time of their last change unless it is after `when` (seconds since 1970), which
    all other times are.
    """
    settings = target.with_name("mke2fs.conf")
    settings.write_text(SETTINGS)
    env = {**os.environ, "E2FSPROGS_FAKE_TIME": str(when), "MKE2FS_CONFIG": str(settings)}
    target.unlink(missing_ok=True)
    with target.open("wb") as out:
        out.truncate(_size(tree, margin))
    sorted_tree = target.with_name("sorted")
    sorted_tree.mkdir()
    # mke2fs 1.47.0 takes files in the order in which a folder happens to give them.
    view: list[str | Path] = ["disorderfs", "--sort-dirents=yes", "--reverse-dirents=no", "-f"]
    with disk.served([*view, tree], sorted_tree):
        steps.run(
            "mke2fs", "-q", "-t", "ext4", "-b", str(BLOCK), "-I", str(INODE), "-i", str(PER_INODE),
            "-m", "1", "-J", f"size={JOURNAL >> 20}", "-L", like.label, "-U", str(identity),
            "-O", ",".join(("none", *like.features)),
            # All tables now: else the Pi writes them in its first minutes.
            "-E", f"hash_seed={identity},lazy_itable_init=0,lazy_journal_init=0,nodiscard",
            "-d", sorted_tree, target, env=env,
        )  # fmt: skip
    sorted_tree.rmdir()
    _set_times(target, when, env, steps)
    write_early(target, env, steps)
    steps.run("e2fsck", "-f", "-n", target)


def write_early(root: Path, env: dict[str, str], steps: Steps) -> None:
    """Have data written with the journal, every 5 s, and not when 30 s old: power may be cut.

    Of the file system itself: as an option in fstab, Linux refuses it when the root is remounted.
    """
    steps.run("tune2fs", "-o", "acl,user_xattr,nodelalloc", root, env=env)


def _size(tree: Path, margin: int) -> int:
    """Say what a tree needs, in bytes, and the margin; of the tree alone, not of its history."""
    blocks, seen = 0, set()
    for folder, folders, files in os.walk(tree):
        blocks += 1 + 40 * (len(folders) + len(files)) // BLOCK
        for name in files:
            about = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - 40,000 of them
            if about.st_ino not in seen:
                seen.add(about.st_ino)
                blocks += -(-about.st_size // BLOCK)
    held = blocks * BLOCK + JOURNAL + margin
    # Inodes, and a hundredth for all else that a file system keeps of itself.
    whole = held + held * INODE // PER_INODE + held // 100
    return -(-whole // disk.ALIGN) * disk.ALIGN


def _set_times(root: Path, when: int, env: dict[str, str], steps: Steps) -> None:
    """Set what mke2fs has taken from the tree: when a file was read, touched, and changed."""
    script = root.with_name("times")
    with script.open("w") as out:
        for inode, changed in _inodes(root):
            if inode != ROOT_INODE and inode < FIRST_INODE:
                continue
            late = ("mtime",) if changed > when else ()
            out.writelines(f"sif <{inode}> {name} @{when}\n" for name in ("atime", "ctime", *late))
    done = subprocess.run(
        [tools.find("debugfs") or "debugfs", "-w", "-f", script, root],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    script.unlink()
    # It goes on after an error, and ends well.
    said = [line for line in done.stderr.splitlines()[1:] if line.strip()]
    if done.returncode or said:
        raise ImageError(f"{root.name}: debugfs cannot set its times: {' / '.join(said[:5])}")


def _inodes(root: Path) -> Iterator[tuple[int, int]]:
    """Give the number of each inode that is in use, and when its content was changed."""
    said = _dump(root)
    tables = [int(first) for first in re.findall(r"Inode table at (\d+)-", said)]
    (per_group,) = map(int, re.findall(r"^Inodes per group: +(\d+)", said, re.M))
    free = [
        range(int(first), int(last or first) + 1)
        for listed in re.findall(r"^  Free inodes: (.+)$", said, re.M)
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", listed)
    ]
    unused = {number for numbers in free for number in numbers}
    with root.open("rb") as image:
        for group, block in enumerate(tables):
            image.seek(block * BLOCK)
            table = image.read(per_group * INODE)
            for place in range(per_group):
                number = group * per_group + place + 1
                if number not in unused:
                    yield number, *struct.unpack_from("<I", table, place * INODE + 16)


def _dump(*arguments: str | Path) -> str:
    """Ask what a file system says of itself."""
    done = subprocess.run(
        [tools.find("dumpe2fs") or "dumpe2fs", *arguments],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ImageError(f"{arguments[-1]}: no ext4 file system: {done.stderr.strip()}")
    return done.stdout
