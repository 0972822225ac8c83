"""Whether a newer Asterisk waits, as gardeligne-updates has found."""

import json

from finding import Missing
from french import moment

STATE = "/var/lib/gardeligne/updates.json"
# Seconds after which what was found says nothing any more: it is looked for every week.
OLD = 30 * 86400


def waiting(now: float, path: str = STATE) -> str:
    """Tell whether Debian has a newer Asterisk; `now` in seconds since 1970."""
    with open(path, encoding="utf-8") as text:
        state = json.load(text)
    if state["newer"]:
        raise Missing(
            "Asterisk {} attend (ici {})".format(state["offered"], state["installed"]),
            state["cure"],
        )
    return looked_for(now, path)


def looked_for(now: float, path: str = STATE) -> str:
    """Tell whether somebody has looked lately; `now` in seconds since 1970."""
    with open(path, encoding="utf-8") as text:
        state = json.load(text)
    if now - state["checked"] > OLD:
        raise Missing(
            "pas vérifiées depuis le {}".format(moment(state["checked"])),
            "Vérifiez que le boîtier atteint Internet, puis : sudo systemctl start "
            "gardeligne-updates",
        )
    return "Asterisk {}, le plus récent de Debian".format(state["installed"])
