"""Secrets that the household leaves to us: they are made once, and kept beside the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# What the password lookup takes for "make one up, and keep it nowhere".
NOWHERE = "/dev/null"


def household_missing(entries: Iterable[Mapping[str, Any]], key: str, given: object) -> list[str]:
    """Return the numbers (under ``key``) of the entries that ``given`` has no secret for."""
    known = given if isinstance(given, Mapping) else {}
    return [entry[key] for entry in entries if not known.get(entry[key])]


def household_secret_files(numbers: Iterable[str], prefix: str, dry_run: bool) -> list[str]:
    """Return the file that each number's secret is kept in; a dry run makes no new ones."""
    files = [Path(f"{prefix}{number}") for number in numbers]
    return [NOWHERE if dry_run and not file.exists() else str(file) for file in files]
