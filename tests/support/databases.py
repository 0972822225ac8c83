"""Databases of Asterisk, the program that looks after them, and ways to damage them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from support.example import ROOT

PROGRAM = ROOT / "roles/asterisk/files/gardeligne-databases"
KNOWN = "/known/0612345678"
MEMORY, RECORD = "var/lib/asterisk/astdb.sqlite3", "var/log/asterisk/master.db"


@contextmanager
def opened(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Change a database, and let go of it."""
    database = sqlite3.connect(path)
    with closing(database), database:
        yield database


class Box:
    """A root with Asterisk's databases in it, of some pages each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.memory: Path = root / MEMORY
        self.record: Path = root / RECORD
        self.kept = root / "var/lib/gardeligne/databases"
        for path in self.memory, self.record:
            path.parent.mkdir(parents=True)
        with opened(self.memory) as database:
            database.execute("CREATE TABLE astdb(key VARCHAR(256) PRIMARY KEY, value VARCHAR(256))")
            rows = [(f"/known/01{n:08}", "1700000000 dialled") for n in range(400)]
            database.executemany("INSERT INTO astdb VALUES (?, ?)", [*rows, (KNOWN, "1 keypad")])
        with opened(self.record) as database:
            database.execute("CREATE TABLE calls (AcctId INTEGER PRIMARY KEY, started TEXT)")
            rows = [(str(n), "x" * 50) for n in range(400)]
            database.executemany("INSERT INTO calls VALUES (?, ?)", rows)

    def run(self, what: str, **options: object) -> str:
        command = [sys.executable, PROGRAM, what, self.root]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, **options)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr
        return str(done.stderr)

    def start(self) -> str:
        """Do what is done before a start, and hold its result as Asterisk does."""
        said = self.run("start")
        for path, table in (self.memory, "astdb"), (self.record, "calls"):
            if path.exists() and path.stat().st_size:
                with opened(path) as database:
                    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    database.execute(f"SELECT * FROM {table}")  # noqa: S608
            assert list(path.parent.glob(path.name + "-*")) == []
        return said

    def known(self) -> bool:
        if not self.memory.exists():
            return False
        with opened(self.memory) as database:
            asked = database.execute("SELECT value FROM astdb WHERE key = ?", [KNOWN])
            return asked.fetchone() is not None

    def calls(self) -> int:
        with opened(self.record) as database:
            return int(database.execute("SELECT COUNT(*) FROM calls").fetchone()[0])

    def aside(self) -> list[str]:
        return sorted(path.name for path in self.kept.glob("*.damaged-*"))

    def notes(self) -> dict[str, Any]:
        noted: dict[str, Any] = json.loads((self.kept / "notes.json").read_text())
        return noted

    def replaced(self) -> list[dict[str, Any]]:
        return list(self.notes()["replaced"])


def overwrite(path: Path, offset: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * length)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 5)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def other(path: Path) -> None:
    path.unlink()
    with opened(path) as database:
        database.execute("CREATE VIEW astdb AS SELECT 1")
        database.execute("CREATE VIEW calls AS SELECT 1")


def write_ahead(path: Path) -> None:
    overwrite(path, 3 * 4096, 4096)
    Path(f"{path}-wal").write_bytes(b"\xa5" * 9000)
    Path(f"{path}-shm").write_bytes(b"\xa5" * 32768)


def with_a_journal_of_another(path: Path) -> None:
    """What a power cut leaves in the middle of a change, beside a file that it does not fit."""
    overwrite(path, 0, 100)
    Path(f"{path}-journal").write_bytes(hot_journal(path.parent))


def hot_journal(place: Path) -> bytes:
    """Return a journal that SQLite believes."""
    database = sqlite3.connect(place / "other", isolation_level=None)
    database.execute("CREATE TABLE t (x)")
    database.execute("PRAGMA cache_size = 1")
    database.execute("BEGIN")
    database.executemany("INSERT INTO t VALUES (?)", [("y" * 500,) for _ in range(2000)])
    found = (place / "other-journal").read_bytes()
    database.close()
    (place / "other").unlink()
    return found


def with_a_folder_for_a_journal(path: Path) -> None:
    Path(f"{path}-journal").mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "of no length": lambda path: os.truncate(path, 0),
    "cut": cut,
    "its head overwritten": lambda path: overwrite(path, 0, 100),
    "a page overwritten": lambda path: overwrite(path, 3 * 4096, 4096),
    "a cell overwritten": lambda path: overwrite(path, 5 * 4096 - 60, 40),
    "a text": lambda path: path.write_text("astdb\n" * 3000),
    "another's tables": other,
    "a folder": folder,
    "a link to nowhere": loop,
    "a write-ahead log beside it": write_ahead,
    "a journal beside it": with_a_journal_of_another,
    "a folder for a journal": with_a_folder_for_a_journal,
}
