"""Whether backups are made, and where they are, as gardeligne-backup has left it."""

import json
import os
from typing import Any, Dict

from finding import Missing
from french import moment

SETTINGS = "/usr/local/etc/gardeligne-backup.json"
STATE = "/var/lib/gardeligne/backup/state.json"
# Seconds: one is made every night, and a stick may be away for a week.
OLD, OLD_COPY = 3 * 86400, 8 * 86400
PLACES = {
    "usb": ("sur la clé USB", "Branchez la clé nommée GARDELIGNE"),
    "folder": ("dans le dossier du réseau", "Vérifiez que ce dossier est monté"),
    "ssh": ("par SSH", "Vérifiez que l'autre machine répond"),
}
NOW = "puis : sudo gardeligne sauvegarder"


def left(path: str) -> Dict[str, Any]:
    """Return what became of the last one: nothing, before the first."""
    try:
        with open(path, encoding="utf-8") as text:
            return dict(json.load(text))
    except (OSError, ValueError, TypeError):
        return {}  # one that is damaged is written anew by the next


def saved(now: float, settings: str = SETTINGS, path: str = STATE) -> str:
    """Tell when the last backup was made, and where else it is; `now` in seconds since 1970."""
    with open(settings, encoding="utf-8") as text:
        wanted = json.load(text)
    state = left(path)
    made = float(state.get("made", 0))
    # Before the first: since when somebody waits for it.
    if now - (made or os.stat(settings).st_ctime) > OLD:
        raise Missing(
            "pas faite depuis le {}".format(moment(made)) if made else "jamais faite",
            "{}. Ensuite : sudo journalctl -u gardeligne-backup -n 20".format(
                state.get("error") or "sudo gardeligne sauvegarder"
            ),
        )
    for kind, copied in sorted(state.get("copies", {}).items()):
        if wanted.get(kind) and now - max(copied["made"], copied["since"]) > OLD_COPY:
            where, cure = PLACES[kind]
            since = "depuis le {}".format(moment(copied["made"])) if copied["made"] else "encore"
            raise Missing(
                "rien de copié {} {} ({})".format(where, since, copied.get("error", "")),
                "{}, {}".format(cure, NOW),
            )
    if not made:
        return "la première se fait cette nuit"
    good = [
        PLACES[kind][0]
        for kind, copied in sorted(state["copies"].items())
        if not copied.get("error")
    ]
    return "le {}, {}".format(moment(made), " et ".join(["sur la carte", *good]))
