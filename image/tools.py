"""The programs of the builder's machine that the work is done with."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from image.errors import ImageError

# Program: the Debian package that has it.
PACKAGES = {
    "cp": "coreutils",
    "curl": "curl",
    "debugfs": "e2fsprogs",
    "dumpe2fs": "e2fsprogs",
    "e2fsck": "e2fsprogs",
    "fuse2fs": "fuse2fs",
    "mcopy": "mtools",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "mmdebstrap": "mmdebstrap",
    "newuidmap": "uidmap",
    "qemu-aarch64-static": "qemu-user-static",
    "qemu-arm-static": "qemu-user-static",
    "qemu-img": "qemu-utils",
    "qemu-system-aarch64": "qemu-system-arm",
    "resize2fs": "e2fsprogs",
    "sfdisk": "fdisk",
    "tune2fs": "e2fsprogs",
    "unshare": "util-linux",
    "xz": "xz-utils",
}
# Where Debian keeps some of them; an ordinary user's PATH has only the first halves.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROJECT = Path(__file__).resolve().parents[1]
CACHE = PROJECT / ".cache"


def find(program: str) -> str | None:
    """Say where a program is."""
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), PATH]))


def need(*programs: str) -> None:
    """Raise ImageError where programs are missing, with the packages that have them."""
    missing = [program for program in programs if find(program) is None]
    if missing:
        packages = sorted({PACKAGES[program] for program in missing})
        raise ImageError(
            f"missing on this machine: {', '.join(missing)}. `make setup-image` installs them, or "
            f"as root: apt-get install {' '.join(packages)}"
        )


def let_stop() -> None:
    """Have SIGTERM end the work as Ctrl-C does, and both where a shell lets us ignore them.

    It does so with programs that it starts in the background.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
