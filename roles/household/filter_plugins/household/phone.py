"""Reads phone numbers as households write them, and says what is wrong with one."""

from __future__ import annotations

import itertools
import re

from . import spelling
from .spelling import NATIONAL, SHORT, NoNumber

# How many numbers a ? may make of one.
MOST = 1000
# Digits that are left open at a number's end, as public lists write them: 33162######, 0162XXXXXX.
OPEN = re.compile(r"(\+?[0-9 ]*[0-9] *)((?:\? *)+|(?:# *)+|(?:[xX] *)+)")
AND_SO_ON = re.compile(r"(.*?)\s*(?:\u2026|\.\.+)\s*", re.DOTALL)

_PATTERN_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


CURE = 'Write it as "06 12 34 56 78", or a foreign one as "+32 2 123 45 67".'
TERRITORIES = {
    "262": '"0262 *", "0692 *"',
    "508": '"0508 *", "0708 *"',
    "590": '"0590 *", "0690 *"',
    "594": '"0594 *", "0694 *"',
    "596": '"0596 *", "0696 *"',
}


class PhoneError(ValueError):
    """Says in a household's words what is wrong with a number; ``cause`` for who says it anew."""

    def __init__(self, text: str, cause: str = spelling.SIGNS, digits: str = "") -> None:
        """Keep what spelling.NoNumber says of it, if that has refused it."""
        super().__init__(text)
        self.cause, self.digits = cause, digits


def national(text: str) -> str:
    """Return a whole number as 0XXXXXXXXX, as 00… if it is foreign, or as a short number.

    >>> national("+33 (0)6 12.34.56.78")
    '0612345678'
    """
    if NATIONAL.fullmatch(text):
        return text
    try:
        return spelling.key(text)
    except NoNumber as error:
        raise PhoneError(_why_not(error), error.cause, error.digits) from None


def line(text: str) -> str:
    """Return the number of a line, which is never a short one."""
    number = national(text)
    if SHORT.fullmatch(number):
        text = "is too short for the number of a line."
        raise PhoneError(text, spelling.SHORT_NUMBER, number)
    return number


def callers(text: str) -> list[str]:
    """Return whom a text of a list means: numbers, and prefixes with a * at their end.

    >>> callers("+33 9 48 *"), callers("33162######"), callers("06 12 34 56 7?")[:2]
    (['0948*'], ['0162*'], ['0612345670', '0612345671'])
    """
    if NATIONAL.fullmatch(text):
        return [text]
    if so_on := AND_SO_ON.fullmatch(text):
        return [_prefix(so_on[1].rstrip("*"))]
    spelled = spelling.plain(text).strip()
    if spelled.endswith("*"):
        return [_prefix(spelled[:-1])]
    left_open = OPEN.fullmatch(spelled)
    holes = len(left_open[2].replace(" ", "")) if left_open else 0
    if left_open and (holes > 3 or "?" not in left_open[2]):
        # Only if that makes a whole number: # and x may also end one.
        try:
            whole = spelling.key(left_open[1] + "0" * holes)
        except NoNumber:
            whole = ""
        if whole and not SHORT.fullmatch(whole):
            return [_prefix(left_open[1])]
    holes = spelled.count("?")
    if not holes:
        return [national(text)]
    if 10**holes > MOST:
        raise PhoneError(
            f"means {10**holes:,} numbers, but may mean {MOST:,} at most. Write a prefix with a *"
            " at its end instead."
        )
    frame = re.sub(r"[{}]", "!", spelled).replace("?", "{}")
    return [
        national(frame.format(*digits)) for digits in itertools.product(range(10), repeat=holes)
    ]


def international(number: str) -> str:
    """Return a national number as 0033…: a login at OVH."""
    return f"0033{number[1:]}" if NATIONAL.fullmatch(number) else number


def matches(asterisk_pattern: str, number: str) -> bool:
    """Tell whether Asterisk takes this number for that extension of a dialplan."""
    if not asterisk_pattern.startswith("_"):
        return asterisk_pattern == number
    return re.fullmatch(expression(asterisk_pattern), number) is not None


def expression(asterisk_pattern: str) -> str:
    """Return an extension's pattern, `_` before it, as a regular expression."""
    parts = re.findall(r"\[[^\]]*\]|.", asterisk_pattern[1:])
    return "".join(
        part if part.startswith("[") else _PATTERN_CLASSES.get(part, re.escape(part))
        for part in parts
    )


def _prefix(text: str) -> str:
    try:
        return f"{spelling.beginning(text)}*"
    except NoNumber as error:
        raise PhoneError(_why_not(error), error.cause, error.digits) from None


def _why_not(error: NoNumber) -> str:
    """Return what is wrong, in the words that follow `is "…", which`."""
    digits, count = error.digits, len(error.digits)
    match error.cause:
        case spelling.STAR:
            return "has a * that does not stand at its end. Move it there."
        case spelling.SEVERAL:
            return "is several numbers. Write each in an entry, or on a line, of its own."
        case spelling.EVERYBODY:
            return "would match nearly every caller: write at least two digits before the *."
        case spelling.TERRITORY:
            code = spelling.country(digits[2:])
            return (
                f"means a whole territory, whose numbers begin with 0 in France. Write its numbers'"
                f" beginnings, as {TERRITORIES[code]}."
            )
        case spelling.NOBODY if not digits.startswith("0"):
            return (
                f'is how no caller\'s number begins. Write it as "0{digits}*" if it is French, or'
                f' as "+{digits}*" if it is foreign.'
            )
        case spelling.NOBODY:
            return f"is how no caller's number begins: it has {count} digits. {CURE}"
        case spelling.EMPTY:
            why = "has no digits"
        case spelling.SIGNS:
            why = "has characters that no phone number has"
        case spelling.FRENCH_LENGTH if digits.startswith("00"):
            code = spelling.country(digits[2:])
            why = f"has {count - 2 - len(code)} digits after +{code}, but needs 9"
        case spelling.FRENCH_LENGTH:
            why = f"has {count} digits, but French numbers have 10"
        case spelling.FOREIGN_LENGTH:
            why = f"has {count - 2} digits after 00, but foreign numbers have 7 to 15"
        case _ if count == 1:
            why = "has one digit only"
        case _ if count < 7:
            why = "is no short number that exists: no caller has it"
        case _:
            why = "begins with neither 0 nor +, and is too long for a short number"
    return f"{why}. {CURE}"
