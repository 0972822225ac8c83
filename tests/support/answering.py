"""An exchange whose programs give the answers that a test puts into files."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import checks
import disk_checks
import exchange
import mail_checks
import pytest

from support.journal import main
from support.shown import ENDPOINTS, PJSIP


class Box:
    """An exchange whose programs say what a test puts into files."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said = folder / "said"
        self.notes = folder / "notes.json"
        self.refused = folder / "refused"
        programs = folder / "bin"
        for made in self.said, programs:
            made.mkdir()
        for name, text in {
            "asterisk": f'[ ! -e "{self.said}/hangs" ] || exec sleep 60\ncat "{self.said}/$2"',
            "postfix": f'[ -e "{self.said}/postfix" ]',
            "postqueue": f'cat "{self.said}/queue$1"',
        }.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        self.numbers = folder / "numbers.sqlite3"
        with closing(sqlite3.connect(self.numbers)) as database, database:
            database.execute("CREATE TABLE numbers (key TEXT PRIMARY KEY, value TEXT)")
            database.execute("INSERT INTO numbers VALUES ('loaded', '7')")
        here = {
            "driver": "chan_pjsip",
            "lines": [
                {"name": "free", "number": "0987654321", "user": "0987654321"},
            ],
            "handsets": {"001": "Salon", "002": "Cuisine"},
            "lines_in": "trunks.yml, vault.yml",
            "mail_in": "mail.yml, vault.yml",
        }
        self.exchange = folder / "exchange.json"
        self.exchange.write_text(json.dumps(here))
        for command, text in {
            "core show uptime seconds": "System uptime: 12",
            "pjsip show registrations": PJSIP,
            "pjsip show endpoints": ENDPOINTS,
            "database show known": "0 results found.",
            "database show blocked": "0 results found.",
            "database show guard": "0 results found.",
            "postfix": "",
            "queue-j": "",
            "queue-p": "Mail queue is empty",
        }.items():
            (self.said / command).write_text(text)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        monkeypatch.setattr(checks, "EXCHANGE", str(self.exchange))
        monkeypatch.setattr(disk_checks.databases, "__defaults__", (str(self.notes),))
        monkeypatch.setattr(mail_checks.mail_refused, "__defaults__", (str(self.refused),))
        monkeypatch.setattr(disk_checks, "FOLDERS", ("/",))
        monkeypatch.setattr(disk_checks, "used", lambda *size: 50)
        monkeypatch.setattr(exchange.lists, "__defaults__", (str(self.numbers),))
        monkeypatch.setattr(main.os, "geteuid", lambda: 0)

    def says(self, what: str, text: str) -> None:
        (self.said / what).write_text(text)
