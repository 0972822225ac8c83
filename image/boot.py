"""The command `boot`: start an image in QEMU, as a Raspberry Pi 3 or as a machine without a Pi.

`raspi3b` has a Pi's devices, a USB network and no clock (its time is wrong until the network has
told it); `virt` is faster and exact. Kernel, initrd and device tree are those that the Pi's own
firmware would load from the boot partition.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from image import disk, tools
from image.errors import ImageError

# What the kernel says last.
POWERED_OFF = b"reboot: Power down"  # after that, QEMU's Pi would stay
RESTARTS = (b"reboot: Restarting system", b"sysrq: Resetting")


@dataclass(frozen=True)
class Machine:
    """A machine of QEMU."""

    program: str
    options: tuple[str, ...]
    drive: tuple[str, ...]  # {file} and {format} are filled in
    network: str
    console: str
    device_trees: tuple[str, ...] = ()
    words: str = ""  # further ones for the kernel

    @property
    def pi(self) -> bool:
        """Say whether it is a Pi: its card has a size of a power of two."""
        return bool(self.device_trees)


_CARD = ("-drive", "file={file},format={format},if=sd")
_DISK = ("-drive", "file={file},format={format},if=none,id=card", "-device",
         "virtio-blk-pci,drive=card")  # fmt: skip
MACHINES = {
    "raspi3b": Machine(
        "qemu-system-aarch64",
        ("-M", "raspi3b", "-serial", "null"),  # the console is the second serial line
        _CARD,
        "usb-net",
        "ttyS1,115200",
        ("bcm2837-rpi-3-b.dtb", "bcm2710-rpi-3-b.dtb"),
        # QEMU knows of the Pi's watchdog only that it has run out: it would restart the Pi at once.
        "module_blacklist=bcm2835_wdt",
    ),
    "virt": Machine(
        "qemu-system-aarch64",
        ("-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "1024"),
        _DISK,
        "virtio-net-pci,romfile=",  # it does not start from the network
        "ttyAMA0",
    ),
    # For 32 bits: QEMU's Pi 3 starts in 64.
    "raspi2b": Machine(
        "qemu-system-arm",
        ("-M", "raspi2b"),
        _CARD,
        "usb-net",
        "ttyAMA0,115200",
        ("bcm2836-rpi-2-b.dtb", "bcm2709-rpi-2-b.dtb"),
    ),
    "virt32": Machine(
        "qemu-system-arm",
        # Without highmem=off its disk lies where a kernel of 32 bits does not look.
        ("-M", "virt,highmem=off", "-cpu", "cortex-a15", "-smp", "2", "-m", "1024"),
        _DISK,
        "virtio-net-pci,romfile=",  # it does not start from the network
        "ttyAMA0",
    ),
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("boot", help="start an image in QEMU", description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("--machine", choices=MACHINES, default="virt", help="(virt)")
    parser.add_argument("--ssh", type=int, metavar="PORT", help="its SSH at this port of 127.0.0.1")
    parser.add_argument("--tap", default="", help="an existing tap device to be its network")
    parser.add_argument("--write", action="store_true", help="keep what the machine writes")
    parser.add_argument("--append", default="", help="further words for the kernel")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Start it, and show its console until it is switched off."""
    tools.let_stop()
    with tempfile.TemporaryDirectory(prefix="gardeligne-") as folder:
        print(f"{options.machine}: Ctrl-C switches it off", file=sys.stderr)
        restarts = True
        # Each time anew, since only a firmware would read what it has itself changed of the start.
        while restarts:
            command = boot_command(
                options.image,
                options.machine,
                Path(folder),
                ssh=options.ssh,
                tap=options.tap,
                write=options.write,
                append=options.append,
            )
            restarts = watch(command)


def boot_command(
    image: Path,
    machine: str,
    folder: Path,
    *,
    ssh: int | None = None,
    tap: str = "",
    mac: str = "52:54:00:00:00:01",
    write: bool = False,
    append: str = "",
) -> list[str]:
    """Give the command that boots an image; the folder holds what that needs while it runs.

    What the machine writes goes to the image only if `write`; else it is lost with the folder, and
    seen by the next command of the same folder.
    `tap` is an existing tap device to be its network; else QEMU makes one, `ssh` leading into it.
    """
    kind = MACHINES[machine]
    tools.need(kind.program, "qemu-img", "mcopy", "sfdisk")
    if not image.is_file():
        raise ImageError(f"{image}: no such image. It is built by: make image")
    place, _ = disk.partitions(image)
    file, form = _card(image, folder, kind, write=write)
    boot = _boot_partition(image, place, file, folder)
    kernel, initrd, arguments = _boot_files(boot, folder)
    words = [word for word in arguments if not word.startswith("console=")]
    words += [f"console={kind.console}", *kind.words.split(), *append.split()]
    command = [kind.program, *kind.options, "-kernel", str(kernel), "-append", " ".join(words)]
    if initrd is not None:
        command += ["-initrd", str(initrd)]
    if kind.pi:
        command += ["-dtb", str(_device_tree(boot, folder, kind))]
    network = f"tap,id=net,ifname={tap},script=no,downscript=no" if tap else "user,id=net"
    if ssh and not tap:
        network += f",hostfwd=tcp:127.0.0.1:{ssh}-:22"
    command += [option.format(file=file, format=form) for option in kind.drive]
    command += ["-netdev", network, "-device", f"{kind.network},netdev=net,mac={mac}"]
    return [*command, "-serial", "stdio", "-display", "none", "-monitor", "none", "-no-reboot"]


def watch(command: list[str]) -> bool:
    """Run QEMU, copy its console to ours, until its machine is off; tell whether it starts again.

    Raises ImageError where QEMU fails.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 - for mypy
    seen = b""
    try:
        while data := process.stdout.read1(4096):  # type: ignore[attr-defined]
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            seen = (seen + data)[-4096 - len(POWERED_OFF) :]
            if POWERED_OFF in seen:
                return False
        if code := process.wait():
            raise ImageError(f"{command[0]} ended with {code}: {' '.join(command)}")
        return any(last in seen for last in RESTARTS)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


@dataclass(frozen=True)
class _Boot:
    """The boot partition of an image, in a file."""

    image: Path
    file: Path
    start: int  # byte in that file

    def copy(self, name: str, folder: Path) -> Path:
        """Copy one of its files into a folder."""
        target = folder / name
        copied = subprocess.run(
            ["mcopy", "-n", "-o", "-i", f"{self.file}@@{self.start}", f"::{name}", target],
            capture_output=True,
            text=True,
            check=False,
        )
        if copied.returncode:
            said = copied.stderr.strip()
            raise ImageError(f"{self.image}: its boot partition has no {name} ({said})")
        return target


def _boot_partition(image: Path, place: tuple[int, int], card: Path, folder: Path) -> _Boot:
    """Find the boot partition of an image, as the card that was made of it has it by now."""
    start, size = place
    if card == image:
        return _Boot(image, image, start)
    head = folder / "head.img"
    blocks = -(-(start + size) // disk.MIB)
    cut = ("qemu-img", "dd", "-f", "qcow2", "-O", "raw", f"bs={disk.MIB}", f"count={blocks}")
    subprocess.run([*cut, f"if={card}", f"of={head}"], check=True)
    return _Boot(image, head, start)


def _boot_files(boot: _Boot, folder: Path) -> tuple[Path, Path | None, list[str]]:
    """Copy kernel and initrd out of the boot partition; say the kernel's arguments."""
    config = boot.copy("config.txt", folder).read_text(encoding="utf-8")
    named = re.search(r"^kernel=(\S+)", config, re.M)
    usual = "kernel8.img" if re.search(r"^arm_64bit=1", config, re.M) else "kernel7.img"
    kernel = boot.copy(named[1] if named else usual, folder)
    ramdisk = re.search(r"^initramfs\s+(\S+)", config, re.M)
    name = ramdisk[1] if ramdisk else ""
    if re.search(r"^auto_initramfs=1", config, re.M):
        # As the firmware does: kernel8.img has initramfs8.
        name = kernel.stem.replace("kernel", "initramfs")
    initrd = boot.copy(name, folder) if name else None
    return kernel, initrd, boot.copy("cmdline.txt", folder).read_text(encoding="utf-8").split()


def _device_tree(boot: _Boot, folder: Path, machine: Machine) -> Path:
    for name in machine.device_trees:
        try:
            return boot.copy(name, folder)
        except ImageError:
            continue
    wanted = ", ".join(machine.device_trees)
    raise ImageError(f"{boot.image}: its boot partition has none of {wanted}")


def _card(image: Path, folder: Path, machine: Machine, *, write: bool) -> tuple[Path, str]:
    """Give the file that is the machine's card, and its format."""
    size = image.stat().st_size
    if machine.pi:
        size = 1 << (size - 1).bit_length()
    if write:
        with image.open("r+b") as card:
            card.truncate(size)
        return image, "raw"
    overlay = folder / "card.qcow2"
    if overlay.exists():
        return overlay, "qcow2"
    made = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(image.absolute())]
    subprocess.run([*made, str(overlay), str(size)], check=True)
    return overlay, "qcow2"
