"""Who is known and who is blocked: the text that the appliance looks callers up in.

A line for each caller, key, tab, value; sorted. Keys are `allow` or `block` and a number
(0612345678, 003221234567) or a prefix (0948*); values are `action|name|detail|which`: what is done
with the call, the caller's name or nothing, and for the call's record where the rule stands: a code
of group_vars/all/verdicts.yml, and which of several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .formats import list_file
from .listed import FileError, read, shortened
from .model import GUARD
from .phone import PhoneError
from .problems import Place, Problem, Setting, quoted
from .sources import Sources
from .written import meant

Entry = Mapping[str, Any]
# A caller, its name, and where the rule stands: a code, and which.
Row = tuple[str, str, str, str]

LISTS = ("household_allow", "household_block")
# How many mistakes of a file are said, and how many entries that were left out.
MOST = 10
RESCUE = (
    "where rescue services (15, 17, 18, 112) call back from: they always ring. Delete that number."
)


def household_numbers(
    values: Mapping[str, Any], texts: Mapping[str, str], inventory_dir: str, host: str
) -> dict[str, Any]:
    """Return ``text``, and ``left_out``: messages on what of the address books is no number.

    ``values`` are the variables ``household_*``, checked; ``texts`` as in household_errors().
    """
    sources = Sources(texts, inventory_dir)
    blocked = values["household_guard"].get("blocked", GUARD["blocked"])
    rows: dict[str, Row] = {}
    left_out: list[str] = []
    for setting, entry in _entries(values):
        allowed = setting[0] == LISTS[0]
        action = "known" if allowed else entry.get("action", blocked)
        if "file" in entry:
            path = _path(setting, entry, sources, inventory_dir, host)
            listed = read(path, blocks=not allowed)
            found: Iterable[Row] = (
                (caller, name, "file", entry["file"]) for caller, name in listed.callers.items()
            )
            lines = [f"{entry['file']}:{line}: {text}" for line, text in listed.left_out]
            left_out += shortened(lines, MOST)
        else:
            found = _written(entry, values["household_presets"])
        for caller, name, *where in found:
            key = f"{'allow' if allowed else 'block'}{caller}"
            first = rows.setdefault(key, (action, name, where[0], where[1]))
            if name and not first[1]:
                rows[key] = (first[0], name, *first[2:])
    text = "".join(f"{key}\t{'|'.join(row)}\n" for key, row in sorted(rows.items()))
    return {"text": text, "left_out": left_out}


def list_problems(
    sound: Mapping[str, Any], sources: Sources, inventory_dir: str, host: str
) -> Iterator[Problem]:
    """Yield what is wrong in the files that the lists name, and who cannot be blocked.

    A prefix may be blocked that rescue services call back from too: they ring nevertheless. Who
    blocks their very number believes that he is rid of it.
    """
    rescue = sound.get("household_rescue_callers", [])
    for setting, entry in _entries(sound):
        blocks = setting[0] == LISTS[1]
        if blocks and (number := _number(entry)) in rescue:
            yield Problem((*setting, "number"), f"is {number}, {RESCUE}")
        if "file" not in entry or list_file(entry["file"]):
            continue
        path = _path(setting, entry, sources, inventory_dir, host)
        setting = (*setting, "file")
        try:
            listed = read(path, blocks=setting[0] == LISTS[1])
        except FileError as error:
            yield Problem(setting, f"is {quoted(path.name)}, which {error}")
            continue
        wrong = listed.wrong
        for number in rescue if blocks else []:
            if number in listed.callers:
                yield Problem(
                    setting, f"is {quoted(path.name)}, which has {number} in it, {RESCUE}"
                )
        file = str(path.relative_to(inventory_dir))
        for line, text in wrong[:MOST]:
            yield Problem(setting, text, Place(file, line))
        if len(wrong) > MOST:
            text = f"has {len(wrong) - MOST:,} more such mistakes, from this line on."
            yield Problem(setting, text, Place(file, wrong[MOST][0]))


def _number(entry: Entry) -> str:
    """Return the one whole number that an entry names, "" if it names none or more."""
    try:
        named = meant(entry.get("number", ""))
    except PhoneError:
        return ""
    return named[0] if len(named) == 1 else ""


def _entries(values: Mapping[str, Any]) -> Iterator[tuple[Setting, Entry]]:
    for name in LISTS:
        for index, entry in enumerate(values.get(name, [])):
            yield (name, index), entry


def _path(setting: Setting, entry: Entry, sources: Sources, inventory_dir: str, host: str) -> Path:
    """Return a list's file, which stands beside the file that names it."""
    place = sources.place((*setting, "file"))
    beside = place.file if place else f"host_vars/{host}/guard.yml"
    return Path(inventory_dir, beside).with_name(entry["file"])


def _written(entry: Entry, presets: Mapping[str, Entry]) -> Iterator[Row]:
    """Yield the callers of an entry that names no file."""
    if "preset" in entry:
        for text in presets[entry["preset"]]["numbers"]:
            yield text, "", entry["preset"], ""
        return
    name = entry.get("name", "")
    for caller in meant(entry["number"]):
        if caller.endswith("*"):
            yield caller, name, "prefix", caller[:-1]
        else:
            yield caller, name, "named" if name else "list", name
