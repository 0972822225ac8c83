"""Thousands of numbers, looked up by Asterisk itself in the dialplan that a household gets."""

from __future__ import annotations

import itertools
import re

from dialled import forms, sampled
from lab.house import House
from lab.world import DATA

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


def test_every_number_takes_the_route_of_its_class(
    house: House, figures: dict[str, dict[str, str]]
) -> None:
    """Each exchange is asked for a third of the numbers, in all their forms."""
    share = itertools.islice(sampled(), DATA["lab_lines"][house.name] % 3, None, 3)
    classes = {form: kind for number, kind in share for form in forms(number)}
    pending, wrong = {form: form for form in classes}, []
    while pending:
        sent = dict(zip(pending, looked_up(house, list(pending.values())), strict=True))
        again = {}
        for form, where in sent.items():
            if rewritten := spelled_anew(pending[form], where):
                again[form] = rewritten
            elif where.split(",")[0] != EXPECTED.get(classes[form], f"route-{classes[form]}"):
                wrong.append((form, classes[form], where))
        pending = again
    figures.setdefault("numbers looked up, wrong", {})[house.name] = f"{len(classes)}, {len(wrong)}"
    assert not wrong
    assert len(classes) > 1000


# What is no class: what looks for something else after the number, and refuses; the emergency route.
EXPECTED = {"refused": "DIALLED=${EXTEN}", "emergency": "emergency"}
