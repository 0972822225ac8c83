"""Every role says what it takes, and its specs and defaults say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = sorted(path for path in (Path(__file__).parents[2] / "roles").iterdir() if path.is_dir())
each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def _options(role: Path) -> dict[str, Any]:
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())
    options: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return options


def _defaults(role: Path) -> dict[str, Any]:
    file = role / "defaults/main.yml"
    return (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}


def test_there_are_roles() -> None:
    assert ROLES


@each_role
def test_what_is_not_required_has_a_default(role: Path) -> None:
    optional = {name for name, option in _options(role).items() if not option.get("required")}
    assert optional == set(_defaults(role))


@each_role
def test_a_default_is_the_one_that_the_specs_tell(role: Path) -> None:
    told = {
        name: option["default"] for name, option in _options(role).items() if "default" in option
    }
    assert told == {name: _defaults(role)[name] for name in told}


@each_role
def test_names_begin_with_the_roles(role: Path) -> None:
    assert [name for name in _options(role) if not name.startswith(f"{role.name}_")] == []


@each_role
def test_every_option_is_typed_and_described(role: Path) -> None:
    def undescribed(options: dict[str, Any], at: str) -> list[str]:
        bare = [
            at + name
            for name, option in options.items()
            if not {"type", "description"} <= set(option)
        ]
        return bare + [
            name
            for outer, option in options.items()
            for name in undescribed(option.get("options", {}), f"{at}{outer}.")
        ]

    assert undescribed(_options(role), "") == []
