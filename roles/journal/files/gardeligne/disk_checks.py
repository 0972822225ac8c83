"""Whether there is room on the card, whether it fails, and whether databases were damaged."""

import glob
import json
import os
import re
from typing import Any, Dict

from finding import Missing
from french import counted, moment
from mail_checks import run

NOTES = "/var/lib/gardeligne/databases/notes.json"
# Where the exchange and its mail write.
FOLDERS = (
    "/",
    "/var/lib/asterisk",
    "/var/log/asterisk",
    "/var/spool/asterisk",
    "/var/spool/postfix",
)
# Where the kernel counts a file system's errors.
EXT4 = "/sys/fs/ext4"
# Asterisk takes a good copy when it starts, which it may where nobody talks.
RESTART_IDLE = (
    "/bin/sh",
    "-c",
    "asterisk -rx 'core show channels count' | grep -q '^0 active calls' && "
    "systemctl --no-block restart asterisk.service",
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


def read_only(device: int) -> bool:
    """Tell whether the kernel writes no more to a file system, as it does after an error.

    Not by statvfs(): that tells of the watch, from which most of it is locked away.
    """
    wanted = "{}:{}".format(os.major(device), os.minor(device))
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as text:
        lines = [line.split() for line in text]
    return any(line[2] == wanted and "ro" in line[-1].split(",") for line in lines)


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
        if read_only(device):
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
            ("find", "/var/cache/apt", "-name", "*.deb", "-delete"),
            ("journalctl", "--vacuum-size=20M"),
        )
    return "occupée à {} %".format(most)


def counted_errors(folder: str = EXT4) -> int:
    """Return how many errors the file systems have counted since they were last checked."""
    count = 0
    for path in glob.glob(os.path.join(folder, "*", "errors_count")):
        try:
            with open(path) as text:
                count += int(text.read())
        except (OSError, ValueError):
            continue
    return count


def unread_blocks() -> int:
    """Return how often a card or disk gave an error since the machine was started."""
    # `I/O error, dev mmcblk0, sector 8192`; older kernels name a function before.
    shown, _ = run("journalctl", "--dmesg", "--boot", "--output=cat", "--no-pager", "--lines=2000")
    return len(re.findall(r"I/O error, dev (?:mmcblk|sd|nvme|vd)", shown))


def errors() -> str:
    """Look for what a card tells before it dies."""
    count, unread = counted_errors(), unread_blocks()
    if count or unread:
        raise Missing(
            counted(count + unread, "erreur", "erreurs"),
            "Remplacez la carte bientôt : celle-ci s'use. Ce qu'elle a d'important : les messages "
            "(**1), et les numéros connus.",
        )
    return "aucune"


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
            RESTART_IDLE,
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
