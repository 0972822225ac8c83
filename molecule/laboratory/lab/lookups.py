"""Numbers that Asterisk itself looks up in the dialplan that a household gets."""

from __future__ import annotations

import re

from .house import House

# What Asterisk says of the extension that it would take, and where that sends the call.
FIRST = re.compile(r"^  '[^']+' +=> +1\. (?:Set|Gosub|Goto)\((.*)\) +\[.*$", re.M)


def looked_up(house: House, numbers: list[str]) -> list[str]:
    """Return where each number is sent to, as Asterisk writes it."""
    script = "".join(
        f"asterisk -rx 'dialplan show {number}@outside'; echo ==\n" for number in numbers
    )
    answers = house.run("sh", given=script).split("==\n")[:-1]
    found = [FIRST.search(answer) for answer in answers]
    return [match[1] if match else "nowhere" for match in found]


def spelled_anew(number: str, where: str) -> str:
    """Return the extension of [outside] that a number is sent on to, or nothing."""
    found = re.fullmatch(r"outside,(\d*)(?:\$\{EXTEN:0:(\d)\})?\$\{EXTEN:(\d)\},1", where)
    return found[1] + number[: int(found[2] or 0)] + number[int(found[3]) :] if found else ""
