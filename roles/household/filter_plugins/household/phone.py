"""Phone numbers as French people write them, and Asterisk's patterns."""

from __future__ import annotations

import re

# What people put between the digits of a number, a non-breaking space included.
SEPARATORS = re.compile(r"[\s.\-/()\u00a0\u202f]")
NATIONAL = re.compile(r"0[1-9]\d{8}")
INTERNATIONAL = re.compile(r"00[1-9]\d{6,14}")
SHORT = re.compile(r"[1-9]\d{1,5}")
FRANCE = "33"

_PATTERN_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


CURE = 'Write it as "06 12 34 56 78", or a foreign one as "+32 2 123 45 67".'


class PhoneError(ValueError):
    """Says in a household's words what is wrong with a number."""


def national(text: str) -> str:
    """Return a whole number as 0XXXXXXXXX, as 00… if it is foreign, or as a short number.

    >>> national("+33 (0)6 12.34.56.78")
    '0612345678'
    """
    digits = _digits(text)
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


def pattern(text: str) -> str:
    """Return what Asterisk matches a caller with: a number, or `_0948.` for `09 48 *`."""
    stripped = text.strip()
    if not stripped.endswith("*"):
        return national(stripped)
    prefix = _digits(stripped[:-1])
    if len(prefix) < 2:
        raise PhoneError("would match nearly every caller: write at least two digits before the *.")
    return f"_{prefix}."


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
    if digits.startswith("00"):
        return f"has {len(digits) - 2} digits after 00, but foreign numbers have 7 to 15"
    if digits.startswith("0"):
        return f"has {len(digits)} digits, but French numbers have 10"
    return "begins with neither 0 nor +, and is too long for a short number"
