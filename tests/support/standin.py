"""Whole stand-ins for the Foundation's images, which this machine may be unable to get.

usage: python -m support.standin raspbian|raspios

Each has what `image build` and a first start have to cope with: the layout, the logins, and
services that grow the root, make keys, ask for an account and set up the network. They prove the
way, not that the originals work. Their packages are Debian's:

raspbian  Raspbian Stretch: of bullseye for armhf, the nearest release that has Python 2.7, Asterisk
          with chan_sip, and a kernel for a machine of QEMU's
raspios   Raspberry Pi OS: of trixie for arm64, and beside them what pi-gen adds

Prints the options of `image build` that take it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from image import debian, namespace, tools, workplace
from image.bases import Base
from image.errors import ImageError
from image.steps import Steps
from support import official

FOLDER = tools.CACHE / "standin"
PYTHON = "/usr/bin/python2.7"


@dataclass(frozen=True)
class StandIn:
    """A stand-in: Debian's packages, what the original has beside them, and how it is laid out."""

    option: str  # the base that it stands in for
    name: str  # of the image in the packed file
    base: Base
    script: str  # run in the root, once the files beside are there
    packed: str  # ending of the packed file
    kernel: str  # as the Pi's firmware looks for it on the boot partition
    initrd: str
    config: str
    cmdline: str
    fstab: str

    @property
    def files(self) -> Path:
        """The folder of what the original has beside Debian's packages."""
        return Path(__file__).with_name(self.base.name)


RASPBIAN = StandIn(
    option="raspbian-stretch-lite",
    name="2026-11-26-raspbian-standin-lite",
    base=Base(
        name="raspbian",
        suite="bullseye",
        architecture="armhf",
        boot="/boot",
        python=PYTHON,
        components=("main",),
        security=False,  # as in bases.yml
        packages=(
            # Without which nothing starts, and which QEMU can start.
            *("dbus", "initramfs-tools", "kmod", "linux-image-armmp", "systemd-sysv", "udev"),
            # What our roles meet in Raspbian Lite: Python without python-apt, and services that set
            # up network, clock, swap and logs.
            *("ca-certificates", "dhcpcd5", "dphys-swapfile", "e2fsprogs"),
            *("fake-hwclock", "fdisk", "ifupdown", "iproute2", "netbase", "openssh-server"),
            *("parted", "procps", "python2.7", "python3", "rsyslog", "sudo", "tzdata"),
        ),
    ),
    script="""
useradd --create-home --shell /bin/bash --groups adm,sudo,users pi
echo pi:raspberry | chpasswd
echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/010_pi-nopasswd
chmod 440 /etc/sudoers.d/010_pi-nopasswd
systemctl disable ssh
systemctl enable sshswitch regenerate_ssh_host_keys
update-rc.d resize2fs_once defaults
echo raspberrypi >/etc/hostname
""",
    packed="zip",
    kernel="kernel7.img",
    initrd="initrd7.img",
    config="dtparam=audio=on\ninitramfs initrd7.img followkernel\n",
    cmdline=official.CMDLINE,
    fstab=official.FSTAB,
)
RASPIOS = StandIn(
    option="raspios-lite",
    name="2026-11-30-raspios-standin-arm64-lite",
    base=Base(
        name="raspios",
        suite="trixie",
        architecture="arm64",
        boot="/boot/firmware",
        python="/usr/bin/python3",
        components=("main",),
        packages=(
            *("dbus", "initramfs-tools", "kmod", "linux-image-arm64", "systemd-sysv", "udev"),
            # What our roles meet: an account that is asked for, Imager's cloud-init, and services
            # that set up network, names and clock.
            *("apt-listchanges", "avahi-daemon", "busybox", "ca-certificates", "cloud-init"),
            *("e2fsprogs", "fdisk", "iproute2", "login", "netbase", "network-manager"),
            *("openssh-server", "parted", "passwd", "procps", "python3", "python3-apt"),
            *("rfkill", "sudo", "systemd-timesyncd", "tzdata", "util-linux-extra", "zstd"),
        ),
    ),
    script="""
update-initramfs -u -k all # with the scripts that lie beside
useradd --create-home --shell /usr/sbin/nologin --groups adm,sudo,users pi
passwd --lock pi
systemctl disable ssh getty@tty1
systemctl enable userconfig sshswitch regenerate_ssh_host_keys rpi-resize
rm -f /etc/ssh/ssh_host_*_key* /var/lib/dbus/machine-id
echo uninitialized >/etc/machine-id
echo raspberrypi >/etc/hostname
echo nameserver 8.8.8.8 >/etc/resolv.conf
sed -i s/MODULES=most/MODULES=dep/ /etc/initramfs-tools/initramfs.conf
""",
    packed="img.xz",
    kernel="kernel8.img",
    initrd="initramfs8",
    config="dtparam=audio=on\nauto_initramfs=1\narm_64bit=1\n",
    cmdline=official.CMDLINE_OF_TRIXIE,
    fstab=official.FSTAB.replace("/boot", "/boot/firmware"),
)
STAND_INS = {each.base.name: each for each in (RASPBIAN, RASPIOS)}


def options(kind: StandIn) -> list[str]:
    """Make it unless it is there; say how `image build` takes it."""
    folder = FOLDER / kind.base.name
    packed = folder / _digest(kind) / f"{kind.name}.{kind.packed}"
    checksum = packed.with_name(f"{packed.name}.sha256")
    if not checksum.exists():
        if not namespace.inside():
            namespace.enter()
        shutil.rmtree(folder, ignore_errors=True)
        packed.parent.mkdir(parents=True)
        _make(kind, packed)
        checksum.write_text(f"{official.checksum(packed)}  {packed.name}\n")
    sha256 = checksum.read_text().split()[0]
    return [f"--base={kind.option}", f"--base-file={packed}", f"--sha256={sha256}"]


def _make(kind: StandIn, packed: Path) -> None:
    namespace.prepare(kind.base.architecture)
    name = kind.base.name
    with workplace.folder() as work, Steps(tools.CACHE / f"logs/{name}.log") as steps:
        root, boot = work / name, work / f"{name}-boot"
        with steps.step(f"packages of the stand-in {name}"):
            debian.bootstrap(kind.base, root, work, steps)
        with steps.step("what the original has beside them"):
            _dress(kind, root, steps)
        with steps.step("image"):
            shutil.move(root / "boot", boot)
            (root / kind.base.boot.lstrip("/")).mkdir(parents=True)
            files = _boot_files(kind, boot)
            room = sum(map(len, files.values())) // official.MIB + 8
            image = official.image(
                packed.with_name(f"{kind.name}.img"), root, files, _size(root),
                max(room * official.MIB, official.BOOT_SIZE),
            )  # fmt: skip
        with steps.step("packed"):
            official.packed(image, packed)
            image.unlink()
        shutil.rmtree(root)


def _dress(kind: StandIn, root: Path, steps: Steps) -> None:
    """Make Debian look like the original."""
    # What our own bases have for a Pi's firmware and for other partitions.
    (root / "etc/default/raspi-firmware").unlink()
    if kind.base.python == PYTHON:
        # Ours takes its place, and stays there when the package is upgraded.
        steps.run("chroot", root, "dpkg-divert", "--local", "--rename", "--add", PYTHON)
    steps.run("cp", "-r", "--no-preserve=ownership", f"{kind.files}/.", root)
    (root / "etc/fstab").write_text(kind.fstab)
    with namespace.system_folders(root):
        steps.run("chroot", root, "sh", "-euxc", kind.script)


def _boot_files(kind: StandIn, boot: Path) -> dict[str, bytes]:
    """Name kernel and initrd as the Pi's firmware looks for them."""
    (kernel,), (initrd,) = boot.glob("vmlinuz-*"), boot.glob("initrd.img-*")
    return {
        kind.kernel: kernel.read_bytes(),
        kind.initrd: initrd.read_bytes(),
        "config.txt": kind.config.encode(),
        "cmdline.txt": kind.cmdline.encode(),
    }


def _size(root: Path) -> int:
    """Give the root as little room as an official image has."""
    used = sum(path.lstat().st_size + 4096 for path in root.rglob("*") if not path.is_dir())
    return (used * 5 // 4 + 128 * official.MIB) // official.MIB * official.MIB


def _digest(kind: StandIn) -> str:
    digest = hashlib.sha256()
    for source in (Path(__file__), Path(official.__file__), kind.files, debian.FILES):
        for path in [source, *sorted(source.rglob("*"))]:
            if path.is_file():
                digest.update(str(path.relative_to(tools.PROJECT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    try:
        print("\n".join(options(STAND_INS[sys.argv[1]])))
    except (ImageError, subprocess.CalledProcessError) as error:
        sys.exit(f"standin: {error}")
