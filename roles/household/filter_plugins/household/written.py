"""Whom a line means that people write: a number or several, beginnings, ranges, and a name."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from . import spelling
from .phone import PhoneError, callers
from .spelling import FRANCE, OVERSEAS

# A number begins with a digit, a + or a bracket that is not behind a letter: not in "A10".
START = re.compile(r"(?<![^\W_])(?:\(?\+)?\(?(?=\d)")
# More of its digits, with what people put between them; not the 2 of "2e".
GROUP = re.compile(r"[ .\-/()]*[\d?]+(?![^\W\d_xX])")
# What stands for the rest of its digits: 0948*, 0948######, 0948XXXXXX.
REST = re.compile(
    r"[ .\-/]*(?:\*[* ]*|#[# ]*|[xX]{2}[xX ]*)(?<! )(?![^\W_])"
    r"| *(?:\.{2,}|\u2026)(?! *[+(]*\d|[^\W_])"
)
# Of a list on paper: "1. 06 12 34 56 78".
COUNTED = re.compile(r"^\s*[1-9]\d{0,2}[.)] +(?=[+(\d])")
LABEL = re.compile(r"\W*(?:t[eé]l|sip|callto|n°|num[eé]ro)\W*", re.IGNORECASE)
# How a number ends of which only the beginning is written.
OPEN = ("*", "#", "x", "X", ".", "\u2026")
# What a French number begins with, before the nine digits (of machines: thirteen) of its own.
CODES = "|".join((FRANCE, *OVERSEAS))
FRENCH = re.compile(rf"(?:(?:\+|00)(?:{CODES})0?|{FRANCE}|0)(?=[1-9])")
MACHINE = re.compile(r"(?:700|901)\d{10}(?!\d)")
TO = {"-", "à", "a", "au", "jusqu'à", "jusqu'a", "jusqu'au", "..", "...", "…", "->", "→", "to"}
JOINED = {"", ",", ";", "/", "|", "&", "+", ":", "ou", "et", "or", "and", "de", "du"}
# What looks like a number that was meant, where one stands already.
MEANT = re.compile(r"(?:0|\+|33)[\d?]{6,}")
DAY = re.compile(r"(?:\d{4}-\d\d?-\d\d?|\d\d?[/.]\d\d?[/.]\d{4})(?![.\-/]?\d)")
TIME = re.compile(r"\d\d?:\d\d(?::\d\d)?(?!\d)")
WRONG = {
    "range": (
        "is a range whose ends are not two whole numbers of one length, the smaller one first."
        ' Write it as "01 62 00 00 00 à 01 62 99 99 99", or as prefixes with a *.'
    ),
    "half": "has half a number behind a /. Write the second number whole.",
    "none": "has no number in it. Write the number, then the name.",
}


class LineError(PhoneError):
    """Says what is wrong with a part of a line, and which.

    ``kind`` is one of WRONG, or nothing if the part alone is no number.
    """

    def __init__(self, part: str, wrong: str = "", kind: str = "") -> None:
        """Keep the part as it stands there."""
        super().__init__(wrong or WRONG[kind])
        self.part = part
        self.kind = kind


@dataclass(frozen=True)
class _Number:
    """A number of a line: the caller that it means, or what is wrong with it."""

    text: str
    start: int
    end: int
    meaning: list[str]
    wrong: str


def written(line: str) -> tuple[list[str], str]:
    """Return the callers that a line means, and the text that is left of it: a name, or nothing.

    LineError if a number is wrong, or none is there.

    >>> written("de 0162000000 à 0163999999 Robots")
    (['0162*', '0163*'], 'Robots')
    >>> written("06 12 34 56 78 ou 07 12 34 56 78 - Zoé, 2e portable")
    (['0612345678', '0712345678'], 'Zoé, 2e portable')
    """
    line = COUNTED.sub("", _typed(line))
    numbers = list(_numbers(line))
    if not numbers:
        first = re.split(r"[\t;,]", line)[0].strip(' "') if re.search(r"\d", line) else ""
        raise LineError(first or line.strip(), _cause(first), "none")
    found: list[str] = []
    rest: list[str] = []
    end = 0
    before = ""
    for number in numbers:
        between = line[end : number.start]
        _no_half(between)
        if number.wrong:
            raise LineError(number.text, number.wrong)
        meaning = number.meaning
        link = between.strip(' "\t').lower().replace("\u2019", "'")
        span = _span(before, meaning[0]) if link in TO else []
        if span:
            found[-1:] = span
        elif link in TO and link != "-":
            raise LineError(line.strip(), kind="range")
        else:
            found += meaning
        before = meaning[0] if len(meaning) == 1 and not span else ""
        if link not in TO | JOINED:
            rest.append(between)
        end = number.end
    _no_half(line[end:])
    rest.append(line[end:])
    rest = [part for part in rest if not LABEL.fullmatch(part)]
    name = " ".join(" ".join(rest).split()).strip(' ,;:-/|"')
    return list(dict.fromkeys(found)), name


def meant(text: str) -> list[str]:
    """Return the callers of a text that has no name in it.

    >>> meant("06 12 34 56 78 ou 06 12 34 56 79")
    ['0612345678', '0612345679']
    """
    try:
        found, name = written(text)
    except PhoneError:
        return callers(text)  # which says what is wrong with the whole
    if not name:
        return found
    if len(found) == 1:
        return callers(text)  # a pause or an extension, perhaps
    raise PhoneError(f'has "{name}" in it, which is no number. Delete that.')


def _typed(text: str) -> str:
    """Return a text with the signs of a keyboard: digits, spaces, hyphens and stars."""
    return text if text.isascii() else "".join(_sign(sign) for sign in text)


@functools.cache
def _sign(sign: str) -> str:
    if (digit := unicodedata.decimal(sign, None)) is not None:
        return str(digit)
    narrow = unicodedata.normalize("NFKC", sign)
    narrow = narrow if len(narrow) == 1 and not narrow.isdigit() else sign
    kind = unicodedata.category(narrow)
    if kind == "Pd" or narrow == "\u2212":
        return "-"
    if not narrow.isascii() and (kind == "Zs" or narrow in spelling.BETWEEN):
        return " "
    return "" if kind == "Cf" else "*" if narrow in spelling.STARS else narrow


def _numbers(line: str) -> Iterator[_Number]:
    """Yield the numbers of a line; PhoneError at one that is wrong."""
    whole: list[_Number] = []
    short: list[_Number] = []
    at = 0
    while start := START.search(line, at):
        if other := DAY.match(line, start.start()) or TIME.match(line, start.start()):
            at = other.end()
            continue
        number = _number(line, start.start())
        at = max(number.end, start.end() + 1)
        bare = re.sub(r"[^\d?+*]", "", number.text)
        if number.text.endswith(OPEN) or (len(bare) >= 8 and not number.wrong):
            whole.append(number)
        elif MEANT.fullmatch(bare) and not (bare.startswith("33") and len(bare) < 9):
            raise LineError(number.text, number.wrong)
        elif not line[: number.start].strip(' ("'):
            short.append(number)
    yield from whole or short


def _number(line: str, start: int) -> _Number:
    end = START.match(line, start).end()  # type: ignore[union-attr]
    opening = "+" if "+" in line[start:end] else ""
    while group := GROUP.match(line, end):
        end = group.end()
        digits = opening + re.sub(r"[^\d?]", "", line[start:end])
        following = opening + re.sub(r"[^\d?]", "", line[start:])
        if len(digits) == _length(following):
            break
    text = line[start:end]
    if rest := REST.match(line, end):
        end = rest.end()
        text += "*" if "*" in rest[0] else rest[0]
    text = text.strip(" (-./") if text.count("(") > text.count(")") else text
    try:
        return _Number(text, start, end, callers(text), "")
    except PhoneError as error:
        return _Number(text, start, end, [], str(error))


def _length(following: str) -> int:
    """Return how many signs a French number has that such digits begin with, 0 for others."""
    begun = FRENCH.match(following)
    if not begun:
        return 0
    return begun.end() + (13 if MACHINE.match(following, begun.end()) else 9)


def _no_half(following: str) -> None:
    if re.match(r"/\d+(?![^\W_])", following):
        raise LineError(following, kind="half")
    if re.match(r" *(?:à|au|jusqu.(?:à|au)|\.\.+|->|→) *\d+(?![:\d])", following):
        raise LineError(following.strip(), kind="range")


def _cause(text: str) -> str:
    try:
        callers(text)
    except PhoneError as error:
        return str(error)
    return ""


def _span(first: str, last: str) -> list[str]:
    """Return the beginnings that cover a range of numbers or of beginnings, nothing if none."""
    star = last.endswith("*")
    low, high = first.removesuffix("*"), last.removesuffix("*")
    if first.endswith("*") != star or len(low) != len(high) or not low < high:
        return []
    return [f"{stem.removesuffix('*')}*" if star else stem for stem in _covered(low, high)]


def _covered(first: str, last: str) -> Iterator[str]:
    """Yield the fewest beginnings and numbers that cover all numbers from one to another."""
    low, high = int(first), int(last)
    while low <= high:
        size = 1
        while low % (size * 10) == 0 and low + size * 10 - 1 <= high:
            size *= 10
        stem = f"{low // size:0{len(first) - len(str(size)) + 1}}"
        yield stem if size == 1 else callers(f"{stem}*")[0]
        low += size
