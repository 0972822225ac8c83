"""An image packed to be sent or kept, with its sums: by xz, the same to the byte every time.

Not by zstd, though it is unpacked faster: Raspberry Pi Imager reads it from 1.7 on only, and this
project's own flash and verify read xz by Python alone, on any system. With the dictionary of -6,
8 MiB, a small computer unpacks it in 9 MiB of memory for each thread.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from image import imager, manifest, progress, tools, words
from image.errors import ImageError
from image.progress import Advance

TOOLS = ("xz",)
PRESET = 6
# What is packed by itself, so that all processors pack and unpack: three dictionaries, xz's own
# choice. Said, since the bytes that come out depend on it; on the number of threads they do not.
PIECE = 24 << 20


def packed(image: Path) -> Path:
    """Name an image's packed form."""
    return image.with_name(f"{image.name}.xz")


def sums(image: Path) -> Path:
    """Name the file of both sums, as `sha256sum --check` reads them."""
    return image.with_name(f"{image.name}.sha256")


def pack(image: Path, size: int, advance: Advance) -> Path:
    """Pack an image of so many bytes beside itself; the packed one is as private as the image."""
    target = packed(image)
    part = target.with_name(f"{target.name}.part")
    # +1 is one thread that packs as several do.
    command = [tools.find("xz") or "xz", f"-{PRESET}", f"--block-size={PIECE}",
               f"--threads=+{os.cpu_count() or 1}", "--no-adjust", "--stdout"]  # fmt: skip
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)
            assert process.stdin is not None  # noqa: S101 - for mypy
            try:
                with process.stdin as stream:
                    for block in manifest.blocks(image, size, advance):
                        stream.write(block)
            except BrokenPipeError:
                pass
            if process.wait():
                raise ImageError(f"{target}: xz failed ({process.returncode}); is the disk full?")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def release(image: Path, url: str, *, host: str, architecture: str, day: str) -> None:
    """Pack an image that has its manifest, and write what goes with it: sums, and Imager's file.

    `url` is where the packed image will be fetched from, or empty: see imager.address.
    """
    wanted = manifest.read(image)
    with progress.bar("packing", wanted.size) as advance:
        made = pack(image, wanted.size, advance)
    with made.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    sums(image).write_text(f"{wanted.sha256}  {image.name}\n{sha256}  {made.name}\n")
    imager.write(
        image,
        imager.address(url, made),
        imager.File(wanted.size, wanted.sha256),
        imager.File(made.stat().st_size, sha256),
        host=host,
        architecture=architecture,
        day=day,
    )
    beside = imager.beside(image)
    print(f"{made}: {words.exact(made.stat().st_size)}; for Raspberry Pi Imager: {beside}")
