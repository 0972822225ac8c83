"""Secrets that the household leaves to us: they are made once, and kept beside the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .settings import OPTIONS

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


def household_written(
    values: Mapping[str, Any], generated: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return the settings that the household has written, with the secrets that were made for it.

    As a file of inventory/home would have them: whoever has lost his, has them in a backup.
    """
    written = {
        name: values[name]
        for name, option in OPTIONS.items()
        if "topic" in option and name in values and values[name] != option.get("default")
    }
    secrets = dict(values.get("household_secrets", {}))
    for kind, made in generated.items():
        secrets[kind] = {
            **made,
            **{key: own for key, own in (secrets.get(kind) or {}).items() if own},
        }
    return {**written, "household_secrets": secrets}
