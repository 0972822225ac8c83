"""The machine: what the household wants of backups here, and those that are made."""

import contextlib
import json
import os
import shutil
import socket
import time
from typing import Any, Dict, Iterator, List

from . import archive, cipher, content, copies, restore
from .content import below
from .trouble import Trouble

SETTINGS = "/usr/local/etc/gardeligne-backup.json"
KEY_FILE = "/etc/gardeligne/backup/passphrase"
FOLDER = "/var/lib/gardeligne/backup"
STATE = "/var/lib/gardeligne/backup/state.json"
VERSION = "/usr/local/lib/gardeligne/VERSION"
KEPT = 3  # on the card
SOON = 12 * 3600  # seconds after which a night's backup is one of today no more
TRIES, PAUSE = 5, 60  # while messages arrive


class Machine:
    """This one, or, when this is tried, a folder."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self.folder = below(root, FOLDER)
        self.settings = load(below(root, SETTINGS))

    @property
    def passphrase(self) -> str:
        """The household's passphrase, "" if it has none."""
        try:
            with open(below(self.root, KEY_FILE), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def kept(self) -> List[str]:
        """Return the names of the backups here, the oldest first."""
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        return sorted(name for name in names if copies.NAME.match(name))

    def make(self, mark: str = "") -> str:
        """Make a backup; return its path. Raises Trouble, OSError."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        os.chmod(self.folder, 0o700)
        self._make_room()
        name = time.strftime("gardeligne-%Y%m%d-%H%M%S") + mark + ".sauvegarde"
        path = os.path.join(self.folder, name)
        for left in reversed(range(TRIES)):
            try:
                with cipher.closed(path, self.passphrase) as out:
                    archive.write(out, self.root, self.about())
                break
            except content.Moved:
                if not left:
                    raise
                time.sleep(PAUSE)
        for old in copies.old(self.kept(), KEPT):
            os.unlink(os.path.join(self.folder, old))
        return path

    def _make_room(self) -> None:
        """Remove older backups, but not the last, while the card has no room for another."""
        names = self.kept()
        last = os.path.getsize(os.path.join(self.folder, names[-1])) if names else 0
        sizes = [os.path.getsize(path) for _, path, _ in content.listing(self.root)]
        needed = max(last, sum(sizes)) + archive.LEFT
        while shutil.disk_usage(self.folder).free < needed:
            if len(names) < 2:
                raise Trouble("la carte n'a plus assez de place : effacez des messages (**1).")
            os.unlink(os.path.join(self.folder, names.pop(0)))

    def about(self) -> Dict[str, Any]:
        """Return what a backup says of where it is from."""
        try:
            with open(below(self.root, VERSION), encoding="ascii") as file:
                version = file.read().strip()
        except OSError:
            version = ""
        return {
            "made": int(time.time()),
            "version": version,
            "host": socket.gethostname(),
            "lines": self.settings.get("lines", []),
        }

    def places(self) -> List[str]:
        """Return where else the household wants copies."""
        return [kind for kind in ("usb", "folder", "ssh") if self.settings.get(kind)]

    def back_up(self) -> Dict[str, Any]:
        """Make a backup and its copies; return what became of them, which is kept."""
        state = load(below(self.root, STATE))
        try:
            path = self.make()
            state.update(made=int(time.time()), size=os.path.getsize(path), error="")
            state["encrypted"] = bool(self.passphrase)
        except (Trouble, OSError) as error:
            state["error"], path = str(error), ""
        before, after = state.get("copies", {}), {}
        for kind in self.places():
            copied = dict(before.get(kind, {"made": 0, "since": int(time.time())}))
            if path:
                try:
                    copies.copy(kind, self.settings, path, os.path.join(self.folder, "id_ed25519"))
                    copied.update(made=int(time.time()), error="")
                except (Trouble, OSError) as error:
                    copied["error"] = str(error)
            after[kind] = copied
        state["copies"] = after
        save(below(self.root, STATE), state)
        return state

    def is_due(self) -> bool:
        """Tell whether there is none of today, or a copy of it failed."""
        state = load(below(self.root, STATE))
        age = time.time() - state.get("made", 0)
        failed = any(each.get("error") for each in state.get("copies", {}).values())
        return failed or not 0 <= age < SOON or set(self.places()) != set(state.get("copies", {}))

    @contextlib.contextmanager
    def unpacked(self, path: str, passphrase: str) -> Iterator[archive.Backup]:
        """Yield what is in a backup, looked through. Raises Trouble."""
        folder = os.path.join(self.folder, "open")
        try:
            yield unpack(path, passphrase, folder)
        finally:
            restore.remove(folder)


def unpack(path: str, passphrase: str, folder: str) -> archive.Backup:
    """Put what is in a backup into a new folder, when all of it is right. Raises Trouble."""
    restore.remove(folder)
    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
    os.mkdir(folder, 0o700)
    try:
        with cipher.opened(path, passphrase) as stream:
            return archive.unpack(stream, os.path.basename(path), folder)
    except OSError as error:
        restore.remove(folder)
        raise Trouble("{} : illisible ({}).".format(path, error.strerror)) from error
    except BaseException:
        restore.remove(folder)
        raise


def load(path: str) -> Dict[str, Any]:
    """Return what is in a file of ours: nothing, where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError, TypeError):
        return {}


def save(path: str, state: Dict[str, Any]) -> None:
    """Keep what became of it, whole or not at all."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(path + ".part", "w") as file:
        json.dump(state, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)
