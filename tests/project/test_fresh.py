"""What `make test-fresh` types is all that people are told to type."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from fresh import readme
from support.example import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
COMMANDS = [f"make {target}" for target in re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M)]
PACKAGES = sorted({name for names in readme.lists(MAKEFILE).values() for name in names})
# `make` alone is `make help`.
TYPED = {*readme.told(), *readme.ALSO, "make help"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_make_help_is_typed_or_named_as_not(command: str) -> None:
    assert command in TYPED or readme.elsewhere(command)


def test_what_is_named_as_not_typed_is_said_to_people() -> None:
    said = [*readme.told(), *COMMANDS]
    for start in readme.ELSEWHERE:
        assert any(f"{line} ".startswith(f"{start} ") for line in said), start


def test_the_first_lines_of_the_readme_are_typed() -> None:
    lines = [line for line in readme.told() if line and not readme.elsewhere(line)]
    assert lines[0] == "apt install git make"
    assert lines[1].startswith(readme.CLONE)
    assert {"make setup", "make test-quick"} < set(lines)


def test_the_other_pages_are_typed_too() -> None:
    lines = [line for line in readme.told() if not readme.elsewhere(line)]
    assert ".venv/bin/pytest tests/numbers/test_number_plan.py" in lines
    assert all(lines.count(line) == 1 for line in lines if line)
    assert "userdel gardeligne-handover" in readme.told()  # of the last page


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_left_out_and_no_other(package: str, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    subprocess.run(["bash", "-ec", readme.leaving_out(package)], cwd=tmp_path, check=True)
    left = readme.lists((tmp_path / "Makefile").read_text())
    assert left == {
        kind: [name for name in names if name != package]
        for kind, names in readme.lists(MAKEFILE).items()
    }
