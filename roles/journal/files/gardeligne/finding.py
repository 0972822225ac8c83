"""What came of a check: it is right, or something is missing, with the cure."""

from typing import Callable, List, NamedTuple, Tuple

import exchange

# What is asked of an exchange, and what the watch does with it (roles/watch).
Check = NamedTuple(
    "Check",
    [
        ("name", str),
        ("ask", Callable[[], str]),
        # Whether Asterisk has to answer for it.
        ("console", bool),
        # Seconds between two looks of the watch.
        ("every", int),
        # Seconds that it may be wrong before the household is told.
        ("patience", int),
        # Whether a mail tells that it is wrong; else only one that it was, once it is right again.
        ("mailed", bool),
        # Whether it is wrong only after it was once right.
        ("once", bool),
    ],
)
Commands = Tuple[Tuple[str, ...], ...]
# What came of it, and the commands by which the watch tries to heal it.
Finding = NamedTuple(
    "Finding",
    [("name", str), ("good", bool), ("what", str), ("cure", str), ("heal", Commands)],
)
# What is found of a check that nobody could ask.
UNCHECKED = "pas vérifié"


class Missing(Exception):
    """What a check found missing, the cure, and the commands by which it may heal by itself."""

    def __init__(self, what: str, cure: str, *heal: Tuple[str, ...]) -> None:
        super().__init__(what)
        self.cure, self.heal = cure, heal


def missing(name: str, what: str, cure: str, heal: Commands = ()) -> Finding:
    """Return what is found of a check that something is wrong with."""
    return Finding(name, False, what, cure, heal)


def make(
    name: str,
    ask: Callable[[], str],
    console: bool = False,
    every: int = 60,
    patience: int = 600,
    mailed: bool = True,
    once: bool = False,
) -> Check:
    """Return a check; what is not said is what most have."""
    return Check(name, ask, console, every, patience, mailed, once)


def ask(check: Check) -> Finding:
    """Return what came of a check."""
    try:
        return Finding(check.name, True, check.ask(), "", ())
    except Missing as error:
        return missing(check.name, str(error), error.cure, error.heal)
    except exchange.Silent:
        return missing(check.name, "le central ne répond pas", exchange.CURE_OF_SILENCE)
    except exchange.Stopped:
        return missing(check.name, "le central est arrêté", exchange.CURE_OF_STOP)
    except Exception as error:  # a mistake of ours must not hide what else is wrong
        return missing(check.name, "erreur de ce programme", repr(error))


def told(found: Finding) -> List[str]:
    """Return a finding in words."""
    lines = ["{} {} : {}".format("[ok]" if found.good else "[--]", found.name, found.what)]
    return lines + (["     Que faire : " + found.cure] if found.cure else [])
