"""Phone numbers as French people write them."""

from __future__ import annotations

import itertools
import re

# What people put between the digits of a number, a non-breaking space included.
SEPARATORS = re.compile(r"[\s.\-/()\u00a0\u202f]")
NATIONAL = re.compile(r"0[1-9]\d{8}")
INTERNATIONAL = re.compile(r"00[1-9]\d{6,14}")
SHORT = re.compile(r"[1-9]\d{1,5}")
FRANCE = "33"

# How many numbers a ? may make of one.
MOST = 1000

_PATTERN_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


CURE = 'Write it as "06 12 34 56 78", or a foreign one as "+32 2 123 45 67".'


class PhoneError(ValueError):
    """Says in a household's words what is wrong with a number."""


def national(text: str) -> str:
    """Return a whole number as 0XXXXXXXXX, as 00… if it is foreign, or as a short number.

    >>> national("+33 (0)6 12.34.56.78")
    '0612345678'
    """
    digits = text if NATIONAL.fullmatch(text) else _digits(text)
    if len(digits) == 11 and digits.startswith(FRANCE):
        digits = f"0{digits[2:]}"
    if not any(kind.fullmatch(digits) for kind in (NATIONAL, INTERNATIONAL, SHORT)):
        raise PhoneError(f"{_why_not(digits)}. {CURE}")
    return digits


def line(text: str) -> str:
    """Return the number of a line, which is never a short one."""
    number = national(text)
    if SHORT.fullmatch(number):
        raise PhoneError("is too short for the number of a line.")
    return number


def callers(text: str) -> list[str]:
    """Return whom a text of a list means: numbers, and prefixes with a * at their end.

    >>> callers("+33 9 48 *"), callers("06 12 34 56 7?")[:2]
    (['0948*'], ['0612345670', '0612345671'])
    """
    if "?" not in text:
        return [_caller(text.strip())]
    holes = text.count("?")
    if 10**holes > MOST:
        raise PhoneError(
            f"means {10**holes:,} numbers, but may mean {MOST:,} at most. Write a prefix with a *"
            " at its end instead."
        )
    frame = text.strip().replace("?", "{}")
    return [_caller(frame.format(*digits)) for digits in itertools.product(range(10), repeat=holes)]


def international(number: str) -> str:
    """Return a national number as 0033…: a login at OVH."""
    return f"0033{number[1:]}" if NATIONAL.fullmatch(number) else number


def matches(asterisk_pattern: str, number: str) -> bool:
    """Tell whether Asterisk takes this number for that extension of a dialplan."""
    if not asterisk_pattern.startswith("_"):
        return asterisk_pattern == number
    parts = re.findall(r"\[[^\]]*\]|.", asterisk_pattern[1:])
    expression = "".join(
        part if part.startswith("[") else _PATTERN_CLASSES.get(part, re.escape(part))
        for part in parts
    )
    return re.fullmatch(expression, number) is not None


def _caller(text: str) -> str:
    if not text.endswith("*"):
        return national(text)
    prefix = _digits(text[:-1])
    if len(prefix) < 2:
        raise PhoneError("would match nearly every caller: write at least two digits before the *.")
    return f"{prefix}*"


def _digits(text: str) -> str:
    """Return the digits alone, France's own prefix as 0 and others with 00."""
    bare = SEPARATORS.sub("", text.replace("(0)", ""))
    digits = f"00{bare[1:]}" if bare.startswith("+") else bare
    if "*" in digits:
        raise PhoneError("has a * that does not stand at its end. Move it there.")
    if not re.fullmatch(r"[0-9]*", digits):
        raise PhoneError(f"has characters that no phone number has. {CURE}")
    if digits.startswith(f"00{FRANCE}"):
        digits = f"0{digits[4:].removeprefix('0')}"
    return digits


def _why_not(digits: str) -> str:
    if not digits:
        return "has no digits"
    if len(digits) == 1:
        return "has one digit only"
    if digits.startswith("00"):
        return f"has {len(digits) - 2} digits after 00, but foreign numbers have 7 to 15"
    if digits.startswith("0"):
        return f"has {len(digits)} digits, but French numbers have 10"
    return "begins with neither 0 nor +, and is too long for a short number"
