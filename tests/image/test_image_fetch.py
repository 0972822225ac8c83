"""An official image is used only if it is the one meant, and whole."""

from __future__ import annotations

import hashlib
import lzma
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import official
from support.server import Server, address, serving

from image import bases, debian, disk, fat, fetch, tools
from image.errors import ImageError
from image.steps import Steps

pytestmark = pytest.mark.slow


@pytest.fixture
def steps(tmp_path: Path) -> Iterator[Steps]:
    with Steps(tmp_path / "log") as made:
        yield made


@pytest.fixture
def card(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/fstab").write_text(official.FSTAB)
    return official.image(tmp_path / "2017-08-16-raspbian-stretch-lite.img", root)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (debian, fetch):
        monkeypatch.setattr(module, "FOLDER", tmp_path / "bases")
    monkeypatch.setattr(fetch, "DOWNLOADS", tmp_path / "downloads")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def stretch(file: Path | None, sha256: str, url: str = "") -> bases.Base:
    return bases.choose("raspbian-stretch-lite", file, url, sha256)


def test_an_official_image_comes_out_as_it_went_in(
    tmp_path: Path, card: Path, steps: Steps
) -> None:
    packed = tmp_path / "card.zip"
    base = stretch(packed, official.zipped(card, packed))
    made = fetch.make(base, tmp_path, steps)
    assert made.read_bytes() == card.read_bytes()
    # Its zeros take no room: of 64 MiB little is written.
    assert made.stat().st_blocks * 512 < 16 * official.MIB
    packed.unlink()
    assert fetch.make(base, tmp_path, steps) == made  # and it is not needed twice


def test_an_image_may_be_packed_by_xz(tmp_path: Path, card: Path, steps: Steps) -> None:
    packed = tmp_path / "card.img.xz"
    made = fetch.make(stretch(packed, official.packed(card, packed)), tmp_path, steps)
    assert made.read_bytes() == card.read_bytes()
    assert made.stat().st_blocks * 512 < 16 * official.MIB


def test_its_partitions_keep_name_number_and_content(
    tmp_path: Path, card: Path, steps: Steps
) -> None:
    parts = disk.split(card, tmp_path)
    disk.grow(parts, 64 * official.MIB, steps)
    files = tmp_path / "boot"
    files.mkdir()
    assert set(disk.read_boot(parts, files, steps)) == {"cmdline.txt", "config.txt"}
    (files / "ssh").touch()
    (files / "overlays").mkdir()
    (files / "overlays" / "Ein langer Name.dtbo").write_bytes(b"x" * 5000)
    (files / "config.txt").unlink()
    fat.make(parts, files, 0, 1_700_000_000, steps)
    target = tmp_path / "out.img"
    disk.join(parts, target, steps)

    assert target.stat().st_mode & 0o777 == 0o600
    # The kernel is told its root by the disk's number.
    assert struct.unpack_from("<I", target.read_bytes()[:512], 440)[0] == official.LABEL_ID
    (boot_start, boot_size), (root_start, root_size) = disk.partitions(target)
    assert (boot_start, boot_size) == (official.BOOT_START, official.BOOT_SIZE)
    assert root_start + root_size == target.stat().st_size
    work = tmp_path / "again"
    work.mkdir()
    again = disk.split(target, work)
    disk.check(again, steps)
    (work / "boot").mkdir()
    assert set(disk.read_boot(again, work / "boot", steps)) == {
        "cmdline.txt",
        "ssh",
        "overlays/Ein langer Name.dtbo",
    }
    assert (work / "boot/overlays/Ein langer Name.dtbo").read_bytes() == b"x" * 5000
    assert (work / "boot/cmdline.txt").read_text() == official.CMDLINE


def test_a_download_that_was_cut_goes_on_from_there(
    tmp_path: Path, server: Server, steps: Steps
) -> None:
    server.content = os.urandom(300_000)
    server.breaks_after = 100_000
    target = tmp_path / "downloads/image.zip"
    sha256 = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(ImageError, match="the same command goes on from there"):
        fetch.download(address(server), sha256, target, steps)
    assert not target.exists()
    got = (tmp_path / "downloads/image.zip.part").stat().st_size
    assert 0 < got < 300_000
    server.breaks_after, server.asked = None, []
    fetch.download(address(server), sha256, target, steps)
    assert target.read_bytes() == server.content
    assert server.asked == [f"bytes={got}-"]


def test_a_server_that_cannot_go_on_is_asked_for_all_of_it(
    tmp_path: Path, server: Server, steps: Steps
) -> None:
    server.content, server.ranges = os.urandom(50_000), False
    part = tmp_path / "downloads/image.zip.part"
    part.parent.mkdir()
    part.write_bytes(b"old" * 1000)
    sha256 = hashlib.sha256(server.content).hexdigest()
    fetch.download(address(server), sha256, tmp_path / "downloads/image.zip", steps)
    assert (tmp_path / "downloads/image.zip").read_bytes() == server.content


def test_a_wrong_download_is_not_kept(tmp_path: Path, server: Server, steps: Steps) -> None:
    server.content = b"an error page, say"
    target = tmp_path / "downloads/image.zip"
    with pytest.raises(ImageError, match=r"should be 0{64}.*it was removed"):
        fetch.download(address(server), "0" * 64, target, steps)
    assert list(target.parent.iterdir()) == []


def test_no_server(tmp_path: Path, steps: Steps) -> None:
    with pytest.raises(ImageError, match=r"http://127.0.0.1:9/x.zip: cannot be downloaded"):
        fetch.download("http://127.0.0.1:9/x.zip", "0" * 64, tmp_path / "x.zip", steps)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def turn_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, turn_a_bit])
def test_a_damaged_zip_is_not_looked_into(
    tmp_path: Path, card: Path, steps: Steps, damage: Callable[[Path], None]
) -> None:
    packed = tmp_path / "card.zip"
    sha256 = official.zipped(card, packed)
    damage(packed)
    with pytest.raises(ImageError, match="it is damaged, cut off, or another file"):
        fetch.make(stretch(packed, sha256), tmp_path, steps)
    assert not list((tmp_path / "bases").glob("*.img*"))


def zip_of(path: Path, *names: str, content: bytes = b"x" * 1024) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)


def declare(path: Path, offset: int, form: str, value: int) -> None:
    """Change a field of the zip's one entry in its directory."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    struct.pack_into(form, data, at, value)
    path.write_bytes(data)


def absurd_size(path: Path) -> None:
    zip_of(path, "a.img")
    declare(path, 24, "<I", 0xFFFFFFF0)
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].file_size == 0xFFFFFFF0


def wrong_content(path: Path) -> None:
    zip_of(path, "a.img")
    declare(path, 16, "<I", 0)  # the sum of what is in it


def encrypted(path: Path) -> None:
    zip_of(path, "a.img")
    declare(path, 8, "<H", 1)


def xz_of(path: Path, content: bytes) -> None:
    path.write_bytes(lzma.compress(content))


def half_xz(path: Path) -> None:
    path.write_bytes(lzma.compress(os.urandom(4096))[:2000])


def wrong_xz(path: Path) -> None:
    xz_of(path, os.urandom(4096))
    turn_a_bit(path)


def web_page(path: Path) -> None:
    path.write_text("<html>Not found</html>")


BAD_ZIPS: dict[str, tuple[Callable[[Path], None], str]] = {
    "two images": (lambda path: zip_of(path, "a.img", "b.img"), "exactly one file .img.*a.img, b"),
    "no image": (lambda path: zip_of(path, "readme.txt"), "exactly one file .img, and holds none"),
    "way out": (lambda path: zip_of(path, "../../etc/a.img"), "outside the folder: do not use it"),
    "absolute": (lambda path: zip_of(path, "/etc/a.img"), "outside the folder"),
    "windows": (lambda path: zip_of(path, "C:\\a.img"), "outside the folder"),
    "bomb": (absurd_size, "would unpack to 4,294,967,280 bytes.*do not use it"),
    "wrong content": (wrong_content, "no good zip or xz file.*Get it anew"),
    "encrypted": (encrypted, "is encrypted"),
    "no zip": (web_page, "no good zip or xz file"),
    "half of an xz": (half_xz, "no good zip or xz file.*Get it anew"),
    "damaged xz": (wrong_xz, "no good zip or xz file.*Get it anew"),
    "xz bomb": (lambda path: xz_of(path, bytes((1 << 30) + 1)), "would unpack to 1,073,741,825 by"),
    "no card in an xz": (lambda path: xz_of(path, b"x" * 1024), "not the image of a Pi's card"),
    "no card": (lambda path: zip_of(path, "a.img"), "not the image of a Pi's card"),
}


@pytest.mark.parametrize("bad", BAD_ZIPS)
def test_a_zip_that_is_wrong_inside_is_refused(
    tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 1 << 30)
    make, words = BAD_ZIPS[bad]
    packed = tmp_path / "bad.zip"
    make(packed)
    with pytest.raises(ImageError, match=words):
        fetch.make(stretch(packed, official.checksum(packed)), tmp_path, steps)
    assert not list((tmp_path / "bases").glob("*.img*"))


def test_an_image_that_is_cut_off_in_the_zip_is_refused(
    tmp_path: Path, card: Path, steps: Steps
) -> None:
    with card.open("r+b") as image:
        image.truncate(official.BOOT_START + official.BOOT_SIZE + 4 * official.MIB)
    packed = tmp_path / "card.zip"
    base = stretch(packed, official.zipped(card, packed))
    with pytest.raises(ImageError, match="cut off: its root partition lies beyond its end"):
        fetch.make(base, tmp_path, steps)


def test_a_file_that_is_not_there(tmp_path: Path, steps: Steps) -> None:
    with pytest.raises(ImageError, match="no such file"):
        fetch.make(stretch(tmp_path / "x.zip", "0" * 64), tmp_path, steps)


def test_a_full_disk_is_said_before_anything_is_unpacked(tmp_path: Path, card: Path) -> None:
    packed = tmp_path / "card.zip"
    official.zipped(card, packed)
    small = tmp_path / "small"
    small.mkdir()
    unpack = "import sys, pathlib, image.fetch as f; f.unpack(*map(pathlib.Path, sys.argv[1:]))"
    mount = 'mount -t tmpfs -o size=40m none "$1" && shift && exec "$@"'
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    program = [sys.executable, "-c", unpack, str(packed), str(small / "out.img")]
    done = subprocess.run(
        [*inside, str(small), *program],
        cwd=tools.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{small}: has 40 MiB free, and 68 MiB are needed: make room" in done.stderr


def test_no_sum_no_image() -> None:
    with pytest.raises(ImageError, match="add --sha256 SUM"):
        bases.choose("raspbian-stretch", None, "", "")
    with pytest.raises(ImageError, match="add --sha256 SUM"):
        bases.choose("raspbian-stretch-lite", None, "http://example.org/other.zip", "")
    with pytest.raises(ImageError, match="no SHA-256"):
        bases.choose("raspbian-stretch", None, "", "abc")
    with pytest.raises(ImageError, match=r"unknown\. Known are: debian-forky"):
        bases.choose("debian-sid", None, "", "")
    with pytest.raises(ImageError, match=r"say nothing\. Name an official one"):
        bases.choose("debian-forky", Path("x.zip"), "", "")
