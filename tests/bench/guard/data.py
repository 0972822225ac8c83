"""The battery and the decoys as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

ROOT = Path(__file__).parents[3]
PRODUCT_DEFAULT = "trill"


def _load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    return data


def _plain(decoy: dict[str, str]) -> dict[str, str]:
    """Return a decoy with its Jinja evaluated, as Ansible would."""
    return {key: jinja2.Template(value).render().strip() for key, value in decoy.items()}


BATTERY = _load(Path(__file__).with_name("battery.yml"))
PUBLISHED: dict[str, str] = _load(ROOT / "molecule/laboratory/inventory/group_vars/all/lab.yml")[
    "lab_profiles"
]
_PRODUCT = _load(ROOT / "group_vars/all/decoys.yml")["gardeligne_decoys"]
DECOYS: dict[str, dict[str, str]] = {
    name: _plain(decoy) for name, decoy in {**BATTERY["comparison"], **_PRODUCT}.items()
}


@dataclass(frozen=True)
class Profile:
    """AMD()'s arguments, and whose they are; ``elsewhere``: of a robot that has no AMD()."""

    name: str
    arguments: str
    published: bool = True
    elsewhere: bool = False


def profiles() -> list[Profile]:
    """Return all of the battery, the published ones first."""
    ours = [
        Profile(
            name,
            profile.get("published") or profile["varied"],
            "published" in profile,
            profile.get("elsewhere", False),
        )
        for name, profile in BATTERY["profiles"].items()
    ]
    return [*(Profile(name, arguments) for name, arguments in PUBLISHED.items()), *ours]
