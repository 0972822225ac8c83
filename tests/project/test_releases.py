"""What differs between releases is in releases.yml alone: one that is added is known everywhere."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.example import RELEASES as DATA
from support.example import errors_of, example_files
from support.rendered import Household, render

from image import bases

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "molecule/shared"
FILE = "group_vars/all/releases.yml"
RELEASES: dict[str, dict[str, Any]] = DATA["gardeligne_releases"]
ADDED = "sarge"
ABOUT = {
    **RELEASES["bullseye"],
    "name": "Debian 3.1 (sarge)",
    "asterisk": "1.0",
    "sip_drivers": ["chan_pjsip", "chan_sip"],
    "python": "/usr/bin/python9",
    "own_ansible": True,
}
OS_RELEASE = {
    # Debian's base-files and Raspbian's.
    "stretch": 'PRETTY_NAME="Raspbian GNU/Linux 9 (stretch)"\nVERSION="9 (stretch)"\n',
    "bullseye": 'VERSION_ID="11"\nVERSION="11 (bullseye)"\nVERSION_CODENAME=bullseye\nID=debian\n',
    "trixie": 'VERSION_ID="13"\nVERSION="13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n',
    "forky": 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\nID=debian\n',
    ADDED: f'VERSION="3.1 ({ADDED})"\n',
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what knows releases, where one more is in releases.yml."""
    folder = tmp_path_factory.mktemp("project")
    for part in "group_vars", "image", "molecule/shared":
        shutil.copytree(ROOT / part, folder / part, symlinks=True)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    data = {**DATA, "gardeligne_releases": {**RELEASES, ADDED: ABOUT}}
    (folder / FILE).write_text(yaml.safe_dump(data))
    return folder


def test_an_added_release_is_a_household_s(project: Path) -> None:
    data = yaml.safe_load((project / FILE).read_text())["gardeligne_releases"]
    files = example_files()
    assert errors_of(files, household_release=ADDED, household_releases=data) == []
    (error,) = errors_of(files, household_release="woody", household_releases=data)
    assert ABOUT["name"] in error
    (error,) = errors_of(
        files,
        household_release=ADDED,
        household_releases={**data, ADDED: {**ABOUT, "sip_drivers": ["chan_sip"]}},
        household_sip_driver="chan_pjsip",
    )
    assert f"Asterisk {ABOUT['asterisk']} of {ABOUT['name']} has only" in error


@pytest.mark.slow
def test_an_added_release_is_configured(project: Path, tmp_path: Path) -> None:
    household = {"added": Household(example_files(), ADDED, "auto")}
    written = render(household, tmp_path, project / "group_vars")["added"]
    assert "type=registration" in written["pjsip.conf"]
    assert "type=" not in written["sip.conf"]


def test_an_added_release_is_a_base_of_an_image(project: Path) -> None:
    said = subprocess.run(
        [project / ".venv/bin/python", "-c",
         "from image import bases; base = bases.load('debian-sarge');"
         "print(base.suite, base.python, *base.components, *bases.for_self_setup())"],
        cwd=project, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.split() == [
        *(ADDED, "/usr/bin/python9", "main", "non-free"),
        *("debian-forky", "debian-sarge", "debian-trixie"),
    ]


def test_an_added_release_is_tried_with_each_of_its_drivers(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARDELIGNE_EXCHANGE", "sarge-sip")
    said = subprocess.run(
        [project / "molecule/shared/hosts", "--list"], capture_output=True, check=True
    ).stdout
    inventory = json.loads(said)
    assert inventory["exchange"]["hosts"] == [
        *("bullseye-sip", "bullseye-pjsip", "forky-pjsip"),
        *("sarge-pjsip", "sarge-sip", "trixie-pjsip"),
    ]
    assert inventory["_meta"]["hostvars"]["sarge-sip"] == {
        "container_release": ADDED,
        "asterisk_sip_driver": "chan_sip",
    }
    lines = inventory["all"]["vars"]["lab_exchanges"]
    pi = yaml.safe_load(
        (ROOT / "molecule/laboratory/inventory/group_vars/all/lab.yml").read_text()
    )["lab_pi_line"]  # fmt: skip
    assert list(lines.values()) == [1, 2, 3, 4, 5, 6]
    assert pi not in lines.values()


def test_one_driver_of_each_asterisk_is_tried_unless_an_exchange_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GARDELIGNE_EXCHANGE", raising=False)
    inventory = runpy.run_path(str(SHARED / "exchanges.py"))["inventory"]
    some = inventory(DATA)["exchange"]["hosts"]
    monkeypatch.setenv("GARDELIGNE_EXCHANGE", "trixie-pjsip")
    every = inventory(DATA)["exchange"]["hosts"]
    assert some == ["bullseye-sip", "forky-pjsip"]
    assert every == ["bullseye-sip", "bullseye-pjsip", "trixie-pjsip", "forky-pjsip"]


def test_the_checks_of_a_built_exchange_know_an_added_release(project: Path) -> None:
    version_of = runpy.run_path(str(project / "molecule/shared/tests/test_asterisk_runs.py"))[
        "version_of"
    ]
    expected = {name: about["asterisk"] for name, about in {**RELEASES, ADDED: ABOUT}.items()}
    assert {name: version_of(text) for name, text in OS_RELEASE.items()} == expected


@pytest.mark.parametrize("name", [name for name, about in RELEASES.items() if "archived" in about])
def test_what_is_archived_has_a_scenario_of_its_own(name: str) -> None:
    """One that all share could not be run where its archive is out of reach."""
    folder = ROOT / "molecule" / name
    exchange = yaml.safe_load((folder / "inventory/hosts.yml").read_text())["exchange"]
    drivers = {host: about["asterisk_sip_driver"] for host, about in exchange["hosts"].items()}
    assert drivers == {
        f"{name}-{d.removeprefix('chan_')}": d for d in RELEASES[name]["sip_drivers"]
    }
    assert exchange["vars"]["container_release"] == name
    assert exchange["vars"]["ansible_python_interpreter"] == RELEASES[name]["python"]
    molecule = yaml.safe_load((folder / "molecule.yml").read_text())
    assert f"/{bases.Base.venv}-{name}/bin:" in molecule["ansible"]["env"]["PATH"]
    tested = molecule["verifier"]["options"]["hosts"]
    assert tested == ",".join(f"podman://gardeligne-{name}-{host}" for host in drivers)


@pytest.mark.parametrize("scenario", ["foyer", "self"])
def test_a_box_that_sets_itself_up_is_of_a_release_that_can(scenario: str) -> None:
    hosts = yaml.safe_load((ROOT / f"molecule/{scenario}/inventory/hosts.yml").read_text())
    (host,) = hosts["exchange"]["hosts"].values()
    assert RELEASES[host["container_release"]]["own_ansible"]


def test_every_base_is_of_a_release_that_is_known() -> None:
    assert {base.suite for base in bases.known(RELEASES).values()} <= set(RELEASES)
    assert bases.DEFAULT in bases.known(RELEASES)
    assert bases.DEFAULT in bases.for_self_setup()


def _product() -> Iterator[Path]:
    """Yield what may not know a release: all that is run, here or on the appliance."""
    listed = subprocess.run(
        ["git", "ls-files", "roles", "group_vars", "image", "molecule/shared", "molecule/calls",
         "molecule/laboratory", "playbook.yml", "check.yml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    yield from (ROOT / name for name in listed if name != FILE and (ROOT / name).is_file())


# What knows one, and why.
KNOWN = {
    "image/bases.yml": "the official images, of which there are no others",
    "image/disk.py": "the builder's machine: which Debian has a sound fuse2fs",
    "image/bases.py": "names one of them in an error",
    "molecule/shared/base-image": "Stretch's archive is elsewhere, and its Python another",
    "molecule/shared/hooks/bullseye": "a fault of the archive, and named after it",
    "molecule/laboratory/inventory/lab.yml": "the laboratory's own machines, not exchanges",
}


def test_nothing_else_knows_a_release() -> None:
    word = re.compile(rf"\b({'|'.join(RELEASES)})\b")
    found = set()
    for path in _product():
        if path.suffix == ".alaw":
            continue
        # Not in comments, nor in what only describes.
        text = re.sub(r"(?m)(^|\s)(#|;) .*$", "", path.read_text())
        name, text = str(path.relative_to(ROOT)), re.sub(r'"""(.|\n)*?"""', "", text)
        if word.search(name) or word.search(text):
            found.add(name)
    assert found == set(KNOWN)
