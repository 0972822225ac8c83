"""Numbers, times and durations as the French write them."""

import re
import time


def number(digits: str) -> str:
    """Return a number to read: 06 12 34 56 78; others as they are; an empty one is hidden."""
    if re.match(r"0[1-9]\d{8}$", digits):
        return " ".join(digits[start : start + 2] for start in range(0, 10, 2))
    return digits or "masqué"


def moment(epoch: float) -> str:
    """Return date and time of day, local."""
    return time.strftime("%d/%m/%Y %H:%M", time.localtime(epoch))


def seconds(value: float) -> str:
    """Return a short time to the tenth of a second."""
    return "{:.1f} s".format(max(0.0, value)).replace(".", ",")


def duration(value: float) -> str:
    """Return a duration to the second: 8 s, 3 min 12 s, 1 h 02 min."""
    whole = max(0, round(value))
    if whole < 60:
        return "{} s".format(whole)
    if whole < 3600:
        return "{} min {:02} s".format(*divmod(whole, 60))
    return "{} h {:02} min".format(whole // 3600, whole % 3600 // 60)


def whole(text: str) -> int:
    """Return a whole number as it was typed: -1 for anything else, or more than nine digits."""
    return int(text) if re.match("[0-9]{1,9}$", text) else -1


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun; nought is singular in French."""
    return "{} {}".format(count, one if count < 2 else many)
