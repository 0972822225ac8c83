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
import machine_checks
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
            "postqueue": f'cat "{self.said}/queue$1"',
            "journalctl": f'cat "{self.said}/kernel"',
            "getent": f'[ -e "{self.said}/names" ]',
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
                {
                    "name": "free",
                    "number": "0987654321",
                    "user": "0987654321",
                    "host": "freephonie.net",
                    "proxy": "",
                },
            ],
            "handsets": {"001": "Salon", "002": "Cuisine"},
            "lines_in": "trunks.yml, vault.yml",
            "mail_in": "mail.yml, vault.yml",
            "line_patience": "300",
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
            "queue-j": "",
            "queue-p": "Mail queue is empty",
            "kernel": "",
            "names": "",
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
        # What the kernel says of the machine.
        self.sys = folder / "sys"
        ext4 = self.sys / "ext4"
        ext4.mkdir(parents=True)
        monkeypatch.setattr(disk_checks.counted_errors, "__defaults__", (str(ext4),))
        monkeypatch.setattr(machine_checks, "CONTAINER", str(folder / "container"))
        monkeypatch.setattr(machine_checks, "synchronised", lambda: True)
        for ask in machine_checks.thermometers, machine_checks.temperature:
            monkeypatch.setattr(ask, "__defaults__", (str(self.sys / "thermal"),))
        for look in machine_checks.voltmeters, machine_checks.voltage:
            monkeypatch.setattr(look, "__defaults__", (str(self.sys / "hwmon"),))

    def tells(self, path: str, text: str) -> None:
        """Write what a file of the kernel's holds."""
        (self.sys / path).parent.mkdir(parents=True, exist_ok=True)
        (self.sys / path).write_text(text)

    def says(self, what: str, text: str) -> None:
        (self.said / what).write_text(text)
