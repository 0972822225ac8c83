"""Puts what is in an unpacked backup in its place, while the exchange stands still.

All is written beside its place first; then names change, and if one cannot, those before it are
changed back. A power cut between two of them is mended before Asterisk starts again (`mend`).
"""

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
from typing import Callable, Dict, List, Tuple

from . import archive, content
from .content import below

# Stopped in this order: the watch would start the others.
SERVICES = (
    "gardeligne-watch.service",
    "asterisk-trunk-watch.service",
    "gardeligne-databases.timer",
    "asterisk.service",
    "asterisk-memory.service",
)
SCHEMA = "CREATE TABLE astdb(key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))"
BESIDE = ("-journal", "-wal", "-shm")  # of another database they make damage
NEW, BEFORE = ".restored", ".before-restore"
# Is there once all have their names: what was before is not put back any more.
DONE = "/var/lib/gardeligne/backup/restored"
PLACES = (content.RECORD, content.MEMORY_COPY, content.MESSAGES)


def put(backup: archive.Backup, root: str) -> None:
    """Put it in its place, all of it or nothing."""
    os.makedirs(os.path.dirname(below(root, DONE)), mode=0o700, exist_ok=True)
    with Stopped(root):
        mend(root)
        made = []  # type: List[Tuple[str, str]]
        try:
            for place, make in _made(backup.folder).items():
                path = below(root, place)
                if os.path.isdir(os.path.dirname(path)):
                    remove(path + NEW)
                    made.append((path + NEW, path))
                    make(path)
            os.sync()
            _exchange(made, below(root, DONE))
        finally:
            for new, _ in made:
                remove(new)
        # What is loaded from its copy, which is another now.
        remove(below(root, content.MEMORY))


def _made(folder: str) -> Dict[str, Callable[[str], None]]:
    """Return, by place, what writes the new one beside it."""
    record = os.path.join(folder, "record.sqlite3")
    made = {
        content.MEMORY_COPY: lambda path: _memory(os.path.join(folder, "memory.json"), path),
        content.MESSAGES: lambda path: _messages(folder, path),
    }  # type: Dict[str, Callable[[str], None]]
    if os.path.exists(record):
        made[content.RECORD] = lambda path: _record(record, path)
    return made


def _exchange(made: List[Tuple[str, str]], marker: str) -> None:
    """Give the new ones their names; if one cannot have it, all the old ones are back."""
    done = []  # type: List[Tuple[str, str]]
    try:
        for new, path in made:
            done.append((new, path))
            if os.path.lexists(path):
                os.rename(path, path + BEFORE)
            os.rename(new, path)
    except BaseException:
        for _, path in reversed(done):
            if os.path.lexists(path + BEFORE):
                remove(path)
                os.rename(path + BEFORE, path)
        raise
    os.sync()
    open(marker, "w").close()
    os.sync()
    _clear([path for _, path in made], marker)


def _clear(paths: List[str], marker: str) -> None:
    for path in paths:
        for suffix in (*BESIDE, BEFORE):
            remove(path + suffix)
    os.sync()
    remove(marker)


def mend(root: str) -> None:
    """Bring what a power cut has interrupted to its end, or take it back."""
    paths, marker = [below(root, place) for place in PLACES], below(root, DONE)
    if os.path.exists(marker):
        _clear(paths, marker)
    for path in paths:
        if os.path.lexists(path + BEFORE):
            remove(path)
            os.rename(path + BEFORE, path)
        remove(path + NEW)


def _record(kept: str, path: str) -> None:
    shutil.copyfile(kept, path + NEW)
    _give(path + NEW, os.stat(os.path.dirname(path)), 0o640)


def _memory(kept: str, path: str) -> None:
    """Write a database with what the household had, and what of others is in the present one."""
    new = path + NEW
    if os.path.exists(path):
        shutil.copyfile(path, new)
    connection = sqlite3.connect(new)
    try:
        with connection:
            if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                connection.execute(SCHEMA)
            for family in content.FAMILIES:
                connection.execute(
                    "DELETE FROM astdb WHERE substr(key, 1, ?) = ?",
                    (len(family) + 2, "/{}/".format(family)),
                )
            for family, keys in archive.loaded(kept).items():
                rows = [("/{}/{}".format(family, key), value) for key, value in keys.items()]
                connection.executemany("INSERT INTO astdb (key, value) VALUES (?, ?)", rows)
    finally:
        connection.close()
    _give(new, os.stat(os.path.dirname(path)), 0o640)


def _messages(folder: str, path: str) -> None:
    """Copy the messages, each as it was; their owner is Asterisk's, as the folder above has it."""
    source, new = os.path.join(folder, "messages"), path + NEW
    owner, about = os.stat(os.path.dirname(path)), archive.manifest(folder)["files"]
    os.mkdir(new, 0o700)
    for inside, folders, files in os.walk(source):
        target = os.path.join(new, os.path.relpath(inside, source))
        for name in folders:
            os.mkdir(os.path.join(target, name), 0o700)
            _give(os.path.join(target, name), owner, 0o750)
        for name in files:
            kept = os.path.relpath(os.path.join(inside, name), folder)
            shutil.copy2(os.path.join(inside, name), os.path.join(target, name))
            _give(os.path.join(target, name), owner, int(about[kept]["mode"]) & 0o660)
    _give(new, owner, stat.S_IMODE(owner.st_mode))


def _give(path: str, owner: os.stat_result, mode: int) -> None:
    os.chown(path, owner.st_uid, owner.st_gid)
    os.chmod(path, mode)


def remove(path: str) -> None:
    """Remove a file, or a folder, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


class Stopped:
    """While this lasts, nothing writes; what ran before runs again after it, whatever happens."""

    def __init__(self, root: str) -> None:
        self.running = [] if root != "/" else [name for name in SERVICES if _runs(name)]

    def __enter__(self) -> None:
        if self.running:
            subprocess.check_call(["systemctl", "stop", *self.running])

    def __exit__(self, *_: object) -> None:
        if self.running:
            subprocess.check_call(["systemctl", "start", *reversed(self.running)])


def _runs(service: str) -> bool:
    asked = subprocess.Popen(["systemctl", "is-active", service], stdout=subprocess.PIPE)
    return asked.communicate()[0].decode().strip() in ("active", "activating", "reloading")
