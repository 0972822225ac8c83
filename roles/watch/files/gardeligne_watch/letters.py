"""What the household reads: mails, and the report on the card."""

import subprocess
import time
from email.message import EmailMessage
from email.policy import SMTP
from typing import List, Tuple

from .faults import OVER, WRONG, Event, Faults

Letter = Tuple[str, str]
# What a mail says of an Asterisk that was restarted.
HUNG = "ne répondait plus, ni aux téléphones ni ici : il a été redémarré"
# Longest subject that a reader shows whole.
SUBJECT = 100
ENDS = """
Vos téléphones : décrochez pour entendre s'ils marchent ; gardez un mobile pour les urgences.
Sur le boîtier, « sudo gardeligne etat » dit à tout moment ce qui va et ce qui ne va pas.
"""
SIGNED = "\n-- \nVotre standard\n"


def moment(at: float, now: float) -> str:
    """Return date and time, local, of a time of the clock that nobody sets."""
    return time.strftime("%d/%m/%Y %H:%M", time.localtime(time.time() - (now - at)))


def letter(events: List[Event], now: float) -> Letter:
    """Return the subject and the text of the mail that tells all of these."""
    wrong = [event for event in events if event.kind == WRONG]
    good = [event for event in events if event.kind == OVER]
    parts = ["Bonjour,"]
    for event in wrong:
        part = "{} : {} (depuis le {}).".format(event.name, event.what, moment(event.since, now))
        parts.append(part + "\n\nQue faire : {}".format(event.cure))
    for event in good:
        parts.append(
            "{} : c'est rétabli. Depuis le {} : {}.".format(
                event.name, moment(event.since, now), event.what
            )
        )
    if wrong:
        parts.append(
            "Un autre mail dira que c'est rétabli. Si la même panne revient dans la journée,\n"
            "aucun autre n'est envoyé."
        )
    return subject(wrong, good), "\n\n".join(parts) + "\n" + (ENDS if wrong else "") + SIGNED


def subject(wrong: List[Event], good: List[Event]) -> str:
    """Return what a mail is about, in one line."""
    about = wrong or good
    if len(about) > 1:
        return "Votre standard : {} points {}".format(
            len(about), "à corriger" if wrong else "rétablis"
        )
    what = about[0].what if wrong else "rétabli"
    whole = "Votre standard : {} : {}".format(about[0].name, what)
    return whole if len(whole) <= SUBJECT else whole[: SUBJECT - 1] + "…"


def restarted(at: float, now: float) -> Letter:
    """Return the mail that tells of an Asterisk that was restarted."""
    return (
        "Votre standard : le central a été redémarré",
        "Bonjour,\n\nLe {} le central {}.\n"
        "Les communications en cours ont été coupées, s'il y en avait.\n\n"
        "Que faire : rien, s'il marche de nouveau (**5 sur un téléphone le dit). Si cela se\n"
        "répète, dites-le à la personne qui a préparé ce boîtier.\n\n"
        "Si cela revient dans la journée, aucun autre mail n'est envoyé.\n{}".format(
            moment(at, now), HUNG, SIGNED
        ),
    )


def report(faults: Faults, now: float) -> str:
    """Return what is wrong now, for the card: as any PC reads it."""
    lines = ["Gardeligne, état du {}".format(moment(now, now)), ""]
    for name, fault in sorted(faults.items()):
        if fault["told"]:
            since = moment(fault["bad"], now)
            lines.append("[--] {} : {} (depuis le {})".format(name, fault["what"], since))
            lines.append("     Que faire : " + fault["cure"])
    if not lines[2:]:
        lines.append("Tout va bien.")
    return "\r\n".join(lines) + "\r\n"


def send(to: str, about: Letter) -> bool:
    """Give a mail to postfix, which keeps it until there is a way; tell whether it has taken it."""
    mail = EmailMessage(policy=SMTP.clone(linesep="\n"))
    mail["Subject"], text = about
    mail["From"] = "Gardeligne <root>"
    mail["To"] = to or "root"
    mail.set_content(text)
    try:
        subprocess.run(["/usr/sbin/sendmail", "-t"], input=mail.as_bytes(), check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        print("<4>gardeligne-watch: no mail could be written: {}".format(error), flush=True)
        return False
    return True
