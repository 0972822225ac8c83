"""Checking an image against its manifest, and a card, or a copy of one, against its image."""

from __future__ import annotations

import json
import lzma
import shutil
from pathlib import Path

import pytest
from support.card import BOOT, MIB, make_image

from image import manifest
from image.__main__ import main
from image.errors import ImageError

Said = pytest.CaptureFixture[str]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "gardeligne.img")


def verdict(said: Said, *arguments: object) -> str:
    """Run verify, which must fail, and give what it said."""
    assert main(["verify", *map(str, arguments)]) == 1
    error = said.readouterr().err
    assert "Traceback" not in error
    return error[error.index("image: ") :]


def change(path: Path, offset: int, text: bytes = b"!") -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(text)


def test_an_image_as_built_is_good(image: Path, capsys: Said) -> None:
    assert main(["verify", str(image)]) == 0
    assert "gardeligne.img: 12,582,912 bytes (12.6 MB), as built" in capsys.readouterr().out


def test_the_manifest_says_what_the_image_is(image: Path) -> None:
    found = manifest.read(image)
    assert (found.size, found.about) == (12 * MIB, {"host": "pi"})
    places = [(part.number, part.start, part.size) for part in found.partitions]
    assert places == [(1, *BOOT), (2, 6 * MIB, 5 * MIB)]
    assert len({found.sha256, *(part.sha256 for part in found.partitions)}) == 3


@pytest.mark.parametrize(
    ("offset", "where"),
    [
        (BOOT[0], "partition 1 (2,097,152 bytes (2.1 MB) from byte 4,194,304)"),
        (BOOT[0] + BOOT[1] - 1, "partition 1"),
        (BOOT[0] + BOOT[1], "partition 2"),
        (11 * MIB, "the partition table, or what lies between"),
        (440, "the partition table, or what lies between"),
    ],
)
def test_a_changed_image_says_where(image: Path, capsys: Said, offset: int, where: str) -> None:
    change(image, offset)
    error = verdict(capsys, image)
    assert where in error
    assert ("partition 1" in error) is ("partition 1" in where)


def test_an_image_of_another_length_says_both(image: Path, capsys: Said) -> None:
    change(image, 12 * MIB)
    assert "it is longer than the 12,582,912 bytes (12.6 MB) that" in verdict(capsys, image)
    with image.open("r+b") as stream:
        stream.truncate(10_000_000)
    error = verdict(capsys, image)
    assert "cut off: it has 10,000,000 bytes (10.0 MB) instead of the 12,582,912 bytes" in error


def test_a_packed_image_is_checked_unpacked(image: Path, capsys: Said) -> None:
    packed = image.with_name("gardeligne.img.xz")
    data = lzma.compress(image.read_bytes(), preset=0)
    packed.write_bytes(data)
    assert main(["verify", str(packed)]) == 0
    packed.write_bytes(data[:-2000])
    assert "damaged or cut off" in verdict(capsys, packed)
    packed.write_bytes(data[:300_000] + b"!!!!" + data[300_004:])
    assert "damaged or cut off" in verdict(capsys, packed)


def test_what_is_packed_otherwise_is_refused_with_the_cure(image: Path, capsys: Said) -> None:
    shutil.make_archive(str(image), "zip", image.parent, image.name)
    image.with_name("gardeligne.img.zip").replace(image)
    assert f"it is packed; unpack it first: unzip {image}" in verdict(capsys, image)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not an image's manifest"),
        ("[]", "not an image's manifest"),
        ("{}", "format is missing"),
        ('{"format": 2}', "its format is 2, this program knows 1"),
        ('{"format": 1, "size": "big"}', "'big' is no number of bytes"),
        ('{"format": 1, "size": 512, "partitions": [], "sha256": "0"}', "'0' is no SHA-256"),
        ('{"format": 1, "size": 100, "partitions": []}', "do not fit together"),
    ],
)
def test_a_bad_manifest_is_refused(image: Path, capsys: Said, text: str, words: str) -> None:
    manifest.beside(image).write_text(text)
    assert words in verdict(capsys, image)


def test_what_is_not_there_is_said(image: Path, tmp_path: Path, capsys: Said) -> None:
    assert "nothing.img: not found; `make image` builds it" in verdict(
        capsys, tmp_path / "nothing.img"
    )
    manifest.beside(image).unlink()
    assert "gardeligne.img.json: not found. It says what the image must be" in verdict(
        capsys, image
    )
    assert "it is a manifest; name the image" in verdict(capsys, manifest.beside(image))
    assert "--against needs --disk" in verdict(capsys, image, "--against", image)


def test_what_is_no_image_gets_no_manifest(tmp_path: Path) -> None:
    for name, content, words in (
        ("odd", b"x" * 700, "no multiple of 512"),
        ("text", b"x" * 1024, "no partition table"),
        ("cut", None, "partition 2 lies beyond its end"),
    ):
        path = tmp_path / name
        if content is None:
            make_image(path)
            with path.open("r+b") as stream:
                stream.truncate(8 * MIB)
        else:
            path.write_bytes(content)
        with pytest.raises(ImageError, match=words):
            manifest.write(path, {}, lambda _: None)


def test_a_card_is_held_against_its_image(image: Path, tmp_path: Path, capsys: Said) -> None:
    card = tmp_path / "card"
    card.write_bytes(image.read_bytes() + b"more" * 4096)
    against = ("--disk", card, "--against", image)
    assert main(["verify", *map(str, against)]) == 0
    # A hole that was not written as zeros counts too.
    change(card, 7 * MIB + 3)
    error = verdict(capsys, *against)
    assert "differs: partition 2 (5,242,880 bytes (5.2 MB) from byte 6,291,456)" in error
    assert "the first byte that differs is byte 7,340,035" in error
    assert "partition 1" not in error

    manifest_only = verdict(capsys, "--disk", card, "--against", manifest.beside(image))
    assert "differs: partition 2" in manifest_only and "first byte" not in manifest_only


def test_a_card_without_a_partition_table_was_cut_off(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    card = tmp_path / "card"
    card.write_bytes(bytes(512) + image.read_bytes()[512:])
    assert "no partition table: writing it was cut off" in verdict(
        capsys, "--disk", card, "--against", image
    )
    card.write_bytes(image.read_bytes()[:-512])
    assert "cut off: it has 12,582,400 bytes" in verdict(capsys, "--disk", card, "--against", image)


def test_an_image_that_is_not_as_built_is_not_the_cards_fault(
    image: Path, tmp_path: Path, capsys: Said
) -> None:
    change(image, 8 * MIB)
    card = tmp_path / "card"
    shutil.copy(image, card)
    error = verdict(capsys, "--disk", card, "--against", image)
    assert f"{image}: it is not the image that {image}.json describes" in error


def test_a_manifest_carries_nothing_but_what_it_was_told(image: Path) -> None:
    assert set(json.loads(manifest.beside(image).read_text())) == {
        "format", "size", "sha256", "partitions", "about",
    }  # fmt: skip
