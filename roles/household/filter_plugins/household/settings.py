"""Each setting as the role's argument specs declare it: the one place that knows its values.

A setting is named without the index of a list: ``household_trunks.port``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Option = Mapping[str, Any]
# safe_load()'s own is ten times as slow, and a box reads this in each run.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def loaded(path: Path) -> Any:
    """Return what a file of the product's own says."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506


def options(role: Path) -> dict[str, Option]:
    """Return the options that a role's argument specs declare."""
    specs = loaded(role / "meta/argument_specs.yml")
    found: dict[str, Option] = specs["argument_specs"]["main"]["options"]
    return found


def _all(declared: Mapping[str, Option], at: str = "") -> Iterator[tuple[str, Option]]:
    for name, option in declared.items():
        yield at + name, option
        yield from _all(option.get("options", {}), f"{at}{name}.")


OPTIONS = options(Path(__file__).parents[2])
SETTINGS: Mapping[str, Option] = dict(_all(OPTIONS))


def defaults(block: str) -> dict[str, Any]:
    """Return what the settings in a block are, or those of a list's entries, if left unsaid."""
    return {
        name: option["default"]
        for name, option in SETTINGS[block]["options"].items()
        if "default" in option
    }


def limits(setting: str, key: str = "range") -> tuple[int, int]:
    """Return the least and the greatest number that a setting takes; ``length``: of digits."""
    least, most = SETTINGS[setting][key]
    return least, most


def paragraphs(option: Option) -> list[str]:
    """Return a description's paragraphs."""
    text = option["description"]
    return [text] if isinstance(text, str) else list(text)
