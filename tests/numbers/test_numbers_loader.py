"""The appliance's loader: the lists are in the database whole, before and after, never neither."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

LOADER = Path(__file__).parents[2] / "roles/numbers/files/gardeligne-numbers"
# As Asterisk asks: res_config_sqlite3.
QUESTION = 'SELECT * FROM "numbers" WHERE "key" = ? LIMIT 1'


class Appliance:
    """A text and a database, and an Asterisk that keeps the database open."""

    def __init__(self, folder: Path) -> None:
        self.text = folder / "numbers.tsv"
        self.database = folder / "numbers.sqlite3"

    def load(self, text: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        self.text.write_text(text)
        command = [sys.executable, str(LOADER), str(self.text), str(self.database)]
        return subprocess.run(command, check=check, capture_output=True, text=True)

    def open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database, timeout=1, isolation_level=None)


@pytest.fixture
def appliance(tmp_path: Path) -> Appliance:
    return Appliance(tmp_path)


def ask(asterisk: sqlite3.Connection, key: str) -> str:
    row = asterisk.execute(QUESTION, [key]).fetchone()
    return row[1] if row else ""


def many(action: str) -> str:
    return "".join(f"block0{n:09d}\t{action}||liste.txt\n" for n in range(100_000))


def test_what_is_in_the_text_is_found(appliance: Appliance) -> None:
    appliance.load("allow0612345678\tknown|Zoé|contacts.vcf\nblock0948*\trefuse||préfixe 0948\n")
    asterisk = appliance.open()
    assert ask(asterisk, "allow0612345678") == "known|Zoé|contacts.vcf"
    assert ask(asterisk, "block0948*") == "refuse||préfixe 0948"
    assert ask(asterisk, "block0612345678") == ""
    assert ask(asterisk, "loaded") == "2"


def test_an_empty_text_is_loaded_too(appliance: Appliance) -> None:
    appliance.load("")
    assert ask(appliance.open(), "loaded") == "0"


def test_asterisk_sees_new_lists_in_the_file_that_it_has_open(appliance: Appliance) -> None:
    asterisk = appliance.open()  # before there is anything in it
    appliance.load("block1\trefuse||a\n")
    assert (ask(asterisk, "block1"), ask(asterisk, "loaded")) == ("refuse||a", "1")
    appliance.load("block2\trefuse||b\n")
    assert (ask(asterisk, "block1"), ask(asterisk, "block2")) == ("", "refuse||b")


@pytest.mark.slow
def test_a_call_during_a_load_sees_the_old_lists_or_the_new_ones(appliance: Appliance) -> None:
    appliance.load(many("refuse"))
    answers: set[str] = set()
    done = threading.Event()

    def call() -> None:
        asterisk = appliance.open()
        while not done.is_set():
            answers.add(ask(asterisk, "block0000099999"))

    caller = threading.Thread(target=call)
    caller.start()
    for action in ("decoy", "voicemail", "refuse"):
        appliance.load(many(action))
    done.set()
    caller.join()
    assert answers == {f"{action}||liste.txt" for action in ("decoy", "voicemail", "refuse")}


@pytest.mark.parametrize("damage", ["short", "header", "pages"])
def test_a_damaged_database_is_whole_again_for_those_who_have_it_open(
    appliance: Appliance, damage: str
) -> None:
    appliance.load(many("refuse"))
    asterisk = appliance.open()
    assert ask(asterisk, "loaded") == "100000"
    whole = appliance.database.read_bytes()
    spoilt = {
        "short": whole[: len(whole) // 2],
        "header": b"no database" + whole[11:],
        "pages": whole[:1024] + b"\xff" * (len(whole) - 1024),
    }[damage]
    with appliance.database.open("r+b") as file:  # in place, as a fault would
        file.write(spoilt)
        file.truncate()
    appliance.load("block1\trefuse||a\n")
    assert (ask(asterisk, "block1"), ask(asterisk, "loaded")) == ("refuse||a", "1")
    assert ask(appliance.open(), "block0000099999") == ""


@pytest.mark.parametrize(
    "text",
    ["block1\n", "block1\t\n", "\tx\n", "block1\ta\nblock1\tb\n", "loaded\t7\n", "\n"],
)
def test_a_text_that_is_wrong_leaves_the_lists_as_they_are(appliance: Appliance, text: str) -> None:
    appliance.load("block1\trefuse||a\n")
    failed = appliance.load(f"block0\trefuse||b\n{text}", check=False)
    assert failed.returncode == 1
    assert failed.stderr.startswith("gardeligne-numbers: ")
    assert "Traceback" not in failed.stderr
    asterisk = appliance.open()
    assert (ask(asterisk, "block1"), ask(asterisk, "loaded")) == ("refuse||a", "1")


def test_without_text_or_folder_it_says_so(appliance: Appliance, tmp_path: Path) -> None:
    for text, database in (("none", "numbers.sqlite3"), ("numbers.tsv", "none/numbers.sqlite3")):
        appliance.text.write_text("")
        command = [sys.executable, str(LOADER), str(tmp_path / text), str(tmp_path / database)]
        failed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert failed.returncode == 1
        assert "No such file" in failed.stderr


def test_who_has_a_lost_database_open_finds_the_new_one(appliance: Appliance) -> None:
    """Loaded once as the old one was: SQLite would take the one for the other."""
    appliance.load("allow0612345678\tknown||liste\n")
    asterisk = appliance.open()
    for _ in range(5):
        assert ask(asterisk, "loaded") == "1"
        os.truncate(appliance.database, 0)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            ask(asterisk, "loaded")
        appliance.load("allow0612345678\tknown||liste\n")
