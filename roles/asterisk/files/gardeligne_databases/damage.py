"""What is wrong with a database, if anything."""

import os
import select
import signal
import sqlite3
import stat
from typing import Callable

from .databases import Database
from .files import say

# Seconds that one file may be looked at. All of it has a minute (asterisk.service.j2), even if the
# card does not answer any more.
PATIENCE = 10

GOOD = ""
EMPTY = "nothing is in it"
GONE = "it is gone"
# In SQLite's words: no damage of the database, and no reason to set it aside.
NO_DAMAGE = ("locked", "full", "readonly", "out of memory")


def as_owner(folder: str, ask: Callable[..., str], *arguments: str) -> str:
    """Return the result of a function that runs as the owner of a folder, with a time limit.

    In a child: SQLite believes what is written beside a database, and root must not.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            owner = os.stat(folder)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(owner.st_gid)
                os.setuid(owner.st_uid)
            os.write(writer, ask(*arguments).encode("utf-8", "replace")[:4000])
        finally:
            os._exit(0)
    os.close(writer)
    try:
        answer = b""
        if select.select([reader], [], [], PATIENCE)[0]:
            answer = os.read(reader, 4000)
        else:
            say("{}: not looked at: that takes too long".format(arguments[0]))
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return answer.decode("utf-8", "replace")


def look(path: str, table: str, column: str) -> str:
    """Return what is wrong with a database."""
    try:
        # Opened to write: what a power cut has left half done is taken back.
        connection = sqlite3.connect(path, timeout=2, isolation_level=None)
        connection.text_factory = bytes
        try:
            if connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,):
                return EMPTY
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != b"ok":
                return str(found.decode("utf-8", "replace").strip())
            connection.execute("SELECT {} FROM {} LIMIT 1".format(column, table)).fetchall()
            # Somebody may have given it another; a copy is then not the whole.
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        if not any(words in str(error) for words in NO_DAMAGE):
            return str(error) or repr(error)
        say("{}: not looked at: {}".format(path, error))
    return GOOD


def wrong_with(path: str, database: Database) -> str:
    """Return what is wrong with a file as this database."""
    if not os.path.lexists(path):
        return GONE
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return "it is no file"
    return as_owner(os.path.dirname(path), look, path, database.table, database.column) or GOOD
