"""Whether mail leaves."""

import os
import re
import subprocess
from typing import Tuple

from finding import Missing
from french import counted, duration

# Where postfix keeps what was refused (main.cf).
REFUSED = "/var/mail/refused"
# Seconds that a mail may wait: with a good line it has left after some.
MAIL_PATIENCE = 900
CURE = "sudo systemctl restart postfix"
RESTART = ("systemctl", "--no-block", "restart", "postfix.service")
# What postqueue says then, and looks at the queue itself.
DOWN = "Mail system is down"
# Seconds that a program of the mail server may take.
PATIENCE = 10


def run(*command: str) -> Tuple[str, bool]:
    """Return what a command said, and whether it succeeded in time."""
    try:
        ended = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, LC_ALL="C"),
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), False
    return ended.stdout.decode("utf-8", "replace"), ended.returncode == 0


def why_waiting(queue: str) -> str:
    """Return the reason that `postqueue -p` tells for the first mail that waits."""
    return " ".join(re.findall(r"^ *\((.+)\)$", queue, re.MULTILINE)[:1])


def mail_waits(now: float, where: str) -> str:
    """Look whether the mail server works, and whether mail leaves."""
    shown, good = run("postqueue", "-j")
    if DOWN in shown:
        raise Missing("le service de mail ne fonctionne pas", CURE, RESTART)
    if not good:
        raise Missing("la file d'attente est illisible", CURE, RESTART)
    arrived = [float(found) for found in re.findall(r'"arrival_time": *(\d+)', shown)]
    oldest = now - min(arrived) if arrived else 0
    waiting = counted(len(arrived), "message attend", "messages attendent")
    if oldest > MAIL_PATIENCE:
        raise Missing(
            "{} depuis {}".format(waiting, duration(oldest)),
            "Vérifiez le serveur, le compte et le mot de passe ({}). Le boîtier réessaie pendant "
            "cinq jours. Détail : {}".format(where, why_waiting(run("postqueue", "-p")[0])[:400]),
        )
    return waiting if arrived else "rien n'attend"


def mail_refused(where: str, path: str = REFUSED) -> str:
    """Look for mail that the relay has refused for good: postfix keeps it here."""
    count = run("grep", "-ac", "^From MAILER-DAEMON ", path)[0].strip()
    if not count.isdigit() or count == "0":
        return "aucun"
    # The last reason may go on in the next lines, which begin with a space.
    told = run("grep", "-aE", "-A3", "^Diagnostic-Code: ", path)[0].rpartition("Diagnostic-Code: ")
    reason = " ".join(re.split(r"\n(?! )", told[2])[0].split())
    raise Missing(
        counted(int(count), "message refusé", "messages refusés") + " par le serveur de mail",
        "Vérifiez l'adresse et le compte ({}). Le serveur a dit : {}. Les messages vocaux restent "
        "au **1 ; les mails refusés sont dans {}, à effacer une fois lus.".format(
            where, reason[:400], path
        ),
    )
