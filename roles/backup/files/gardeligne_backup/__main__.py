"""Backups of what the household has, and the way back.

usage: gardeligne-backup nightly | make | restore … | open FILE FOLDER | put FOLDER | mend

nightly  what the timer does: one, unless there is one of today, and its copies elsewhere
make     one now, and its copies: `gardeligne sauvegarder`
restore  `gardeligne restaurer`: see RESTORE
open     look through a backup, and put what is in it into a new folder: its passphrase is read from
         standard input. What is wrong is said in French, and the exit status is 3.
put      put that in its place
mend     before Asterisk starts: end, or take back, what a power cut has interrupted

On the card are the newest backups, for root alone; with a passphrase they are closed by it
(cipher.py), and what leaves the machine always is. state.json tells `gardeligne etat` of them.

Runs on Python 3.5 (Stretch) and later.
"""

import contextlib
import getpass
import io
import os
import shutil
import subprocess
import sys
import time
from typing import Any, Dict, List

from . import archive, cipher, content, restore
from .content import below
from .machine import STATE, Machine, load, unpack
from .trouble import Trouble

SETUP_WHOLE = "gardeligne-setup-whole.service"
RESTORE = """\
Usage : gardeligne restaurer [FICHIER] [--oui] [--autre-ligne]
        gardeligne restaurer --reglages FICHIER

  sans rien        les sauvegardes qui sont sur la carte
  FICHIER          remettre ce qu'il y a dedans : messages, numéros connus et bloqués, appels
  --oui            sans demander
  --autre-ligne    même si c'est la sauvegarde d'une autre ligne
  --reglages       n'écrire que les réglages du foyer, mots de passe compris"""


def told(state: Dict[str, Any]) -> List[str]:
    """Say what became of a backup, and of its copies."""
    if state["error"]:
        return ["La sauvegarde n'a pas pu être faite : " + state["error"]]
    lines = ["Sauvegarde faite : {} Ko, sur la carte.".format(-(-state["size"] // 1024))]
    names = {"usb": "Clé USB", "folder": "Dossier", "ssh": "SSH"}
    for kind, copied in sorted(state["copies"].items()):
        lines.append("{} : {}".format(names[kind], copied.get("error") or "copiée."))
    return lines


def back_up_now(machine: Machine) -> int:
    """Make a backup, say what became of it; return 1 if something failed."""
    state = machine.back_up()
    print("\n".join(told(state)))
    return int(bool(state["error"] or any(each.get("error") for each in state["copies"].values())))


def take_back(machine: Machine, arguments: List[str]) -> int:
    """Do what `gardeligne restaurer` asks. Raises Trouble."""
    options = {argument for argument in arguments if argument.startswith("--")}
    files = [argument for argument in arguments if argument not in options]
    if options - {"--oui", "--autre-ligne", "--reglages"} or len(files) > 1:
        print(RESTORE, file=sys.stderr)
        return 2
    if not files:
        here = [os.path.join(machine.folder, name) for name in machine.kept()]
        print("\n".join(here or ["Aucune sauvegarde sur la carte."]))
        return 0
    try:
        with machine.unpacked(files[0], machine.passphrase) as backup:
            return _take_back(machine, backup, options)
    except cipher.Shut:  # it is of before that passphrase
        with machine.unpacked(files[0], _asked()) as backup:
            return _take_back(machine, backup, options)


def _asked() -> str:
    """Ask for a passphrase: on the terminal, or on standard input where there is none."""
    if sys.stdin.isatty():
        return getpass.getpass("Mot de passe de la sauvegarde : ")
    return sys.stdin.readline().rstrip("\n")


def _take_back(machine: Machine, backup: archive.Backup, options: "set[str]") -> int:
    if "--reglages" in options:
        return _show_settings(backup)
    here, theirs = machine.settings.get("lines", []), backup.about["lines"]
    if not set(here) & set(theirs) and "--autre-ligne" not in options:
        raise Trouble(
            "c'est la sauvegarde d'une autre ligne ({}). Si c'est bien la vôtre : ajoutez "
            "--autre-ligne.".format(", ".join(theirs) or "aucune")
        )
    print(
        "Sauvegarde du {made} : {calls} appels, {messages} messages, {known} numéros connus, "
        "{blocked} bloqués.".format(
            made=time.strftime("%d/%m/%Y %H:%M", time.localtime(backup.about["made"])),
            **archive.counts(backup.folder),
        )
    )
    if "--oui" not in options:
        question = "Remplacer par elle ce qu'il y a ici ? Le central redémarre. [oui/non] "
        print(question, end="", flush=True)
        if sys.stdin.readline().strip().lower() not in ("o", "oui"):
            print("Rien n'est changé.")
            return 0
    if machine.root == "/" and _talks():
        raise Trouble("quelqu'un téléphone : recommencez après.")
    before = machine.make("-avant")
    restore.put(backup, machine.root)
    _secrets(machine, backup)
    print("C'est fait. Ce qu'il y avait avant : sudo gardeligne restaurer {}".format(before))
    return 0


def _show_settings(backup: archive.Backup) -> int:
    """Print the household's settings, for inventory/home: JSON is YAML."""
    try:
        with open(os.path.join(backup.folder, "household.json"), encoding="utf-8") as text:
            print(text.read().rstrip("\n"))
    except FileNotFoundError as error:
        raise Trouble("elle vient d'une carte avec foyer.txt, qui a ses réglages.") from error
    return 0


def _talks() -> bool:
    """Tell whether there is a call; what does not answer has none."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        asked = ["asterisk", "-rx", "core show channels count"]
        said = subprocess.check_output(asked, stderr=subprocess.DEVNULL, timeout=5)
        return b"\n0 active calls" not in b"\n" + said
    return False


def _secrets(machine: Machine, backup: archive.Backup) -> None:
    """Give the phones their passwords of before, where this machine has made others itself."""
    kept = os.path.join(backup.folder, "setup/inventory/secrets")
    here = below(machine.root, content.SETUP + "/inventory/secrets")
    if not os.path.isdir(kept) or not os.path.isdir(here):
        return
    for inside, _, files in os.walk(kept):
        for name in files:
            path = os.path.join(inside, name)
            place = os.path.join(here, os.path.relpath(path, kept))
            os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
            shutil.copyfile(path, place + ".new")
            os.chmod(place + ".new", 0o600)
            os.replace(place + ".new", place)
    if machine.root == "/":
        print("Réglages des téléphones en cours (quelques minutes).", flush=True)
        subprocess.check_call(["systemctl", "start", SETUP_WHOLE])


def speak_french() -> None:
    """Write UTF-8 wherever this is called from: timers and ssh may have no locale."""
    if (sys.stdout.encoding or "").lower() != "utf-8":
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", line_buffering=True)
        sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8", line_buffering=True)


def main(arguments: List[str], root: str = "/") -> int:
    """Do what is asked; return 0, 1 if that failed, 2 if it is not understood, 3 for Trouble."""
    speak_french()
    os.umask(0o077)  # what it makes is for root alone
    what, rest = (arguments or [""])[0], arguments[1:]
    machine = Machine(root)
    try:
        if what == "nightly" and not rest:
            if machine.is_due():
                back_up_now(machine)
            # The watch tells of a copy that failed, once it has for a week.
            return int(bool(load(below(root, STATE)).get("error")))
        if what == "make" and not rest:
            return back_up_now(machine)
        if what == "restore":
            return take_back(machine, rest)
        if what == "open" and len(rest) == 2:
            unpack(rest[0], sys.stdin.readline().rstrip("\n"), rest[1])
            return 0
        if what == "put" and len(rest) == 1:
            restore.put(archive.Backup(rest[0], archive.manifest(rest[0])), root)
            return 0
        if what == "mend" and not rest:
            restore.mend(root)
            return 0
    except Trouble as error:
        print(error, file=sys.stderr)
        return 3
    except (OSError, subprocess.SubprocessError) as error:
        print("La carte ou le système refuse : {}".format(error), file=sys.stderr)
        return 1
    print(__doc__.split("\n\n")[1], file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
