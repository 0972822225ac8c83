"""The bases that an image can be made from, as bases.yml has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from image.errors import ImageError

FILE = Path(__file__).with_name("bases.yml")
DEFAULT = "debian-forky"


@dataclass(frozen=True)
class Base:
    """A base: made from Debian's packages, or an official image where it has a url or a file."""

    name: str
    suite: str
    architecture: str
    boot: str
    python: str
    components: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    security: bool = True  # whether its security archive is whole
    url: str = ""
    file: Path | None = None
    sha256: str = ""

    @property
    def official(self) -> bool:
        """Say whether it is a finished image of somebody else."""
        return not self.packages


def load(name: str) -> Base:
    """Read a base by its name."""
    known = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    if name not in known:
        raise ImageError(f"--base {name}: unknown. Known are: {', '.join(known)}")
    data = dict(known[name])
    for key in ("components", "packages"):
        data[key] = tuple(data.get(key, ()))
    return Base(name=name, **data)


def choose(name: str, file: Path | None, url: str, sha256: str) -> Base:
    """Read a base, with what the command line says instead."""
    base = load(name)
    if not base.official and (file or url or sha256):
        raise ImageError(
            f"--base {name}: is made from Debian's packages, so --base-file, --base-url and "
            "--sha256 say nothing. Name an official one: --base raspbian-stretch-lite"
        )
    # Another image than the known one has another sum.
    known = "" if url else base.sha256
    base = replace(base, file=file, url=url or base.url, sha256=(sha256 or known).lower())
    if base.official and not base.sha256:
        raise ImageError(
            f"--base {name}: which SHA-256 the zip must have is not known here. Take it from the "
            "file .sha256 beside the zip, and add --sha256 SUM"
        )
    if base.sha256 and not re.fullmatch(r"[0-9a-f]{64}", base.sha256):
        raise ImageError(f"--sha256 {sha256}: no SHA-256, which has 64 of the signs 0-9 and a-f")
    return base
