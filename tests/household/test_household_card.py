"""What a household may say of its SD card."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from household.card import ssh_key
from household.model import household_model
from support.example import ROOT, errors_of, example_files, values_of

# Made by ssh-keygen; nobody has the other halves.
KEYS = {
    "ed25519": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxhOw7sPm5M2eGKunHUXGN0mmmgI3lSpZzPRVHFJqR0",
    "ecdsa": (
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBK5B5q+5ItOMPkz/"
        "ytmjGQNL7DHxEfvM2cwPSwpAu0UKPdlO0Tj3PYQ0RbZxuf8ln/P9r//EacxRRJjdwgCs/aI="
    ),
    "rsa": (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDNPeGIO8SHnmOSvGtK1klTzLNuUuGm9DwiBJejVAxU09lAtY+3"
        "tIl7uaHLLkdzcOSVXHhZ5pz403pJNu0ixoJj+/C5+ToHA7aXu89PmKEvyroR4isPjt4LwkMTKWsq1RMMdn+n4Y30"
        "irdDLbd3Ouy1pYHocLAcTinp1WW+61/4t7h99tx0109F/KYVXnYPdLI39bZSG5Di+/uvnU7Iye0o/l+YGGUyspXY"
        "q8fiDOW5Uodo+mYnLGPWANHYeYR4aKIcw1Y1fqtYXbWOmAsR77/vhluVYkmuRBDz3UKvwo25Oj4JKkM0kIkvJbNN"
        "uNtZvmPvtzQlQZNB7WueZTKxOkvJ"
    ),
}
each_key = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


def files_with(card: dict[str, Any], wifi: str = "") -> dict[str, str]:
    files = example_files()
    secrets = yaml.safe_load(files["vault.yml"])["household_secrets"]
    vault = {"household_secrets": {**secrets, "wifi": wifi} if wifi else secrets}
    card = {"ssh_keys": [KEYS["ed25519"]], **card}
    return {
        **files,
        "card.yml": yaml.safe_dump({"household_card": card}, allow_unicode=True),
        "vault.yml": yaml.safe_dump(vault),
    }


def card_of(files: dict[str, str]) -> Any:
    assert errors_of(files) == []
    return household_model(values_of(files), {"handsets": {}, "mailboxes": {}})["card"]


@each_key
@pytest.mark.parametrize("comment", ["", " famille@pc", " clé de Zoé, l'ordinateur du salon"])
def test_a_key_that_ssh_keygen_makes_is_taken(key: str, comment: str) -> None:
    assert card_of(files_with({"ssh_keys": [key + comment]}))["ssh_keys"] == [key + comment]


@each_key
def test_a_key_that_was_not_copied_to_its_end_is_refused(key: str) -> None:
    for end in range(1, len(key)):
        assert ssh_key(key[:end]), key[:end]


def test_a_line_that_ends_with_a_line_break_is_a_line() -> None:
    assert card_of(files_with({"ssh_keys": [KEYS["rsa"] + "\n"]}))["ssh_keys"] == [KEYS["rsa"]]


def test_without_a_card_there_is_none() -> None:
    assert card_of(example_files()) == {}


def test_a_key_is_a_card() -> None:
    assert card_of(files_with({})) == {
        "hostname": "gardeligne",
        "ssh_keys": [KEYS["ed25519"]],
        "network": {"address": "", "gateway": "", "dns": []},
        "wifi": {},
    }


@pytest.mark.parametrize(
    "password", ["12345678", "a phrase: with #signs \"'\\", "y" * 63, "aB" * 32]
)
def test_a_wifi_password_may_have_what_a_box_prints(password: str) -> None:
    card = card_of(files_with({"wifi": {"ssid": "Freebox-Été 🙂"}}, password))
    assert card["wifi"] == {
        "country": "FR",
        "ssid": "Freebox-Été 🙂",
        "hidden": False,
        "password": password,
    }


@pytest.mark.parametrize("password", ["1234567", "y" * 65, "y" * 64, "motdepasse\nnetwork={"])
def test_a_wifi_password_that_none_can_be_is_refused_and_not_shown(password: str) -> None:
    (error,) = errors_of(files_with({"wifi": {"ssid": "Freebox"}}, password))
    assert "household_secrets.wifi is no WiFi password" in error
    assert password not in error


def test_the_smallest_network_has_two_places() -> None:
    network = {"address": "10.0.0.1/30", "gateway": "10.0.0.2", "dns": ["10.0.0.2", "fd00::1"]}
    assert card_of(files_with({"network": network}))["network"] == network


@pytest.mark.parametrize("address", ["10.0.0.0/30", "10.0.0.3/30", "10.0.0.1/31", "10.0.0.1/0"])
def test_an_address_that_no_machine_has_is_refused(address: str) -> None:
    network = {"address": address, "gateway": "10.0.0.2", "dns": ["10.0.0.2"]}
    assert errors_of(files_with({"network": network}))


def test_a_card_for_anybody_has_no_line_and_no_phone_until_it_is_set_up() -> None:
    anybody = ROOT / "image/anybody/group_vars/exchange/household.yml"
    files = {"household.yml": anybody.read_text()}
    assert errors_of(files, household_for_card=True) == []
    said = "\n".join(errors_of(files))
    assert "household_trunks has no line" in said
    assert "household_handsets has no phone" in said
    model = household_model({**values_of(files)}, {"handsets": {}, "mailboxes": {}})
    assert (model["trunks"], model["handsets"], model["mailboxes"]) == ([], [], [])
    assert model["card"]["ssh_keys"] == []
