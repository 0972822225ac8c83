"""Small images with the layout of the Raspberry Pi Foundation's, to stand in for theirs."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from image import tools

SECTOR = 512
MIB = 1 << 20
BOOT_START = 8192 * SECTOR
BOOT_SIZE = 40 * MIB
LABEL_ID = 0xEE397C53  # by which cmdline.txt and fstab name the partitions
CMDLINE = (
    f"dwc_otg.lpm_enable=0 console=serial0,115200 console=tty1 root=PARTUUID={LABEL_ID:08x}-02 "
    "rootfstype=ext4 elevator=deadline fsck.repair=yes rootwait quiet "
    "init=/usr/lib/raspi-config/init_resize.sh\n"
)
CMDLINE_OF_TRIXIE = (
    f"console=serial0,115200 console=tty1 root=PARTUUID={LABEL_ID:08x}-02 rootfstype=ext4 "
    "fsck.repair=yes rootwait resize\n"
)
FSTAB = (
    "proc /proc proc defaults 0 0\n"
    f"PARTUUID={LABEL_ID:08x}-01 /boot vfat defaults 0 2\n"
    f"PARTUUID={LABEL_ID:08x}-02 / ext4 defaults,noatime 0 1\n"
)
BOOT_CODE = bytes.fromhex("fab800108ed0bc00b0b800008ed88ec0")


def run(*command: str | Path, script: str = "") -> None:
    """Run one of the tools."""
    argv = [tools.find(str(command[0])) or str(command[0]), *map(str, command[1:])]
    subprocess.run(argv, input=script, text=True, check=True, capture_output=True)


def image(
    target: Path,
    root: Path,
    boot: Mapping[str, bytes] | None = None,
    size: int = 24 * MIB,
    boot_size: int = BOOT_SIZE,
) -> Path:
    """Make an image whose root partition has a folder's files; `boot` are further boot files."""
    start = BOOT_START + boot_size
    with target.open("wb") as out:
        out.truncate(start + size)
    table = f"label: dos\nlabel-id: {LABEL_ID:#x}\n"
    table += f"start={BOOT_START // SECTOR}, size={boot_size // SECTOR}, type=c\n"
    table += f"start={start // SECTOR}, size={size // SECTOR}, type=83\n"
    run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", target, script=table)
    # As in the Foundation's, which parted has made. Without it, parted gives the disk another id
    # when it makes a partition larger, and the kernel finds no root.
    with target.open("r+b") as out:
        out.write(BOOT_CODE)
    place: list[str | Path] = [
        "--offset",
        str(BOOT_START // SECTOR),
        target,
        str(boot_size // 1024),
    ]
    run("mkfs.vfat", "-F", "32", "-s", "1", "-n", "boot", *place)
    files = {"cmdline.txt": CMDLINE.encode(), "config.txt": b"dtparam=audio=on\n", **(boot or {})}
    for name, content in files.items():
        file = target.with_name(f"boot-{name}")
        file.write_bytes(content)
        run("mcopy", "-i", f"{target}@@{BOOT_START}", file, f"::{name}")
        file.unlink()
    run("mke2fs", "-q", "-t", "ext4", "-L", "rootfs", "-O", "^orphan_file,^metadata_csum_seed",
        "-d", root, "-E", f"offset={start}", target, f"{size // 1024}k")  # fmt: skip
    return target


def packed(source: Path, target: Path) -> str:
    """Pack an image as it is published, by the ending of the name; say the SHA-256."""
    return (xzed if target.suffix == ".xz" else zipped)(source, target)


def xzed(source: Path, target: Path) -> str:
    """Pack an image by xz; say the SHA-256."""
    with target.open("wb") as out:
        packing = ("xz", "-0", "--threads=0", "--stdout", "--block-size=4MiB", str(source))
        subprocess.run(packing, stdout=out, check=True)
    return checksum(target)


def zipped(source: Path, target: Path) -> str:
    """Zip an image; say the zip's SHA-256."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(source, source.name)
    return checksum(target)


def checksum(path: Path) -> str:
    """Give a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
