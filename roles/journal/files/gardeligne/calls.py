"""The record of calls: what was written, and what it means in words."""

import sqlite3
import statistics
from typing import Dict, Iterable, Iterator, List, NamedTuple

from french import duration, number, seconds

DATABASE = "/var/log/asterisk/master.db"

# One call. Times are seconds since 1970; `picked_up` is 0 if nobody did. An incoming call has a
# `line` and its caller's `number`; an outgoing one has the `number` that it dialled.
Call = NamedTuple(
    "Call",
    [
        ("started", float),
        ("picked_up", float),
        ("ended", float),
        ("number", str),
        ("name", str),
        ("line", str),
        ("rule", str),
        ("stage", str),
        ("handset", str),
    ],
)

# How far an incoming call came, in words.
STAGES = {
    "decoy": "a raccroché après {lasted} pendant le leurre",
    "wait": "a raccroché après {lasted} pendant l'attente",
    "challenge": "n'a pas appuyé sur la bonne touche, {lasted}",
    "ringing": "a raccroché après {lasted}, les téléphones sonnaient",
    "answered": "décroché par {handset} après {rang}, {talked}",
    "voicemail": "messagerie, sans message",
    "message": "messagerie, a laissé un message",
    "refused": "refusé",
    "decoyed": "a écouté le leurre pendant {lasted}",
    "busy": "occupé",
    "nobody": "personne n'a répondu",
    "full": "plus de place pour un message",
}
OUTGOING = {
    "dialled": "appel sortant de {handset}, sans réponse",
    "answered": "appel sortant de {handset}, {talked}",
    "barred": "appel sortant de {handset}, refusé : {reason}",
}
# Why a call was not dialled: the prompt that said so, in fewer words.
REASONS = {
    "no-number": "numéro inexistant",
    "no-route": "aucune ligne pour ce numéro",
    "no-line": "aucune ligne disponible",
    "no-emergency": "aucune ligne ne fonctionne",
    "barred-premium": "numéro surtaxé",
    "barred-international": "étranger",
    "barred-international_premium": "numéro surtaxé à l'étranger",
    "too-many": "trop d'appels coûteux ce jour",
    "only": "pas dans la liste de ce téléphone",
}


def read(database: str = DATABASE, since: float = 0) -> Iterator[Call]:
    """Yield the calls since then, the newest first; there may be no record yet.

    Raises sqlite3.Error and OSError (it is not ours to read).
    """
    # Opened to read and no more: a record that we made would not be Asterisk's to write.
    open(database, "rb").close()
    # Nothing is locked: Asterisk gives a record up that it cannot write within a millisecond.
    connection = sqlite3.connect("file:{}?immutable=1".format(database), uri=True)
    try:
        for row in connection.execute(
            "SELECT started + 0.0, picked_up + 0.0, ended + 0.0, number, name, line, rule, stage,"
            " handset FROM calls WHERE started + 0.0 >= ? ORDER BY started + 0.0 DESC",
            (since,),
        ):
            yield Call(*row)
    finally:
        connection.close()


def verdict(call: Call, handsets: Dict[str, str]) -> str:
    """Return in words what became of a call; ``handsets`` names the extensions."""
    words = {
        "handset": handsets.get(call.handset, call.handset),
        "lasted": seconds(call.ended - call.started),
        "rang": duration(call.picked_up - call.started),
        "talked": duration(call.ended - call.picked_up),
        "reason": REASONS.get(call.rule, call.rule),
    }
    if not call.line:
        return OUTGOING.get(call.stage, "appel sortant de {handset}, " + call.stage).format(**words)
    who = call.rule or ("robot" if call.stage == "decoy" else "inconnu")
    return who + ", " + STAGES.get(call.stage, call.stage).format(**words)


def line(call: Call, handsets: Dict[str, str], moment: str) -> str:
    """Return a call as a line of the list."""
    return "{}  {:<14}  {:<20}  {}".format(
        moment, number(call.number), call.name[:20], verdict(call, handsets)
    )


def _kind(call: Call) -> str:
    return (call.rule.split() or ["inconnu"])[0]


# Stages of strangers who stayed on the line.
STAYED = ("ringing", "answered", "busy", "nobody", "full", "voicemail", "message")

# What is counted, and of which calls.
COUNTED = [
    ("appels reçus", lambda call: True),
    ("connus", lambda call: _kind(call) == "connu"),
    (
        "inconnus qui ont passé le filtre",
        lambda call: _kind(call) == "inconnu" and call.stage in STAYED,
    ),
    ("ont raccroché pendant le leurre", lambda call: call.stage == "decoy"),
    ("ont raccroché pendant l'attente", lambda call: call.stage in ("wait", "challenge")),
    ("bloqués", lambda call: _kind(call) == "bloqué"),
    ("dirigés vers la messagerie", lambda call: call.stage in ("voicemail", "message")),
    ("messages laissés", lambda call: call.stage == "message"),
]


def summary(calls: Iterable[Call]) -> List[str]:
    """Return what the calls that came in amount to, line by line."""
    incoming = [call for call in calls if call.line]
    lines = ["{:5}  {}".format(sum(map(counts, incoming)), words) for words, counts in COUNTED]
    gave_up = [call.ended - call.started for call in incoming if call.stage == "decoy"]
    if gave_up:
        lines.append(
            "Pendant le leurre, la moitié raccroche avant {}, le plus patient après {}.".format(
                seconds(statistics.median(gave_up)), seconds(max(gave_up))
            )
        )
    return lines
