"""When the watch tells the household, by which mail, and when it says that it is over."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from gardeligne_watch.faults import (
    CALM,
    DAY,
    HEAL_AFTER,
    HEAL_AGAIN,
    NEW,
    OVER,
    WRONG,
    Fault,
    Faults,
    Rule,
    carried,
    heals,
    seen,
    told,
)

LINE = Rule(patience=600, mailed=True, once=False)
MAIL = Rule(patience=120, mailed=False, once=False)
PHONE = Rule(patience=86400, mailed=True, once=True)
MINUTE, HOUR = 60, 3600
# When, what is told, and whether by mail.
Told = list[tuple[int, str, bool]]


def life(rule: Rule, wrong: Iterable[range], until: int, fault: Fault = NEW) -> Told:
    """Look every minute; return what is told of something that is wrong at these times."""
    faults, found = {"it": fault}, []
    spans = list(wrong)
    for now in range(0, until, MINUTE):
        good = not any(now in span for span in spans)
        faults["it"] = seen(faults["it"], rule, good, "" if good else "down", "cure", now)
        faults, events = told(faults, {"it": rule}, now)
        found += [(now, event.kind, event.by_mail) for event in events]
    return found


def test_what_lasts_is_told_once_and_so_is_its_end() -> None:
    assert life(LINE, [range(HOUR, 3 * HOUR)], 12 * HOUR) == [
        (HOUR + 600, WRONG, True),
        (3 * HOUR + 600, OVER, True),
    ]


def test_what_is_over_before_is_not_told() -> None:
    assert life(LINE, [range(HOUR, HOUR + 540)], 12 * HOUR) == []


@pytest.mark.parametrize("up", [1, 5, 9])
def test_a_line_that_flaps_is_one_mail_and_not_over(up: int) -> None:
    flaps = [range(start, start + 300) for start in range(HOUR, 20 * HOUR, 300 + up * MINUTE)]
    assert [event[1:] for event in life(LINE, flaps, 20 * HOUR)] == [(WRONG, True)]


def test_what_comes_back_within_a_day_is_no_mail_and_neither_is_its_end() -> None:
    outages = [range(hour * HOUR, hour * HOUR + 1800) for hour in range(1, 23, 2)]
    mailed = [event for event in life(LINE, outages, 23 * HOUR) if event[2]]
    assert mailed == [(HOUR + 600, WRONG, True), (HOUR + 1800 + 600, OVER, True)]


def test_what_is_wrong_again_is_mailed_a_day_later() -> None:
    outages = [range(HOUR, 2 * HOUR), range(20 * HOUR, 40 * HOUR)]
    assert life(LINE, outages, 45 * HOUR) == [
        (HOUR + 600, WRONG, True),
        (2 * HOUR + 600, OVER, True),
        (20 * HOUR + 600, WRONG, False),
        (HOUR + 600 + DAY, WRONG, True),
        (40 * HOUR + 600, OVER, True),
    ]


def test_that_no_mail_leaves_is_mailed_when_it_is_over() -> None:
    outages = [range(HOUR, 2 * HOUR), range(3 * HOUR, 4 * HOUR)]
    assert life(MAIL, outages, 8 * HOUR) == [
        (HOUR + 120, WRONG, False),
        (2 * HOUR + 120, OVER, True),
        (3 * HOUR + 120, WRONG, False),
        (4 * HOUR + 120, OVER, False),
    ]


def test_a_telephone_that_was_never_there_is_not_missed() -> None:
    assert life(PHONE, [range(4 * DAY)], 4 * DAY) == []
    assert life(PHONE, [range(HOUR, 3 * DAY)], 4 * DAY) == [
        (HOUR + DAY, WRONG, True),
        (3 * DAY + CALM[1], OVER, True),
    ]


def test_cause_and_consequence_are_in_one_mail() -> None:
    rules = {"line": LINE, "names": LINE, "mail": MAIL, "phone": PHONE._replace(once=True)}
    faults: Faults = dict.fromkeys(rules, NEW)
    mails = []
    for now in range(0, HOUR, MINUTE):
        for name, rule in rules.items():
            began = 240 if name == "names" else 0
            good = now < began
            faults[name] = seen(faults[name], rule, good, "down", "cure", now)
        faults, events = told(faults, rules, now)
        if any(event.by_mail for event in events):
            mails.append([event.name for event in events if event.by_mail])
    assert mails == [["line", "names"]]


def test_a_cure_is_tried_soon_and_then_every_hour() -> None:
    fault, tried = NEW, []
    for now in range(0, 3 * HOUR, 15):
        fault = seen(fault, LINE, False, "down", "cure", now)
        if heals(fault, now):
            tried.append(now)
            fault = dict(fault, healed=now)
    assert tried == [HEAL_AFTER, HEAL_AFTER + HEAL_AGAIN, HEAL_AFTER + 2 * HEAL_AGAIN]


def test_what_is_right_is_not_healed() -> None:
    wrong = seen(NEW, LINE, False, "down", "cure", 0)
    assert not heals(seen(wrong, LINE, True, "", "", HEAL_AFTER), 10 * HEAL_AFTER)


KEPT = dict(NEW, bad=1000, told=True, mailed=True, last=1600, seen=True, what="down", cure="c")


@pytest.mark.parametrize(
    ("passed", "age"),
    [(300, 4400 + 300), (0, 4400), (-50 * 365 * DAY, 4400), (40 * DAY, 4400 + 40 * DAY)],
)
def test_a_start_of_the_machine_changes_nothing_of_what_was_told(passed: float, age: float) -> None:
    """Whatever the clock says that comes without a battery: it is no mail more, nor one less."""
    (now,) = carried({"it": KEPT}, passed, then=6000, now=20).values()
    assert now["last"] == 20 - age
    assert now["bad"] == 20 - age - 600
    assert (now["told"], now["mailed"], now["what"]) == (True, True, "down")
    # It is still wrong: nothing to tell. It is right: that is told.
    assert life(LINE, [range(HOUR)], HOUR, now)[:1] in ([], [(20 - age + DAY, WRONG, True)])
    assert life(LINE, [], HOUR, now) == [(CALM[1], OVER, True)]


def test_what_was_not_told_begins_anew_with_a_start() -> None:
    (now,) = carried({"it": dict(KEPT, told=False)}, 60, then=6000, now=20).values()
    assert (now["bad"], now["told"], now["seen"]) == (None, False, True)
    assert life(LINE, [range(DAY)], 900, now)[:1] == [(600, WRONG, False)]
