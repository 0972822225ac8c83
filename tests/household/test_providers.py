"""An operator is known to one file, for the inventory and for foyer.txt."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from gardeligne_setup.foyer.household import FIRST, SECOND
from gardeligne_setup.foyer.names import compared
from gardeligne_setup.foyer.operators import OTHER, operators
from household.formats import trunk_name
from household.model import household_model
from support.example import PRODUCT, ROOT, errors_of, example_files, values_of

PROVIDERS = PRODUCT["household_providers"]
KEYS = {
    "host", "user", "codecs", "dtmf", "expiry", "addresses", "refuses", "requires", "foyer"
}  # fmt: skip
MADE_UP = """
  exemple:
    host: sip.exemple.fr
    user: international
    codecs: [alaw]
    dtmf: rfc4733
    expiry: 600
    addresses: []
    foyer: {operator: exemplaire, line: votre Boîte, never: [foreign]}
"""
FOYER = """\
ligne:
  opérateur: Exemplaire
  numéro: NUMBER
  mot de passe: Ligne-de-test-1
courrier:
  adresse: camille.martin@free.fr
  mot de passe: Courrier-test-2
"""
# Reads what is given, and says what is offered, taken, or told.
PROGRAM = """
import json, sys
sys.path.insert(0, "roles/selfsetup/files")
from gardeligne_setup.foyer import FoyerError, offered, read
try:
    foyer = read(sys.stdin.buffer.read())
    said = {"trunks": foyer.variables["household_trunks"], "secrets": foyer.secrets}
except FoyerError as error:
    said = {"problems": error.problems}
print(json.dumps({"offered": offered(), **said}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project, one file of which knows an operator more."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("roles/selfsetup/files", "roles/household", "group_vars"):
        shutil.copytree(ROOT / part, folder / part)
    with (folder / "group_vars/all/providers.yml").open("a") as file:
        file.write(MADE_UP)
    return folder


def _said(project: Path, text: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM], cwd=project, input=text.encode(),
        capture_output=True, check=True,
    )  # fmt: skip
    said: dict[str, Any] = yaml.safe_load(run.stdout)
    return said


def test_one_file_adds_an_operator_to_foyer_txt(project: Path) -> None:
    said = _said(project, FOYER.replace("NUMBER", "09 87 65 43 21"))
    assert said["trunks"] == [
        {"name": "exemplaire", "provider": "exemple", "number": "09 87 65 43 21"}
    ]
    assert said["secrets"]["trunks"] == {"exemplaire": "Ligne-de-test-1"}
    # As an editor's window shows it: what is quoted stays in one piece.
    assert (
        "\n# opérateur : free, ovh, exemplaire, ou autre (ajoutez alors la ligne\n"
        "# «   serveur: 'sip.exemple.fr' »).\nligne:\n"
    ) in said["offered"]
    assert _said(project, FOYER.replace("NUMBER", "+32 2 123 45 67"))["problems"] == [
        "Ligne 3, « ligne > numéro » : c'est un numéro étranger. Écrivez celui de votre Boîte,"
        " comme 09 87 65 43 21."
    ]
    [told] = _said(project, FOYER.replace("Exemplaire", "orange"))["problems"][:1]
    assert told.startswith(
        "Ligne 2, « ligne > opérateur » : il faut free, ovh, exemplaire ou autre."
    )


def test_the_same_file_adds_it_to_the_inventory(project: Path) -> None:
    file = project / "group_vars/all/providers.yml"
    providers = yaml.safe_load(file.read_text())["gardeligne_providers"]
    trunks = "household_trunks: [{name: free, provider: exemple, number: '0987654321'}]"
    files = {"house.yml": trunks + "\nhousehold_handsets: [{extension: '001', name: Salon}]\n"}
    files["vault.yml"] = "household_secrets: {trunks: {free: Trunk-secret-of-a-test-1}}\n"
    assert errors_of(files, household_providers=providers) == []
    house = household_model({**values_of(files), "household_providers": providers}, {})
    assert (house["trunks"][0]["host"], house["trunks"][0]["user"]) == (
        "sip.exemple.fr",
        "0033987654321",
    )
    # What it is not, it says to the household of another version.
    [told] = errors_of(files)
    assert 'names "exemple", which household_providers does not have.' in told


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_says_what_a_trunk_needs(provider: str) -> None:
    preset = PROVIDERS[provider]
    assert preset.keys() <= KEYS
    assert preset["user"] in ("national", "international")
    assert "host" in preset or "host" in preset["requires"]
    assert set(preset.get("refuses", [])) <= PRODUCT["household_number_classes"].keys()
    required = dict.fromkeys(preset.get("requires", []), "sip.exemple.fr")
    trunk = {"name": "free", "provider": provider, "number": "0987654321", **required}
    files = {**example_files(), "trunks.yml": yaml.safe_dump({"household_trunks": [trunk]})}
    secrets = {"trunks": {"free": "Trunk-secret-of-a-test-1"}, "mail": "Mail-secret-of-a-test-1"}
    files["vault.yml"] = yaml.safe_dump({"household_secrets": secrets})
    assert errors_of(files) == []


@pytest.mark.parametrize("word", operators())
def test_an_operator_can_be_written_and_names_a_line(word: str) -> None:
    operator = operators()[word]
    assert word == compared(word)
    assert trunk_name(operator.trunk) == ""
    assert operator.never <= {"mobile", "foreign"}
    assert PROVIDERS.keys() >= {operator.provider, operator.proxied}
    if operator.proxied != operator.provider:
        assert PROVIDERS[operator.proxied]["requires"] == ["proxy"]


def test_the_operators_that_the_program_itself_names_are_there() -> None:
    assert {FIRST, SECOND, OTHER} <= operators().keys()
    assert operators()[OTHER].needs_host
    assert len({operator.trunk for operator in operators().values()}) == len(operators())
