"""Whether a newer Asterisk waits, and what became of security updates."""

import json

from finding import Missing
from french import moment

STATE = "/var/lib/gardeligne/updates.json"
# Seconds after which what was found says nothing any more: it is looked for every week.
OLD = 30 * 86400
# What gardeligne-security goes by, and what came of it.
SECURITY_SETTINGS = "/etc/apt/apt.conf.d/60gardeligne"
SECURITY = "/var/lib/gardeligne/security.json"
# Seconds that they may fail, every night; and that a restart of the machine may be due.
FAILS, RESTART = 2 * 86400, 7 * 86400
DETAILS = "sudo journalctl -u gardeligne-security"


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


def secure(now: float, path: str = SECURITY) -> str:
    """Tell what became of security updates; `now` in seconds since 1970."""
    try:
        with open(path, encoding="utf-8") as text:
            state = json.load(text)
    except FileNotFoundError:
        return "les premières la nuit prochaine"
    refused = state["refused"]
    if refused:
        lacked = ", ".join(refused["missing"])
        raise Missing(
            "Asterisk {version} ne marchait pas ici, la version {here} a été remise".format(
                **refused
            )
            + (" (il manquait : {})".format(lacked) if lacked else ""),
            "Rien ne presse : vos appels passent comme avant. Cette version ne sera plus "
            "installée, la suivante le sera d'elle-même. Si ce message est encore là dans un "
            "mois, montrez-le "
            "à qui s'occupe de votre boîtier ; détails : {}.".format(DETAILS),
        )
    if state["failed"] and now - state["since"] > FAILS:
        raise Missing(
            "échouent depuis le {} : {}".format(moment(state["since"]), state["failed"]),
            "Vérifiez que le boîtier atteint Internet, puis, quand personne ne téléphone : sudo "
            "systemctl start gardeligne-security ; ensuite : {}.".format(DETAILS),
        )
    if state["restart"] and now - state["restart"] > RESTART:
        raise Missing(
            "elles attendent un redémarrage depuis le {}".format(moment(state["restart"])),
            "Laissez le boîtier allumé la nuit ; ou bien, quand personne ne téléphone : sudo "
            "reboot.",
        )
    if now - state["tried"] > OLD:
        raise Missing(
            "aucune depuis le {}".format(moment(state["tried"])),
            "sudo systemctl restart gardeligne-security.timer ; ensuite : {}.".format(DETAILS),
        )
    return "cherchées le {}".format(moment(state["tried"]))
