"""QEMU is given what the Pi's own firmware would load, and leaves the image as it was."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import official

from image import boot, tools
from image.errors import ImageError

pytestmark = pytest.mark.slow

DEBIAN = {
    "vmlinuz-7.2.12+deb14-arm64": b"kernel",
    "initrd.img-7.2.12+deb14-arm64": b"initrd",
    "bcm2837-rpi-3-b.dtb": b"tree",
    "config.txt": b"arm_64bit=1\nkernel=vmlinuz-7.2.12+deb14-arm64\n"
    b"initramfs initrd.img-7.2.12+deb14-arm64\n",
    "cmdline.txt": b"console=tty0 console=ttyS1,115200 root=LABEL=RASPIROOT rw rootwait\n",
}


def card(folder: Path, files: dict[str, bytes]) -> Path:
    root = folder / "root"
    root.mkdir()
    return official.image(folder / "card.img", root, files)


def after(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("raspi3b", "console=ttyS1,115200 module_blacklist=bcm2835_wdt"),
        ("virt", "console=ttyAMA0"),
    ],
)
def test_it_boots_what_the_firmware_would(tmp_path: Path, machine: str, words: str) -> None:
    image = card(tmp_path, DEBIAN)
    before = official.checksum(image)
    folder = tmp_path / "work"
    folder.mkdir()
    command = boot.boot_command(image, machine, folder, ssh=2222, append="quiet")
    assert Path(after(command, "-kernel")).read_bytes() == b"kernel"
    assert Path(after(command, "-initrd")).read_bytes() == b"initrd"
    arguments = f"root=LABEL=RASPIROOT rw rootwait {words} quiet"
    assert after(command, "-append") == arguments
    assert "hostfwd=tcp:127.0.0.1:2222-:22" in after(command, "-netdev")
    if machine == "raspi3b":
        assert Path(after(command, "-dtb")).read_bytes() == b"tree"
    overlay = folder / "card.qcow2"
    assert f"file={overlay},format=qcow2" in " ".join(command)
    said = subprocess.run(
        ["qemu-img", "info", "--output=json", overlay], check=True, capture_output=True
    )
    size = json.loads(said.stdout)["virtual-size"]
    assert size == (128 * official.MIB if machine == "raspi3b" else image.stat().st_size)
    assert official.checksum(image) == before


def test_what_it_writes_is_kept_on_demand_only(tmp_path: Path) -> None:
    image = card(tmp_path, DEBIAN)
    command = boot.boot_command(image, "raspi3b", tmp_path, write=True)
    assert f"file={image},format=raw,if=sd" in command
    assert image.stat().st_size == 128 * official.MIB


def test_its_network_may_be_a_laboratory(tmp_path: Path) -> None:
    command = boot.boot_command(card(tmp_path, DEBIAN), "virt", tmp_path, tap="tap7", ssh=2222)
    assert after(command, "-netdev") == "tap,id=net,ifname=tap7,script=no,downscript=no"


def test_what_is_no_card_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none.img: no such image"):
        boot.boot_command(tmp_path / "none.img", "virt", tmp_path)
    text = tmp_path / "text.img"
    text.write_text("not an image")
    with pytest.raises(ImageError, match="not the image of a Pi's card"):
        boot.boot_command(text, "virt", tmp_path)
    with pytest.raises(ImageError, match=r"has no kernel7\.img"):
        boot.boot_command(card(tmp_path, {}), "virt", tmp_path)
    (tmp_path / "root").rmdir()
    without = {name: content for name, content in DEBIAN.items() if "dtb" not in name}
    with pytest.raises(ImageError, match=r"none of bcm2837-rpi-3-b\.dtb, bcm2710"):
        boot.boot_command(card(tmp_path, without), "raspi3b", tmp_path)


def test_a_machine_that_restarts_starts_with_what_it_has_changed(tmp_path: Path) -> None:
    image = card(tmp_path, DEBIAN)
    folder = tmp_path / "work"
    folder.mkdir()
    boot.boot_command(image, "virt", folder)
    overlay, raw = folder / "card.qcow2", tmp_path / "raw"
    official.run("qemu-img", "convert", "-O", "raw", overlay, raw)
    (tmp_path / "cmdline").write_text("console=tty1 root=LABEL=RASPIROOT second\n")
    official.run("mcopy", "-o", "-i", f"{raw}@@{official.BOOT_START}", tmp_path / "cmdline",
                 "::cmdline.txt")  # fmt: skip
    official.run("qemu-img", "convert", "-O", "qcow2", raw, overlay)
    again = boot.boot_command(image, "virt", folder)
    assert after(again, "-append") == "root=LABEL=RASPIROOT second console=ttyAMA0"
    assert f"file={overlay},format=qcow2" in " ".join(again)


@pytest.mark.parametrize(
    ("last", "restarts"),
    [
        ("reboot: Restarting system", True),
        ("sysrq: Resetting", True),
        ("reboot: Power down", False),
        ("reboot: System halted", False),
    ],
)
def test_what_the_kernel_says_last_tells_whether_it_starts_again(last: str, restarts: bool) -> None:
    # QEMU itself says nothing of it.
    assert boot.watch(["printf", f"[  9.1] {last}\n"]) is restarts


def test_what_fails_does_not_start_again() -> None:
    with pytest.raises(ImageError, match="sh ended with 3"):
        boot.watch(["sh", "-c", "echo 'reboot: Restarting system'; exit 3"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_qemu_ends_with_the_command_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    image = card(tmp_path, DEBIAN)
    (tmp_path / "work").mkdir()
    started = subprocess.Popen(
        [sys.executable, "-m", "image", "boot", image],
        cwd=tools.PROJECT,
        stdin=subprocess.DEVNULL,  # QEMU would set ours so that nobody can wait for it any more
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "work")},
    )
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children")
    pids: list[str] = []
    try:
        for _ in range(300):
            pids = children.read_text().split()
            if any("qemu-system" in Path(f"/proc/{pid}/comm").read_text() for pid in pids):
                break
            assert started.poll() is None, started.stderr and started.stderr.read()
            time.sleep(0.1)
        started.send_signal(number)
        _, said = started.communicate(timeout=20)
        assert (started.returncode, "image: stopped." in said) == (130, True)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert not list((tmp_path / "work").iterdir())
    finally:
        started.kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
