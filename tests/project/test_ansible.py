"""How Ansible is run by this project: what it takes for hosts, and what it does again and again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.example import ROOT

BIN = ROOT / ".venv/bin"
EXAMPLE = ROOT / "inventory/example"


def run(*command: str | Path, **variables: str) -> str:
    return subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def test_the_passwords_that_were_made_are_no_hosts(tmp_path: Path) -> None:
    """They would be looked up as names, by a mere `ansible all -m ping`."""
    home = shutil.copytree(EXAMPLE, tmp_path / "home")
    (home / "secrets/pi").mkdir(parents=True)
    (home / "secrets/pi/handset-001").write_text("OBF61AoUVK1Kh4WkmSPL2Dzx\n")
    assert run("ansible", "-i", home, "all", "--list-hosts").split() == ["hosts", "(1):", "pi"]


@pytest.mark.slow
def test_filters_are_loaded_once_and_not_by_the_worker_of_each_task() -> None:
    said = run("ansible-playbook", "-i", EXAMPLE, "check.yml", ANSIBLE_DEBUG="1")
    assert "Read the household's values" in said
    assert said.count("Loading FilterModule 'household_filters'") == 1
