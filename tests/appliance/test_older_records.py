"""A record of calls that an older version wrote is brought to this one, whole or not at all.

records/in-words.sql is a record as it was before December 2026, when rules were French
words: its table made by that version's gardeligne-journal, with each stage, rule and reason that
its dialplan could write. in-words.txt is what its `gardeligne appels` and `bilan` printed of it.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import calls
import french
import pytest
import yaml
from support.example import ROOT

RECORDS = Path(__file__).with_name("records")
PROGRAM = ROOT / "roles/journal/files/gardeligne-journal"
VERDICTS = yaml.safe_load((ROOT / "group_vars/all/verdicts.yml").read_text())
WORDS: calls.Words = VERDICTS["gardeligne_verdicts"]
COLUMNS = [*VERDICTS["gardeligne_record"], "uniqueid"]
HANDSETS = {"001": "Salon", "002": "Cuisine"}
PRINTED = (RECORDS / "in-words.txt").read_text().splitlines()
CALLS = 48
# Copies of the record in a long one: some thousands of calls, a household's two years.
COPIES = 60


def _load() -> ModuleType:
    loader = SourceFileLoader("gardeligne_journal", str(PROGRAM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


journal = _load()


class Record:
    """A record, and what this version writes and prints of it."""

    def __init__(self, folder: Path) -> None:
        self.configuration, self.database = folder / "cdr.conf", folder / "master.db"
        columns = f"[master]\ntable=calls\ncolumns={', '.join(COLUMNS)}\nvalues=''\n"
        self.configuration.write_text(columns)
        with sqlite3.connect(self.database) as connection:
            connection.executescript((RECORDS / "in-words.sql").read_text())

    def bring_up_to_date(self, most: int = -1) -> subprocess.CompletedProcess[str]:
        """Run the program, as before each start; no file may grow beyond so many bytes."""
        return subprocess.run(
            [sys.executable, str(PROGRAM), str(self.configuration), str(self.database)],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
            capture_output=True,
            text=True,
        )

    def make_long(self) -> None:
        """Let the household have had many more such calls."""
        old = ", ".join(name for name in COLUMNS if name not in ("detail", "which"))
        with sqlite3.connect(self.database) as connection:
            connection.execute("DROP TRIGGER forget")
            for _ in range(COPIES - 1):
                connection.execute(
                    f"INSERT INTO calls ({old}) SELECT {old} FROM calls LIMIT {CALLS}"  # noqa: S608
                )
            connection.execute(journal.TRIGGER)

    def ask(self, query: str) -> list[Any]:
        with sqlite3.connect(self.database) as connection:
            return connection.execute(query).fetchall()

    def state(self) -> list[Any]:
        """Return all that is in it."""
        return self.ask("SELECT sql FROM sqlite_master") + self.ask("SELECT * FROM calls")

    def printed(self) -> list[str]:
        """Return what `gardeligne appels` and `bilan` print of it."""
        found = list(calls.read(str(self.database)))
        lines = [
            calls.line(call, WORDS, HANDSETS, french.moment(call.started))
            for call in reversed(found)
        ]
        return lines + calls.summary(found)

    def prints_the_same(self) -> bool:
        """Tell whether each call of a long one is told as before."""
        lines = self.printed()[: CALLS * COPIES]
        return sorted(lines) == sorted(PRINTED[:CALLS] * COPIES)


@pytest.fixture(autouse=True)
def in_france(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Paris")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path)


def test_an_older_record_prints_to_the_letter_what_it_did(record: Record) -> None:
    kept = [name for name in COLUMNS if name not in ("rule", "detail", "which")]
    query = f"SELECT AcctId, {', '.join(kept)} FROM calls"  # noqa: S608
    before = record.ask(query)
    assert len(before) == CALLS
    assert record.bring_up_to_date().stdout == "made\n"
    assert record.printed() == PRINTED
    assert record.ask(query) == before


def test_it_is_in_codes_then(record: Record) -> None:
    record.bring_up_to_date()
    for column, line, kind in (
        ("rule", "!=", "rules"),
        ("rule", "=", "reasons"),
        ("detail", "!=", "details"),
        ("stage", "!=", "stages"),
        ("stage", "=", "outgoing"),
    ):
        found = record.ask(f"SELECT DISTINCT {column} FROM calls WHERE line {line} ''")  # noqa: S608
        # That version's: today's may be more.
        assert {code for (code,) in found} - {""} <= set(WORDS[kind])


def test_its_table_is_the_one_that_a_new_record_has(record: Record) -> None:
    record.bring_up_to_date()
    migrated = record.ask("SELECT sql FROM sqlite_master")
    record.database.unlink()
    assert record.bring_up_to_date().stdout == "made\n"
    assert record.ask("SELECT sql FROM sqlite_master") == migrated


def test_a_second_run_changes_nothing(record: Record) -> None:
    record.bring_up_to_date()
    before = record.database.read_bytes()
    second = record.bring_up_to_date()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert record.database.read_bytes() == before


def test_a_call_that_went_on_meanwhile_is_found_at_the_next_start(record: Record) -> None:
    record.bring_up_to_date()
    with sqlite3.connect(record.database) as connection:
        connection.execute(
            "INSERT INTO calls (started, line, stage, rule) VALUES (?, 'free', 'refused', ?)",
            (str(time.time()), "bloqué (préfixe 0948)"),
        )
    assert "bloqué (préfixe 0948), refusé" in "\n".join(record.printed())
    assert record.bring_up_to_date().stdout == "made\n"
    found = record.ask("SELECT rule, detail, which FROM calls ORDER BY AcctId DESC LIMIT 1")
    assert found == [("blocked", "prefix", "0948")]
    assert "bloqué (préfixe 0948), refusé" in "\n".join(record.printed())


def test_no_code_is_taken_for_words() -> None:
    codes = {code for kind in WORDS.values() for code in kind}
    assert [code for code in codes if journal.in_codes(code)] == []


@pytest.mark.parametrize("words", ["", "thé", "thé (liste)", "connu (liste", "connus"])
def test_what_no_version_has_written_stays_as_it_is(words: str) -> None:
    assert journal.in_codes(words) is None


# ------------------------------------------------------------------------------ what may happen


class Cut(sqlite3.Connection):
    """A connection during which the current fails, before the statement of that number."""

    statements = 0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if Cut.statements == 0:
            os._exit(9)
        Cut.statements -= 1
        cursor = super().execute(*arguments)
        if arguments[0].startswith("BEGIN"):
            super().execute("PRAGMA cache_size = 5")  # so that pages reach the disk on the way
        return cursor


def cut(record: Record, statements: int) -> bool:
    """Let the current fail after so many statements; tell whether that was before the end."""
    child = os.fork()
    if child == 0:
        try:
            Cut.statements = statements
            journal.sqlite3.connect = functools.partial(sqlite3.connect, factory=Cut)
            journal.bring_up_to_date(str(record.database), ["AcctId", *COLUMNS])
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.slow
def test_a_power_cut_leaves_the_record_whole(record: Record) -> None:
    record.make_long()
    before, journals, statements = record.state(), 0, 0
    while cut(record, statements):
        beside = Path(f"{record.database}-journal")
        journals += beside.exists() and beside.stat().st_size > 0
        assert record.state() == before, f"after {statements} statements"
        statements += 1
    assert statements > 20  # each rule is one
    assert journals > 10, "nothing was half written"
    assert record.bring_up_to_date().stdout == "", "the last one was whole"
    assert record.prints_the_same()


@pytest.mark.parametrize("room", [-300_000, 0, 20_000, 100_000])
def test_a_full_disk_leaves_the_record_whole_and_readable(record: Record, room: int) -> None:
    record.make_long()
    before = record.state()
    failed = record.bring_up_to_date(record.database.stat().st_size + room)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"gardeligne-journal: {record.database}: ")
    assert "Traceback" not in failed.stderr
    # Not brought to this version, and read all the same; only the sums by rule want the codes.
    assert record.prints_the_same()
    assert record.state() == before
    assert record.bring_up_to_date().stdout == "made\n"
    assert record.prints_the_same()
