"""Finish the first start of a written card, and say in French how it went.

usage: gardeligne-first-boot

One step after the other; each is waited for, but not for ever, and whatever happens to one, the
others follow. The report is in gardeligne.txt on the partition that any PC reads, from the first
step on, so that a start that breaks off can be read too; at the end also on the console, above the
login, and in a mail. When nothing is missing this is noted, and the next start is not looked at.

Runs on Python 3.5 (Stretch) and later.
"""

import json
import os
import socket

from . import asterisk, card, mail, network, system
from .report import NOT_READY, READY, REPORT, Report, save
from .tools import exchange, run

MARKER = "/etc/gardeligne-card"
STATE = "/var/lib/gardeligne/first-boot-done"
ISSUE = "/etc/issue.d/gardeligne.issue"
JOURNAL_LINES = 40


def warnings() -> str:
    """Return the end of the journal of this start, as far as it warns."""
    lines = str(JOURNAL_LINES)
    shown, _ = run("journalctl", "-b", "-p", "warning", "-n", lines, "--no-pager", "-o", "short")
    return "\n".join(text[:300] for text in shown.splitlines())


def main() -> None:
    with open(MARKER, encoding="utf-8") as marker:
        here = json.load(marker)
    report = Report(here)
    report.write(report.text("en cours"))
    try:
        here.update(exchange())
    except (OSError, ValueError):
        here.update(lines=[], admin="")
        report.step("Lignes", asterisk.unknown)

    report.step("Carte", card.grow)
    report.step("Clés SSH", system.keys)
    if here["settings"]:
        report.step("Réglages", card.settings)
    report.step("Réseau", network.network)
    report.step("Heure", network.clock, ["Réseau"])
    # Without a line Asterisk is not meant to run.
    report.step("Asterisk", asterisk.asterisk, [] if here["lines"] else ["Réglages"])
    for line in here["lines"]:
        report.step(asterisk.title(line), asterisk.registered(line), ["Réseau", "Asterisk"])
    report.step("Mail", mail.postfix)
    report.step("Services", system.units)

    subject = READY if report.ready() else NOT_READY
    if here["admin"]:
        report.step("Ce message", mail.sent(subject, report.text(subject)), ["Réseau", "Mail"])
    ready = report.ready()
    state = READY if ready else NOT_READY + " (le prochain démarrage sera regardé de nouveau)"
    text = report.text(state)
    report.write(text + "\nDerniers avertissements du journal\n\n" + warnings() + "\n")
    print("\n" + text, flush=True)  # the service's output is the console
    save(
        ISSUE,
        "Gardeligne ({}) : {}\nAdresse : \\4\n\n".format(
            socket.gethostname(), "prêt" if ready else "pas prêt, voir " + REPORT
        ),
    )
    run("agetty", "--reload")
    if ready:
        save(STATE, report.began + "\n")
    os.sync()


if __name__ == "__main__":
    main()
