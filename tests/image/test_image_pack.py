"""A packed image is the same to the byte each time, and what goes with it says what it is."""

from __future__ import annotations

import base64
import json
import lzma
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema  # type: ignore[import-untyped]
import pytest
from support.card import make_image

from image import __main__, build, imager, manifest, pack

pytestmark = pytest.mark.slow

# What Raspberry Pi Imager wants of an entry: doc/json-schema/os-list-schema.json of
# raspberrypi/rpi-imager, told again (the file itself holds more examples than rules), and stricter:
# nothing else is let in.
TEXT = {"type": "string", "minLength": 1}
SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ENTRY = {
    "name": TEXT,
    "description": TEXT,
    "icon": TEXT,
    "url": TEXT,
    "extract_size": {"type": "integer", "minimum": 512},
    "extract_sha256": SHA256,
    "image_download_size": {"type": "integer", "minimum": 1},
    "image_download_sha256": SHA256,
    "release_date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
    "init_format": {"enum": ["systemd", "cloudinit", "cloudinit-rpi", "rpi-preseed", "none"]},
    "devices": {"type": "array", "items": TEXT, "minItems": 1},
    "architecture": {"enum": ["armel", "armhf", "armv8"]},
}
# Its first page offers these, and has nothing to go on with where there is none.
MODEL = {
    "name": TEXT,
    "description": TEXT,
    "icon": TEXT,
    "tags": {"type": "array", "items": TEXT, "minItems": 1},
    "matching_type": {"enum": ["exclusive", "inclusive"]},
    "default": {"type": "boolean"},
}
MODELS = {
    "type": "object",
    "required": ["devices"],
    "additionalProperties": False,
    "properties": {
        "devices": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": [*MODEL],
                "properties": MODEL,
                "additionalProperties": False,
            },
        }
    },
}
SCHEMA = {
    "type": "object",
    "required": ["imager", "os_list"],
    "additionalProperties": False,
    "properties": {
        "imager": MODELS,
        "os_list": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": [*ENTRY],
                "properties": ENTRY,
                "additionalProperties": False,
            },
        },
    },
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return make_image(tmp_path / "pi.img")


def release(image: Path, url: str = "") -> dict[str, Any]:
    pack.release(image, url, host="pi", architecture="arm64", day="2026-10-28")
    listed = json.loads(imager.beside(image).read_text(encoding="utf-8"))
    jsonschema.validate(listed, SCHEMA)
    (entry,) = listed["os_list"]
    assert isinstance(entry, dict)
    return entry


def test_what_is_packed_is_the_image(image: Path) -> None:
    release(image)
    packed = pack.packed(image)
    assert lzma.decompress(packed.read_bytes()) == image.read_bytes()
    assert packed.stat().st_size < image.stat().st_size // 4
    # It may hold passwords.
    assert packed.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in image.parent.glob("*.part")] == []


def test_both_sums_are_as_sha256sum_reads_them(image: Path) -> None:
    release(image)
    command = ["sha256sum", "--check", "--strict", pack.sums(image).name]
    done = subprocess.run(command, cwd=image.parent, capture_output=True, text=True, check=True)
    assert done.stdout == "pi.img: OK\npi.img.xz: OK\n"


def test_the_number_of_processors_changes_no_byte(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "PIECE", 1 << 20)
    made = set()
    for processors in (1, 2, 5):
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        release(image)
        made.add(pack.packed(image).read_bytes())
    assert len(made) == 1


def test_it_is_packed_in_pieces_and_unpacked_in_little_memory(image: Path) -> None:
    release(image)
    command = ["xz", "--robot", "--list", "-vv", str(pack.packed(image))]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (summary,) = re.findall(r"^summary\t(\d+)\tyes", said, re.M)
    assert int(summary) <= 10 << 20


def test_a_packed_image_is_verified_and_a_damaged_one_refused(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release(image)
    image.unlink()
    packed = pack.packed(image)
    assert __main__.main(["verify", str(packed)]) == 0
    assert "as built" in capsys.readouterr().out
    packed.write_bytes(packed.read_bytes()[:-2000])
    assert __main__.main(["verify", str(packed)]) == 1
    assert "damaged or cut off" in capsys.readouterr().err


def test_imager_is_told_what_there_is(image: Path) -> None:
    entry = release(image, "https://example.org/cards/")
    packed = pack.packed(image)
    wanted = manifest.read(image)
    assert entry["url"] == "https://example.org/cards/pi.img.xz"
    assert (entry["extract_size"], entry["extract_sha256"]) == (wanted.size, wanted.sha256)
    assert entry["image_download_size"] == packed.stat().st_size
    sums = pack.sums(image).read_text().split()
    assert entry["image_download_sha256"] == sums[2]
    assert entry["devices"] == ["pi3-64bit"]
    assert entry["release_date"] == "2026-10-28"


def test_imager_offers_a_pi_3_chosen_already_and_the_image_for_it(image: Path) -> None:
    entry = release(image)
    listed = json.loads(imager.beside(image).read_text(encoding="utf-8"))
    (model,) = listed["imager"]["devices"]
    assert model["name"] == "Raspberry Pi 3"
    assert model["default"] is True
    assert set(model["tags"]) & set(entry["devices"])


def test_its_icon_is_in_it(image: Path) -> None:
    kind, _, data = release(image)["icon"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    drawn = ElementTree.fromstring(base64.b64decode(data))  # noqa: S314 - ours
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", "file:///a%20b/pi.img.xz"),
        ("https://example.org/x.xz", "https://example.org/x.xz"),
        ("http://example.org/a/", "http://example.org/a/pi.img.xz"),
    ],
)
def test_where_it_is_fetched_from(url: str, found: str) -> None:
    assert imager.address(url, Path("/a b/pi.img.xz")) == found


def test_the_manifest_is_looked_for_where_it_lies_beside_the_image() -> None:
    there = imager.address("http://example.org/a/", Path("pi.img.xz"))
    beside = manifest.beside(Path("pi.img.xz")).name
    assert manifest.beside_url(there) == f"http://example.org/a/{beside}"


@pytest.mark.parametrize("url", ["example.org/x", "ftp://example.org/", "https:///x", "file:///x"])
def test_an_address_that_is_none_is_said_before_anything_is_built(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "hosts.yml").write_text("exchange:\n  hosts:\n    pi:\n")
    command = ["build", "--dry-run", "--inventory", str(home), "--output", str(tmp_path / "x.img")]
    assert __main__.main([*command, "--compress", "--url", url]) == 1
    assert f"--url {url}: not where a program could fetch" in capsys.readouterr().err
    assert __main__.main([*command, "--url", "https://example.org/"]) == 1
    assert "add --compress" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_packed_image(image: Path) -> None:
    pack.packed(image).mkdir()  # nothing can be put in its place
    with pytest.raises(OSError):
        release(image)
    assert not list(image.parent.glob("*.part"))


def test_a_new_image_lets_nothing_old_stand_beside_it(image: Path) -> None:
    release(image)
    assert {path for path in build.companions(image) if path.exists()} == {
        manifest.beside(image),
        pack.packed(image),
        pack.sums(image),
        imager.beside(image),
    }
    for path in build.companions(image):
        path.unlink(missing_ok=True)
    assert sorted(image.parent.iterdir()) == [image]
