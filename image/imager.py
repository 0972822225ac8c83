"""The file by which Raspberry Pi Imager offers an image, as its "custom repository".

Started as `rpi-imager --repo FILE`, or by opening the file, it lists this image alone. Its form is
that of doc/json-schema/os-list-schema.json and doc/os-sublist-example.json in
https://github.com/raspberrypi/rpi-imager (read at commit 72ad1179, August 2026); by the ending,
Imager 2 knows the file for its own (doc/local_json/create_local_json.py there).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from image.errors import ImageError

ENDING = ".rpi-imager-manifest"
# Imager's names for a Pi 3 and its programs, by Debian's name for the architecture.
DEVICES = {"arm64": ("pi3-64bit", "armv8"), "armhf": ("pi3-32bit", "armhf")}
# The model that its first page offers, or its "Next" stays disabled (src/hwlistmodel.cpp and
# src/wizard/DeviceSelectionStep.qml). `default`: chosen already, since there is no other. By
# `exclusive`, only what names one of its tags is offered for it.
MODEL = {
    "name": "Raspberry Pi 3",
    "description": "Raspberry Pi 3 Model B, B+ ou A+",
    "matching_type": "exclusive",
    "default": True,
}
# Nothing to be fetched from anywhere. A handset.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" '
    'rx="8" fill="#1d4f73"/><path d="M13 8l5 1 1 7-4 3c1 3 4 6 7 7l3-4 7 1 1 5c-1 3-4 5-7 4C17 30 '
    '10 23 9 14c-1-3 1-6 4-6z" fill="#fff"/></svg>'
)


@dataclass(frozen=True)
class File:
    """A file's size in bytes, and its SHA-256."""

    size: int
    sha256: str


def beside(image: Path) -> Path:
    """Name the file of an image."""
    return image.with_name(image.name + ENDING)


def address(url: str, packed: Path) -> str:
    """Say where the packed image will be fetched from; without a url, from where it is.

    A url that ends with / is that of its folder.
    """
    if not url:
        return packed.absolute().as_uri()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ImageError(
            f"--url {url}: not where a program could fetch the packed image from. Say "
            f"https://HOST/FOLDER/ or https://HOST/FOLDER/{packed.name}"
        )
    return url + packed.name if url.endswith("/") else url


def write(
    image: Path, url: str, unpacked: File, packed: File, *, host: str, architecture: str, day: str
) -> Path:
    """Write the file beside an image; `day` is the date that people see, YYYY-MM-DD."""
    device, processor = DEVICES[architecture]
    entry = {
        "name": f"Gardeligne ({host})",
        "description": "Central téléphonique de la maison, qui raccroche au nez des robots",
        "icon": f"data:image/svg+xml;base64,{base64.b64encode(ICON.encode()).decode()}",
        "url": url,
        "extract_size": unpacked.size,
        "extract_sha256": unpacked.sha256,
        "image_download_size": packed.size,
        "image_download_sha256": packed.sha256,
        "release_date": day,
        # The image is set up already: Imager has nothing to ask, and writes nothing of its own.
        "init_format": "none",
        "devices": [device],
        "architecture": processor,
    }
    target = beside(image)
    model = {**MODEL, "icon": entry["icon"], "tags": entry["devices"]}
    listed = {"imager": {"devices": [model]}, "os_list": [entry]}
    text = json.dumps(listed, indent=2, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")
    return target
