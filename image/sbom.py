"""What an image is made of: its packages with their versions and licences, as CycloneDX has it.

By debsbom, from what dpkg knows in the root: with it a known hole is looked for in images that were
made long ago (`debsbom sec-scan`, or any program that reads https://cyclonedx.org).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from image.bases import Base
from image.errors import ImageError
from image.stamp import Stamp
from image.steps import Steps

NAME = "bill"
ENDING = ".cdx.json"  # which debsbom adds
DEBSBOM = Path(sys.executable).with_name("debsbom")  # of requirements.lock


def beside(image: Path) -> Path:
    """Name the bill of materials of an image, packed or not."""
    return image.with_name(image.name.removesuffix(".xz") + ENDING)


def need() -> None:
    """Raise ImageError where debsbom is not installed."""
    if not DEBSBOM.exists():
        raise ImageError(f"{DEBSBOM}: missing; `make setup` installs it into .venv")


def write(root: Path, work: Path, base: Base, by: Stamp, steps: Steps) -> Path:
    """Write the bill of materials of a root into the folder `work`; return its path."""
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(by.when))
    steps.run(
        DEBSBOM, "generate", "--sbom-type=cdx", f"--root={root}", "--with-licenses",
        "--distro-name=gardeligne", f"--distro-version={base.suite}",
        f"--distro-arch={base.architecture}",
        f"--cdx-serialnumber={by.uuid('bill')}", f"--timestamp={made}", f"--out={work / NAME}",
    )  # fmt: skip
    return work / f"{NAME}{ENDING}"
