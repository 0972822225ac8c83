"""One version: that of VERSION, wherever it is told."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from gardeligne_first_boot import tools
from gardeligne_first_boot.report import Report
from support.example import ROOT
from support.first_boot import CARD
from support.journal import main

VERSION = (ROOT / "VERSION").read_text().strip()


def test_it_is_that_of_the_newest_entry_of_the_changelog() -> None:
    released = re.findall(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert released[0] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_it_is_that_of_the_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_the_command_tells_it_to_anybody(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main.main(["version"]) == 0
    assert capsys.readouterr().out == f"Gardeligne {VERSION}\n"


def test_the_command_says_that_it_does_not_know_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "VERSION", "/nonexistent")
    assert main.main(["version"]) == 1
    assert "inconnue" in capsys.readouterr().err


def test_the_report_of_a_start_tells_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = Report(CARD)
    monkeypatch.setattr(tools, "CHECKS", str(tmp_path))
    assert report.text("").startswith("Gardeligne, démarrage du ")
    (tmp_path / "VERSION").write_text(f"{VERSION}\n")
    assert report.text("").startswith(f"Gardeligne {VERSION}, démarrage du ")


def test_the_role_installs_it_with_the_command() -> None:
    assert (ROOT / "roles/journal/files/gardeligne/VERSION").read_text().strip() == VERSION


def test_a_box_that_sets_itself_up_gets_it() -> None:
    path = ROOT / "roles/selfsetup/lookup_plugins/selfsetup_project.py"
    spec = importlib.util.spec_from_file_location("selfsetup_project", path)
    assert spec and spec.loader
    packer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(packer)
    # The role has a link to it.
    assert {Path("VERSION"), Path("roles/journal/files/gardeligne/VERSION")} <= packer.files(ROOT)
