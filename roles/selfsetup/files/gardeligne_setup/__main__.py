"""usage: gardeligne-setup [--whole]

Bring the box to what foyer.txt says (see the package). Ends with 0 also where the household has to
correct something: that is told, and is no failure of the service.

With --whole, foyer.txt is not looked at: all that was made of the last one is looked through, and
mended where something else has changed it.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import card, files, forget, playbook, restore
from .foyer import Foyer, FoyerError, passphrase, read, seal, template
from .places import Places
from .store import Store, digest

OFF = "Éteignez le boîtier, mettez sa carte dans un ordinateur, "
AGAIN = (
    "Redémarrez : le boîtier essaie de nouveau. Si cela se répète, envoyez ce fichier à qui vous a "
    "donné la carte."
)
# What counts from the next start only.
NETWORK = ("etc/hostname", "etc/systemd/network", "etc/wpa_supplicant")


@dataclass
class Status:
    """How the settings were taken, as the report on the start shows it."""

    good: bool
    what: str
    cure: str = ""


INTERRUPTED = Status(False, "en cours, ou interrompus", "Redémarrez le boîtier.")
IN_EFFECT = Status(True, "ceux de foyer.txt sont en service")
NO_CARD = Status(
    False,
    "la partition avec foyer.txt est illisible",
    "Redémarrez ; si cela se répète, la carte est défectueuse : écrivez-en une autre.",
)
NO_FILE = Status(
    False,
    "il n'y avait pas de foyer.txt",
    f"Un nouveau est sur la carte. {OFF}remplissez-le, remettez la carte et redémarrez.",
)


class Setup:
    """One run."""

    def __init__(self, places: Places) -> None:
        """Read what is known."""
        self.places = places
        self.store = Store(places.kept)
        self.restart = False

    def run(self) -> Status:
        """Do what there is to do; say how it went."""
        if not card.mounted(self.places.boot):
            return NO_CARD
        self.card = card.Card(self.places.boot)
        self._finish_sealing()
        raw = self._file()
        if raw is None:
            return NO_FILE
        backups = restore.beside(self.places.boot)
        if digest(raw) == self.store.state.applied and not backups:
            self.card.forget_errors()
            return IN_EFFECT
        try:
            if not backups:
                return self._apply(raw, raw, self._accept(raw))
            secret = passphrase(raw, self.store.kept_secrets())
            with restore.opened(self.places, backups, secret) as backup:
                return self._restore(raw, backup)
        except restore.Refused as error:
            return self._refuse_backup(error)
        except FoyerError as error:
            return self._refuse(error)

    @property
    def is_set_up(self) -> bool:
        """Whether there is a household whose settings are in effect."""
        return bool(self.store.state.applied)

    def _finish_sealing(self) -> None:
        """Do what a power cut after a good run has kept from being done."""
        state = self.store.state
        if not state.unsealed:
            return
        raw = self.card.read()
        if raw is None or card.is_torn(raw) or digest(raw) in (state.unsealed, state.applied):
            self.card.seal(self.store.sealed.read_bytes())
        state.unsealed = ""
        self.store.save()

    def _file(self) -> bytes | None:
        """Return foyer.txt; where it is missing, write the last one in effect, or an empty form."""
        raw = self.card.read()
        if raw is not None:
            return raw
        known = self.store.sealed.exists()
        self.card.offer(self.store.sealed.read_bytes() if known else template())
        return self.card.read() if known else None

    def _accept(self, raw: bytes) -> Foyer:
        """Read the file, another household's without any secret of the former one."""
        foyer = read(raw, self.store.kept_secrets())
        return read(raw, None) if self._is_another(foyer) else foyer

    def _is_another(self, foyer: Foyer) -> bool:
        known = self.store.state.lines
        return bool(known) and not set(known) & set(lines(foyer))

    def _refuse(self, wrong: FoyerError) -> Status:
        """Write down what is wrong with foyer.txt, and change nothing."""
        state = "n'est pas encore rempli" if wrong.unfilled else "à corriger"
        what = f"{card.NAME} {state}{self._as_before()}"
        self._tell([f"{what} :", "", *wrong.problems])
        verb = "remplissez" if wrong.unfilled else "corrigez"
        return Status(
            False,
            what,
            f"{OFF}{verb} {card.NAME} ({card.ERRORS}, à côté, dit tout ce qui ne va pas), remettez "
            "la carte et redémarrez.",
        )

    def _refuse_backup(self, wrong: restore.Refused) -> Status:
        """Write down why a backup is not taken back, and change nothing."""
        what = f"{wrong.name} n'est pas reprise{self._as_before()}"
        self._tell([f"{what} :", "", str(wrong)])
        return Status(
            False,
            what,
            f"{OFF}corrigez ce que dit {card.ERRORS}, ou ôtez cette sauvegarde de la carte ;"
            " remettez la carte et redémarrez.",
        )

    def _as_before(self) -> str:
        return " ; les réglages d'avant restent en service" if self.is_set_up else ""

    def _tell(self, told: list[str]) -> None:
        self.card.tell(told)
        print("\n".join(["", "Gardeligne", *told, ""]), flush=True)

    def _restore(self, raw: bytes, backup: restore.Backup) -> Status:
        """Take a backup back: by foyer.txt on the card, or by its own if that is not filled in."""
        settings = raw
        kept = self.store.kept_secrets() or backup.secrets
        try:
            foyer = read(raw, kept)
        except FoyerError as error:
            if not error.unfilled:
                raise
            settings = backup.foyer
            try:
                foyer = read(settings, kept)
            except FoyerError as wrong:
                why = "ses réglages ne conviennent plus. Remplissez foyer.txt :"
                raise restore.Refused(backup.path.name, " ".join([why, *wrong.problems])) from wrong
        if not set(backup.lines) & set(lines(foyer)):
            why = "c'est celle d'une autre ligne que celle de foyer.txt. Corrigez l'une ou l'autre."
            raise restore.Refused(backup.path.name, why)
        if self._is_another(foyer):
            why = "cette carte-ci est celle d'un autre foyer. Prenez une carte neuve."
            raise restore.Refused(backup.path.name, why)
        print(f"Gardeligne : {backup.path.name} est reprise", flush=True)
        backup.put(self.store.secrets)
        status = self._apply(raw, settings, foyer)
        if status.good:
            backup.taken()  # its other name tells the household
        return status

    def _apply(self, raw: bytes, settings: bytes, foyer: Foyer) -> Status:
        """Apply the settings: store them, run the playbook, then take the secrets off the card.

        ``raw`` is foyer.txt as it is on the card, ``settings`` what it is to be.
        """
        print("Gardeligne : réglages de foyer.txt en cours (quelques minutes)", flush=True)
        files.write(self.places.status, text_of(INTERRUPTED), 0o644)
        sealed = seal(settings)
        self.store.keep(foyer.variables, foyer.secrets)
        if self._is_another(foyer):
            print("Gardeligne : autre foyer, les données de l'ancien sont effacées", flush=True)
            forget.former_household(self.places.root, self.store.secrets)
            self.store.forget()
        self.store.begin(lines(foyer))
        before = self._network()
        failed = playbook.run(self.places)
        if failed is not None:
            return Status(
                False,
                f"n'ont pas pu être appliqués (à l'étape « {failed} »)",
                f"{AGAIN} Le détail est dans {self.places.log}.",
            )
        self.store.took_effect(raw, sealed, foyer.secrets)
        self._finish_sealing()
        self.card.forget_errors()
        self.restart = before != self._network()
        return IN_EFFECT

    def look_through(self) -> str | None:
        """Mend what is no longer as it was set up; return in French what failed, if anything."""
        return playbook.run(self.places, whole=True) if self.is_set_up else None

    def _network(self) -> str:
        """Return a hash of what counts from the next start only."""
        found = hashlib.sha256()
        for path in _files(self.places.root, NETWORK):
            found.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
        return found.hexdigest()


def _files(root: Path, names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = root / name
        yield from sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []


def lines(foyer: Foyer) -> list[str]:
    """Return the household's telephone numbers, however they are written: nine digits each."""
    numbers = (str(trunk["number"]) for trunk in foyer.variables["household_trunks"])
    return sorted({re.sub(r"\D", "", number)[-9:] for number in numbers})


def text_of(status: Status) -> bytes:
    """Return a status as the report on the start reads it."""
    return json.dumps(asdict(status), ensure_ascii=False, indent=2).encode()


def main(places: Places | None = None, arguments: Sequence[str] = ()) -> int:
    """Run, and say how it went: to the report on the start; with --whole, in the journal."""
    places = places or Places()
    setup = Setup(places)
    if list(arguments) == ["--whole"]:
        failed = setup.look_through()
        if failed is not None:
            print(f"Gardeligne : vérification arrêtée à l'étape « {failed} »", flush=True)
        return int(failed is not None)
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        status = setup.run()
    except Exception as error:
        # Not its text: it may have a value of the household's in it.
        tell(places, Status(False, f"erreur de ce programme ({type(error).__name__})", AGAIN))
        raise
    tell(places, status)
    if setup.restart:
        print("Gardeligne : redémarrage, pour le nom et le réseau du boîtier", flush=True)
        if places.root == Path("/"):
            subprocess.run(["systemctl", "--no-block", "reboot"], check=False)
    return 0


def tell(places: Places, status: Status) -> None:
    """Say to the report on the start, and on the console, how it went."""
    text = text_of(status)
    before = places.status.read_bytes() if places.status.exists() else b""
    if text != before or not status.good:
        # Then this start is worth a report, whatever was reported before.
        files.remove(places.reported)
    files.write(places.status, text, 0o644)
    print(f"Gardeligne : réglages : {status.what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
