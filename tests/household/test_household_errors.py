"""A household's mistakes are named, all at once, with file, setting and cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.example import PRODUCT, errors_of, example_files, values_of

HERE = Path(__file__).parent

MINIMAL = """
household_trunks: [{name: free, provider: free, number: "0987654321"}]
household_handsets: [{extension: "001", name: Salon}]
household_secrets: {trunks: {free: Trunk-secret-of-a-test-1}}
"""


def _injected(template: dict[str, Any], sign: dict[str, Any]) -> dict[str, Any]:
    """Return the case that one sign makes of all settings."""

    def filled(text: str) -> str:
        for mark in ("typed", "label", "named"):
            text = text.replace(f"@{mark}@", sign.get(mark, sign["typed"]))
        return text

    return {
        "files": {name: filled(text) for name, text in template["files"].items()},
        "expect": [
            filled(said)
            for said in template["expect"]
            if not (sign.get("in_passwords") and "could misread" in said)
        ],
    }


def _cases() -> dict[str, dict[str, Any]]:
    """Return the mistakes by name: a file each, and one for all signs that could be misread."""
    template = yaml.safe_load((HERE / "injection.yml").read_text())
    cases = {name: _injected(template, sign) for name, sign in template["signs"].items()}
    for path in sorted((HERE / "invalid").glob("*.yml")):
        cases[path.stem] = yaml.safe_load(path.read_text())
    return cases


CASES = _cases()


def _spoilt(case: dict[str, Any]) -> dict[str, str]:
    """Return the example's files with the case's in their place; null takes one away."""
    files = {**example_files(), **case.get("files", {})}
    return {name: text for name, text in files.items() if text is not None}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_named_with_its_cure(name: str) -> None:
    case = CASES[name]
    assert errors_of(_spoilt(case), **case.get("product", {})) == case["expect"]


@pytest.mark.parametrize("name", CASES)
def test_no_message_has_a_secret_in_it(name: str) -> None:
    case = CASES[name]
    files = _spoilt(case)
    secrets = values_of(files)["household_secrets"]
    words = [
        str(secret)
        for kind in ("trunks", "handsets", "mailboxes")
        for number, secret in (secrets.get(kind) or {}).items()
        # Where a password is the number itself, the number is no secret any more.
        if secret and str(secret) not in (str(number), "0987654321")
    ]
    said = "\n".join(errors_of(files, **case.get("product", {})))
    assert [word for word in [*words, secrets.get("mail") or "\0"] if word in said] == []


def test_the_example_is_valid_once_its_vault_is_filled_in() -> None:
    assert errors_of(example_files()) == []


@pytest.mark.parametrize("release", PRODUCT["household_releases"])
def test_three_settings_are_a_household(release: str) -> None:
    assert errors_of({"house.yml": MINIMAL}, household_release=release) == []


@pytest.mark.parametrize(
    "name", ["Famille d'Été", "L\u2019Haÿ-les-Roses", "Papi & Mamie (1er étage)"]
)
def test_a_name_may_be_french(name: str) -> None:
    files = {**example_files(), "house.yml": f'household_name: "{name}"\n'}
    assert errors_of(files) == []


@pytest.mark.parametrize(
    "secret", ["aB3!$%&()*+,-.=^_", "c0rrect-horse-battery", "azerty+Zq8!vTm2w"]
)
def test_a_password_may_have_the_signs_that_are_safe(secret: str) -> None:
    vault = example_files()["vault.yml"].replace("Trunk-secret-of-a-test-1", f"'{secret}'")
    assert errors_of({**example_files(), "vault.yml": vault}) == []


def test_a_setting_may_refer_to_a_variable_of_the_households_own() -> None:
    vault = example_files()["vault.yml"].replace("household_secrets", "vault_household_secrets")
    vault += 'household_secrets: "{{ vault_household_secrets }}"\nour_street: Rue Haute\n'
    files = {
        **example_files(),
        "vault.yml": vault,
        "house.yml": 'household_name: "{{ our_street }}"\n',
    }
    secrets = values_of(files)["vault_household_secrets"]
    assert errors_of(files, household_secrets=secrets, household_name="Rue Haute") == []


def test_a_file_that_cannot_be_read_is_ansibles_to_report() -> None:
    values = values_of(example_files())
    vault = {**example_files(), "vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n"}
    readable = {name: text for name, text in vault.items() if name != "vault.yml"}
    assert errors_of(readable, household_secrets=values["household_secrets"]) == []


def test_a_later_file_wins_as_it_does_in_ansible() -> None:
    """Where group and host both set a variable, the message names the host's file."""
    from household.sources import Sources

    texts = {
        "/inv/group_vars/exchange/guard.yml": "household_guard: {wait: 1}\n",
        "/inv/host_vars/pi/guard.yml": "---\nhousehold_guard: {wait: 99}\n",
    }
    place = Sources(texts, "/inv").place(("household_guard", "wait"))
    assert place is not None
    assert (place.file, place.line) == ("host_vars/pi/guard.yml", 2)
