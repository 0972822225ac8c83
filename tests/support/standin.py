"""A whole stand-in for the Foundation's Raspbian image, which this machine may be unable to get.

usage: python -m support.standin

It has what `image build --base raspbian-stretch-lite` and a first start have to cope with: the
layout, the logins, Python 2.7, and services that grow the root, make keys and set up the network.
Its packages are Debian's, of bullseye for armhf: the nearest release that has Python 2.7, Asterisk
with chan_sip, and a kernel for a machine of QEMU's. It proves the way, not that Stretch works.

Prints the options of `image build` that take it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from image import debian, namespace, tools, workplace
from image.bases import Base
from image.errors import ImageError
from image.steps import Steps
from support import official

FOLDER = tools.CACHE / "standin"
NAME = "2026-11-26-raspbian-standin-lite"
FILES = Path(__file__).with_name("raspbian")  # what Raspbian has beside Debian's packages
PYTHON = "/usr/bin/python2.7"
SOURCES = (Path(__file__), Path(official.__file__), FILES, debian.FILES)
BASE = Base(
    name="standin",
    suite="bullseye",
    architecture="armhf",
    boot="/boot",
    python=PYTHON,
    components=("main",),
    security=False,  # as in bases.yml
    packages=(
        # Without which nothing starts, and which QEMU can start.
        *("dbus", "initramfs-tools", "kmod", "linux-image-armmp", "systemd-sysv", "udev"),
        # What our roles meet in Raspbian Lite: Python without python-apt, and services that set up
        # network, clock, swap and logs.
        *("ca-certificates", "dhcpcd5", "dphys-swapfile", "e2fsprogs"),
        *("fake-hwclock", "fdisk", "ifupdown", "iproute2", "netbase", "openssh-server"),
        *("parted", "procps", "python2.7", "python3", "rsyslog", "sudo", "tzdata"),
    ),
)
CONFIG = b"dtparam=audio=on\ninitramfs initrd7.img followkernel\n"
ACCOUNTS = """
useradd --create-home --shell /bin/bash --groups adm,sudo,users pi
echo pi:raspberry | chpasswd
echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/010_pi-nopasswd
chmod 440 /etc/sudoers.d/010_pi-nopasswd
systemctl disable ssh
systemctl enable sshswitch regenerate_ssh_host_keys
update-rc.d resize2fs_once defaults
"""


def options() -> list[str]:
    """Make it unless it is there; say how `image build` takes it."""
    packed = FOLDER / _digest() / f"{NAME}.zip"
    checksum = packed.with_name(f"{packed.name}.sha256")
    if not checksum.exists():
        if not namespace.inside():
            namespace.enter()
        _make(packed)
        checksum.write_text(f"{official.checksum(packed)}  {packed.name}\n")
    sha256 = checksum.read_text().split()[0]
    return ["--base=raspbian-stretch-lite", f"--base-file={packed}", f"--sha256={sha256}"]


def _make(packed: Path) -> None:
    namespace.prepare(BASE.architecture)
    shutil.rmtree(FOLDER, ignore_errors=True)
    packed.parent.mkdir(parents=True)
    with workplace.folder() as work, Steps(tools.CACHE / "logs/standin.log") as steps:
        root, boot = work / "raspbian", work / "raspbian-boot"
        with steps.step("packages of the stand-in"):
            debian.bootstrap(BASE, root, work, steps)
        with steps.step("what Raspbian has beside them"):
            _dress(root, steps)
        with steps.step("image"):
            shutil.move(root / "boot", boot)
            (root / "boot").mkdir()
            image = official.image(
                packed.with_suffix(".img"), root, _boot_files(boot), size=_size(root)
            )
        with steps.step("zip"):
            official.zipped(image, packed)
            image.unlink()
        shutil.rmtree(root)


def _dress(root: Path, steps: Steps) -> None:
    """Make Debian look like Raspbian."""
    # What our own bases have for a Pi's firmware and for other partitions.
    (root / "etc/default/raspi-firmware").unlink()
    # Ours takes its place, and stays there when the package is upgraded.
    steps.run("chroot", root, "dpkg-divert", "--local", "--rename", "--add", PYTHON)
    steps.run("cp", "-r", "--no-preserve=ownership", f"{FILES}/.", root)
    (root / "etc/fstab").write_text(official.FSTAB)
    (root / "etc/hostname").write_text("raspberrypi\n")
    with namespace.system_folders(root):
        steps.run("chroot", root, "sh", "-euxc", ACCOUNTS)


def _boot_files(boot: Path) -> dict[str, bytes]:
    """Name kernel and initrd as the Pi's firmware looks for them."""
    (kernel,), (initrd,) = boot.glob("vmlinuz-*"), boot.glob("initrd.img-*")
    return {
        "kernel7.img": kernel.read_bytes(),
        "initrd7.img": initrd.read_bytes(),
        "config.txt": CONFIG,
    }


def _size(root: Path) -> int:
    """Give the root as little room as an official image has."""
    used = sum(path.lstat().st_size + 4096 for path in root.rglob("*") if not path.is_dir())
    return (used * 5 // 4 + 128 * official.MIB) // official.MIB * official.MIB


def _digest() -> str:
    digest = hashlib.sha256()
    for source in SOURCES:
        for path in [source, *sorted(source.rglob("*"))]:
            if path.is_file():
                digest.update(str(path.relative_to(tools.PROJECT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    try:
        print("\n".join(options()))
    except (ImageError, subprocess.CalledProcessError) as error:
        sys.exit(f"standin: {error}")
