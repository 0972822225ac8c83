"""A finished card is the same to the byte for the same content, and loses nothing of it."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import finishing, official
from support.finishing import MIB
from support.handmade_card import ACCESS, CAPABILITY, LATE, STATUS, WHEN, debugfs, make_card

from image import disk, ext4, fat, sbom, stamp, tools, volatile
from image.steps import Steps

pytestmark = pytest.mark.slow

needs_namespaces = pytest.mark.skipif(
    not finishing.allowed(),
    reason="not run, no user namespaces with a range of users (image/subids), or no debsbom",
)


@pytest.fixture
def steps(tmp_path: Path) -> Iterator[Steps]:
    with Steps(tmp_path / "log") as made:
        yield made


@pytest.fixture(scope="session")
def cards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of the same content, finished."""
    folder = tmp_path_factory.mktemp("cards")
    if not finishing.sound():
        pytest.skip(finishing.UNSOUND)
    runs = []
    for name, made, backwards in (("first", LATE, False), ("second", LATE + 500_000, True)):
        card = make_card(folder / name, made, backwards=backwards)
        base = "raspbian-stretch-lite"
        runs.append(finishing.finished(card, folder / f"{name}.img", base))
    return runs[0], runs[1]


@pytest.fixture
def root(cards: tuple[Path, Path], tmp_path: Path) -> Path:
    """The root partition of a finished card."""
    return disk.split(cards[0], tmp_path).root


@needs_namespaces
def test_a_fuse2fs_that_damages_files_is_refused() -> None:
    version = subprocess.run(
        ["fuse2fs", "-V"], capture_output=True, text=True, check=False
    ).stderr.splitlines()[0]
    assert finishing.sound() is ("1.47.2" not in version)


@needs_namespaces
def test_two_runs_differ_in_no_byte(cards: tuple[Path, Path]) -> None:
    first, second = cards
    assert first.read_bytes() == second.read_bytes()
    assert sbom.beside(first).read_bytes() == sbom.beside(second).read_bytes()
    again = [path.with_name(path.stem) / "card.img" for path in cards]
    assert again[0].read_bytes() != again[1].read_bytes()


@needs_namespaces
def test_another_content_makes_another_identity(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for root in (here, there):
        (root / "var/lib/dpkg/info").mkdir(parents=True)
        (root / "var/lib/dpkg/info/x.md5sums").touch()
        os.utime(root / "var/lib/dpkg/info/x.md5sums", (WHEN, WHEN))
        (root / stamp.STATUS).write_text(STATUS)
    mine = stamp.of(here, "debian-forky", "pi")
    assert mine == stamp.of(there, "debian-forky", "pi")
    assert mine.day == "2023-11-14"
    assert mine.asterisk == "1:22.2.0-1"
    assert mine.uuid("root") != stamp.of(there, "debian-forky", "pie").uuid("root")
    (there / stamp.STATUS).write_text(STATUS.replace("22.2", "22.3"))
    assert mine.uuid("root") != stamp.of(there, "debian-forky", "pi").uuid("root")
    assert mine.number("boot") != mine.number("disk") < 1 << 32


def about(root: Path, path: str) -> dict[str, str]:
    """Say what a file system knows of a file."""
    said = debugfs(root, f'stat "{path}"', f'ea_list "{path}"')
    found = dict(reversed(re.findall(r"(\w+): +(\S+)", said)))  # the first of two
    found |= dict(re.findall(r"^ *(\S+) \(\d+\) = (.*\S)", said, re.M))
    if device := re.search(r"Device major/minor number: (\S+)", said):
        found["device"] = device[1]
    return found


OWNED = {
    "/usr/su": {"Type": "regular", "Mode": "04755", "User": "0", "Group": "8"},
    "/usr": {"Type": "directory", "Mode": "02775"},
    "/home/note": {"User": "1000", "Group": "65534", "Size": "4"},
    "/usr/ping": {"security.capability": bytes.fromhex(CAPABILITY).hex(" ")},
    "/var/log": {"system.posix_acl_access": bytes.fromhex(ACCESS).hex(" ")},
    "/usr/one": {"Links": "2", "Size": "5"},
    "/usr/two": {"Links": "2", "Size": "5"},
    "/usr/link": {"Type": "symlink", "dest": '"../etc/hostname"'},
    "/usr/long": {"Type": "symlink", "Size": "100"},
    "/dev/console": {"Type": "character", "device": "05:01"},
    "/dev/pipe": {"Type": "FIFO"},
    "/usr/sparse": {"Size": str(5 * MIB + 3), "Blockcount": "8"},  # of 512 bytes
    "/usr/a file with spaces é": {"Size": "9000"},
}


@needs_namespaces
@pytest.mark.parametrize("path", OWNED)
def test_what_a_file_is_survives(root: Path, path: str) -> None:
    found = about(root, path)
    assert {key: found.get(key) for key in OWNED[path]} == OWNED[path]


@needs_namespaces
def test_hard_links_stay_one_file(root: Path) -> None:
    assert about(root, "/usr/one")["Inode"] == about(root, "/usr/two")["Inode"]


@needs_namespaces
def test_its_dates_are_its_own_or_the_newest_packages(root: Path) -> None:
    def times(path: str) -> dict[str, int]:
        said = debugfs(root, f'stat "{path}"')
        return {name: int(number, 16) for name, number in re.findall(r"(\w+time): 0x(\w+)", said)}

    every = {"atime": WHEN, "ctime": WHEN, "crtime": WHEN}
    assert times("/usr/7") == {**every, "mtime": WHEN - 7}
    assert times("/etc/hostname") == {**every, "mtime": WHEN}
    assert times("/") == {**every, "mtime": WHEN}


@needs_namespaces
def test_the_file_system_is_as_it_was_and_safe_from_power_cuts(root: Path, tmp_path: Path) -> None:
    said = subprocess.run(
        [tools.find("dumpe2fs") or "dumpe2fs", "-h", root],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {key: rest.strip() for key, _, rest in (x.partition(":") for x in said.splitlines())}
    assert found["Filesystem volume name"] == "rootfs"
    assert "nodelalloc" in found["Default mount options"]
    assert "metadata_csum" in found["Filesystem features"]
    assert "orphan_file" not in found["Filesystem features"]
    free = int(found["Free blocks"]) * ext4.BLOCK
    assert 64 * MIB < free < 76 * MIB  # it reckons with the sparse file's whole size
    # It grows on the card.
    with root.open("r+b") as image:
        image.truncate(200 * MIB)
    official.run("resize2fs", root)
    official.run("e2fsck", "-f", "-n", root)


@needs_namespaces
def test_nothing_that_was_deleted_is_in_it(cards: tuple[Path, Path]) -> None:
    start = cards[1].with_name("second") / "card.img"
    assert b"forgotten" in start.read_bytes()
    assert b"forgotten" not in cards[1].read_bytes()


@needs_namespaces
def test_an_official_card_keeps_its_number(cards: tuple[Path, Path]) -> None:
    table = cards[0].read_bytes()[:512]
    assert struct.unpack_from("<I", table, 440)[0] == official.LABEL_ID


@needs_namespaces
def test_the_bill_names_the_packages_and_not_the_day(cards: tuple[Path, Path]) -> None:
    bill = json.loads(sbom.beside(cards[0]).read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")
    (found,) = [part for part in bill["components"] if part.get("purl", "").endswith("arch=armhf")]
    assert (found["name"], found["version"]) == ("asterisk", "1:22.2.0-1")


def test_boot_partitions_of_the_same_files_are_the_same(tmp_path: Path, steps: Steps) -> None:
    heads = []
    for name, when in (("first", LATE), ("second", LATE + 3_600)):
        folder = tmp_path / name
        folder.mkdir()
        old = {"a.txt": b"secret" * 9000} if name == "second" else {}
        (folder / "root").mkdir()
        parts = disk.split(official.image(folder / "card.img", folder / "root", old), folder)
        files = folder / "files"
        for file in (
            ("overlays/x.dtbo", "cmdline.txt")
            if when == LATE
            else ("cmdline.txt", "overlays/x.dtbo")
        ):
            (files / file).parent.mkdir(parents=True, exist_ok=True)
            (files / file).write_text(f"{file}\n")
            os.utime(files / file, (when, when))
        fat.make(parts, files, 0xCAFE1234, WHEN, steps)
        assert b"secret" not in parts.head.read_bytes()
        heads.append(parts)
    assert heads[0].head.read_bytes() == heads[1].head.read_bytes()
    assert fat.kind(heads[0]) == fat.Kind(32, 1, "boot")
    listed = subprocess.run(
        ["mdir", "-i", heads[0].fat, "-/", "::"],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Serial Number is CAFE-1234".lower() in listed.lower()
    assert listed.count("2023-11-14  22:13") >= 3


SETTLED: dict[str, tuple[str, bytes | None, bytes | None]] = {
    "log": ("var/log/x/y.log", b"now", None),
    "record of calls": ("var/log/asterisk/master.db", b"table", b"table"),
    "lists": ("var/lib/apt/lists/x_Packages", b"now", None),
    "linker": ("var/cache/ldconfig/aux-cache", b"now", None),
    "before": ("etc/group-", b"now", None),
    "dpkg": ("var/lib/dpkg/status-old", b"now", None),
    "debconf": ("var/cache/debconf/config.dat-old", b"now", None),
    "deleted": ("var/lib/dpkg/updates/.fuse_hidden0000060900000008", b"now", None),
    "not debconf": ("var/cache/debconf/config.dat", b"kept", b"kept"),
    "shadow": ("etc/shadow", b"pi:*:19999:0:::::\n", b"pi:*:19675:0:::::\n"),
    "older": ("etc/shadow", b"pi:*:19000:0:::::\nx:!::\n", b"pi:*:19000:0:::::\nx:!::\n"),
    "compiled": (
        "usr/a.pyc",
        struct.pack("<4sIII", b"magi", 0, LATE, 7) + b"code",
        struct.pack("<4sIII", b"magi", 0, WHEN, 7) + b"code",
    ),
    "compiled before": (
        "usr/a.pyc",
        struct.pack("<4sIII", b"magi", 0, WHEN - 1, 7) + b"code",
        struct.pack("<4sIII", b"magi", 0, WHEN - 1, 7) + b"code",
    ),
    "compiled to nothing": ("usr/a.pyc", b"", b""),
    "by content": (
        "usr/a.pyc",
        struct.pack("<4sIQ", b"magi", 1, LATE) + b"code",
        struct.pack("<4sIQ", b"magi", 1, LATE) + b"code",
    ),
}


@pytest.mark.parametrize("name", SETTLED)
def test_what_a_run_leaves_is_settled(tmp_path: Path, name: str) -> None:
    path, before, after = SETTLED[name]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").touch()
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before or b"")
    volatile.settle(tmp_path, WHEN)
    assert (file.read_bytes() if file.exists() else None) == after
    assert file.parent.is_dir()
