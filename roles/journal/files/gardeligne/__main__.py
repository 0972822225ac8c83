"""The household's command. Runs on Python 3.5 (Stretch) and later."""

import functools
import io
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import time
from typing import Callable, Dict, List  # noqa: F401 - in a comment

import calls
import checks
import exchange
import finding
import french
import live
import spelling

USAGE = """\
Usage : gardeligne COMMANDE

  appels [N]               les N derniers appels (20), le plus récent en bas
  bilan [JOURS]            ce que les appels des derniers jours (30) ont donné
  connus                   les numéros devenus connus en les appelant, au clavier ou ici
  bloques                  les numéros bloqués au clavier ou ici
  laisser NUMÉRO           laisser ce numéro sonner tout de suite, toujours
  bloquer NUMÉRO           bloquer ce numéro
  attendre HEURES          attendre un appel : tout le monde sonne (1 à 24 ; 0 : fini)
  regler                   les réglages qui se changent ici, et ce qu'ils sont
  regler attente SECONDES  combien un inconnu attend (« fichier » : ce que disent les fichiers)
  regler calme HEURES      les heures calmes, comme 22:00-07:00 (« jamais » ; « fichier »)
  oublier NUMÉRO|tout      oublier un de ces numéros, ou tous (--oui : sans demander)
  etat                     tout fonctionne-t-il, et sinon, que faire ?
  sauvegarder              faire une sauvegarde maintenant
  restaurer [FICHIER]      remettre ce qu'il y a dans une sauvegarde ; sans FICHIER : celles d'ici
  vu                       ne plus dire quelle base de données a été remplacée
  telephone [NUMÉRO]       ce qu'il faut saisir dans un téléphone, et un QR code
  version                  la version de Gardeligne"""

VERSION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "VERSION")
HANDSETS = "/usr/local/etc/gardeligne-handsets.json"
# What another role knows, and is a program of its own.
TELEPHONE = "/usr/local/sbin/gardeligne-telephone"
DATABASES = "/usr/local/sbin/gardeligne-databases"
BACKUP = "/usr/local/sbin/gardeligne-backup"


class Refused(Exception):
    """What was asked for cannot be done; the text says why, in French."""


def names() -> Dict[str, str]:
    """Return the names of the handsets by extension."""
    with open(HANDSETS, encoding="utf-8") as file:
        return dict(json.load(file))


def count(arguments: List[str], usual: int) -> int:
    """Return the one number that may be given. Raises Refused."""
    if not arguments:
        return usual
    if len(arguments) > 1 or french.whole(arguments[0]) < 1:
        raise Refused(USAGE)
    return french.whole(arguments[0])


def show_calls(arguments: List[str]) -> List[str]:
    """List the last calls."""
    handsets, words = names(), calls.vocabulary()
    last = list(itertools.islice(calls.read(), count(arguments, 20)))
    return [
        calls.line(call, words, handsets, french.moment(call.started)) for call in reversed(last)
    ] or ["Aucun appel pour l'instant."]


def show_summary(arguments: List[str]) -> List[str]:
    """Sum the calls of some days up."""
    days = count(arguments, 30)
    found = list(calls.read(since=time.time() - days * 86400))
    title = "Les {} derniers jours :".format(days) if days > 1 else "Le dernier jour :"
    return [title, *calls.summary(found)] if found else ["Aucun appel pour l'instant."]


def show_family(family: str, arguments: List[str]) -> List[str]:
    """List what the household has made known or blocked, the oldest first."""
    if arguments:
        raise Refused(USAGE)
    origins = calls.vocabulary()["origins"]
    entries = sorted(exchange.family(family).items(), key=lambda entry: entry[1])
    return [
        "{:<16}  {}  {}".format(
            french.number(number), french.moment(float(since)), calls.told(origins, origin)
        )
        for number, (since, origin) in entries
    ] or ["Aucun numéro."]


def back_up(what: str, arguments: List[str]) -> int:
    """Make a backup, or take one back; return what that program does."""
    try:
        return subprocess.call([BACKUP, what, *arguments])
    except OSError as error:
        print("Rien ne fait de sauvegardes ici : {}".format(error), file=sys.stderr)
        return 1


def seen() -> int:
    """Tell no more which databases were replaced."""
    return subprocess.call([DATABASES, "seen"])


def forget(arguments: List[str]) -> List[str]:
    """Forget a number, or all of them."""
    asked = " ".join(argument for argument in arguments if argument != "--oui")
    if asked == "tout":
        if "--oui" not in arguments and not agreed("Oublier tous ces numéros ? [oui/non] "):
            return ["Rien n'est changé."]
        for family in ("known", "blocked"):
            exchange.forget(family)
        return ["Tout est oublié."]
    number = one_number(asked)
    forgotten = [exchange.forget(family, number) for family in ("known", "blocked")]
    shown = french.number(number)
    return [shown + (" est oublié." if any(forgotten) else " n'était ni connu ni bloqué.")]


def one_number(asked: str) -> str:
    """Return a number that was typed as the guard has it. Raises Refused."""
    number = spelling.caller(asked)
    if len(number) < 2:
        raise Refused("« {} » n'est pas un numéro.\n\n{}".format(asked, USAGE) if asked else USAGE)
    return number


def let_through(arguments: List[str]) -> List[str]:
    """Let a number ring at once from now on."""
    number = one_number(" ".join(arguments))
    exchange.keep("known", number)
    return ["{} sonne tout de suite à partir de maintenant.".format(french.number(number))]


def block(arguments: List[str]) -> List[str]:
    """Block a number from now on. Raises Refused for one that nothing blocks."""
    number = one_number(" ".join(arguments))
    shown = french.number(number)
    with open(checks.EXCHANGE, encoding="utf-8") as file:
        rescue = json.load(file)["rescue"]
    if number in rescue:
        raise Refused("{} est celui des secours : rien ne le bloque.".format(shown))
    if exchange.listed("allow", number):
        raise Refused(
            "{} est dans une liste de numéros à laisser passer, qui l'emporte : "
            "retirez-le de là.".format(shown)
        )
    exchange.keep("blocked", number)
    return ["{} est bloqué à partir de maintenant.".format(shown)]


def expect(arguments: List[str]) -> List[str]:
    """Let everybody ring for some hours."""
    hours = french.whole(arguments[0]) if len(arguments) == 1 else -1
    if not 0 <= hours <= 24:
        raise Refused(USAGE)
    exchange.expect(hours)
    if not hours:
        return ["C'est fini : les inconnus attendent de nouveau."]
    return [
        "Tout le monde sonne tout de suite pendant {}.".format(
            french.counted(hours, "heure", "heures")
        )
    ]


def set_something(arguments: List[str]) -> List[str]:
    """Say what the settings are that can be changed at once, or change one. Raises Refused."""
    if not arguments:
        return live.all_told()
    chosen = live.SETTINGS.get(arguments[0])
    if not chosen or len(arguments) != 2:
        raise Refused(USAGE)
    with open(checks.EXCHANGE, encoding="utf-8") as file:
        least, most = map(int, json.load(file)["wait"])
    try:
        return [live.change(chosen, arguments[1], (least, most))]
    except ValueError as error:
        raise Refused("« {} » : il faut {}.".format(arguments[1], error)) from None


def agreed(question: str) -> bool:
    """Ask, and tell whether the answer was yes."""
    print(question, end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("o", "oui")


def show_state() -> int:
    """Tell what works and what does not; return 1 if something does not."""
    found = list(checks.findings())
    wrong = sum(not each.good for each in found)
    points = french.counted(wrong, "point à corriger.", "points à corriger.")
    print(points if wrong else "Tout va bien.")
    for each in found:
        print("\n".join(finding.told(each)))
    if all(each.good for each in found if each.name == checks.CENTRAL):
        print("\n".join(exchange.known_numbers()))
    return 1 if wrong else 0


def show_version() -> int:
    """Print the version of the project that this appliance was built from."""
    try:
        with open(VERSION, encoding="ascii") as file:
            print("Gardeligne " + file.read().strip())
    except OSError as error:
        print("La version est inconnue : {}".format(error), file=sys.stderr)
        return 1
    return 0


def telephone(arguments: List[str]) -> int:
    """Tell what to type into a telephone; return what that program does."""
    try:
        return subprocess.call([TELEPHONE, *arguments])
    except OSError as error:
        print("Les téléphones ne sont pas réglés ici : {}".format(error), file=sys.stderr)
        return 1


COMMANDS = {
    "appels": show_calls,
    "bilan": show_summary,
    "connus": lambda arguments: show_family("known", arguments),
    "bloques": lambda arguments: show_family("blocked", arguments),
    "laisser": let_through,
    "bloquer": block,
    "attendre": expect,
    "regler": set_something,
    "oublier": forget,
}
# What speaks for itself, and whose exit status is its own.
PROGRAMS = {
    "etat": show_state,
    "sauvegarder": functools.partial(back_up, "make", []),
    "vu": seen,
}  # type: Dict[str, Callable[[], int]]


def main(arguments: List[str]) -> int:
    """Do what is asked; return 0, 1 if that failed, 2 if it is not understood."""
    asked = arguments[0].replace("é", "e") if arguments else ""
    if asked == "telephone":
        return telephone(arguments[1:])
    if arguments == ["version"]:
        return show_version()  # nothing private
    command, program = COMMANDS.get(asked), PROGRAMS.get(asked)
    if asked == "restaurer":
        program = functools.partial(back_up, "restore", arguments[1:])
        arguments = arguments[:1]
    if not command and (not program or arguments[1:]):
        print(USAGE, file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        words = " ".join(arguments)
        print("Les appels sont privés : sudo gardeligne {}".format(words), file=sys.stderr)
        return 1
    try:
        if not command:
            return program() if program else 2
        for problem in exchange.problems():
            print("ATTENTION : {}".format(problem), file=sys.stderr)
        print("\n".join(command(arguments[1:])))
    except Refused as error:
        print(error, file=sys.stderr)
        return 2
    except exchange.Stopped:
        return 1  # said above
    except (OSError, sqlite3.Error) as error:
        print("Le journal des appels est illisible : {}".format(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    # French, wherever it is called from: cron and ssh may have no locale.
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", line_buffering=True)
    sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8", line_buffering=True)
    sys.exit(main(sys.argv[1:]))
