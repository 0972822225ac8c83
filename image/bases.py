"""The bases that an image can be made from, as releases.yml and bases.yml have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from image.errors import ImageError

PRODUCT = yaml.safe_load(
    (Path(__file__).parents[1] / "group_vars/all/releases.yml").read_text(encoding="utf-8")
)
RELEASES: dict[str, dict[str, Any]] = PRODUCT["gardeligne_releases"]
RECOMMENDED: str = PRODUCT["gardeligne_recommended_release"]
DEFAULT = f"debian-{RECOMMENDED}"


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
    venv: str = ".venv"  # of the Ansible that fills it

    @property
    def official(self) -> bool:
        """Whether it is a finished image of another publisher."""
        return not self.packages


def known(releases: Mapping[str, Mapping[str, Any]]) -> dict[str, Base]:
    """Return the bases by name: Debian's, the recommended first, and the official images."""
    data = yaml.safe_load(Path(__file__).with_name("bases.yml").read_text(encoding="utf-8"))
    ordered = sorted(releases, key=lambda name: name != RECOMMENDED)
    described = {
        f"debian-{name}": {"suite": name, **data["debian"], **releases[name]["image"]}
        for name in ordered
        if "image" in releases[name]
    }
    described.update(data["official"])
    return {
        name: Base(
            name=name,
            python=releases[about["suite"]]["python"],
            venv=f".venv-{about['suite']}" if "ansible" in releases[about["suite"]] else Base.venv,
            components=tuple(about.pop("components", ())),
            packages=tuple(about.pop("packages", ())),
            **about,
        )
        for name, about in ((name, dict(about)) for name, about in described.items())
    }


def load(name: str) -> Base:
    """Return a base by its name."""
    bases = known(RELEASES)
    if name not in bases:
        raise ImageError(f"--base {name}: unknown. Known are: {', '.join(bases)}")
    return bases[name]


def for_self_setup() -> list[str]:
    """Return the bases whose own Ansible is recent enough for a card for anybody."""
    able = (base for base in known(RELEASES).values() if not base.official)
    return [base.name for base in able if RELEASES[base.suite].get("own_ansible")]


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
            f"--base {name}: which SHA-256 the image must have is not known here. Take it from the "
            "file .sha256 beside it, and add --sha256 SUM"
        )
    if base.sha256 and not re.fullmatch(r"[0-9a-f]{64}", base.sha256):
        raise ImageError(f"--sha256 {sha256}: no SHA-256, which has 64 of the signs 0-9 and a-f")
    return base
