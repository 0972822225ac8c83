"""`make scenario`: what it runs of molecule's, without any container."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.example import ROOT

# In place of the sandbox: say what would be run there, and with which choice of tests.
SANDBOX = """\
#!/bin/sh
set -e
shift
echo "$*" "[${GARDELIGNE_EXCHANGE:-}]" "${PYTEST_ADDOPTS:-}"
[ "$1" != test ]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose tests all fail."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "molecule", folder / "molecule", symlinks=True)
    (folder / "molecule/shared/sandbox").write_text(SANDBOX)
    for name in (".venv", "group_vars"):
        (folder / name).symlink_to(ROOT / name)
    machines = folder / ".cache/pids"
    machines.mkdir(parents=True)
    for name in ("calls-forky-pjsip", "try-forky-pjsip", "image-pi.ssh"):
        (machines / f"gardeligne-{name}").touch()
    return folder


def run(project: Path, *arguments: str) -> tuple[int, list[str], str]:
    done = subprocess.run(
        [project / "molecule/shared/scenario", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_a_whole_scenario(project: Path) -> None:
    code, said, _ = run(project, "calls", "", "", "")
    assert (code, said) == (1, ["test -s calls [] "])


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [
        (
            ["calls", "test_keypad", "forky-pjsip"],
            "test -s calls -- --limit=localhost,lab,forky-pjsip [forky-pjsip]"
            "  -k 'test_keypad.py and forky-pjsip'",
        ),
        (["household", "test_system_runs"], "test -s household []  -k 'test_system_runs.py'"),
        (["image", "test_power_cuts"], "test -s image []  -k 'test_power_cuts.py'"),
        (
            ["default", "", "bullseye-sip"],
            "test -s default -- --limit=localhost,lab,bullseye-sip [bullseye-sip]"
            "  -k 'bullseye-sip'",
        ),
    ],
)
def test_a_part_of_one(project: Path, arguments: list[str], ran: str) -> None:
    code, said, _ = run(project, *arguments)
    assert (code, said[-1]) == (1, ran)
    assert [line[:8] for line in said[:-1]] == ["destroy "] * ("--limit" in ran)


def test_machines_are_kept_and_shown(project: Path) -> None:
    code, said, _ = run(project, "calls", "", "", "1")
    assert code == 1
    assert said[:2] == ["destroy -s calls [] ", "test -s calls --destroy=never [] "]
    assert "  molecule/shared/run-in-machine gardeligne-calls-forky-pjsip bash" in said
    assert not any("gardeligne-try" in line for line in said)
    assert said[-1] == "  molecule/shared/sandbox .venv/bin/molecule destroy -s calls"
    _, said, _ = run(project, "calls", "", "trixie-pjsip", "1")
    assert said[-1].startswith("  GARDELIGNE_EXCHANGE=trixie-pjsip molecule/"), (
        "else it is not found"
    )


def test_an_emulated_pi_is_shown_too(project: Path) -> None:
    said = run(project, "image", "", "", "1")[1]
    assert "  molecule/shared/run-in-machine gardeligne-image-pi bash" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "NAME is one of: anybody calls default"),
        (["shared"], "NAME is one of: "),
        (["laboratory"], "NAME is one of: "),
        (["calls", "test_linphone_takes_its_account"], "TEST is one of: test_attackers "),
        (["image", "test_keypad"], "test_power_cuts"),
        (
            ["calls", "", "pi"],
            "EXCHANGE is one of: bullseye-sip bullseye-pjsip trixie-pjsip forky-pjsip",
        ),
    ],
)
def test_what_there_is_not_is_refused(project: Path, arguments: list[str], told: str) -> None:
    code, said, error = run(project, *arguments)
    assert (code, said) == (2, [])
    assert told in error


def test_the_laboratory_has_the_exchange_that_is_named() -> None:
    program = "from lab.world import EXCHANGES; print(*EXCHANGES)"
    said = subprocess.run(
        [ROOT / ".venv/bin/python", "-c", program],
        env={"GARDELIGNE_EXCHANGE": "forky-pjsip", "PYTHONPATH": str(ROOT / "molecule/laboratory")},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said == "forky-pjsip\n"
