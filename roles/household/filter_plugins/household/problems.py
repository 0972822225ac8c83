"""A mistake in the household's data, and the words for it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The way to a setting: ("household_handsets", 1, "mailbox").
Setting = tuple[Any, ...]

# What an entry of a list is known by.
LABELS = ("extension", "name", "number")
PREFIX = "household_"
# Endings of what Ansible reads in host_vars and group_vars; it leaves vault.yml.example alone.
VARIABLES = {"", ".yml", ".yaml", ".json"}
# Quotes as a word processor types them: no marks of YAML, and no part of what was meant.
TYPOGRAPHIC = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u00b4«»`"


@dataclass(frozen=True)
class Place:
    """Where a setting stands: its file relative to the inventory, and its line.

    ``raw`` is its text if that is plain, without quotes; ``key`` the text of its key.
    """

    file: str
    line: int
    raw: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Problem:
    """A setting, and what is wrong with it: a sentence without its subject, then the cure."""

    setting: Setting
    text: str
    # Only where the setting's own place would not do, as with the second of two keys.
    place: Place | None = None


def spelled(setting: Setting) -> str:
    """Return a setting as one would write it: household_handsets[1].mailbox."""
    first, *rest = setting
    return str(first) + "".join(
        f"[{key}]" if isinstance(key, int) else f".{shown(key)}" for key in rest
    )


def label(setting: Setting, values: Mapping[str, Any]) -> str:
    """Return the entry's own names, since nobody counts from 0: " (002, Cuisine)"."""
    if len(setting) < 2 or not isinstance(setting[1], int):
        return ""
    entries = values.get(setting[0])
    entry = entries[setting[1]] if isinstance(entries, list) else None
    if not isinstance(entry, dict):
        return ""
    names = [shown(entry[key]) for key in LABELS if isinstance(entry.get(key), str) and entry[key]]
    return f" ({', '.join(names)})" if names else ""


def shown(text: str) -> str:
    """Return a text that cannot disturb the line it stands in."""
    return "".join(c if c.isprintable() else "?" for c in str(text))[:40]


def complete(values: Mapping[str, Any], name: str, key: str) -> bool:
    """Tell whether every entry of a list has its key: if not, who is missing there is unknown."""
    return all(key in entry for entry in values.get(name, [{}]))


def quoted(value: object) -> str:
    """Return a value as it would stand in the file, in quotes if it is text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def listed(words: Iterable[object]) -> str:
    """Return words with commas, or a word for their absence."""
    return ", ".join(shown(str(word)) for word in words) or "none"


def did_you_mean(word: object, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return " Did you mean …?", or nothing if no known word is like it.

    The prefix of the household's variables counts for nothing: `trunks` is household_trunks,
    and household_colour is nothing. Nor are numbers like each other: 002 is no slip of 001.
    """
    if str(word).isdecimal():
        return ""
    bare = {name.removeprefix(PREFIX): name for name in known}
    close = difflib.get_close_matches(str(word).removeprefix(PREFIX), sorted(bare), 1, cutoff)
    return f" Did you mean {bare[close[0]]}?" if close else ""
