"""The example household, for tests to spoil: its files, and what the role has to say of them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from household.errors import household_errors, household_template_errors

ROOT = Path(__file__).parents[2]
ROLE = ROOT / "roles/household"
INVENTORY = "/inventory/home"
# Secrets by name only are in the example; the scenario `household` has them filled in.
VAULT = ROOT / "molecule/household/inventory/group_vars/exchange/vault.yml"


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


RELEASES = _load(ROOT / "group_vars/all/releases.yml")
PRODUCT = {
    **_load(ROLE / "defaults/main.yml"),
    "household_providers": _load(ROOT / "group_vars/all/providers.yml")["gardeligne_providers"],
    "household_decoys": _load(ROOT / "group_vars/all/decoys.yml")["gardeligne_decoys"],
    "household_presets": _load(ROOT / "group_vars/all/number_presets.yml")[
        "gardeligne_number_presets"
    ],
    "household_releases": RELEASES["gardeligne_releases"],
    "household_recommended_release": RELEASES["gardeligne_recommended_release"],
    "household_releases_without_asterisk": RELEASES["gardeligne_releases_without_asterisk"],
    "household_number_classes": _load(ROOT / "group_vars/all/number_plan.yml")[
        "gardeligne_number_classes"
    ],
    "household_emergency_numbers": _load(ROOT / "group_vars/all/number_plan.yml")[
        "gardeligne_emergency_numbers"
    ],
    "household_rescue_callers": _load(ROOT / "group_vars/all/number_plan.yml")[
        "gardeligne_rescue_callers"
    ],
    "household_release": RELEASES["gardeligne_recommended_release"],
}


def example_files() -> dict[str, str]:
    """Return the example's files by name, its vault filled in."""
    folder = ROOT / "inventory/example/host_vars/pi"
    files = {
        file.name: file.read_text() for file in folder.glob("*.yml") if file.name != VAULT.name
    }
    return {**files, VAULT.name: VAULT.read_text()}


def _settings(files: dict[str, str]) -> dict[str, str]:
    """Return the files that Ansible reads; lists and address books stand beside them."""
    return {name: text for name, text in files.items() if name.endswith(".yml")}


def values_of(files: dict[str, str]) -> dict[str, Any]:
    """Return the variables that Ansible would read from these files."""
    values = dict(PRODUCT)
    for text in _settings(files).values():
        values.update(yaml.safe_load(text) or {})
    return values


def errors_of(files: dict[str, str], **product: object) -> list[str]:
    """Return what the role has to say of a household with these files."""
    values = {**values_of(files), **product}
    ours = {name: value for name, value in values.items() if name.startswith("household_")}
    with TemporaryDirectory() as inventory:
        folder = Path(inventory, "host_vars/pi")
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        texts = {str(folder / name): text for name, text in sorted(_settings(files).items())}
        return household_template_errors(texts, inventory, "pi") or household_errors(
            ours, texts, inventory, "pi", str(ROLE)
        )
