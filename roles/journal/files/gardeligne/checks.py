"""What must be right for the exchange to do its work, each with its words and its cure.

One list, for `gardeligne etat`; the report of a card's first start waits for some of them. A check
returns what it found, or raises Missing. Whoever asks is answered within seconds, whatever hangs.
"""

import functools
import json
import os
import re
import subprocess
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

import exchange
from french import counted, duration, moment, number

# What this exchange is to have: its SIP driver, its lines, where the household writes them.
EXCHANGE = "/usr/local/etc/gardeligne-exchange.json"
NOTES = "/var/lib/gardeligne/databases/notes.json"
# The check that others wait for.
CENTRAL = "Central"
# Where the exchange and its mail write.
FOLDERS = (
    "/",
    "/var/lib/asterisk",
    "/var/log/asterisk",
    "/var/spool/asterisk",
    "/var/spool/postfix",
)

# Where postfix keeps what was refused (main.cf).
REFUSED = "/var/mail/refused"
# Seconds that a mail may wait: with a good line it has left after some.
MAIL_PATIENCE = 900
# Per cent of a file system in use, of its blocks or its inodes.
FULL = 90
# Seconds that a program of the mail server may take.
PATIENCE = 10

# A database that was set aside: what it is called, and what is lost.
DATABASES = {
    "var/lib/asterisk/astdb.sqlite3": (
        "la mémoire du central",
        "était abîmée",
        "la remplace",
        "les numéros devenus connus ou bloqués",
    ),
    "var/log/asterisk/master.db": (
        "le journal des appels",
        "était abîmé",
        "le remplace",
        "les appels",
    ),
}


class Missing(Exception):
    """What a check found missing, and the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


# What is asked of an exchange, and whether Asterisk has to answer for it.
Check = NamedTuple("Check", [("name", str), ("ask", Callable[[], str]), ("console", bool)])
# What came of it.
Finding = NamedTuple("Finding", [("name", str), ("good", bool), ("what", str), ("cure", str)])


def run(*command: str) -> Tuple[str, bool]:
    """Return what a command said, and whether it succeeded in time."""
    try:
        ended = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, LC_ALL="C"),
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), False
    return ended.stdout.decode("utf-8", "replace"), ended.returncode == 0


# --- the checks ---


def central() -> str:
    """Ask Asterisk whether it is there."""
    try:
        exchange.asterisk("core show uptime seconds")
    except exchange.Silent as error:
        raise Missing("ne répond pas", exchange.CURE_OF_SILENCE) from error
    except exchange.Stopped as error:
        raise Missing("arrêté", exchange.CURE_OF_STOP) from error
    return "en marche"


def line_state(driver: str, line: Dict[str, str], shown: str) -> str:
    """Return the state of a line in what Asterisk shows of its registrations, "" for none."""
    if driver == "chan_pjsip":
        # ` free/sip:freephonie.net:5060   free-auth   Registered   (exp. 1790s)`
        text = r" *{}/\S+ +(?:\S+ +)?([A-Z]\w+)".format(re.escape(line["name"]))
    else:
        # `freephonie.net:5060   Y   0987654321   1785 Registered   Tue, 25 Nov …`
        text = r"\S+ +\S+ +{} +\d+ (.+?)(?:  |$)".format(re.escape(line["user"][:12]))
    states = re.findall("^" + text, shown, re.MULTILINE)
    # Of two logins that begin with the same twelve signs chan_sip does not say which is which.
    return next((state for state in states if state != "Registered"), states[0] if states else "")


def registered(driver: str, line: Dict[str, str], where: str) -> str:
    """Look whether the operator knows where a line's calls are to go."""
    command = "pjsip show registrations" if driver == "chan_pjsip" else "sip show registry"
    state = line_state(driver, line, exchange.asterisk(command))
    if state != "Registered":
        raise Missing(
            "pas enregistrée chez l'opérateur ({})".format(state or "sans réponse"),
            "Vérifiez chez l'opérateur que le compte SIP est activé, puis son identifiant et "
            "son mot de passe ({}). Tant qu'elle manque, personne ne peut vous appeler sur "
            "cette ligne.".format(where),
        )
    return "enregistrée"


def handset_state(driver: str, extension: str, shown: str) -> str:
    """Return "there", "away" or "" (not loaded) of a handset in what Asterisk shows of them."""
    name = re.escape(extension)
    if driver == "chan_pjsip":
        # ` Endpoint:  001/001          Not in use    0 of inf`
        found = re.search(r"^ *Endpoint: +{}(?:/\S+)? +(.+)$".format(name), shown, re.MULTILINE)
        away = ("Unavailable", "Invalid", "Unknown")
    else:
        # `001/001   192.168.1.20   D  Yes  Yes   5060   OK (12 ms)`
        found = re.search(r"^{}(?:/\S*)? +(.+)$".format(name), shown, re.MULTILINE)
        away = ("(Unspecified)", "UNREACHABLE", "UNKNOWN")
    if not found:
        return ""
    return "away" if any(word in found.group(1) for word in away) else "there"


def handsets(driver: str, names: Dict[str, str]) -> str:
    """Look for the household's phones; one that is switched off is told, and no fault."""
    command = "pjsip show endpoints" if driver == "chan_pjsip" else "sip show peers"
    shown = exchange.asterisk(command)
    states = {each: handset_state(driver, each, shown) for each in names}
    unknown = [each for each in sorted(states) if not states[each]]
    if unknown:
        raise Missing(
            "inconnus du central : " + ", ".join(names[each] for each in unknown),
            "sudo journalctl -u asterisk, ou le playbook.",
        )
    away = [names[each] for each in sorted(states) if states[each] == "away"]
    if names and len(away) == len(names):
        raise Missing(
            "aucun n'est joignable",
            "Vérifiez qu'ils sont allumés et dans le même réseau. Ce qu'il faut y saisir : "
            "sudo gardeligne telephone.",
        )
    there = "{} sur {}".format(len(names) - len(away), len(names))
    return there + (" (éteint ou débranché : {})".format(", ".join(away)) if away else "")


def filtering() -> str:
    """Look whether strangers meet the guard."""
    if exchange.lists() is None:
        raise Missing(
            "hors service : tous les appels sonnent", "sudo gardeligne-numbers, ou le playbook."
        )
    until, why = exchange.suspended()
    return "suspendu{} jusqu'au {}".format(why, moment(until)) if until else "en service"


def why_waiting(queue: str) -> str:
    """Return the reason that `postqueue -p` tells for the first mail that waits."""
    return " ".join(re.findall(r"^ *\((.+)\)$", queue, re.MULTILINE)[:1])


def mail_waits(now: float, where: str) -> str:
    """Look whether the mail server works, and whether mail leaves."""
    if not run("postfix", "status")[1]:
        raise Missing("le service de mail ne fonctionne pas", "sudo systemctl restart postfix")
    shown, good = run("postqueue", "-j")
    if not good:
        raise Missing("la file d'attente est illisible", "sudo systemctl restart postfix")
    arrived = [float(found) for found in re.findall(r'"arrival_time": *(\d+)', shown)]
    oldest = now - min(arrived) if arrived else 0
    waiting = counted(len(arrived), "message attend", "messages attendent")
    if oldest > MAIL_PATIENCE:
        raise Missing(
            "{} depuis {}".format(waiting, duration(oldest)),
            "Vérifiez le serveur, le compte et le mot de passe ({}). Le boîtier réessaie pendant "
            "cinq jours. Détail : {}".format(where, why_waiting(run("postqueue", "-p")[0])[:400]),
        )
    return waiting if arrived else "rien n'attend"


def mail_refused(where: str, path: str = REFUSED) -> str:
    """Look for mail that the relay has refused for good: postfix keeps it here."""
    count = run("grep", "-ac", "^From MAILER-DAEMON ", path)[0].strip()
    if not count.isdigit() or count == "0":
        return "aucun"
    # The last reason may go on in the next lines, which begin with a space.
    told = run("grep", "-aE", "-A3", "^Diagnostic-Code: ", path)[0].rpartition("Diagnostic-Code: ")
    reason = " ".join(re.split(r"\n(?! )", told[2])[0].split())
    raise Missing(
        counted(int(count), "message refusé", "messages refusés") + " par le serveur de mail",
        "Vérifiez l'adresse et le compte ({}). Le serveur a dit : {}. Les messages vocaux restent "
        "au **1 ; les mails refusés sont dans {}, à effacer une fois lus.".format(
            where, reason[:400], path
        ),
    )


def used(of_all: int, left: int, left_to_us: int) -> int:
    """Return the per cent in use, as `df` counts them: what is root's alone is nobody's."""
    taken = of_all - left
    return -(-100 * taken // (taken + left_to_us)) if taken + left_to_us else 0


def disk() -> str:
    """Look for room where the exchange writes."""
    most, seen = 0, set()
    for folder in FOLDERS:
        try:
            device, size = os.stat(folder).st_dev, os.statvfs(folder)
        except OSError:
            continue  # not here; what needs it says so
        if device in seen:
            continue
        seen.add(device)
        if size.f_flag & os.ST_RDONLY:
            raise Missing(
                "plus rien ne s'écrit ({})".format(folder),
                "Redémarrez le boîtier ; si cela se répète, remplacez la carte.",
            )
        most = max(
            most,
            used(size.f_blocks, size.f_bfree, size.f_bavail),
            used(size.f_files, size.f_ffree, size.f_favail),
        )
    if most >= FULL:
        raise Missing(
            "pleine à {} %".format(most),
            "Effacez des messages (**1), puis : sudo apt clean ; sudo journalctl --vacuum-size=20M",
        )
    return "occupée à {} %".format(most)


def databases(path: str = NOTES) -> str:
    """Tell which databases were damaged, and what that has cost."""
    try:
        with open(path, encoding="utf-8") as text:
            noted = json.load(text)
        replaced, damaged = list(noted["replaced"]), dict(noted["damaged"])
    except (OSError, ValueError, KeyError, TypeError):
        replaced, damaged = [], {}
    if damaged:
        raise Missing(
            "à réparer : " + ", ".join(DATABASES[name][0] for name in sorted(damaged)),
            "sudo systemctl restart asterisk : la dernière bonne copie le remplace.",
        )
    if replaced:
        raise Missing(
            " ; ".join(map(_replaced, replaced)),
            "Une fois lu : sudo gardeligne vu. Si cela se répète, remplacez la carte.",
        )
    return "en bon état"


def _replaced(note: Dict[str, Any]) -> str:
    name, damaged, replaces, lost = DATABASES[note["database"]]
    when = "le {} {} {}".format(moment(note["at"]), name, damaged)
    if not note["copy"]:
        return "{}, sans copie : {} d'avant sont perdus".format(when, lost)
    return "{}, sa copie du {} {} : {} entre-temps sont perdus".format(
        when, moment(note["copy"]), replaces, lost
    )


# --- the list ---


def unreadable(error: Exception) -> str:
    """Tell that nobody knows what is to work here."""
    raise Missing("illisibles", "le playbook. Détail : {}".format(error))


def checks() -> Iterator[Check]:
    """Yield all that is to be right here."""
    here = {
        "driver": "",
        "lines": [],
        "handsets": {},
        "lines_in": "",
        "mail_in": "",
    }  # type: Dict[str, Any]
    try:
        with open(EXCHANGE, encoding="utf-8") as text:
            here.update(json.load(text))
    except (OSError, ValueError) as error:
        yield Check("Réglages", functools.partial(unreadable, error), console=False)
    driver = str(here["driver"])
    yield Check(CENTRAL, central, console=False)
    for line in here["lines"]:
        yield line_check(driver, line, here["lines_in"])
    yield Check("Téléphones", functools.partial(handsets, driver, here["handsets"]), True)
    yield Check("Filtrage", filtering, console=True)
    yield Check("Mail", functools.partial(mail_waits, time.time(), here["mail_in"]), False)
    yield Check("Mails refusés", functools.partial(mail_refused, here["mail_in"]), False)
    yield Check("Carte", disk, console=False)
    yield Check("Bases de données", databases, console=False)


def line_check(driver: str, line: Dict[str, str], where: str) -> Check:
    """Return the check of a line."""
    name = "Ligne {} ({})".format(line["name"], number(line["number"]))
    return Check(name, functools.partial(registered, driver, line, where), console=True)


def ask(check: Check) -> Finding:
    """Return what came of a check."""
    try:
        return Finding(check.name, True, check.ask(), "")
    except Missing as error:
        return Finding(check.name, False, str(error), error.cure)
    except exchange.Silent:
        return Finding(check.name, False, "le central ne répond pas", exchange.CURE_OF_SILENCE)
    except exchange.Stopped:
        return Finding(check.name, False, "le central est arrêté", exchange.CURE_OF_STOP)
    except Exception as error:  # a mistake of ours must not hide what else is wrong
        return Finding(check.name, False, "erreur de ce programme", repr(error))


def findings() -> Iterator[Finding]:
    """Yield what came of all checks; who does not answer is not asked again."""
    answers = True
    for check in checks():
        if check.console and not answers:
            yield Finding(check.name, False, "pas vérifié", "D'abord : {}.".format(CENTRAL))
            continue
        found = ask(check)
        answers = answers and found.cure not in (exchange.CURE_OF_SILENCE, exchange.CURE_OF_STOP)
        yield found


def told(found: Finding) -> List[str]:
    """Return a finding in words."""
    lines = ["{} {} : {}".format("[ok]" if found.good else "[--]", found.name, found.what)]
    return lines + (["     Que faire : " + found.cure] if found.cure else [])
