"""The JSON file beside an image: what the image is, so that a copy of it can be checked."""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from image import words
from image.errors import ImageError
from image.progress import Advance

FORMAT = 1
SECTOR = 512
BLOCK = 4 << 20  # what is read or written at once: SD cards erase in units up to this
XZ = b"\xfd7zXZ\0"
# Other packed images, by how they begin, and what unpacks them.
PACKED = {
    b"\x28\xb5\x2f\xfd": "unzstd",
    b"PK\x03\x04": "unzip",
    b"\x1f\x8b": "gunzip",
    b"BZh": "bunzip2",
}


@dataclass(frozen=True)
class Partition:
    """A partition's place in the image, in bytes, and its SHA-256."""

    number: int
    start: int
    size: int
    sha256: str = ""


@dataclass(frozen=True)
class Manifest:
    """What an image is; `about` holds what its builder has to say of it."""

    size: int
    sha256: str
    partitions: tuple[Partition, ...]
    about: dict[str, str] = field(default_factory=dict)

    def differences(self, found: Measured) -> list[str]:
        """Say where what was measured is not the image."""
        if found.sha256 == self.sha256:
            return []
        parts = [
            f"partition {ours.number} ({words.exact(ours.size)} from byte {ours.start:,})"
            for ours, theirs in zip(self.partitions, found.partitions, strict=True)
            if ours.sha256 != theirs
        ]
        return parts or ["the partition table, or what lies between the partitions"]


@dataclass(frozen=True)
class Measured:
    """Hashes of what was read: of the whole, and of each partition."""

    sha256: str
    partitions: list[str]


def beside(image: Path) -> Path:
    """Name the manifest of an image, packed or not."""
    return image.with_name(image.name.removesuffix(".xz") + ".json")


def beside_url(image: str) -> str:
    """Name the address of an image's manifest, by that of the image, packed or not."""
    return image.removesuffix(".xz") + ".json"


def measure(blocks: Iterable[bytes | memoryview], partitions: Sequence[Partition]) -> Measured:
    """Hash the whole and each partition in one pass."""
    whole = hashlib.sha256()
    hashes = [hashlib.sha256() for _ in partitions]
    offset = 0
    for block in blocks:
        view = memoryview(block)
        whole.update(view)
        for partition, digest in zip(partitions, hashes, strict=True):
            begin = max(partition.start - offset, 0)
            end = min(partition.start + partition.size - offset, len(view))
            if begin < end:
                digest.update(view[begin:end])
        offset += len(view)
    return Measured(whole.hexdigest(), [digest.hexdigest() for digest in hashes])


def partition_table(sector: bytes, image: Path, size: int) -> tuple[Partition, ...]:
    """Read the four entries of a msdos partition table."""
    if len(sector) < SECTOR or sector[510:512] != b"\x55\xaa":
        raise ImageError(f"{image}: it has no partition table, so it is not the image of a card")
    partitions = []
    for number in range(4):
        kind, start, count = struct.unpack_from("<4xB3xII", sector, 446 + 16 * number)
        if kind == 0:
            continue
        partition = Partition(number + 1, start * SECTOR, count * SECTOR)
        if kind == 0xEE:
            raise ImageError(f"{image}: its partition table is GPT; a Pi 3 wants msdos")
        if partition.start + partition.size > size:
            raise ImageError(f"{image}: partition {partition.number} lies beyond its end")
        partitions.append(partition)
    return tuple(partitions)


def blocks(image: Path, size: int, advance: Advance) -> Iterator[bytes]:
    """Read an image, unpacked, in blocks; holes are read as the zeros they stand for."""
    left = size
    try:
        with _open(image) as stream:
            while block := stream.read(min(BLOCK, left + 1)):
                left -= len(block)
                if left < 0:
                    raise ImageError(
                        f"{image}: it is longer than the {words.exact(size)} that {beside(image)} "
                        "says: the two do not belong together, so build or copy both again"
                    )
                advance(len(block))
                yield block
    except (lzma.LZMAError, EOFError) as error:
        raise ImageError(f"{image}: it is damaged or cut off ({error}): copy it again") from None
    except OSError as error:
        raise ImageError(f"{image}: cannot be read: {error.strerror}") from None
    if left:
        raise ImageError(
            f"{image}: cut off: it has {words.exact(size - left)} instead of the "
            f"{words.exact(size)} that {beside(image)} says: build or copy it again"
        )


def write(image: Path, about: Mapping[str, str], advance: Advance) -> Path:
    """Measure an image and write its manifest beside it."""
    size = image.stat().st_size
    if size % SECTOR:
        raise ImageError(f"{image}: its size, {words.exact(size)}, is no multiple of {SECTOR}")
    with image.open("rb") as stream:
        places = partition_table(stream.read(SECTOR), image, size)
    found = measure(blocks(image, size, advance), places)
    partitions = tuple(
        Partition(place.number, place.start, place.size, digest)
        for place, digest in zip(places, found.partitions, strict=True)
    )
    manifest = Manifest(size, found.sha256, partitions, dict(about))
    target = beside(image)
    part = target.with_name(target.name + ".part")
    part.write_text(json.dumps({"format": FORMAT, **asdict(manifest)}, indent=2) + "\n")
    part.replace(target)
    return target


def read(image: Path) -> Manifest:
    """Read the manifest beside an image."""
    if image.suffix == ".json":
        raise ImageError(f"{image}: it is a manifest; name the image itself")
    if not image.exists():
        raise ImageError(f"{image}: not found; `make image` builds it")
    return load(beside(image))


def load(path: Path) -> Manifest:
    """Read a manifest."""
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ImageError(
            f"{path}: not found. It says what the image must be, and `make image` writes it beside "
            "the image: copy both"
        ) from None
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise ImageError(f"{path}: not an image's manifest ({reason}): copy it again") from None


def check(image: Path, manifest: Manifest, advance: Advance) -> None:
    """Refuse an image that is not what its manifest says."""
    found = measure(blocks(image, manifest.size, advance), manifest.partitions)
    if wrong := manifest.differences(found):
        raise ImageError(
            f"{image}: it is not the image that {beside(image)} describes; they differ in "
            f"{', '.join(wrong)}. Build it or copy both again"
        )


def _open(image: Path) -> IO[bytes]:
    stream = image.open("rb")
    start = stream.read(len(XZ))
    if start == XZ:
        stream.close()
        return lzma.open(image)
    for magic, tool in PACKED.items():
        if start.startswith(magic):
            stream.close()
            raise ImageError(f"{image}: it is packed; unpack it first: {tool} {image}")
    stream.seek(0)
    return stream


def _parse(text: str) -> Manifest:
    data = json.loads(text)
    if data["format"] != FORMAT:
        raise ValueError(f"its format is {data['format']}, this program knows {FORMAT}")
    size = _count(data["size"])
    partitions = tuple(
        Partition(
            _count(part["number"]),
            _count(part["start"]),
            _count(part["size"]),
            _hash(part["sha256"]),
        )
        for part in data["partitions"]
    )
    if size == 0 or size % SECTOR or any(part.start + part.size > size for part in partitions):
        raise ValueError("its sizes do not fit together")
    about = {str(key): str(value) for key, value in data.get("about", {}).items()}
    return Manifest(size, _hash(data["sha256"]), partitions, about)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no number of bytes")
    return value


def _hash(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError(f"{value!r} is no SHA-256")
    return value
