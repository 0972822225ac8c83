"""The table of spellings, asked of Asterisk itself: of callers, and of what is dialled."""

from __future__ import annotations

import itertools
import json

from lab.house import House
from lab.lookups import looked_up, spelled_anew
from lab.world import DATA, eventually
from support.spellings import Spelling, spellings

# Whatever a text has in it: no argument of a command could be relied upon.
PUT = """
import json, sqlite3, sys
rows = [(f"/spelled/{n}", text) for n, text in enumerate(json.load(sys.stdin))]
with sqlite3.connect("/run/asterisk-memory/astdb.sqlite3", timeout=20) as database:
    database.executemany("INSERT INTO astdb (key, value) VALUES (?, ?)", rows)
"""
STEPS = (
    "1,Set(AT=0)",
    "2,Set(CALLERID(num)=${DB(spelled/${AT})})",
    "3,Set(DIALLED=${DB(spelled/${AT})})",
    "4,Gosub(national,%s)",
    "5,Set(DB(key/${AT})=${GOSUB_RETVAL}.)",
    "6,Set(AT=$[${AT}+1])",
    "7,GotoIf($[${AT}<%d]?2)",
    "8,Set(DB(key/end)=yes)",
)


def asked(house: House, texts: list[str], gosub: str) -> list[str]:
    """Return what [national] returns for each text."""
    house.asterisk("module load res_clioriginate.so")
    try:
        house.asterisk("database deltree spelled")
        house.asterisk("database deltree key")
        house.run("python3", "-c", PUT, given=json.dumps(texts))
        for step in (*STEPS, "1,Answer()", "2,Wait(20)"):
            name = "wait" if step.endswith(("r()", "(20)")) else "ask"
            line = step.replace("%s", gosub).replace("%d", str(len(texts)))
            house.asterisk(f"dialplan add extension {name},{line} into spelled replace")
        house.asterisk("channel originate Local/wait@spelled extension ask@spelled")
        eventually(lambda: "/key/end" in house.asterisk("database show key end"), "all are asked")
        found = dict(
            line.split(":", 1)
            for line in house.asterisk("database show key").splitlines()
            if "/key/" in line
        )
        keys = {name.strip().removeprefix("/key/"): key.strip() for name, key in found.items()}
        return [keys[str(at)].removesuffix(".") for at in range(len(texts))]
    finally:
        house.asterisk("dialplan remove context spelled")
        house.asterisk("module unload res_clioriginate.so")
        house.asterisk("database deltree spelled")
        house.asterisk("database deltree key")


def test_a_caller_is_one_key_however_the_operator_writes_him(
    house: House, figures: dict[str, dict[str, str]]
) -> None:
    rows = spellings("all", "caller", "loose")
    found = asked(house, [row.text for row in rows], "caller,1")
    wrong = [(*row, key) for row, key in zip(rows, found, strict=True) if key != row.key]
    figures.setdefault("callers' spellings, wrong", {})[house.name] = f"{len(rows)}, {len(wrong)}"
    assert not wrong
    assert len(rows) > 150


def test_a_number_that_is_dialled_is_one_key_however_the_phone_writes_it(
    house: House, figures: dict[str, dict[str, str]]
) -> None:
    """Each exchange is asked for a third of the table."""
    share = itertools.islice(spellings("all"), DATA["lab_lines"][house.name] % 3, None, 3)
    rows = list(share)
    found = dialled(house, rows)
    wrong = [
        (row.text, row.key, key) for row, key in zip(rows, found, strict=True) if key != row.key
    ]
    figures.setdefault("dialled spellings, wrong", {})[house.name] = f"{len(rows)}, {len(wrong)}"
    assert not wrong


def dialled(house: House, rows: list[Spelling]) -> list[str]:
    """Return which number [outside] hands to a route for each row, or nothing."""
    keys = [""] * len(rows)
    pending = {at: row.text for at, row in enumerate(rows)}
    while pending:
        places = looked_up(house, [text.replace(" ", r"\ ") for text in pending.values()])
        again, unclear = {}, {}
        for (at, text), where in zip(pending.items(), places, strict=True):
            if anew := spelled_anew(text, where):
                again[at] = anew
            elif where == "DIALLED=${EXTEN}":
                unclear[at] = text
            elif where.startswith(("route-", "emergency,")):
                keys[at] = "".join(sign for sign in text if sign.isdigit())
        if unclear:
            cleared = asked(house, list(unclear.values()), "dialled,1")
            again |= {at: text for at, text in zip(unclear, cleared, strict=True) if text}
        pending = again
    return keys
