"""Whether there is room on the card, and whether databases were damaged."""

import json
import os
from typing import Any, Dict

from finding import Missing
from french import moment

NOTES = "/var/lib/gardeligne/databases/notes.json"
# Where the exchange and its mail write.
FOLDERS = (
    "/",
    "/var/lib/asterisk",
    "/var/log/asterisk",
    "/var/spool/asterisk",
    "/var/spool/postfix",
)
# Per cent of a file system in use, of its blocks or its inodes.
FULL = 90

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
