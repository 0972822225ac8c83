"""Check the databases before Asterisk starts, and replace damaged ones."""

import os
import re
import sqlite3
import time

from .copies import keep_copy
from .damage import EMPTY, GONE, GOOD, wrong_with
from .databases import BESIDE, KEPT, Database, Keeper
from .files import move, read, remove, say, sync, write

STAMP = re.compile(r"(.+\.damaged-)[\d-]+\d")


def start(keeper: Keeper, database: Database) -> None:
    """Check a database before a start, and replace a damaged one."""
    path = keeper.path(database)
    if not os.path.isdir(os.path.dirname(path)):
        return  # Asterisk is not installed
    look_at_memory(keeper, database)
    mend_owner(path)
    wrong = wrong_with(path, database)
    if wrong == GOOD:
        noted = keeper.notes()
        if noted["damaged"].pop(database.path, None):
            keeper.note(noted)
        keep_copy(keeper, database, tries=1)
        return
    copy = good_copy(keeper, database)
    if not copy and (wrong == GONE or (wrong == EMPTY and not database.schema)):
        remove(path)  # an empty file, in whose place gardeligne-journal.service makes a table
        return  # the first start; who writes it makes it
    replace(keeper, database, wrong, copy)


def look_at_memory(keeper: Keeper, database: Database) -> None:
    """Remove a damaged database in memory: asterisk-memory then loads the one on the disk."""
    path = os.path.join(keeper.root, database.memory)
    wrong = wrong_with(path, database) if database.memory else GOOD
    if wrong not in (GOOD, GONE):
        say("{}: {}; removed: that of the disk is loaded".format(path, wrong))
        for suffix in ("", *BESIDE):
            remove(path + suffix)


def mend_owner(path: str) -> None:
    """Give a database to its folder's owner (asterisk), and close it to others."""
    owner = os.stat(os.path.dirname(path))
    for name in [path] + [path + suffix for suffix in BESIDE]:
        if os.path.isfile(name) and not os.path.islink(name):
            os.chown(name, owner.st_uid, owner.st_gid)
            os.chmod(name, 0o640)


def good_copy(keeper: Keeper, database: Database) -> str:
    """Return the path of the newest copy that is good, "" if there is none."""
    for copy in keeper.copies(database):
        wrong = wrong_with(copy, database)
        if wrong == GOOD:
            return copy
        if wrong != GONE:
            say("{}: {}".format(copy, wrong))
    return ""


def replace(keeper: Keeper, database: Database, wrong: str, copy: str) -> None:
    """Set a database aside, and put a copy in its place."""
    path = keeper.path(database)
    owner = os.stat(os.path.dirname(path))
    taken = os.stat(copy).st_mtime if copy else None
    if copy:
        try:  # before the damaged one goes: a power cut leaves the one or the other
            write(path + ".new", read(copy), 0o640, owner)
            copy = path + ".new"
        except OSError as error:
            say("{}.new: {}: the copy itself takes its place".format(path, error))
            remove(path + ".new")
    aside = set_aside(keeper, path)
    if copy:
        os.rename(copy, path)
        mend_owner(path)
        sync(os.path.dirname(path))
    elif database.schema:
        begin(path, database.schema, aside)
    became = "the copy of {} is in its place".format(moment(taken)) if taken else "begun anew"
    say("{}: {}; set aside: {}; {}".format(path, wrong, aside or "nothing", became))
    noted = keeper.notes()
    noted["damaged"].pop(database.path, None)
    noted["replaced"].append(
        {"database": database.path, "at": time.time(), "aside": aside, "copy": taken}
    )
    keeper.note(noted)


def set_aside(keeper: Keeper, path: str) -> str:
    """Move a database out of the way, and what is beside it; return where it is."""
    name = os.path.basename(path) + ".damaged-"
    stamp = time.strftime("%Y%m%d-%H%M%S-") + "{:06}".format(os.getpid() % 1000000)
    aside = os.path.join(keeper.folder, name + stamp)
    for suffix in BESIDE:  # first: beside the next one they would do damage
        if os.path.lexists(path + suffix):
            move(path + suffix, aside + suffix)
    aside = move(path, aside) if os.path.lexists(path) else ""
    there = [STAMP.match(found) for found in os.listdir(keeper.folder)]
    stamps = sorted({found.group() for found in there if found and found.group(1) == name})
    for old in stamps[:-KEPT]:
        for suffix in ("", *BESIDE):
            remove(os.path.join(keeper.folder, old + suffix))
    return aside


def begin(path: str, schema: str, aside: str) -> None:
    """Make an empty database: of a full disk root may use what Asterisk may not."""
    for room in ("", aside):
        try:
            if room:
                say("{}: no room for an empty one: removed".format(room))
                remove(room)
            connection = sqlite3.connect(path)
            try:
                connection.execute(schema)
                break
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            say("{}: {}".format(path, error))
    mend_owner(path)


def moment(epoch: float) -> str:
    """Return date and time, local."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch))
