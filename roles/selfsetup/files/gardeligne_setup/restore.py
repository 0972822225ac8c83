"""A backup that lies beside foyer.txt: looked through before anything changes, and taken back.

Its form is known to gardeligne-backup alone, which puts what is in it into a folder; here are the
settings, which are ours. Once all has taken effect it gets another name on the card, so that the
next start does not take it again; until then each start does, which changes nothing more.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import files
from .places import Places

ENDING, TAKEN = ".sauvegarde", ".reprise"
ELSEWHERE = (
    "elle vient d'un standard qui n'a pas de foyer.txt. Remplissez foyer.txt sans elle ; ensuite,"
    " par SSH : sudo gardeligne restaurer."
)


class Refused(Exception):
    """A backup is not taken back: why, in French."""

    def __init__(self, name: str, why: str) -> None:
        """Keep the backup's name beside the reason."""
        super().__init__(why)
        self.name = name


@dataclass(frozen=True)
class Backup:
    """One that was found good."""

    path: Path
    folder: Path  # what is in it
    places: Places

    @property
    def foyer(self) -> bytes:
        """Return foyer.txt as it was in effect, without its secrets."""
        return (self.folder / "setup/foyer.txt").read_bytes()

    @property
    def secrets(self) -> Mapping[str, Any]:
        """Return the secrets that this leaves out."""
        secrets: Mapping[str, Any] = json.loads((self.folder / "setup/secrets.json").read_text())
        return secrets

    @property
    def lines(self) -> list[str]:
        """Return the telephone numbers whose it is, as the state has them."""
        return list(json.loads((self.folder / "setup/state.json").read_text())["lines"])

    def put(self, secrets: Path) -> None:
        """Put all but the settings in its place, the passwords that were made into ``secrets``."""
        told = _program(self.places, "put", str(self.folder))
        if told:
            raise Refused(self.path.name, told)
        made = self.folder / "setup/inventory/secrets"
        for path in sorted(path for path in made.rglob("*") if path.is_file()):
            place = secrets / path.relative_to(made)
            files.make_folder(secrets)
            files.make_folder(place.parent)
            files.write(place, path.read_bytes())

    def taken(self) -> None:
        """Give it a name that says that it was."""
        self.path.replace(self.path.with_name(self.path.name + TAKEN))
        files.sync_folder(self.path.parent)


def beside(boot: Path) -> list[Path]:
    """Return the backups on the card's first partition."""
    return sorted(path for path in boot.iterdir() if path.name.lower().endswith(ENDING))


@contextmanager
def opened(places: Places, backups: list[Path], passphrase: str) -> Iterator[Backup]:
    """Yield the one backup, looked through. Raises Refused."""
    path = backups[0]
    if len(backups) > 1:
        raise Refused(path.name, "il y en a plusieurs sur la carte. N'y laissez que la bonne.")
    folder = places.root / "var/lib/gardeligne/backup/open"
    told = _program(places, "open", str(path), str(folder), given=passphrase)
    try:
        if told:
            raise Refused(path.name, told)
        backup = Backup(path, folder, places)
        if not (folder / "setup/foyer.txt").exists():
            raise Refused(path.name, ELSEWHERE)
        yield backup
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(places: Places, *arguments: str, given: str = "") -> str:
    """Return what gardeligne-backup says is wrong, "" if nothing is."""
    done = subprocess.run(
        [places.backup, *arguments],
        input=given + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
        },
        check=False,
    )
    return (done.stderr.strip() or "erreur de ce programme") if done.returncode else ""
