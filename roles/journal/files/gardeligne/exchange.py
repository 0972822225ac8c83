"""What Asterisk knows now: the guard, the numbers that the household added, the lists."""

import sqlite3
import subprocess
import time
from typing import Dict, List, Optional, Tuple

from french import counted

LISTS = "/run/gardeligne/numbers.sqlite3"


# Seconds that Asterisk's console may take to answer: it takes some milliseconds.
PATIENCE = 5
CURE_OF_STOP = "sudo systemctl restart asterisk ; ensuite : sudo journalctl -u asterisk -n 30"
# A restart would wait for it to end its calls, a quarter of an hour; killed, it starts by itself.
CURE_OF_SILENCE = "sudo systemctl kill -s KILL asterisk (il redémarre tout seul)"


class Stopped(Exception):
    """Asterisk does not run, or does not answer us."""


class Silent(Stopped):
    """Asterisk runs, and does not answer us."""


def asterisk(command: str) -> str:
    """Return what Asterisk answers to a command of its console. Raises Stopped."""
    try:
        answer = subprocess.check_output(
            ["asterisk", "-rx", command], stderr=subprocess.DEVNULL, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise Silent() from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise Stopped() from error
    return answer.decode("utf-8", "replace")


def family(name: str) -> Dict[str, List[str]]:
    """Return Asterisk's own entries of a family: key, and the words of its value."""
    entries = {}
    for line in asterisk("database show " + name).splitlines():
        key, colon, value = line.partition(":")
        if colon and key.startswith("/{}/".format(name)):
            entries[key.strip()[len(name) + 2 :]] = value.split()
    return entries


def forget(name: str, number: str = "") -> bool:
    """Forget a number of a family, or all of them; tell whether there was one."""
    # Asked before: 13.14 answers to `database del` that it removed what was not there.
    entries = family(name)
    found = number in entries if number else bool(entries)
    asterisk("database del {} {}".format(name, number) if number else "database deltree " + name)
    return found


def keep(name: str, number: str) -> None:
    """Put a number into the family `known` or `blocked`, and out of the other one: at once."""
    for other in ("known", "blocked"):
        asterisk("database del {} {}".format(other, number))
    asterisk('database put {} {} "{} command"'.format(name, number, int(time.time())))


def expect(hours: int) -> None:
    """Let every call ring at once for some hours; not any more, for 0."""
    if hours:
        until = int(time.time()) + hours * 3600
        asterisk("database put guard expecting {}".format(until))
    else:
        asterisk("database del guard expecting")


def setting(name: str) -> Tuple[str, str]:
    """Return what a setting is now, and what the household's files say. Raises Stopped.

    It was changed here if that was when the files said what they say now: as the dialplan has it.
    """
    written = ""
    for line in asterisk("dialplan show globals").splitlines():
        variable, _, value = line.strip().partition("=")
        if variable == "SET_" + name:
            written = value
    changed = family("guard").get(name, [])
    return (changed[0] if changed[1:] == [written] else written, written)


def set_at_once(name: str, value: str) -> None:
    """Change a setting, for as long as the household's files say what they say now."""
    _, written = setting(name)
    asterisk('database put guard {} "{} {}"'.format(name, value, written))


def set_as_in_files(name: str) -> None:
    """Let a setting be what the household's files say."""
    asterisk("database del guard {}".format(name))


def listed(action: str, number: str, database: str = LISTS) -> bool:
    """Tell whether a written list (`allow`, `block`) has a number. Raises sqlite3.Error.

    Whole, or by a beginning of two digits and more: as the guard looks it up.
    """
    beginnings = [number[:length] + "*" for length in range(2, len(number) + 1)]
    keys = [action + key for key in [number, *beginnings]]
    connection = sqlite3.connect("file:{}?mode=ro".format(database), uri=True, timeout=5)
    try:
        ask = "SELECT 1 FROM numbers WHERE key = ?"
        return any(connection.execute(ask, (key,)).fetchone() for key in keys)
    finally:
        connection.close()


def suspended() -> Tuple[float, str]:
    """Return until when every call rings at once (seconds since 1970), and why; 0 if not."""
    found = family("guard")
    ends = [
        (float((found.get(key) or ["0"])[0]), why)
        for key, why in (("expecting", ""), ("help", " après un appel d'urgence"))
    ]
    until, why = max(ends)
    return (until, why) if until > time.time() else (0, "")


def lists(database: str = LISTS) -> Optional[int]:
    """Return how many numbers the lists have; None if they cannot be read whole."""
    try:
        open(database, "rb").close()  # sqlite3 says no more than 'unable to open'
        connection = sqlite3.connect("file:{}?mode=ro".format(database), uri=True, timeout=5)
        try:
            found = connection.execute("SELECT value FROM numbers WHERE key = 'loaded'").fetchone()
        finally:
            connection.close()
        return int(found[0]) if found else None
    except (OSError, sqlite3.Error, ValueError):
        return None


def problems() -> List[str]:
    """Return what is broken, each with its cure."""
    try:
        asterisk("core show uptime seconds")
    except Silent:
        return ["Le central ne répond pas : " + CURE_OF_SILENCE]
    except Stopped:
        return ["Le central est arrêté : " + CURE_OF_STOP]
    if lists() is None:
        return ["La liste des numéros est illisible : sudo gardeligne-numbers"]
    return []


def known_numbers() -> List[str]:
    """Return how many numbers the guard knows. Raises Stopped."""
    numbers = [
        ("Listes", lists() or 0),
        ("Devenus connus", len(family("known"))),
        ("Bloqués au clavier", len(family("blocked"))),
    ]
    return [
        "{} : {}.".format(title, counted(count, "numéro", "numéros")) for title, count in numbers
    ]
