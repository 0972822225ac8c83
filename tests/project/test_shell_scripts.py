"""Every shell script stops at its first failure, or says here why it goes on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.example import ROOT

GOES_ON = {
    "roles/asterisk/files/asterisk-memory": "what cannot be kept now is kept two seconds later",
    "roles/asterisk/files/asterisk-trunk-watch": "the watch never ends, whatever Asterisk answers",
    "roles/firewall/files/firewall-watch": "it never ends, whatever nftables answers",
    "tests/all": "one step that fails must not hide another",
    "tests/support/raspbian/usr/lib/raspi-config/init_resize.sh": "as init it must restart",
}
BEGINS = re.compile(r"^\s*#!/(?:bin/sh|bin/bash|usr/bin/env bash)$")
# The next line that is neither empty, a comment, nor Jinja's, which writes one.
COMMAND = re.compile(r"^\s*(?![\s#]|\{\{.*comment \}\})(.+)$")
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, check=True, capture_output=True, text=True,
).stdout.splitlines()  # fmt: skip


def _scripts() -> Iterator[tuple[str, str]]:
    """Return each script's place, in a file of its own or inside another, and its first command."""
    for name in TRACKED:
        if not (ROOT / name).is_file() or name.endswith((".png", ".wav", ".lock")):
            continue
        lines = (ROOT / name).read_text(errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if BEGINS.match(line):
                commands = (found[1] for found in map(COMMAND.match, lines[number:]) if found)
                yield name if number == 1 else f"{name}:{number}", next(commands, "")


SCRIPTS = dict(_scripts())


@pytest.mark.parametrize("place", SCRIPTS)
def test_a_script_stops_at_its_first_failure(place: str) -> None:
    stops = re.match(r"set -(\w*e\w*)\b|exec ", SCRIPTS[place]) is not None
    assert stops != (place in GOES_ON), f"{place} begins with: {SCRIPTS[place]}"


def test_all_kinds_of_scripts_were_found() -> None:
    assert set(GOES_ON) < set(SCRIPTS)
    inside = {place for place in SCRIPTS if ":" in place}
    kinds = ("tests/foyer/test_selfsetup_card.py", "roles/journal/vars/", "molecule/shared/hooks/")
    for kind in kinds:
        assert any(place.startswith(kind) for place in inside), kind
    assert len(SCRIPTS) >= 25


def _shells(tasks: Any) -> Iterator[str]:
    """Return the scripts that tasks have the shell do, in blocks and handlers too."""
    if isinstance(tasks, list):
        for task in tasks:
            yield from _shells(task)
    elif isinstance(tasks, dict):
        for key, value in tasks.items():
            if key == "ansible.builtin.shell":
                yield value if isinstance(value, str) else value["cmd"]
            else:
                yield from _shells(value)


def test_a_task_of_several_commands_stops_at_its_first_failure() -> None:
    several = []
    for name in TRACKED:
        path = ROOT / name
        if not name.startswith(("roles/", "molecule/")) or path.suffix != ".yml":
            continue
        if "/tasks/" in name or "/handlers/" in name or path.parent.parent.name == "molecule":
            for document in yaml.safe_load_all(path.read_text()):
                several += [(name, text) for text in _shells(document) if "\n" in text.strip()]
    assert len(several) >= 2
    assert [name for name, text in several if not text.startswith("set -eu")] == []


def test_a_recipe_stops_at_its_first_failure(tmp_path: Path) -> None:
    recipes = tmp_path / "recipes"
    recipes.write_text("a:\n\t@false; echo went on\nb:\n\t@false | cat; echo went on\n")
    for target in "ab":
        done = subprocess.run(
            ["make", "--file=Makefile", f"--file={recipes}", target],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "went on" not in done.stdout
