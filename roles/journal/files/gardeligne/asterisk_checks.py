"""What Asterisk answers for: that it is there, its lines, its phones, and the guard."""

import re
from typing import Dict

import exchange
from finding import Missing
from french import moment

# What somebody has switched off stays off.
START = (
    "/bin/sh",
    "-c",
    "systemctl --quiet is-enabled asterisk.service && systemctl --no-block start asterisk.service",
)


def central() -> str:
    """Ask Asterisk whether it is there."""
    try:
        exchange.asterisk("core show uptime seconds")
    except exchange.Silent as error:
        raise Missing("ne répond pas", exchange.CURE_OF_SILENCE) from error
    except exchange.Stopped as error:
        raise Missing("arrêté", exchange.CURE_OF_STOP, START) from error
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


def phones_shown(driver: str) -> str:
    """Return what Asterisk shows of the phones."""
    return exchange.asterisk("pjsip show endpoints" if driver == "chan_pjsip" else "sip show peers")


def handset(driver: str, extension: str) -> str:
    """Look for one phone."""
    if handset_state(driver, extension, phones_shown(driver)) == "away":
        raise Missing(
            "éteint, débranché ou hors du réseau",
            "Vérifiez qu'il est allumé et dans le même réseau que le boîtier. Ce qu'il faut y "
            "saisir : sudo gardeligne telephone {}. S'il ne sert plus, il n'y a rien à "
            "faire.".format(extension),
        )
    return "joignable"


def handsets(driver: str, names: Dict[str, str]) -> str:
    """Look for the household's phones; one that is switched off is told, and no fault."""
    shown = phones_shown(driver)
    states = {each: handset_state(driver, each, shown) for each in names}
    unknown = [each for each in sorted(states) if not states[each]]
    if unknown:
        raise Missing(
            "inconnus du central : " + ", ".join(names[each] for each in unknown),
            "sudo systemctl restart asterisk ; ensuite : sudo journalctl -u asterisk.",
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
            "hors service : tous les appels sonnent",
            "sudo gardeligne-numbers.",
            ("systemctl", "--no-block", "start", "gardeligne-numbers.service"),
        )
    until, why = exchange.suspended()
    return "suspendu{} jusqu'au {}".format(why, moment(until)) if until else "en service"
