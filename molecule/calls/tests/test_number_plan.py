"""Thousands of numbers, looked up by Asterisk itself in the dialplan that a household gets."""

from __future__ import annotations

import itertools

from lab.house import House
from lab.lookups import looked_up, spelled_anew
from lab.world import DATA
from support.dialled import forms, sampled


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


# What is no class: it is looked at once more, and refused; and the emergency route.
EXPECTED = {"refused": "DIALLED=${EXTEN}", "emergency": "emergency"}
