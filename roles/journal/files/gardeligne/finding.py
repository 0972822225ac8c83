"""What came of a check: it is right, or something is missing, with the cure."""

from typing import Callable, List, NamedTuple

import exchange

# What is asked of an exchange, and whether Asterisk has to answer for it.
Check = NamedTuple("Check", [("name", str), ("ask", Callable[[], str]), ("console", bool)])
# What came of it.
Finding = NamedTuple("Finding", [("name", str), ("good", bool), ("what", str), ("cure", str)])


class Missing(Exception):
    """What a check found missing, and the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


def ask(check: Check) -> Finding:
    """Return what came of a check."""
    try:
        return Finding(check.name, True, check.ask(), "")
    except Missing as error:
        return Finding(check.name, False, str(error), error.cure)
    except exchange.Silent:
        return Finding(check.name, False, "le central ne répond pas", exchange.CURE_OF_SILENCE)
    except exchange.Stopped:
        return Finding(check.name, False, "le central est arrêté", exchange.CURE_OF_STOP)
    except Exception as error:  # a mistake of ours must not hide what else is wrong
        return Finding(check.name, False, "erreur de ce programme", repr(error))


def told(found: Finding) -> List[str]:
    """Return a finding in words."""
    lines = ["{} {} : {}".format("[ok]" if found.good else "[--]", found.name, found.what)]
    return lines + (["     Que faire : " + found.cure] if found.cure else [])
