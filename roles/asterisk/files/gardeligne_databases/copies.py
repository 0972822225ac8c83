"""Keep copies of databases that are in use."""

import os
import time
from typing import Optional

from .damage import EMPTY, GOOD, wrong_with
from .databases import BESIDE, Database, Keeper
from .files import read, remove, say, sync, write

# Asterisk writes for some milliseconds, now and then: looked at again after a pause, so often.
PAUSE = 0.5
TRIES = 20


def keep_copy(keeper: Keeper, database: Database, tries: int = TRIES) -> None:
    """Keep a copy, if the last one is old enough."""
    path = keeper.path(database)
    newer, older = keeper.copies(database)
    age = age_of(newer)
    if age is not None and 0 <= age < database.every:
        return
    content = steady(path, tries)
    if not content:
        return  # not there yet, or never quiet
    try:
        if age is not None and read(newer) == content:
            os.utime(newer)
            return
        write(newer + ".new", content, 0o600)
        wrong = wrong_with(newer + ".new", database)
        if wrong != GOOD:
            if wrong != EMPTY:
                say("{}: {}; no copy of that is kept".format(path, wrong))
                noted = keeper.notes()
                noted["damaged"][database.path] = time.time()
                keeper.note(noted)
            return
        if age is not None:
            os.rename(newer, older)
        os.rename(newer + ".new", newer)
        sync(keeper.folder)
    finally:
        remove(newer + ".new")


def age_of(path: str) -> Optional[float]:
    """Return how many seconds ago a file was written, None if it is not there."""
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return None


def steady(path: str, tries: int) -> bytes:
    """Return the content of a database, read while nothing wrote to it; b"" if that failed."""
    for turn in range(tries):
        if turn:
            time.sleep(PAUSE)
        if not os.path.isfile(path) or os.path.islink(path):
            return b""
        before = os.stat(path)
        content = read(path)
        # SQLite writes into the file only while there is a journal, and counts in the file.
        if any(os.path.lexists(path + suffix) for suffix in BESIDE):
            continue
        after = os.stat(path)
        with open(path, "rb") as file:
            head = file.read(100)
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and (
            head == content[:100]
        ):
            return content
    say("{}: never at rest: not copied".format(path))
    return b""
