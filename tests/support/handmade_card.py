"""Small cards with all that a file can have, made by hand: by debugfs, without root."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from image import disk, tools
from image.steps import Steps
from support import official
from support.finishing import MIB

WHEN = 1_700_000_000  # the newest package: Tuesday 14 November 2023
LATE = WHEN + 10_000_000
STATUS = """\
Package: asterisk
Status: install ok installed
Maintainer: Somebody <somebody@example.org>
Architecture: armhf
Version: 1:22.2.0-1
Description: a telephone exchange

"""
# A capability as the kernel writes it: version 2, effective, cap_net_raw.
CAPABILITY = "01000002" + "00200000" + "00" * 12
ACCESS = "01000000010007000400050008000500040000001000050020000500"  # setfacl -m g:4:rx


def debugfs(root: Path, *commands: str) -> str:
    """Work in a file system without mounting it; what it says."""
    done = subprocess.run(
        [tools.find("debugfs") or "debugfs", "-w", "-f", "-", root],
        input="".join(f"{command}\n" for command in commands),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stderr.splitlines()) == 1, done.stderr  # only its version
    return done.stdout


def make_root(target: Path, made: int, *, backwards: bool) -> None:
    """Make a small root by hand, at a time, in one order or the other; with one history or other.

    By debugfs: nobody need be root for its users, devices and capabilities.
    """
    source = target.with_suffix(".files")
    source.mkdir()

    def file(name: str, content: bytes | str, when: int = made) -> list[str]:
        path = source / name.replace("/", "-").replace(" ", "_")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [f'write {path} "/{name}"', f'sif "/{name}" mtime @{when}']

    sparse = source / "sparse"
    with sparse.open("wb") as out:
        out.seek(5 * MIB)
        out.write(b"end")
    pieces = [
        file("etc/hostname", "pi\n"),
        file("etc/shadow", f"root:*:{made // 86400}:0:99999:7:::\n"),
        file("etc/passwd-", f"as it was at {made}\n"),
        file("var/lib/dpkg/status", STATUS, made),
        file("var/lib/dpkg/info/asterisk.md5sums", "", WHEN),
        file("var/lib/dpkg/info/asterisk.list", "/.\n", made),
        file("var/log/install.log", f"{made}\n" * 1000),
        file("usr/a file with spaces é", "x" * 9000, WHEN - 5),
        [*file("usr/su", "#!"), "sif /usr/su mode 0104755", "sif /usr/su gid 8"],
        [*file("usr/ping", "ping"), f"ea_set -r -f {source}/cap /usr/ping security.capability"],
        [*file("home/note", "mine"), "sif /home/note uid 1000", "sif /home/note gid 65534"],
        [*file("usr/one", "twice"), "ln /usr/one /usr/two", "sif /usr/one links_count 2"],
        ["symlink /usr/link ../etc/hostname"],
        [f"symlink /usr/long {'l' * 100}"],
        [f"write {sparse} /usr/sparse"],
        ["cd /dev", "mknod console c 5 1", "mknod pipe p", "cd /"],
        [*file("usr/m.pyc", struct.pack("<4sIII", b"magi", 0, made, 7) + b"code")],
        ["sif /usr mode 0042775", f"ea_set -r -f {source}/acl /var/log system.posix_acl_access"],
        *(file(f"usr/{number}", str(number) * 500, WHEN - number) for number in range(300)),
    ]
    (source / "cap").write_bytes(bytes.fromhex(CAPABILITY))
    (source / "acl").write_bytes(bytes.fromhex(ACCESS))
    folders = [
        f"mkdir /{name}"
        for name in ("etc", "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/info", "var/log", "usr",
                     "home", "dev")
    ]  # fmt: skip
    history: list[str] = []
    if backwards:
        pieces.reverse()
        history = [*file("usr/secret", "forgotten" * 5000), "rm /usr/secret"]
    with target.open("wb") as out:
        out.truncate(64 * MIB)
    official.run("mke2fs", "-q", "-t", "ext4", "-L", "rootfs", "-O", disk.FEATURES, target)
    debugfs(target, *folders, *history, *(line for piece in pieces for line in piece))
    official.run("e2fsck", "-f", "-n", target)


def make_card(folder: Path, made: int, *, backwards: bool) -> Path:
    """Make a card of such a root, as another run of the playbook would leave it."""
    folder.mkdir()
    root = folder / "root"
    root.mkdir()
    card = official.image(folder / "card.img", root, {"zz.txt": b"z", "a.txt": b"a" * 70_000})
    make_root(folder / "root.ext4", made, backwards=backwards)
    (boot_start, _), (root_start, _) = disk.partitions(card)
    parts = disk.Parts(folder / "head.img", folder / "root.ext4", boot_start, root_start)
    disk.copy_range(card, 0, root_start, parts.head, 0)
    if backwards:  # another run may also have written other files first
        (folder / "gone").write_text("forgotten" * 9000)
        official.run("mcopy", "-i", parts.fat, folder / "gone", "::gone")
        official.run("mdel", "-i", parts.fat, "::gone")
    with Steps(folder / "log") as steps:
        disk.join(parts, card, steps)
    return card
