"""The role's filters. Their code is the package `household`, in the folder beside this file.

Ansible loads each file of filter_plugins on its own, under a name that it makes up: such a
file can import no sibling, neither by name nor relatively. So this one puts its own folder on
Python's path, as pytest and mypy do by their settings, and imports an ordinary package.
Ansible does not look for plugins in the package's folder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from household.errors import (
    household_errors,
    household_release_errors,
    household_template_errors,
)
from household.model import household_model, household_pick
from household.numbers import household_numbers
from household.secrets import household_missing, household_secret_files, household_written
from household.settings import limits
from household.sources import household_files, household_unreadable
from household.spelling import FRENCH, rules


def household_spelling(_: object = None) -> dict[str, Any]:
    """Return ``rules`` by which any spelling of a number becomes the one that is looked up.

    And ``codes``, the country codes whose numbers are French ones. Both are the product's own.
    """
    return {"rules": rules(), "codes": list(FRENCH)}


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "household_errors": household_errors,
            "household_files": household_files,
            "household_limits": limits,
            "household_missing": household_missing,
            "household_model": household_model,
            "household_numbers": household_numbers,
            "household_pick": household_pick,
            "household_release_errors": household_release_errors,
            "household_secret_files": household_secret_files,
            "household_spelling": household_spelling,
            "household_template_errors": household_template_errors,
            "household_unreadable": household_unreadable,
            "household_written": household_written,
        }
