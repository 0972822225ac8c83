"""Whether the watch looks, and what it has told."""

import json
import time
from typing import Any, Dict, List

from finding import Missing
from french import moment

NAME = "Surveillance"
# It is here where the first is, and the second is what it knows.
SETTINGS = "/usr/local/etc/gardeligne-watch.json"
STATE = "/run/gardeligne-watch/state.json"
# Seconds after which it looks no more: it does every minute.
OLD = 600
CURE = "sudo systemctl restart gardeligne-watch ; ensuite : sudo journalctl -u gardeligne-watch"


def watching(path: str = STATE) -> str:
    """Look whether the watch does, and tell what it has told."""
    try:
        with open(path, encoding="utf-8") as text:
            state = json.load(text)
        age = time.monotonic() - state["now"]
        told = _told(state)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Missing("n'a rien écrit", CURE) from error
    if not 0 <= age <= OLD:
        raise Missing("ne regarde plus depuis le {}".format(_when(state["now"])), CURE)
    return " ; ".join(["en marche", *told])


def _when(at: float) -> str:
    """Return date and time, local, of a time of the clock that nobody sets."""
    return moment(time.time() - (time.monotonic() - at))


def _told(state: Dict[str, Any]) -> List[str]:
    found = [
        "{} {} depuis le {}".format(
            "signalé par mail :" if fault["mailed"] else "signalé :", name, _when(fault["bad"])
        )
        for name, fault in sorted(state["faults"].items())
        if fault["told"]
    ]
    if state["restart"] is not None:
        found.append("central redémarré le {}".format(_when(state["restart"])))
    return found
