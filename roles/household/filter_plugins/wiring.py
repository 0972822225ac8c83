"""Help for group_vars/all/wiring.yml: hand a role what it asks for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def household_pick(entries: Iterable[Mapping[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Return the entries with only these keys: no role sees a password it does not need."""
    return [{key: entry[key] for key in keys} for entry in entries]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"household_pick": household_pick}
