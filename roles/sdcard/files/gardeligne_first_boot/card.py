"""The card: its size, and the settings on it."""

import json
import os
from typing import List

from .tools import Card, Missing, run

# Room at the end of the card, in sectors of 512 bytes, that is not worth growing for: 16 MiB.
LITTLE = 32768
# To sfdisk: the same start, all that follows.
ALL_OF_IT = b",+\n"


def settings(card: Card) -> str:
    """Return what became of the settings on the card, which another program takes."""
    with open(card["settings"], encoding="utf-8") as text:
        taken = json.load(text)
    if not taken["good"]:
        raise Missing(taken["what"], taken["cure"])
    return str(taken["what"])


def number(*path: str) -> int:
    """Return the number in a file."""
    with open(os.path.join(*path)) as text:
        return int(text.read())


def room(partition: str) -> int:
    """Return the sectors between a partition and the end of its disk (folders of sysfs)."""
    disk = os.path.dirname(partition)
    return number(disk, "size") - number(partition, "start") - number(partition, "size")


def larger(which: str, disk: str) -> List[str]:
    """Return the command that makes a partition larger, for what `ALL_OF_IT` asks."""
    return ["sfdisk", "--no-reread", "--force", "-N", which, disk]


def grow(_card: Card) -> str:
    """Grow the root partition and its file system to the end of the card."""
    device = os.stat("/").st_dev
    partition = os.path.realpath("/sys/dev/block/{}:{}".format(os.major(device), os.minor(device)))
    said = ""
    if os.path.exists(os.path.join(partition, "partition")):
        name = "/dev/" + os.path.basename(partition)
        disk = "/dev/" + os.path.basename(os.path.dirname(partition))
        which = str(number(partition, "partition"))
        if room(partition) >= LITTLE:
            said, _ = run(*larger(which, disk), input=ALL_OF_IT)
            run("partx", "--update", "--nr", which, disk)
        # Also where somebody else has made the partition larger.
        resized, good = run("resize2fs", name, timeout=600)
        if room(partition) >= LITTLE or not good:
            cure = "Carte défectueuse ? Essayez-en une autre. Détail : "
            raise Missing(
                "le système n'occupe pas toute la carte",
                cure + (said + "\n" + resized).strip()[-400:],
            )
    size = os.statvfs("/")
    return "{} Go, dont {} libres".format(
        gigabytes(size.f_blocks * size.f_frsize), gigabytes(size.f_bavail * size.f_frsize)
    )


def gigabytes(size: int) -> str:
    """Return a size as the French write it."""
    return "{:.1f}".format(size / 1e9).replace(".", ",")
