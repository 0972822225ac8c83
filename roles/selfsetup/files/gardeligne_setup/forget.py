"""Removes what a former household has left on the box."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

# Folders that are emptied, and stay; files that are removed. Each service makes its own anew.
FOLDERS = (
    "var/spool/asterisk/voicemail",  # messages, greetings, PINs changed by phone
    "var/spool/asterisk/tmp",
    "var/log/asterisk",  # the record of calls, and Asterisk's own log
    "var/lib/gardeligne/databases",  # copies of what is below and above
    "var/lib/gardeligne/backup",
    "home/pi",
)
FILES = (
    "run/gardeligne-watch/state.json",  # what was wrong, by the names of phones and lines
    "var/lib/gardeligne/watch.json",
    "run/asterisk-memory/astdb.sqlite3",  # callers learned and chosen on the keypad
    "var/lib/asterisk/astdb.sqlite3",  # the copy of that
    "var/mail/root",  # what was written to the machine
    "var/mail/refused",  # what could not be sent
    "var/log/gardeligne-setup.log",
    "var/lib/gardeligne/settled.json",  # so that all is done anew
)
SERVICES = (
    "gardeligne-watch.service",  # first: it would start what is stopped
    "asterisk-trunk-watch.service",
    "asterisk.service",
    "asterisk-memory.service",
    "gardeligne-databases.timer",
    "gardeligne-phones-mail.service",  # it may still wait for the network, with their address
)


def former_household(root: Path, made_secrets: Path) -> None:
    """Remove the former household's data; the playbook replaces its settings."""
    if root == Path("/"):
        # Nobody has called yet at this moment of a start; the playbook starts them again.
        for command in (
            ["systemctl", "stop", *SERVICES],
            ["postsuper", "-d", "ALL"],  # mails that wait would leave by the new account
            ["journalctl", "--rotate"],
            ["journalctl", "--vacuum-time=1s"],  # who called whom is private
        ):
            subprocess.run(command, capture_output=True, check=False)
    shutil.rmtree(made_secrets, ignore_errors=True)
    for name in FOLDERS:
        _empty(root / name)
    for name in FILES:
        (root / name).unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
