"""What a household's lists of callers become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from household.numbers import household_numbers

from support.example import PRODUCT

CRLF = "\r\n"
BOM = "\ufeff"
PRESETS = PRODUCT["household_presets"]


def numbers_of(folder: Path, **lists: Any) -> dict[str, Any]:
    values = {"household_presets": PRESETS, "household_guard": lists.pop("guard", {})}
    for name in ("allow", "block"):
        values[f"household_{name}"] = lists.get(name, [])
    return household_numbers(values, {}, str(folder), "pi")


def rows_of(folder: Path, **lists: Any) -> list[str]:
    text: str = numbers_of(folder, **lists)["text"]
    return text.splitlines()
