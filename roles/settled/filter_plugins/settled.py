"""What each role is told."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# What every role works with, beside its own folder and variables.
SHARED = ("playbook.yml", "roles/system/library", "roles/system/lookup_plugins")
FACT = re.compile(r"ansible_facts(?:\.|\[['\"])(\w+)")
WORD = re.compile(r"\b[a-z]\w*")


def _files(place: Path) -> Iterator[Path]:
    """Yield a file, or the files of a folder, in an order that is always the same."""
    if place.is_file():
        yield place
    else:
        yield from sorted(
            path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )


def _content(place: Path, root: Path) -> bytes:
    """Return the content of a file, or of all in a folder, with the names."""
    found = []
    for path in _files(place):
        content = path.read_bytes()
        found += [f"{path.relative_to(root)} {len(content)} ".encode(), content]
    return b"".join(found)


def _told(
    role: str,
    values: Mapping[str, Any],
    facts: Mapping[str, Any],
    root: Path,
    files: Sequence[str],
    shared: bytes,
) -> str:
    """Return a word that changes with anything that a role is told.

    These are its files, its variables (those that begin with its name, and the shared ones that its
    files name), the facts that its files name, what is in further ``files``, and
    what it has in common with all roles (``shared``).
    """
    told, text = hashlib.sha256(shared), ""
    for place in sorted((root / "roles" / role).iterdir()):
        content = _content(place, root)
        told.update(content)
        if place.name != "files":  # those are copied as they are: sounds, programs
            text += content.decode(errors="replace")
    for path in map(Path, files):
        told.update(path.read_bytes() if path.is_file() else b"")
    words = set(WORD.findall(text))
    # But for those that a role asks for itself, which an earlier run may have left.
    asked = {name for name in FACT.findall(text) if not name.startswith("getent_")}
    given = {
        name: value
        for name, value in values.items()
        if name.startswith(f"{role}_") or name in words
    }
    given["ansible_facts"] = {name: facts.get(name) for name in asked}
    told.update(json.dumps(given, sort_keys=True, default=str).encode())
    return told.hexdigest()


def settled_told(
    roles: Sequence[str],
    values: Mapping[str, Any],
    facts: Mapping[str, Any],
    root: str,
    files: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """Return, by role, a word that changes with anything that the role is told (SHA-256)."""
    place = Path(root)
    shared = b"".join(_content(place / name, place) for name in SHARED)
    return {role: _told(role, values, facts, place, files.get(role, []), shared) for role in roles}


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"settled_told": settled_told}
