"""Whatever stands in a household's files, it is either explained or usable: nothing crashes."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from household.errors import household_errors
from household.model import household_model
from household.numbers import household_numbers
from support.example import INVENTORY, PRODUCT, ROLE, example_files, values_of

NONSENSE = [None, 0, True, "", "x\n", [], {}, [None], {1: 2}, {None: None}, datetime.date.min]

VALUES = values_of(example_files())
SETTINGS = (
    "name", "trunks", "handsets", "mailboxes", "guard", "allow", "block", "routes", "mail",
    "secrets",
)  # fmt: skip


def _ways(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the way to a value, and to all that is in it."""
    yield way
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _ways(item, (*way, key))


@pytest.mark.parametrize("setting", SETTINGS)
def test_nonsense_is_explained_or_usable(setting: str) -> None:
    name = f"household_{setting}"
    for way in _ways(VALUES[name], (name,)):
        for nonsense in NONSENSE:
            values = copy.deepcopy(VALUES)
            block = values
            for key in way[:-1]:
                block = block[key]
            block[way[-1]] = nonsense
            errors = household_errors(values, {}, INVENTORY, "pi", str(ROLE))
            assert [error for error in errors if not error.isprintable()] == []
            if not errors:
                house = household_model(values, {})
                household_numbers(values, {}, INVENTORY, "pi")
                assert house["guard"]["decoy"] in PRODUCT["household_decoys"]
