"""Files that are on the disk when they are said to be, and words for the journal."""

import os
import shutil
import sys
from typing import Optional


def say(words: str) -> None:
    """Tell the journal, as a warning."""
    prefix = "<4>" if "JOURNAL_STREAM" in os.environ else ""
    print("{}gardeligne-databases: {}".format(prefix, words), file=sys.stderr, flush=True)


def sync(path: str) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write(path: str, content: bytes, mode: int, owner: Optional[os.stat_result] = None) -> None:
    """Write a new file, and wait until it is on the disk."""
    remove(path)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as new:
        new.write(content)
        if owner:
            os.fchown(opened, owner.st_uid, owner.st_gid)
        os.fchmod(opened, mode)
        new.flush()
        os.fsync(opened)


def read(path: str) -> bytes:
    """Return what is in a file."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def remove(path: str) -> None:
    """Remove a file, or a folder, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def move(old: str, new: str) -> str:
    """Give a file another name; beside it, if the other folder cannot take it."""
    try:
        os.rename(old, new)
    except OSError as error:
        say("{}: {}: stays in its folder".format(old, error))
        new = old + ".damaged"
        remove(new)
        os.rename(old, new)
    return new
