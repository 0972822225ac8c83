"""From what is found now and then to what the household is told: once, and when it is over.

Pure functions. All times are seconds of a clock that nobody sets, and that begins with each start
of the machine; what outlasts one is carried over by the clock on the wall, as far as that is right.
"""

from typing import Any, Dict, List, NamedTuple, Tuple

# What is known of a check: JSON.
Fault = Dict[str, Any]
Faults = Dict[str, Fault]
NEW = {
    "bad": None,  # since when it is wrong, also if it was right for moments
    "good": None,  # since when it has been right again
    "told": False,
    "mailed": False,  # whether that it is wrong was told by mail
    "last": None,  # when a mail told last that it is wrong, or was
    "healed": None,  # when a cure was tried last
    "looked": None,
    "seen": False,  # whether it was ever right
    "what": "",
    "cure": "",
}  # type: Fault
# What outlasts a start of the machine, of a fault that was told; and of each check.
CARRIED = ("bad", "told", "mailed", "what", "cure")
ALWAYS = ("last", "seen")

# Seconds in which one mail, and not more, tells that the same thing is wrong.
DAY = 86400
# Seconds that something must be right to be over: as long as it may be wrong, within these limits.
CALM = (60, 600)
# Seconds after which a cure is tried, and tried again.
HEAL_AFTER = 45
HEAL_AGAIN = 3600
# Seconds after which what is wrong is told along with something else that is told.
ALONG = 60

WRONG, OVER = "wrong", "over"
Rule = NamedTuple("Rule", [("patience", int), ("mailed", bool), ("once", bool)])
Event = NamedTuple(
    "Event",
    [
        ("name", str),
        ("kind", str),
        ("by_mail", bool),
        ("since", float),
        ("what", str),
        ("cure", str),
    ],
)


def seen(fault: Fault, rule: Rule, good: bool, what: str, cure: str, now: float) -> Fault:
    """Return a fault after another look at it."""
    new = dict(fault, looked=now)
    if good:
        new["seen"] = True
        if new["bad"] is not None and new["good"] is None:
            new["good"] = now
    elif new["seen"] or not rule.once:
        new.update(good=None, what=what, cure=cure)
        if new["bad"] is None:
            new["bad"] = now
    return new


def over(fault: Fault, rule: Rule, now: float) -> bool:
    """Tell whether it has been right for long enough."""
    least, most = CALM
    calm = max(least, min(most, rule.patience))
    return fault["good"] is not None and now - fault["good"] >= calm


def due(fault: Fault, patience: float, now: float) -> bool:
    """Tell whether it has lasted, and is to be told: now it is wrong."""
    return fault["bad"] is not None and fault["good"] is None and now - fault["bad"] >= patience


def may_mail(fault: Fault, now: float) -> bool:
    """Tell whether no mail has told of it for a day."""
    return fault["last"] is None or now - fault["last"] >= DAY


def tell(
    name: str, fault: Fault, rule: Rule, patience: float, now: float
) -> Tuple[Fault, List[Event]]:
    """Return a fault after what there is to tell of it, and that; `patience` may be cut short."""
    new, events = dict(fault), []  # type: Fault, List[Event]

    def say(kind: str, by_mail: bool) -> None:
        events.append(Event(name, kind, by_mail, new["bad"], new["what"], new["cure"]))

    if over(new, rule, now):
        if new["told"]:
            # What is told by mail only in the end: no more often than all else.
            late = not rule.mailed and may_mail(new, now)
            say(OVER, new["mailed"] or late)
            new["last"] = now if late else new["last"]
        new.update(bad=None, good=None, told=False, mailed=False, healed=None, what="", cure="")
    elif due(new, patience, now) and not new["mailed"]:
        by_mail = rule.mailed and may_mail(new, now)
        if by_mail or not new["told"]:
            say(WRONG, by_mail)
        new.update(told=True, mailed=by_mail, last=now if by_mail else new["last"])
    return new, events


def told(faults: Faults, rules: Dict[str, Rule], now: float) -> Tuple[Faults, List[Event]]:
    """Return all faults after what there is to tell of them, and that.

    What a mail tells has its consequences, or its cause, in the same mail.
    """
    new, events = dict(faults), []  # type: Faults, List[Event]
    names = sorted(set(rules) & set(faults))
    for name in names:
        new[name], more = tell(name, new[name], rules[name], rules[name].patience, now)
        events += more
    if any(event.by_mail and event.kind == WRONG for event in events):
        for name in names:
            if rules[name].mailed and not rules[name].once:
                new[name], more = tell(name, new[name], rules[name], ALONG, now)
                events += more
    return new, events


def heals(fault: Fault, now: float) -> bool:
    """Tell whether a cure is to be tried."""
    if not due(fault, HEAL_AFTER, now):
        return False
    return fault["healed"] is None or now - fault["healed"] >= HEAL_AGAIN


def carried(faults: Faults, passed: float, then: float, now: float) -> Faults:
    """Return what outlasts a start of the machine.

    Faults were kept at `then` of the former start's clock, `passed` seconds ago by the clock on the
    wall. A Pi has no battery for that: what it says may be less than nothing, and is taken for
    nothing.
    """
    kept = {}
    for name, fault in faults.items():
        fields = CARRIED + ALWAYS if fault.get("told") else ALWAYS
        new = dict(NEW, **{field: fault[field] for field in fields if field in fault})
        for field in ("bad", "last"):
            if new[field] is not None:
                new[field] = now - max(0.0, then - new[field]) - max(0.0, passed)
        kept[name] = new
    return kept
