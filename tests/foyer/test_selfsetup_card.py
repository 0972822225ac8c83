"""Secrets leave the card: the FAT of a card, as Linux's own vfat writes it, looked at byte by byte.

The builder's kernel may know no FAT, and mounting takes root: so a kernel of our own runs as a
program (User Mode Linux), with the image as its disk.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.example import ROOT

SECRET = b"Ligne-de-test-1"
RAW = b"mot de passe: " + SECRET + b"\r\n" + b"# and so on\r\n" * 300 + SECRET
SEALED = RAW.replace(SECRET, "(enregistré)".encode())
INIT = """\
#!/bin/sh
# Says what it does, stops at the first thing that fails, and then switches off.
set -eux
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={files}:{filters}
trap "{python} -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'" EXIT
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
for module in fat/fat nls/nls_cp437 nls/nls_ascii fat/vfat; do
    insmod /usr/lib/uml/modules/$(uname -r)/kernel/fs/$module.ko
done
mkdir /run/card
mount -t vfat -o noatime,flush,iocharset=ascii /dev/ubda /run/card
{python} - <<'END'
from pathlib import Path
from gardeligne_setup.card import Card
card = Card(Path("/run/card"))
print("found", len(card.read() or b""))
card.seal({sealed!r})
print("sealed")
END
umount /run/card
echo "unmounted"
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("linux.uml"), reason="not run, no user-mode-linux"),
]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Return a boot partition as `make image` lays it out, on which a household has worked."""
    image = tmp_path / "card.fat"
    with image.open("wb") as out:
        out.truncate(100 << 20)
    subprocess.run(["mkfs.vfat", "-F", "32", "-s", "2", image], check=True, capture_output=True)
    written = tmp_path / "foyer.txt"
    written.write_bytes(RAW)
    # Programs leave copies, and shorter texts then take a part of their place.
    for name in ("foyer.bak", "foyer.txt", "~foyer.tmp"):
        _mtools(image, "mcopy", written, f"::{name}")
    for name in ("foyer.bak", "~foyer.tmp"):
        _mtools(image, "mdel", f"::{name}")
    report = tmp_path / "gardeligne.txt"
    report.write_bytes(b"pas encore rempli")
    _mtools(image, "mcopy", report, "::gardeligne.txt")
    # And behind the end of a shorter text, in its cluster, is what was there before.
    with image.open("r+b") as out:
        out.seek(image.read_bytes().index(b"pas encore rempli") + 600)
        out.write(SECRET)
    assert image.read_bytes().count(SECRET) == 7
    return image


def _mtools(image: Path, command: str, *arguments: str | Path) -> None:
    subprocess.run([command, "-i", image, *arguments], check=True, capture_output=True)


def _linux(card: Path) -> subprocess.Popen[bytes]:
    """Start a Linux that seals the card."""
    init = card.with_name("init")
    files, filters = ROOT / "roles/selfsetup/files", ROOT / "roles/household/filter_plugins"
    python = Path(sys.executable).resolve()
    init.write_text(INIT.format(files=files, filters=filters, python=python, sealed=SEALED))
    init.chmod(0o755)
    # A name for its socket that no other Linux here has.
    name = re.sub(r"\W", "", card.parent.name)[-12:]
    return subprocess.Popen(
        ["linux.uml", f"umid={name}{os.getpid()}", "mem=128M", f"ubda={card}", "root=/dev/root",
         "rootfstype=hostfs", "rootflags=/", "ro", f"init={init}", "con=null", "con0=null,fd:1",
         "quiet"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip


def _said(linux: subprocess.Popen[bytes]) -> bytes:
    """Return what a Linux has said until its end."""
    said, _ = linux.communicate(timeout=120)
    # That of Debian 12 has no room for the registers of processors that came after it.
    if b"ptrace set fp regs failed" in said:
        pytest.skip("not run, user-mode-linux does not run on this processor")
    return said


def _assert_sealed(card: Path) -> None:
    assert SECRET not in card.read_bytes()
    sealed = card.with_name("read")
    sealed.unlink(missing_ok=True)
    _mtools(card, "mcopy", "::foyer.txt", sealed)
    assert sealed.read_bytes() == SEALED


def test_no_byte_of_a_secret_stays(card: Path) -> None:
    said = _said(_linux(card))
    assert f"found {len(RAW)}".encode() in said, said
    assert b"sealed" in said, said
    _assert_sealed(card)
    checked = subprocess.run(["fsck.vfat", "-n", card], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_of_a_secret_stays_after_power_cuts(card: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(3):
        linux = _linux(card)
        time.sleep(dice.uniform(1, 4))
        os.killpg(linux.pid, signal.SIGKILL)
        linux.communicate()
    said = _said(_linux(card))
    assert b"sealed" in said, said
    _assert_sealed(card)
