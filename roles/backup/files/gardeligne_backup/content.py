"""What a household has on this machine, and what of it is kept.

Names in a backup, and where they are from:

- `record.sqlite3`: the record of calls, as it is
- `memory.json`: of Asterisk's database what the household has made of it, by family and key; where
  the phones are is left out: they tell anew
- `messages/…`: messages, greetings, PINs that were changed by phone
- `setup/…`: of a card for anybody, all that foyer.txt has said, with the secrets that were made
- `household.json`: of another machine, the household's settings with all secrets
"""

import json
import os
import sqlite3
import tempfile
from typing import Dict, Iterator, List, NamedTuple, Tuple

from gardeligne_databases.copies import steady
from gardeligne_databases.damage import EMPTY, look

from .trouble import Trouble

RECORD = "/var/log/asterisk/master.db"
MEMORY, MEMORY_COPY = "/run/asterisk-memory/astdb.sqlite3", "/var/lib/asterisk/astdb.sqlite3"
MESSAGES = "/var/spool/asterisk/voicemail/default"  # all mailboxes
SETUP = "/etc/gardeligne/setup"
HOUSEHOLD = "/etc/gardeligne/backup/household.json"
FAMILIES = ("known", "blocked", "guard", "undo", "costly")

Entry = NamedTuple("Entry", [("name", str), ("content", bytes), ("mode", int), ("mtime", int)])
Memory = Dict[str, Dict[str, str]]


class Moved(Trouble):
    """What is being kept changes at the same time."""

    def __init__(self) -> None:
        super().__init__("des messages arrivent ou changent sans cesse : à réessayer plus tard.")


def below(root: str, path: str) -> str:
    """Return a path of the machine, whose root may be elsewhere when this is tried."""
    return os.path.join(root, path.lstrip("/"))


def entries(root: str) -> Iterator[Entry]:
    """Yield all that is kept. Raises Moved, and Trouble where a database is damaged."""
    record = database(below(root, RECORD), "calls", "AcctId")
    if record:
        yield Entry("record.sqlite3", record, 0o640, 0)
    text = json.dumps(memory(root), indent=1, sort_keys=True)
    yield Entry("memory.json", text.encode("utf-8"), 0o600, 0)
    before = listing(root)
    for name, path, _ in before:
        try:
            with open(path, "rb") as file:
                state = os.fstat(file.fileno())
                yield Entry(name, file.read(), state.st_mode & 0o777, int(state.st_mtime))
        except FileNotFoundError as error:
            raise Moved() from error
    if listing(root) != before:
        raise Moved()


def listing(root: str) -> List[Tuple[str, str, Tuple[int, int]]]:
    """Return the files that are kept as they are: name in the backup, path, and what they are."""
    found = []
    for kept, place in (("messages", MESSAGES), ("setup", SETUP)):
        folder = below(root, place)
        for inside, folders, files in os.walk(folder):
            folders.sort()
            if kept == "messages" and os.path.basename(inside) == "tmp":
                continue  # what is being spoken now
            for file in sorted(files):
                path = os.path.join(inside, file)
                if os.path.isfile(path) and not os.path.islink(path) and file != ".lock":
                    name = os.path.join(kept, os.path.relpath(path, folder))
                    found.append((name, path, _state(path)))
    household = below(root, HOUSEHOLD)
    if os.path.isfile(household):
        found.append(("household.json", household, _state(household)))
    return found


def _state(path: str) -> Tuple[int, int]:
    try:
        state = os.stat(path)
    except FileNotFoundError as error:
        raise Moved() from error
    return state.st_size, state.st_mtime_ns


def database(path: str, table: str, column: str) -> bytes:
    """Return a database that is whole, b"" where there is none.

    As gardeligne-databases copies it: nothing is locked, not by SQLite's own backup either, since
    Asterisk gives a record up that it cannot write within a millisecond.
    """
    if not os.path.lexists(path):
        return b""
    content = steady(path, 20)
    if not content:
        raise Trouble("{} change sans cesse : à réessayer plus tard.".format(path))
    with tempfile.TemporaryDirectory(prefix="gardeligne-backup-") as folder:
        copy = os.path.join(folder, "copy.sqlite3")
        with open(copy, "wb") as file:
            file.write(content)
        wrong = look(copy, table, column)
    if wrong == EMPTY:
        return b""
    if wrong:
        raise Trouble(
            "{} est abîmée ({}) : sudo systemctl restart asterisk la répare.".format(path, wrong)
        )
    return content


def memory(root: str) -> Memory:
    """Return what the household has in Asterisk's own database."""
    path = below(root, MEMORY)
    content = database(path if os.path.exists(path) else below(root, MEMORY_COPY), "astdb", "key")
    found = {}  # type: Memory
    with tempfile.TemporaryDirectory(prefix="gardeligne-backup-") as folder:
        copy = os.path.join(folder, "copy.sqlite3")
        with open(copy, "wb") as file:
            file.write(content)
        connection = sqlite3.connect(copy)
        try:
            rows = connection.execute("SELECT key, value FROM astdb").fetchall() if content else []
        finally:
            connection.close()
    for key, value in rows:
        _, family, rest = [*str(key).split("/", 2), "", ""][:3]
        if family in FAMILIES:
            found.setdefault(family, {})[rest] = str(value)
    return found
