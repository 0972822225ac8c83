"""A base image from Debian's own packages, made once and kept under a hash of what went in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

from image import disk, tools, workplace
from image.bases import Base
from image.steps import Steps

TOOLS = ("mmdebstrap", *disk.FILES)
FILES = Path(__file__).parent / "debian"  # what the base has beside its packages
FOLDER = tools.CACHE / "bases"
FORMAT = 2  # of what this file and disk.py make of it: another number, another image
NEEDED = 4 << 30  # bytes on the disk while a base is made
# What of the builder's apt settings a target needs as well: a proxy, a mirror without new dates.
APT_SETTINGS = ("Acquire::http", "Acquire::ftp", "Acquire::Check", "Acquire::Retries",
                "Acquire::ForceIP")  # fmt: skip
# Of the same packages the same to the byte: its files are no newer than the newest of them.
INITRD = (
    'SOURCE_DATE_EPOCH=$(stat --format=%Y "$1"/var/lib/dpkg/info/*.md5sums | sort -n | tail -n 1) '
    'chroot "$1" update-initramfs -c -k all'
)
# Traces of the making.
REMOVE = (
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
)


def apt_settings() -> str:
    """Give the builder's own apt settings that matter for downloads."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    lines = (line for line in dump.stdout.splitlines() if line.startswith(APT_SETTINGS))
    return "".join(line + "\n" for line in lines)


def cached(base: Base) -> Path:
    """Say where the base image is kept, or will be."""
    said = json.dumps([FORMAT, asdict(base)], default=str, sort_keys=True)
    digest = hashlib.sha256(said.encode())
    for path in sorted(FILES.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(FILES)).encode() + path.read_bytes())
    return FOLDER / f"{base.name}-{digest.hexdigest()[:12]}.img"


def make(base: Base, work: Path, steps: Steps) -> Path:
    """Make the base image unless it is there; say where it is."""
    with workplace.alone(FOLDER / base.name):
        image = cached(base)
        if image.exists():
            steps.say(f"base {base.name}", "made before")
            return image
        disk.room_for(NEEDED, FOLDER)
        root, boot = work / "debian", work / "debian-boot"
        with steps.step(f"packages of {base.name}"):
            bootstrap(base, root, work, steps)
        with steps.step("base image"):
            boot.mkdir()
            for path in (root / base.boot.lstrip("/")).iterdir():
                shutil.move(path, boot / path.name)
            part = FOLDER / f"{image.name}.part"
            try:
                disk.join(disk.create(boot, root, work, steps), part, steps)
                for old in FOLDER.glob(f"{base.name}-*.img"):
                    old.unlink()
                part.replace(image)
            finally:
                part.unlink(missing_ok=True)
            shutil.rmtree(root)
        return image


def bootstrap(base: Base, root: Path, work: Path, steps: Steps) -> None:
    """Install the packages of a base into a folder, with what it has beside them."""
    settings = work / "apt.conf"
    settings.write_text(apt_settings())
    # Our configuration goes before the packages that read it; theirs does not replace it.
    ours = f'cp -r --no-preserve=ownership {FILES}/. "$1" && mkdir -p "$1{base.boot}"'
    drop = 'sed -i "/security/d" "$1/etc/apt/sources.list"'
    steps.run(
        "mmdebstrap",
        "--verbose",
        "--mode=root",
        "--skip=check/qemu",  # it cannot see that foreign programs run in here
        "--variant=minbase",
        "--format=directory",
        f"--architectures={base.architecture}",
        f"--components={','.join(base.components)}",
        f"--include={','.join(base.packages)}",
        f"--aptopt={settings}",
        f"--dpkgopt={FILES / 'etc/dpkg/dpkg.cfg.d/gardeligne'}",
        "--dpkgopt=force-confold",
        "--dpkgopt=force-unsafe-io",
        *([] if base.security else [f"--setup-hook={drop}"]),
        f"--essential-hook={ours}",
        f"--customize-hook={INITRD}",
        base.suite,
        root,
        # The kernel would make its initrd, and the packages' triggers the same once more.
        env={**os.environ, "INITRD": "No"},
    )
    for name in REMOVE:
        (root / name).unlink(missing_ok=True)
    # Empty: the first boot makes a new one. (Without the file it could not be written then.)
    (root / "etc/machine-id").touch()
