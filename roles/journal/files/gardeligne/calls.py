"""The record of calls: what was written, and what it means in words."""

import json
import sqlite3
import statistics
from typing import Dict, Iterable, Iterator, List, NamedTuple

from french import duration, number, seconds

DATABASE = "/var/log/asterisk/master.db"
# French words by kind of code, and code; group_vars/all/verdicts.yml says what each is.
WORDS = "/usr/local/etc/gardeligne-verdicts.json"
Words = Dict[str, Dict[str, str]]

# One call, by the columns of its record. Times are seconds since 1970; `picked_up` is 0 if nobody
# did. An incoming call has a `line` and its caller's `number`; an outgoing one the `number` that it
# dialled.
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
        ("detail", str),
        ("which", str),
        ("stage", str),
        ("handset", str),
    ],
)
TIMES = ("started", "picked_up", "ended")


def vocabulary(path: str = WORDS) -> Words:
    """Return the French words for the codes. Raises OSError."""
    with open(path, encoding="utf-8") as file:
        return dict(json.load(file))


def read(database: str = DATABASE, since: float = 0) -> Iterator[Call]:
    """Yield the calls since then, the newest first; there may be no record yet.

    Raises sqlite3.Error and OSError (it is not ours to read).
    """
    # Opened to read and no more: a record that we made would not be Asterisk's to write.
    open(database, "rb").close()
    # Nothing is locked: Asterisk gives a record up that it cannot write within a millisecond.
    connection = sqlite3.connect("file:{}?immutable=1".format(database), uri=True)
    try:
        # A table that could not be brought to this version, for want of room, lacks columns.
        have = {column[1] for column in connection.execute("PRAGMA table_info(calls)")}
        columns = [
            name + " + 0.0" if name in TIMES else name if name in have else "''"
            for name in Call._fields
        ]
        for row in connection.execute(
            "SELECT {} FROM calls WHERE started + 0.0 >= ? ORDER BY started + 0.0 DESC".format(
                ", ".join(columns)
            ),
            (since,),
        ):
            yield Call(*row)
    finally:
        connection.close()


def told(words: Dict[str, str], code: str, **values: str) -> str:
    """Return the words for a code; one that has none speaks for itself."""
    return words[code].format(**values) if code in words else code


def verdict(call: Call, words: Words, handsets: Dict[str, str]) -> str:
    """Return in words what became of a call; ``handsets`` names the extensions."""
    values = {
        "handset": handsets.get(call.handset, call.handset),
        "lasted": seconds(call.ended - call.started),
        "rang": duration(call.picked_up - call.started),
        "talked": duration(call.ended - call.picked_up),
        "reason": told(words["reasons"], call.rule),
    }
    if not call.line:
        who, stages = told(words["callers"], "house", **values), words["outgoing"]
    elif call.rule:
        who, stages = told(words["rules"], call.rule), words["stages"]
    else:
        unknown = "robot" if call.stage == "decoy" else "stranger"
        who, stages = told(words["callers"], unknown), words["stages"]
    if call.detail:
        who += " ({})".format(told(words["details"], call.detail, which=call.which))
    return who + ", " + told(stages, call.stage, **values)


def line(call: Call, words: Words, handsets: Dict[str, str], moment: str) -> str:
    """Return a call as a line of the list."""
    return "{}  {:<14}  {:<20}  {}".format(
        moment, number(call.number), call.name[:20], verdict(call, words, handsets)
    )


# Stages of strangers who stayed on the line.
STAYED = ("ringing", "answered", "busy", "nobody", "full", "voicemail", "message")

# What is counted, and of which calls.
COUNTED = [
    ("appels reçus", lambda call: True),
    ("connus", lambda call: call.rule == "known"),
    ("inconnus qui ont passé le filtre", lambda call: not call.rule and call.stage in STAYED),
    ("ont raccroché pendant le leurre", lambda call: call.stage == "decoy"),
    ("ont raccroché pendant l'attente", lambda call: call.stage in ("wait", "challenge")),
    ("bloqués", lambda call: call.rule == "blocked"),
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
