"""Writing a card, and reading it back: on files and on real loop devices."""

from __future__ import annotations

import lzma
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.card import MIB, loop, make_image, mounted, needs_loop, old_card

from image import flash, manifest
from image.__main__ import main
from image.device import Device
from image.errors import ImageError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_image(tmp_path_factory.mktemp("image") / "gardeligne.img")


def write(image: Path, disk: str) -> int:
    return main(["flash", str(image), "--disk", disk, "--fixed-disk", "--yes"])


def refusal(said: Said, code: int) -> str:
    """What the command said that failed; it never says so by a traceback."""
    assert code == 1
    error = said.readouterr().err
    assert "Traceback" not in error
    return error[error.index("image: ") :]


@needs_loop
@pytest.mark.parametrize("extra", [0, 512, 4 * MIB])
def test_a_card_holds_the_image_and_nothing_stale(
    image: Path, tmp_path: Path, capsys: Said, extra: int
) -> None:
    size = image.stat().st_size
    card = old_card(tmp_path / "card", size + extra)
    with loop(card) as disk:
        assert write(image, disk) == 0
        said = capsys.readouterr().out
        assert "the same, SHA-256 " + manifest.read(image).sha256 in said
        assert f"{disk}: take it out" in said
    written = card.read_bytes()
    assert written[:size] == image.read_bytes()
    assert not any(written[size:][-MIB:])


@needs_loop
def test_an_image_packed_by_xz_is_written_unpacked(image: Path, tmp_path: Path) -> None:
    packed = tmp_path / "gardeligne.img.xz"
    packed.write_bytes(lzma.compress(image.read_bytes(), preset=0))
    manifest.beside(packed).write_text(manifest.beside(image).read_text())
    card = old_card(tmp_path / "card", 16 * MIB)
    with loop(card) as disk:
        assert write(packed, disk) == 0
    assert card.read_bytes()[: 12 * MIB] == image.read_bytes()


@needs_loop
def test_a_card_that_is_too_small_keeps_what_it_has(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    card = old_card(tmp_path / "card", 8 * MIB)
    with loop(card) as disk:
        error = refusal(capsys, write(image, disk))
    assert "needs 12,582,912 bytes (12.6 MB), it has 8,388,608 bytes (8.4 MB)" in error
    assert card.read_bytes() == b"old " * (2 * MIB)


@needs_loop
def test_a_damaged_image_costs_no_card(image: Path, tmp_path: Path, capsys: Said) -> None:
    damaged = tmp_path / "gardeligne.img"
    damaged.write_bytes(image.read_bytes()[:-1] + b"!")
    manifest.beside(damaged).write_text(manifest.beside(image).read_text())
    card = old_card(tmp_path / "card", 16 * MIB)
    with loop(card) as disk:
        error = refusal(capsys, write(damaged, disk))
    assert f"{damaged}: it is not the image that {damaged}.json describes" in error
    assert card.read_bytes() == b"old " * (4 * MIB)


@needs_loop
def test_a_write_protected_card_is_refused(image: Path, tmp_path: Path, capsys: Said) -> None:
    with loop(old_card(tmp_path / "card", 16 * MIB), "--read-only") as disk:
        assert "write-protected: push the little lock" in refusal(capsys, write(image, disk))


@needs_loop
def test_a_mounted_card_is_refused_with_the_command_that_frees_it(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    card = tmp_path / "card"
    card.touch()
    with card.open("r+b") as stream:
        stream.truncate(16 * MIB)
    subprocess.run(["mkfs.ext4", "-q", card], check=True)
    with loop(card) as disk:
        with mounted(disk, tmp_path / "media"):
            error = refusal(capsys, write(image, disk))
        assert f"mounted on {tmp_path}/media; if it is the right one: sudo umount {disk}" in error
        # In another mount namespace lsblk does not see it, but the kernel refuses the lock.
        with subprocess.Popen(
            ["unshare", "--mount", "sh", "-ec", f"mount {disk} {tmp_path}/media; echo; read _"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as hidden:
            assert hidden.stdout and hidden.stdout.readline() == b"\n"
            error = refusal(capsys, write(image, disk))
        assert f"{disk}: something uses it" in error
        assert write(image, disk) == 0


@needs_loop
def test_a_card_in_another_programs_hands_is_refused(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    with loop(old_card(tmp_path / "card", 16 * MIB)) as disk, Device(disk, writing=True):
        assert "something uses it" in refusal(capsys, write(image, disk))


@needs_loop
def test_a_disk_that_is_not_removable_needs_a_word_of_its_own(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    card = old_card(tmp_path / "card", 16 * MIB)
    with loop(card) as disk:
        error = refusal(capsys, main(["flash", str(image), "--disk", disk, "--yes"]))
    assert (
        "not removable, so it is hardly a card; if it is the right one, add --fixed-disk" in error
    )
    assert card.read_bytes() == b"old " * (4 * MIB)


@needs_loop
@pytest.mark.parametrize(("answer", "code"), [("sd\n", 1), ("", 1), ("{name}\n", 0)])
def test_nothing_is_written_until_the_disks_name_is_typed(
    image: Path, tmp_path: Path, answer: str, code: int
) -> None:
    card = old_card(tmp_path / "card", 16 * MIB)
    with loop(card) as disk:
        typed = answer.format(name=Path(disk).name)
        flashing = start(image, disk, "--fixed-disk")
        _, error = flashing.communicate(typed.encode())
    assert flashing.returncode == code, error
    assert (card.read_bytes() == b"old " * (4 * MIB)) is (code == 1)


@needs_loop
def test_a_card_swapped_during_the_question_is_not_written(image: Path, tmp_path: Path) -> None:
    with loop(old_card(tmp_path / "card", 16 * MIB)) as disk:
        flashing = start(image, disk, "--fixed-disk")
        assert flashing.stdin and flashing.stdout
        while b"to go on" not in flashing.stdout.read1():  # type: ignore[attr-defined]
            assert flashing.poll() is None
        other = old_card(tmp_path / "other", 20 * MIB)
        subprocess.run(["losetup", "--detach", disk], check=True)
        subprocess.run(["losetup", disk, other], check=True)
        _, error = flashing.communicate(f"{Path(disk).name}\n".encode())
    assert flashing.returncode == 1
    assert b"it is not the card that it was a moment ago" in error
    assert other.read_bytes() == b"old " * (5 * MIB)


def start(image: Path, disk: str, *options: str) -> subprocess.Popen[bytes]:
    # Whoever runs the tests in the background may have them ignore Ctrl-C.
    alone = ["env", "--default-signal=INT", sys.executable, "-m", "image"]
    return subprocess.Popen(
        [*alone, "flash", str(image), "--disk", disk, *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@needs_loop
@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_card_cut_off_in_the_middle_never_looks_whole(
    tmp_path: Path, capsys: Said, how: signal.Signals, code: int
) -> None:
    image = make_image(tmp_path / "long.img", 64 * MIB)
    card = old_card(tmp_path / "card", 4 * MIB)
    with card.open("r+b") as stream:
        stream.truncate(70 * MIB)
    with loop(card) as disk, card.open("rb") as stream:
        flashing = start(image, disk, "--fixed-disk", "--yes")
        while os.pread(stream.fileno(), 4, 2 * MIB) == b"old ":
            assert flashing.poll() is None
            time.sleep(0.001)
        flashing.send_signal(how)
        _, error = flashing.communicate()
        assert flashing.returncode == code, error
        assert not any(os.pread(stream.fileno(), 512, 0))
        again = refusal(capsys, main(["verify", "--disk", disk, "--against", str(image)]))
    assert "no partition table: writing it was cut off, or failed; write it again" in again
    if how == signal.SIGINT:
        assert b"image: stopped. " + disk.encode() + b" now has no partition table" in error


@needs_loop
def test_a_card_that_fails_in_the_middle_is_not_called_good(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    # The loop device's file has no room left: the kernel answers with an I/O error.
    with mounted("tmpfs", tmp_path / "full", "-t", "tmpfs", "-o", "size=7m") as full:
        card = full / "card"
        card.touch()
        with card.open("r+b") as stream:
            stream.truncate(16 * MIB)
        with loop(card) as disk:
            error = refusal(capsys, write(image, disk))
    assert "write failed at byte " in error
    assert f"{disk} now has no partition table, so that no Pi starts from it" in error


@needs_loop
def test_a_card_pulled_out_is_named_as_that(image: Path, tmp_path: Path, capsys: Said) -> None:
    card = old_card(tmp_path / "card", 16 * MIB)
    with loop(card) as disk:
        assert write(image, disk) == 0
        with card.open("r+b") as stream:
            stream.truncate(8 * MIB)  # the kernel still believes in 16
        error = refusal(capsys, main(["verify", "--disk", disk, "--against", str(image)]))
    assert "read failed at byte 8,388,608" in error and "pulled out, or it is defective" in error


def test_a_card_that_forgets_is_found_by_reading_it_back(image: Path, tmp_path: Path) -> None:
    """Like counterfeit cards, and worn ones; here a file forgets."""
    card = old_card(tmp_path / "card", 16 * MIB)
    wanted = manifest.read(image)
    with Device(str(card), writing=True) as device:
        table = flash._write_rest(device, 16 * MIB, image, wanted.size)
        assert table == image.read_bytes()[:512]
        flash._read_back(device, 16 * MIB, image, wanted, table)
        with card.open("r+b") as stream:
            stream.seek(16 * MIB - 5)
            stream.write(b"!")
        with pytest.raises(ImageError, match="its last bytes are not what was written"):
            flash._read_back(device, 16 * MIB, image, wanted, table)
        device.write(9 * MIB, b"?" * 512)
        with pytest.raises(ImageError, match="byte 9,437,184 is not what was written there"):
            flash._read_back(device, 16 * MIB, image, wanted, table)


def test_an_image_that_changes_while_it_is_written_gives_no_card(
    image: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "gardeligne.img"
    changed.write_bytes(image.read_bytes()[:-1] + b"!")
    card = old_card(tmp_path / "card", 16 * MIB)
    with Device(str(card), writing=True) as device, pytest.raises(ImageError) as caught:
        flash.write(device, 16 * MIB, changed, manifest.read(image))
    assert f"{changed}: it changed while it was written" in str(caught.value)
    assert "now has no partition table" in str(caught.value)
    assert not any(card.read_bytes()[:512])


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ("nowhere", "/dev/nowhere: no such disk"),
        ("null", "/dev/null: not a disk"),
    ],
)
def test_what_is_no_disk_is_refused(image: Path, capsys: Said, disk: str, words: str) -> None:
    assert words in refusal(capsys, write(image, disk))


def test_a_file_is_no_disk(image: Path, tmp_path: Path, capsys: Said) -> None:
    card = old_card(tmp_path / "card", 16 * MIB)
    assert f"{card}: not a disk" in refusal(capsys, write(image, str(card)))
    assert card.read_bytes() == b"old " * (4 * MIB)


@pytest.mark.parametrize("options", [["--yes"], ["--fixed-disk"]])
def test_consent_without_a_named_disk_is_none(
    image: Path, capsys: Said, options: list[str]
) -> None:
    error = refusal(capsys, main(["flash", str(image), *options]))
    assert "need --disk" in error
