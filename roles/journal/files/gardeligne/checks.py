"""What must be right for the exchange to do its work, each with its words and its cure.

One list: `gardeligne etat` prints it, the watch looks at it all the time, and the report of a
card's first start waits for some of it. A check returns what it found, or raises Missing. Whoever
asks is answered within seconds, whatever hangs.
"""

import functools
import json
import os
import time
from typing import Any, Dict, Iterable, Iterator, Tuple

import asterisk_checks
import backup_checks
import disk_checks
import exchange
import firewall_checks
import machine_checks
import mail_checks
import update_checks
import watch_checks
from finding import UNCHECKED, Check, Finding, Missing, ask, make, missing
from french import number

# What this exchange is to have: its SIP driver, its lines, where the household writes them.
EXCHANGE = "/usr/local/etc/gardeligne-exchange.json"
# The check that others wait for.
CENTRAL = "Central"
UPDATES = "Mises à jour"
SECURITY = "Mises à jour de sécurité"
# What nobody has said, of an exchange: seconds that a line may be down, too.
NOTHING = {
    "driver": "",
    "lines": [],
    "handsets": {},
    "lines_in": "",
    "mail_in": "",
    "line_patience": 600,
}  # type: Dict[str, Any]


def unreadable(error: Exception) -> str:
    """Tell that nobody knows what is to work here."""
    raise Missing("illisibles", "le playbook. Détail : {}".format(error))


def known() -> Dict[str, Any]:
    """Return what this exchange is to have. Raises OSError, ValueError."""
    with open(EXCHANGE, encoding="utf-8") as text:
        here = dict(NOTHING, **json.load(text))
    here["line_patience"] = int(here["line_patience"])  # Ansible writes a text
    return here


def checks() -> Iterator[Check]:
    """Yield all that is to be right here."""
    here = NOTHING
    try:
        here = known()
    except (OSError, ValueError) as error:
        yield make("Réglages", functools.partial(unreadable, error))
    driver, now = str(here["driver"]), time.time()
    yield make(CENTRAL, asterisk_checks.central)
    for line in here["lines"]:
        yield line_check(driver, line, here["lines_in"], here["line_patience"])
    phones = functools.partial(asterisk_checks.handsets, driver, here["handsets"])
    yield make("Téléphones", phones, console=True, patience=1800)
    yield make("Filtrage", asterisk_checks.filtering, console=True)
    # A mail that tells that no mail leaves would wait with the others.
    waits = functools.partial(mail_checks.mail_waits, now, here["mail_in"])
    yield make("Mail", waits, patience=120, mailed=False)
    refused = functools.partial(mail_checks.mail_refused, here["mail_in"])
    yield make("Mails refusés", refused, every=600, patience=0)
    yield make("Carte", disk_checks.disk, patience=120)
    yield make("Erreurs de la carte", disk_checks.errors, every=1800, patience=0)
    yield make("Bases de données", disk_checks.databases, patience=0)
    hosts = machine_checks.hosts(here["lines"])
    if hosts:
        names = functools.partial(machine_checks.names, hosts)
        yield make("Noms (DNS)", names, every=120)
    if firewall_checks.wanted():
        yield make("Pare-feu", firewall_checks.firewall)
    # A container has its host's, as systemd-timesyncd says too.
    if not os.path.exists(machine_checks.CONTAINER):
        yield make("Heure", machine_checks.clock, every=600, patience=3600)
    if machine_checks.thermometers():
        yield make("Température", machine_checks.temperature)
    if machine_checks.voltmeters():
        yield make("Alimentation", machine_checks.voltage, patience=0)
    # Where apt itself knows of Asterisk's updates, nothing else looks for them.
    if os.path.exists(update_checks.STATE):
        yield make(UPDATES, functools.partial(update_checks.waiting, now))
    if os.path.exists(backup_checks.SETTINGS):
        last = functools.partial(backup_checks.saved, now)
        yield make("Sauvegarde", last, every=3600, patience=3600)
    if os.path.exists(update_checks.SECURITY_SETTINGS):
        yield make(SECURITY, functools.partial(update_checks.secure, now), patience=0)
    if os.path.exists(watch_checks.SETTINGS):
        yield make(watch_checks.NAME, watch_checks.watching)


def watched() -> Iterator[Check]:
    """Yield what the watch looks at: all of that but itself, and each telephone."""
    yield from (check for check in checks() if check.name not in (UPDATES, watch_checks.NAME))
    # A newer one is told by what looks for it, and is no fault.
    if os.path.exists(update_checks.STATE):
        looked_for = functools.partial(update_checks.looked_for, time.time())
        yield make(UPDATES, looked_for, every=3600, patience=0)
    try:
        here = known()
    except (OSError, ValueError):
        return
    for extension, name in sorted(here["handsets"].items()):
        there = functools.partial(asterisk_checks.handset, here["driver"], extension)
        # A mobile goes out with who carries it: only one that stays away for a day is missed.
        yield make(
            "Téléphone {} ({})".format(name, extension),
            there,
            console=True,
            every=600,
            patience=86400,
            once=True,
        )


def line_check(driver: str, line: Dict[str, Any], where: str, patience: int = 600) -> Check:
    """Return the check of a line, which may be down for so many seconds."""
    name = "Ligne {} ({})".format(line["name"], number(line["number"]))
    registered = functools.partial(asterisk_checks.registered, driver, line, where)
    return make(name, registered, console=True, patience=patience)


def asked(wanted: Iterable[Check]) -> Iterator[Tuple[Check, Finding]]:
    """Yield checks with what came of them; who does not answer is not asked again."""
    answers = True
    for check in wanted:
        if check.console and not answers:
            yield check, missing(check.name, UNCHECKED, "D'abord : {}.".format(CENTRAL))
            continue
        found = ask(check)
        answers = answers and found.cure not in (exchange.CURE_OF_SILENCE, exchange.CURE_OF_STOP)
        yield check, found


def findings() -> Iterator[Finding]:
    """Yield what came of all checks."""
    return (found for _, found in asked(checks()))
