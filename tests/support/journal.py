"""The household's command, and what it reads: a record of calls, and Asterisk's console."""

from __future__ import annotations

import importlib.util
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import calls
import exchange
import yaml

from support.example import ROOT

ROLE = ROOT / "roles/journal"
COMMAND = ROLE / "files/gardeligne"
MAKE_TABLE = ROLE / "files/gardeligne-journal"
VERDICTS = yaml.safe_load((ROOT / "group_vars/all/verdicts.yml").read_text())
COLUMNS = [*VERDICTS["gardeligne_record"], "uniqueid"]
WORDS: calls.Words = VERDICTS["gardeligne_verdicts"]
NOW = int(time.time())


def _main() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gardeligne_main", COMMAND / "__main__.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


main = _main()


def make_table(configuration: Path, database: Path, columns: Iterable[str] = COLUMNS) -> str:
    configuration.write_text(f"[master]\ntable=calls\ncolumns={', '.join(columns)}\nvalues=''\n")
    command = [sys.executable, str(MAKE_TABLE), str(configuration), str(database)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Journal:
    """A record of calls that Asterisk's part is played of."""

    def __init__(self, folder: Path) -> None:
        self.configuration, self.database = folder / "cdr.conf", folder / "master.db"
        make_table(self.configuration, self.database)

    def write(self, **fields: object) -> None:
        """Insert by position, as 22.10 does: all are texts, what is not set is empty."""
        row = [str(fields.get(name, "")) for name in COLUMNS]
        marks = ", ".join("?" * len(row))
        with sqlite3.connect(self.database) as connection:
            connection.execute(f"INSERT INTO calls VALUES (NULL, {marks})", row)  # noqa: S608

    def rows(self) -> int:
        with sqlite3.connect(self.database) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM calls").fetchone()[0])


class Console:
    """Asterisk's console: what it keeps, in the words that 16.28 and 22.10 print."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.files = {"wait": "4", "quiet": "none"}  # what the dialplan has from the files
        self.running = True
        self.is_13_14 = False  # whose `database del` has always removed something

    def __call__(self, command: str) -> str:
        if not self.running:
            raise exchange.Stopped
        said, _, rest = command.partition(" ")
        words = rest.split()
        if [said, words[0]] == ["database", "show"]:
            shown = {k: v for k, v in self.entries.items() if k.startswith(f"/{words[1]}/")}
            lines = [f"{key:<50}: {value:<25}" for key, value in shown.items()]
            return "\n".join([*lines, f"{len(shown)} results found."])
        if command == "dialplan show globals":
            shown = {f"SET_{name}": value for name, value in self.files.items()}
            return "".join(f"   {name}={value}\n" for name, value in shown.items())
        if [said, words[0]] == ["database", "put"]:
            self.entries["/".join(["", *words[1:3]])] = " ".join(words[3:]).strip('"')
            return "Updated database successfully"
        if [said, words[0]] == ["database", "del"]:
            gone = self.entries.pop("/".join(["", *words[1:]]), None)
            removed = gone or self.is_13_14
            return "Database entry removed." if removed else "Database entry could not be removed."
        if [said, words[0]] == ["database", "deltree"]:
            gone_keys = [key for key in self.entries if key.startswith(f"/{words[1]}/")]
            for key in gone_keys:
                del self.entries[key]
            if gone_keys:
                return f"{len(gone_keys)} database entries removed."
            return "Database entries do not exist."
        return "System uptime: 12"
