"""Whether the firewall is there, and whom it has refused."""

import json
import os
import re
import time

from finding import Missing

SETTINGS = "/usr/local/etc/gardeligne-firewall.json"
# Written again and again while the firewall is there: who was refused often, as nft lists it.
GUESSERS = "/run/gardeligne-firewall/guessers"
OLD = 120
RESTART = ("systemctl", "restart", "gardeligne-firewall.service")


def wanted(path: str = SETTINGS) -> bool:
    """Tell whether there is to be one."""
    try:
        with open(path, encoding="utf-8") as text:
            return bool(json.load(text)["enabled"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def firewall(path: str = GUESSERS) -> str:
    """Look whether it is there; tell how many it has refused for a week."""
    try:
        age = time.time() - os.stat(path).st_mtime
        with open(path, encoding="utf-8") as text:
            guessers = len(set(re.findall(r"\d+\.\d+\.\d+\.\d+", text.read())))
    except OSError:
        age, guessers = OLD + 1.0, 0
    if age > OLD:
        raise Missing(
            "absent : les téléphones marchent, mais n'importe qui peut frapper au boîtier",
            "{} ; ensuite : sudo journalctl -u gardeligne-firewall".format(
                "sudo " + " ".join(RESTART)
            ),
            RESTART,
        )
    if not guessers:
        return "en place"
    return "en place ; écarté depuis une semaine pour avoir essayé des mots de passe : {}".format(
        "une adresse" if guessers == 1 else "{} adresses".format(guessers)
    )
