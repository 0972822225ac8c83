"""A base image from its publisher: downloaded, checked against its sum, unpacked with care."""

from __future__ import annotations

import hashlib
import lzma
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from image import disk, progress, tools, words, workplace
from image.bases import Base
from image.debian import FOLDER
from image.errors import ImageError
from image.steps import Steps

TOOLS = ("curl", "xz", *disk.FILES)
DOWNLOADS = tools.CACHE / "downloads"
LARGEST = 16 << 30  # bytes of an image unpacked: more would not be what it says
NO_RANGES = 33  # curl: the server cannot go on where a download was cut
BLOCK = 1 << 20
XZ = b"\xfd7zXZ\0"


def source(base: Base) -> Path:
    """Say where the packed image is, or will be."""
    return base.file or DOWNLOADS / base.url.rpartition("/")[2]


def make(base: Base, work: Path, steps: Steps) -> Path:
    """Download the image unless it is there; return its path."""
    with workplace.alone(FOLDER / base.name):
        image = FOLDER / f"{base.name}-{base.sha256[:12]}.img"
        if image.exists():
            steps.say(f"base {base.name}", "unpacked before")
            return image
        packed = source(base)
        if base.file is None and not packed.exists():
            download(base.url, base.sha256, packed, steps)
        elif not packed.is_file():
            raise ImageError(f"--base-file {packed}: no such file")
        else:
            check(packed, base.sha256)
        part = FOLDER / f"{image.name}.part"
        try:
            unpack(packed, part)
            disk.partitions(part)
            part.replace(image)
        finally:
            part.unlink(missing_ok=True)
        return image


def download(url: str, sha256: str, target: Path, steps: Steps) -> None:
    """Download a file, going on where an earlier try was cut; it is there only if it is right."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    whole = part.exists() and _sum(part) == sha256
    if not whole:
        quiet = ("--fail", "--location", "--progress-bar", "--retry", "3")
        with steps.step(f"download of {target.name}"):
            try:
                try:
                    steps.run("curl", *quiet, "--continue-at", "-", "--output", part, url)
                except ImageError as error:
                    if f"({NO_RANGES})" not in str(error):
                        raise
                    part.unlink()
                    steps.run("curl", *quiet, "--output", part, url)
            except ImageError as error:
                raise ImageError(
                    f"{url}: cannot be downloaded. What has come is kept: the same command goes on "
                    f"from there. Or get the file elsewhere and name it by --base-file\n{error}"
                ) from None
    try:
        check(part, sha256)
    except ImageError as error:
        part.unlink()
        raise ImageError(f"{error} (downloaded from {url}; it was removed)") from None
    part.replace(target)


def check(packed: Path, sha256: str) -> None:
    """Raise ImageError where a file has another SHA-256, before it is opened."""
    found = _sum(packed)
    if found != sha256:
        raise ImageError(
            f"{packed}: its SHA-256 is {found}, and should be {sha256}: it is damaged, cut off, or "
            "another file. Get it anew; if it is another on purpose, say its sum by --sha256"
        )


def unpack(packed: Path, target: Path) -> None:
    """Unpack the image of an .xz file, or the one of a zip; its zeros become holes."""
    try:
        with _opened(packed) as (data, size):
            if size > LARGEST:
                raise ImageError(
                    f"{packed}: would unpack to {words.exact(size)}, more than the "
                    f"{words.size(LARGEST)} that an image may have: do not use it"
                )
            disk.room_for(size, target.parent)
            with target.open("wb") as out, progress.bar("unpacking", size) as advance:
                while block := data.read(BLOCK):
                    if block.count(0) == len(block):
                        out.seek(len(block), 1)
                    else:
                        out.write(block)
                    advance(len(block))
                out.truncate(size)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as error:
        raise ImageError(f"{packed}: no good zip or xz file ({error}). Get it anew") from None


@contextmanager
def _opened(packed: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Open what is packed in a file; say its size in bytes too."""
    with packed.open("rb") as data:
        by_xz = data.read(len(XZ)) == XZ
    if by_xz:
        listed = subprocess.run(
            ["xz", "--robot", "--list", packed], capture_output=True, text=True, check=False
        )
        if listed.returncode:
            raise lzma.LZMAError(listed.stderr.strip().rpartition(": ")[2])
        with lzma.open(packed) as data:
            yield data, int(listed.stdout.splitlines()[-1].split("\t")[4])
    else:
        with zipfile.ZipFile(packed) as archive:
            entry = _only_image(packed, archive)
            with archive.open(entry) as data:
                yield data, entry.file_size


def _only_image(packed: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    for entry in archive.infolist():
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise ImageError(
                f"{packed}: has a file named {entry.filename!r}, which would land outside the "
                "folder: do not use it"
            )
    images = [entry for entry in archive.infolist() if entry.filename.endswith(".img")]
    if len(images) != 1:
        names = ", ".join(entry.filename for entry in images) or "none"
        raise ImageError(f"{packed}: must hold exactly one file .img, and holds {names}")
    entry = images[0]
    if entry.flag_bits & 1:
        raise ImageError(f"{packed}: {entry.filename} is encrypted; an official image is not")
    return entry


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as data, progress.bar("checksum", path.stat().st_size) as advance:
            while block := data.read(BLOCK):
                digest.update(block)
                advance(len(block))
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror}") from None
    return digest.hexdigest()
