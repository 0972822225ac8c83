"""What Asterisk makes of a number: the number plan, sorted and matched as it does."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from household.phone import matches

from support.example import ROOT

PLAN: dict[str, Any] = yaml.safe_load((ROOT / "group_vars/all/number_plan.yml").read_text())
EMERGENCY: list[str] = PLAN["gardeligne_emergency_numbers"]
CLASSES: dict[str, dict[str, Any]] = PLAN["gardeligne_number_classes"]


def specificity(extension: str) -> tuple[int, str | list[tuple[int, int]]]:
    """Return the key by which Asterisk sorts the extensions of a context; the first match wins.

    main/pbx.c, ext_cmp(), the same in 13.14.1 and 22: whole numbers first, then patterns, compared
    place by place: fewer characters first, then the one whose smallest character is the smaller,
    then the one whose set of characters has the smaller ones; the end of a pattern comes last.
    """
    if not extension.startswith("_"):
        return 0, extension
    return 1, [*(_weight(place) for place in places(extension)), (0x30000, 0)]


def places(extension: str) -> list[str]:
    """Return what stands for each digit: "0", "X", "[1-9]"."""
    found: list[str] = []
    rest = extension.removeprefix("_")
    while rest:
        length = rest.index("]") + 1 if rest.startswith("[") else 1
        found.append(rest[:length])
        rest = rest[length:]
    return found


def _weight(place: str) -> tuple[int, int]:
    characters = characters_of(place)
    mask = sum(1 << (255 - ord(character)) for character in characters)
    return len(characters) << 8 | ord(min(characters)), -mask


def characters_of(place: str) -> set[str]:
    """Return which characters one place of a pattern takes."""
    ranges = {"X": "0-9", "Z": "1-9", "N": "2-9"}
    if not place.startswith("["):
        place = f"[{ranges.get(place, place)}]"
    found: set[str] = set()
    rest = place[1:-1]
    while rest:
        if rest[1:2] == "-" and len(rest) > 2:
            found |= {chr(code) for code in range(ord(rest[0]), ord(rest[2]) + 1)}
            rest = rest[3:]
        else:
            found.add(rest[0])
            rest = rest[1:]
    return found


def extensions() -> list[tuple[str, str]]:
    """Return the plan's extensions and what each means, as Asterisk sorts them."""
    pairs = [(number, "emergency") for number in EMERGENCY]
    pairs += [(pattern, name) for name, kind in CLASSES.items() for pattern in kind["patterns"]]
    return sorted(pairs, key=lambda pair: specificity(pair[0]))


@cache
def by_length() -> dict[int, list[tuple[str, str]]]:
    """Return the plan's extensions and what each means, by how many digits they stand for."""
    found: dict[int, list[tuple[str, str]]] = {}
    for extension, name in extensions():
        found.setdefault(len(places(extension)), []).append((extension, name))
    return found


def class_of(number: str) -> str:
    """Return the class that Asterisk finds for a number, "emergency", or "refused"."""
    for extension, name in by_length().get(len(number), []):
        if matches(extension, number):
            return name
    return "refused"
