"""Asterisk's databases, the folder of their copies, and the notes on what became of them."""

import json
import os
from typing import Any, Dict, List, NamedTuple

from .files import write

# `every` is how many seconds old a copy has to be before the next one is kept.
Database = NamedTuple(
    "Database",
    [
        ("path", str),
        ("table", str),
        ("column", str),
        ("every", int),
        ("schema", str),
        ("memory", str),
    ],
)
DATABASES = (
    # Known and blocked numbers, the guard's state, the phones' registrations. Copied every hour:
    # the numbers that a household has added since are lost. The schema is Asterisk's own.
    Database(
        "var/lib/asterisk/astdb.sqlite3",
        "astdb",
        "key, value",
        0,
        "CREATE TABLE astdb(key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))",
        # Asterisk's own: that on the disk is what asterisk-memory keeps of it.
        "run/asterisk-memory/astdb.sqlite3",
    ),
    # The record of calls, some megabytes, copied once a day. gardeligne-journal makes its table.
    Database("var/log/asterisk/master.db", "calls", "AcctId", 86400 - 1800, "", ""),
)
FOLDER = "var/lib/gardeligne/databases"
NOTES = "notes.json"
# How many damaged files of a database are kept, and how many notes.
KEPT = 3
# What SQLite writes beside a database. Of another database's it makes damage.
BESIDE = ("-journal", "-wal", "-shm")


class Keeper:
    """The folder of the copies, and notes for who asks what has become of the databases."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.folder = os.path.join(root, FOLDER)

    def path(self, database: Database) -> str:
        return os.path.join(self.root, database.path)

    def copies(self, database: Database) -> List[str]:
        """Return the paths of the copies, the newer first."""
        newer = os.path.join(self.folder, os.path.basename(database.path))
        return [newer, newer + ".before"]

    def notes(self) -> Dict[str, Any]:
        """Return what is noted."""
        noted = {"replaced": [], "damaged": {}}  # type: Dict[str, Any]
        try:
            with open(os.path.join(self.folder, NOTES), encoding="utf-8") as text:
                found = json.load(text)
            noted["replaced"] += found["replaced"]
            noted["damaged"].update(found["damaged"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # none yet, or damaged itself
        return noted

    def note(self, noted: Dict[str, Any]) -> None:
        """Keep what is noted."""
        noted["replaced"] = noted["replaced"][-2 * KEPT :]
        path = os.path.join(self.folder, NOTES)
        write(path + ".new", json.dumps(noted, indent=1).encode("utf-8"), 0o600)
        os.rename(path + ".new", path)
