"""Every command of `make help` is run by a test, or it is said here why none runs it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from fresh.readme import ALSO, elsewhere, told

ROOT = Path(__file__).parents[2]
STEPS = "tests/all"  # what `make test` does
TYPED = "tests/fresh"  # typed on a machine that has nothing
LONG = "Makefile"  # what `make test-long` does

# Command -> who runs it, and by which words in there. Of `make image` and `make flash`
# it is what they run, with other options: a card is nothing that a test has.
RUN = {
    "help": ("tests/project/test_commands.py", '["make", "help"]'),
    "setup": (TYPED, "make setup"),
    "setup-containers": ("Makefile", "test: setup-containers"),
    "setup-image": ("Makefile", "setup-containers setup-image"),
    "setup-stretch": (TYPED, "make setup-stretch"),
    "lint": ("Makefile", "lint quick"),
    "unit": (TYPED, "make unit"),
    "test-fresh": (STEPS, "test-fresh OPTIONS"),
    "test-quick": (TYPED, "make test-quick"),
    "test": (".ci/run", "make --no-print-directory test"),
    "scenario": (STEPS, "scenario NAME="),
    "try": (STEPS, "make --no-print-directory try"),
    "check": ("tests/household/test_household_playbook.py", '"check", options'),
    "packages": (LONG, "-m image packages --arch"),
    "image": ("molecule/image/build-card", "-m image build"),
    "flash": ("tests/image/test_image_flash.py", '"flash", str(image)'),
    "bench": (LONG, "in bench "),
    "bench-guard": (LONG, " bench-guard "),
    "bench-lists": (LONG, " bench-lists "),
    "bench-image": (LONG, " bench-image; do"),
}
NOT_RUN = {
    "test-long": "takes hours: a person does, before a release",
    "prompts": "needs a voice of Debian's non-free: test_prompts.py holds what it made",
    "clean": "takes away what the tests work with",
}


def commands() -> list[str]:
    """Return what `make help` lists."""
    said = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return re.findall(r"^\s*make (\S+)", said, re.M)


def test_no_command_is_forgotten() -> None:
    known = [*RUN, *NOT_RUN]
    assert sorted(commands()) == sorted(known), "name it in RUN or NOT_RUN"


@pytest.mark.parametrize("command", RUN)
def test_a_command_is_run_where_the_table_says(command: str) -> None:
    where, words = RUN[command]
    if where == TYPED:
        assert words in [*told(), *ALSO]
        assert not elsewhere(words)
        return
    assert words in (ROOT / where).read_text()
