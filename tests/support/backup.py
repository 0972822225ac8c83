"""A machine with what a household has on it, and the program that backs it up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from support.databases import Box, opened
from support.example import ROOT

PHRASE = "Cheval pile agrafe 5é"
LINE = "0987654321"
MESSAGE = "var/spool/asterisk/voicemail/default/001/INBOX/msg0000"
SETTINGS = {"lines": [LINE], "usb": False, "folder": "", "ssh": "", "ssh_host_key": ""}
PATHS = [ROOT / "roles/backup/files", ROOT / "roles/asterisk/files"]
# As the starter on the appliance, for another root.
STARTER = """\
#!{python} -B
import sys
sys.path[:0] = {paths}
from gardeligne_backup.__main__ import main
sys.exit(main(sys.argv[1:], {root}))
"""


def backup_program(root: Path) -> Path:
    """Write the program that looks below a root; return its path."""
    path = root / "gardeligne-backup"
    values = {"python": sys.executable, "paths": list(map(str, PATHS)), "root": repr(str(root))}
    path.write_text(STARTER.format(**values))
    path.chmod(0o755)
    return path


class Machine(Box):
    """A root with Asterisk's databases, a message and settings."""

    def __init__(self, root: Path, passphrase: str = PHRASE, **settings: object) -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root)
        self.program = backup_program(root)
        self.folder = root / "var/lib/gardeligne/backup"
        self.text, self.sound = (root / (MESSAGE + end) for end in (".txt", ".wav"))
        self.text.parent.mkdir(parents=True)
        self.text.write_text("[message]\n")
        self.sound.write_bytes(os.urandom(100000))
        self.write("usr/local/etc/gardeligne-backup.json", json.dumps({**SETTINGS, **settings}))
        self.write("usr/local/lib/gardeligne/VERSION", "0.9.0\n")
        if passphrase:
            self.write("etc/gardeligne/backup/passphrase", passphrase)
        self.write("etc/gardeligne/backup/household.json", '{"household_name": "Martin"}\n')
        with opened(self.memory) as database:
            rows = [("/registrar/contact/001;@x", "{}"), ("/blocked/0948123456", "1 keypad")]
            database.executemany("INSERT INTO astdb VALUES (?, ?)", rows)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def call(self, *arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *map(str, arguments)],
            input=given, capture_output=True, text=True, timeout=120, check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, encoding="utf-8",
        )  # fmt: skip

    def makes(self) -> Path:
        """Make a backup; return the newest."""
        done = self.call("make")
        assert done.returncode == 0, done.stdout + done.stderr
        return self.backups()[-1]

    def backups(self) -> list[Path]:
        return sorted(self.folder.glob("*.sauvegarde"))

    def rows(self) -> dict[str, str]:
        """Return what is in Asterisk's database."""
        with opened(self.memory) as database:
            return dict(database.execute("SELECT key, value FROM astdb").fetchall())

    def state(self) -> dict[str, object]:
        """Return all that the household has here."""
        files = {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted((self.root / "var/spool").rglob("*"))
            if path.is_file()
        }
        household = {key: value for key, value in self.rows().items() if "registrar" not in key}
        return {"files": files, "memory": household, "calls": self.calls()}

    def loses_all(self) -> None:
        """Let it be as a new machine is, somebody having called it since."""
        self.sound.unlink()
        self.text.write_text("another message\n")
        with opened(self.memory) as database:
            database.execute("DELETE FROM astdb")
            database.execute("INSERT INTO astdb VALUES ('/registrar/contact/002;@y', 'here')")
        with opened(self.record) as database:
            database.execute("DELETE FROM calls WHERE AcctId > 1")
