"""The image of a card: its partition table, its boot partition (FAT), its root (ext4).

No loop device and no root privileges: a partition is cut out of the image, worked on, and put
back. Holes stay holes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image import namespace, tools
from image.errors import ImageError
from image.steps import Steps

SECTOR = 512
MIB = 1 << 20
ALIGN = 4 * MIB  # SD cards erase in units up to this
BOOT_START = 4 * MIB
BOOT_SIZE = 256 * MIB
FILES = ("mcopy", "mkfs.vfat", "sfdisk", "mke2fs", "e2fsck", "resize2fs", "fuse2fs", "cp")
# Newer than what e2fsck of bullseye knows; mke2fs of bookworm has them by default.
FEATURES = "^orphan_file,^metadata_csum_seed"
TYPE_FAT = "c"
TYPE_LINUX = "83"


@dataclass(frozen=True)
class Parts:
    """An image cut in two: all up to the root partition, and the root partition."""

    head: Path
    root: Path
    boot_start: int
    root_start: int

    @property
    def fat(self) -> str:
        """Name the boot partition as mtools do."""
        return f"{self.head}@@{self.boot_start}"


def partitions(image: Path) -> list[tuple[int, int]]:
    """Say where the partitions are: start and size in bytes; the first FAT, the last ext4."""
    listed = subprocess.run(
        [tools.find("sfdisk") or "sfdisk", "--json", image],
        capture_output=True,
        text=True,
        check=False,
    )
    table = json.loads(listed.stdout)["partitiontable"] if listed.returncode == 0 else {}
    entries = table.get("partitions", [])
    types = [entry["type"] for entry in entries]
    if table.get("label") != "dos" or types != [TYPE_FAT, TYPE_LINUX]:
        raise ImageError(
            f"{image}: not the image of a Pi's card: a msdos partition table with a FAT (type c) "
            f"and a Linux partition is wanted, found is {table.get('label', 'no table')} with "
            f"{', '.join(types) or 'no partition'}"
        )
    places = [(entry["start"] * SECTOR, entry["size"] * SECTOR) for entry in entries]
    if sum(places[-1]) > image.stat().st_size:
        raise ImageError(f"{image}: cut off: its root partition lies beyond its end. Get it anew")
    return places


def copy_range(source: Path, start: int, size: int, target: Path, at: int) -> None:
    """Copy bytes into another file; holes become holes."""
    with source.open("rb") as data, target.open("r+b" if target.exists() else "w+b") as out:
        os.truncate(out.fileno(), max(out.seek(0, os.SEEK_END), at + size))
        here, end = start, min(start + size, data.seek(0, os.SEEK_END))
        while here < end:
            try:
                here = os.lseek(data.fileno(), here, os.SEEK_DATA)
            except OSError:  # a hole up to the end
                return
            until = min(os.lseek(data.fileno(), here, os.SEEK_HOLE), end)
            data.seek(here)
            out.seek(at + here - start)
            while here < until:
                block = data.read(min(ALIGN, until - here))
                if block.count(0) == len(block):
                    out.seek(len(block), os.SEEK_CUR)
                else:
                    out.write(block)
                here += len(block)


def split(image: Path, work: Path) -> Parts:
    """Cut an image in two."""
    (boot_start, _), (root_start, root_size) = partitions(image)
    parts = Parts(work / "head.img", work / "root.ext4", boot_start, root_start)
    copy_range(image, 0, root_start, parts.head, 0)
    copy_range(image, root_start, root_size, parts.root, 0)
    return parts


def join(parts: Parts, image: Path, steps: Steps) -> None:
    """Put an image together; its root partition has the size of its file system."""
    size = parts.root.stat().st_size
    image.unlink(missing_ok=True)
    os.close(os.open(image, os.O_CREAT | os.O_WRONLY, 0o600))
    copy_range(parts.head, 0, parts.root_start, image, 0)
    copy_range(parts.root, 0, size, image, parts.root_start)
    entry = f"start={parts.root_start // SECTOR}, size={size // SECTOR}, type={TYPE_LINUX}\n"
    _sfdisk(image, entry, "-N", "2")


def identify(parts: Parts, number: int, steps: Steps) -> None:
    """Give the disk a number of 32 bits, by which Linux names partitions (PARTUUID)."""
    steps.run("sfdisk", "--quiet", "--disk-id", parts.head, f"{number:#010x}")


def create(boot: Path, root: Path, work: Path, steps: Steps) -> Parts:
    """Make the partitions of a new card from two folders."""
    parts = Parts(work / "head.img", work / "root.ext4", BOOT_START, BOOT_START + BOOT_SIZE)
    with parts.head.open("wb") as head:
        head.truncate(parts.root_start)
    first, count = BOOT_START // SECTOR, BOOT_SIZE // SECTOR
    _sfdisk(parts.head, f"label: dos\nstart={first}, size={count}, type={TYPE_FAT}, bootable\n")
    # 2 sectors to a cluster: else there are too few clusters for a FAT32, as mtools count them.
    kind: list[str | Path] = ["-F", "32", "-s", "2", "-n", "RASPIFIRM"]
    place: list[str | Path] = ["--offset", str(first), parts.head, str(BOOT_SIZE // 1024)]
    steps.run("mkfs.vfat", *kind, *place)
    write_boot(parts, boot, steps)
    used = sum(path.lstat().st_size + 4096 for path in root.rglob("*") if not path.is_dir())
    size = (used * 5 // 4 + 128 * MIB) // ALIGN * ALIGN
    with parts.root.open("wb") as out:
        out.truncate(size)
    steps.run("mke2fs", "-q", "-t", "ext4", "-L", "RASPIROOT", "-O", FEATURES, "-m", "1",
              "-d", root, parts.root)  # fmt: skip
    return parts


def grow(parts: Parts, room: int, steps: Steps) -> None:
    """Enlarge the root partition by so many bytes."""
    check(parts, steps)
    with parts.root.open("r+b") as root:
        root.truncate((parts.root.stat().st_size + room) // ALIGN * ALIGN)
    steps.run("resize2fs", parts.root)


def check(parts: Parts, steps: Steps) -> None:
    """Check the root's file system; ImageError where e2fsck cannot repair it."""
    steps.run("e2fsck", "-f", "-y", parts.root, ok=(0, 1))


@contextmanager
def mounted(parts: Parts, target: Path) -> Iterator[None]:
    """Mount the root partition in this process's namespace."""
    program = tools.find("fuse2fs") or "fuse2fs"
    server = subprocess.Popen(
        [program, "-f", "-o", "fakeroot,allow_other", parts.root, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # Ctrl-C is ours to handle: unmounting is what ends it
    )
    while not target.is_mount():
        try:
            server.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        said = server.stderr.read().strip() if server.stderr else ""
        raise ImageError(
            f"{parts.root.name}: fuse2fs cannot mount it: {said}. /dev/fuse must exist and be "
            "writable: as root, modprobe fuse"
        )
    try:
        yield
    except BaseException:
        # The work is given up; whatever still runs in there ends with our namespace.
        namespace.detach(target)
        server.kill()
        raise
    subprocess.run(["umount", target], check=True)
    server.wait()


def try_fuse2fs(work: Path) -> None:
    """Refuse a fuse2fs that damages files: 1.47.2 does, 1.47.0 and 1.47.4 do not.

    It leaves the old end of a file that is written again, and knows no hard links.
    """
    small, target = work / "trial.ext4", work / "trial"
    with small.open("wb") as out:
        out.truncate(MIB)
    program = tools.find("mke2fs") or "mke2fs"
    subprocess.run([program, "-q", "-t", "ext4", "-O", "^has_journal", small], check=True)
    target.mkdir()
    with mounted(Parts(small, small, 0, 0), target):
        file, link = target / "file", target / "link"
        file.write_text("what was there before")
        file.write_text("new")
        link.hardlink_to(file)
        sound = file.read_text() == "new" and file.stat().st_ino == link.stat().st_ino
    small.unlink()
    target.rmdir()
    if not sound:
        raise ImageError(
            "this machine's fuse2fs damages files that are written again (Debian 13's, 1.47.2, "
            "does): the card would be wrong. Debian 12 has a sound one, and so has Debian forky"
        )


def boot_files(folder: Path) -> dict[str, str]:
    """Hash the files of a boot partition that lies in a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_boot(parts: Parts, folder: Path, steps: Steps) -> dict[str, str]:
    """Copy the boot partition's files into a folder; say what they are."""
    steps.run("mcopy", "-s", "-n", "-m", "-i", parts.fat, "::", folder)
    return boot_files(folder)


def write_boot(
    parts: Parts, folder: Path, steps: Steps, env: Mapping[str, str] | None = None
) -> None:
    """Write a folder's files to an empty boot partition, in sorted order."""
    files = boot_files(folder)
    for folder_name in sorted({str(up) for name in files for up in Path(name).parents} - {"."}):
        steps.run("mmd", "-i", parts.fat, f"::{folder_name}", env=env)
    for name in files:
        steps.run("mcopy", "-o", "-m", "-i", parts.fat, folder / name, f"::{name}", env=env)


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a whole file; holes stay holes."""
    target.unlink(missing_ok=True)
    copy_range(source, 0, source.stat().st_size, target, 0)


def room_for(size: int, folder: Path) -> None:
    """Raise ImageError where the disk has too little room."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise ImageError(
            f"{folder}: has {free // MIB:,} MiB free, and {size // MIB:,} MiB are needed: make room"
        )


def _sfdisk(image: Path, script: str, *options: str) -> None:
    command = [tools.find("sfdisk") or "sfdisk", "--quiet", "--no-reread", "--no-tell-kernel"]
    done = subprocess.run(
        [*command, *options, image], input=script, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ImageError(f"{image}: sfdisk failed: {done.stderr.strip()}")
