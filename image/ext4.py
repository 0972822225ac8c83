"""A root file system made anew from a tree, the same to the byte for the same tree.

A file system that has been worked in keeps what happened to it: where blocks were free, which
inodes were taken, what deleted files held. Made anew in one go it has only what the tree has:
mke2fs (1.47.0 was looked at) takes the names of a folder in sorted order, whatever order they come
in. What it takes from the clock, or from the tree's own history, is set here.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from image import disk, tools
from image.errors import ImageError
from image.steps import Steps

TOOLS = ("mke2fs", "debugfs", "dumpe2fs", "tune2fs", "e2fsck")
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


def make(
    tree: Path, old: Path, target: Path, identity: UUID, when: int, margin: int, steps: Steps
) -> None:
    """Make a file system of a folder's content, with `margin` bytes of free room.

    `old` is the file system that the tree is mounted from; the new one has its label, and can do
    what it can. Files keep the time of their last change unless it is after `when` (seconds since
    1970), which all other times are.
    """
    settings = target.with_name("mke2fs.conf")
    settings.write_text(SETTINGS)
    env = {
        **os.environ,
        "LC_ALL": "C",  # in whose order mke2fs sorts names
        "E2FSPROGS_FAKE_TIME": str(when),
        "MKE2FS_CONFIG": str(settings),
    }
    label, features = _kind(old)
    size, named = _survey(tree, margin)
    target.unlink(missing_ok=True)
    with target.open("wb") as out:
        out.truncate(size)
    steps.run(
        "mke2fs", "-q", "-t", "ext4", "-b", str(BLOCK), "-I", str(INODE), "-i", str(PER_INODE),
        "-m", "1", "-J", f"size={JOURNAL >> 20}", "-L", label, "-U", str(identity),
        "-O", ",".join(("none", *features)),
        # All tables now: else the Pi writes them in its first minutes.
        "-E", f"hash_seed={identity},lazy_itable_init=0,lazy_journal_init=0,nodiscard,"
        "no_copy_xattrs",
        "-d", tree, target, env=env,
    )  # fmt: skip
    _copy_attributes(old, target, named, env)
    _set_times(target, when, env)
    write_early(target, env, steps)
    steps.run("e2fsck", "-f", "-n", target)


def write_early(root: Path, env: dict[str, str], steps: Steps) -> None:
    """Have data written with the journal, every 5 s, and not when 30 s old: power may be cut.

    Of the file system itself: as an option in fstab, Linux refuses it when the root is remounted.
    """
    steps.run("tune2fs", "-o", "acl,user_xattr,nodelalloc", root, env=env)


def _kind(root: Path) -> tuple[str, list[str]]:
    """Read what a file system is like: its label, and its features."""
    said = {
        key.strip(): value.strip()
        for key, _, value in (line.partition(":") for line in _dump("-h", root).splitlines())
    }
    label = said["Filesystem volume name"]
    features = said["Filesystem features"].split()
    return "" if label == "<none>" else label, [name for name in features if name not in STATES]


def _survey(tree: Path, margin: int) -> tuple[int, list[tuple[str, str]]]:
    """Say what a tree needs, in bytes, with the margin; and which extended attributes are in it.

    By the tree alone, not by its history. An attribute is a path, from / on, and a name.
    """
    blocks, seen, named = 0, set(), []
    top = len(str(tree))
    for folder, folders, files in os.walk(tree):
        folders.sort()
        blocks += 1 + 40 * (len(folders) + len(files)) // BLOCK
        for name in ["", *sorted(files)]:
            path = os.path.join(folder, name) if name else folder  # noqa: PTH118 - 40,000 of them
            about = os.lstat(path)
            if about.st_ino in seen:
                continue
            seen.add(about.st_ino)
            if name:
                blocks += -(-about.st_size // BLOCK)
            listed = os.listxattr(path, follow_symlinks=False)
            named += [(path[top:] or "/", attribute) for attribute in sorted(listed)]
    held = blocks * BLOCK + JOURNAL + margin
    # Inodes, and a hundredth for all else that a file system keeps of itself.
    whole = held + held * INODE // PER_INODE + held // 100
    return -(-whole // disk.ALIGN) * disk.ALIGN, named


def _copy_attributes(
    old: Path, new: Path, named: list[tuple[str, str]], env: dict[str, str]
) -> None:
    """Copy extended attributes, as they are on the disk, from one file system to another.

    mke2fs would do it but for access lists: Linux does not give those out in our namespace.
    """
    values = new.with_name("attributes")
    values.mkdir()
    for program, file in (("ea_get -r -f", old), ("ea_set -r -f", new)):
        commands = [
            f'{program} {values / str(number)} "{path}" {name}'
            for number, (path, name) in enumerate(named)
        ]
        _debugfs(file, commands, env, writing=file == new)
    shutil.rmtree(values)


def _set_times(root: Path, when: int, env: dict[str, str]) -> None:
    """Set what mke2fs has taken from the tree: when a file was read, touched, and changed."""
    commands = []
    for inode, changed in _inodes(root):
        if inode == ROOT_INODE or inode >= FIRST_INODE:
            late = ("mtime",) if changed > when else ()
            commands += [f"sif <{inode}> {name} @{when}" for name in ("atime", "ctime", *late)]
    _debugfs(root, commands, env, writing=True)


def _debugfs(root: Path, commands: list[str], env: dict[str, str], *, writing: bool) -> None:
    script = root.with_name("commands")
    script.write_text("".join(command + "\n" for command in commands))
    done = subprocess.run(
        [tools.find("debugfs") or "debugfs", *(["-w"] if writing else []), "-f", script, root],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    script.unlink()
    # It goes on after an error, and ends well. What it says first is its version.
    said = [line for line in done.stderr.splitlines()[1:] if line.strip()]
    if done.returncode or said:
        raise ImageError(f"{root.name}: debugfs failed: {' / '.join(said[:5])}")


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
