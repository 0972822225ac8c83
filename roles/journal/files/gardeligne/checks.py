"""What must be right for the exchange to do its work, each with its words and its cure.

One list, for `gardeligne etat`; the report of a card's first start waits for some of them. A check
returns what it found, or raises Missing. Whoever asks is answered within seconds, whatever hangs.
"""

import functools
import json
import os
import time
from typing import Any, Dict, Iterator

import asterisk_checks
import disk_checks
import exchange
import mail_checks
import update_checks
from finding import Check, Finding, Missing, ask
from french import number

# What this exchange is to have: its SIP driver, its lines, where the household writes them.
EXCHANGE = "/usr/local/etc/gardeligne-exchange.json"
# The check that others wait for.
CENTRAL = "Central"


def unreadable(error: Exception) -> str:
    """Tell that nobody knows what is to work here."""
    raise Missing("illisibles", "le playbook. Détail : {}".format(error))


def checks() -> Iterator[Check]:
    """Yield all that is to be right here."""
    here = {
        "driver": "",
        "lines": [],
        "handsets": {},
        "lines_in": "",
        "mail_in": "",
    }  # type: Dict[str, Any]
    try:
        with open(EXCHANGE, encoding="utf-8") as text:
            here.update(json.load(text))
    except (OSError, ValueError) as error:
        yield Check("Réglages", functools.partial(unreadable, error), console=False)
    driver = str(here["driver"])
    yield Check(CENTRAL, asterisk_checks.central, console=False)
    for line in here["lines"]:
        yield line_check(driver, line, here["lines_in"])
    phones = functools.partial(asterisk_checks.handsets, driver, here["handsets"])
    yield Check("Téléphones", phones, console=True)
    yield Check("Filtrage", asterisk_checks.filtering, console=True)
    waits = functools.partial(mail_checks.mail_waits, time.time(), here["mail_in"])
    yield Check("Mail", waits, console=False)
    refused = functools.partial(mail_checks.mail_refused, here["mail_in"])
    yield Check("Mails refusés", refused, console=False)
    yield Check("Carte", disk_checks.disk, console=False)
    yield Check("Bases de données", disk_checks.databases, console=False)
    # Where apt itself knows of Asterisk's updates, nothing else looks for them.
    if os.path.exists(update_checks.STATE):
        waits = functools.partial(update_checks.waiting, time.time())
        yield Check("Mises à jour", waits, console=False)


def line_check(driver: str, line: Dict[str, Any], where: str) -> Check:
    """Return the check of a line."""
    name = "Ligne {} ({})".format(line["name"], number(line["number"]))
    registered = functools.partial(asterisk_checks.registered, driver, line, where)
    return Check(name, registered, console=True)


def findings() -> Iterator[Finding]:
    """Yield what came of all checks; who does not answer is not asked again."""
    answers = True
    for check in checks():
        if check.console and not answers:
            yield Finding(check.name, False, "pas vérifié", "D'abord : {}.".format(CENTRAL))
            continue
        found = ask(check)
        answers = answers and found.cure not in (exchange.CURE_OF_SILENCE, exchange.CURE_OF_STOP)
        yield found
