"""The household's command: its French, and the Python that Stretch has."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import french
import pytest
from household import spelling

ROLE = Path(__file__).parents[2] / "roles/journal"
COMMAND = ROLE / "files/gardeligne"
MAKE_TABLE = ROLE / "files/gardeligne-journal"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("06 12 34 56 78", "0612345678"),
        ("06.12.34.56.78", "0612345678"),
        ("+33 6 12 34 56 78", "0612345678"),
        ("+33 (0)6 12 34 56 78", "0612345678"),
        ("0033612345678", "0612345678"),
        ("33612345678", "0612345678"),
        ("+32 2 123 45 67", "003221234567"),
        ("0032 2 123 45 67", "003221234567"),
        ("3949", "3949"),
        ("Mamie", ""),
        ("", ""),
    ],
)
def test_any_french_notation_of_a_number_is_understood(written: str, kept: str) -> None:
    assert spelling.caller(written) == kept


@pytest.mark.parametrize(
    ("digits", "read"),
    [
        ("0612345678", "06 12 34 56 78"),
        ("003221234567", "003221234567"),
        ("3949", "3949"),
        ("", "masqué"),
    ],
)
def test_a_number_is_written_to_be_read(digits: str, read: str) -> None:
    assert french.number(digits) == read


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (8.4, "8 s"), (59.6, "1 min 00 s"), (192, "3 min 12 s"), (3720, "1 h 02 min")],
)
def test_a_duration_is_told_to_the_second(seconds: float, words: str) -> None:
    assert french.duration(seconds) == words


@pytest.mark.parametrize("path", [*COMMAND.glob("*.py"), MAKE_TABLE], ids=lambda path: path.name)
def test_it_is_written_in_the_language_of_python_3_5(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 5))


def test_it_speaks_french_without_any_locale() -> None:
    done = subprocess.run(
        [sys.executable, COMMAND], env={"LC_ALL": "C", "PYTHONUTF8": "0"}, capture_output=True
    )
    assert done.returncode == 2
    assert "oublier NUMÉRO|tout" in done.stderr.decode()
