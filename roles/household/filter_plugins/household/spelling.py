"""One number, one key: whoever writes a telephone number, and however.

The household's data, foyer.txt and the household's command on the box (roles/journal has a link to
this file) all read numbers here; the dialplan's own rules are made of the same tables, by rules().
A key is 0XXXXXXXXX for France and its departments overseas, 0700… or 0901… with fourteen digits for
machines, 00 and the rest for other countries, and a short number as such. What each spelling is
stands in tests/support/spellings.tsv. Runs on Python 3.5 (Stretch) and later, with nothing but its
own library.
"""

import functools
import re
import unicodedata
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import unquote

FRANCE = "33"
# Their numbers have a 0 before them in all of France, as those of France itself: Réunion and
# Mayotte, Guadeloupe, Guyane, Martinique. Not 681, 687, 689 (Wallis, New Caledonia, Polynesia),
# whose plans are their own, and whose numbers are dialled with 00 from everywhere.
OVERSEAS = ("262", "590", "594", "596")
# Six digits, behind 0508 in France; its newer numbers have nine, behind 0 like the others.
SAINT_PIERRE = "508"
FRENCH = (FRANCE, SAINT_PIERRE, *OVERSEAS)

# Codes of countries with one digit, and with two (ITU-T E.164); all others have three.
ONE_DIGIT = ("1", "7")
_TWO_DIGITS = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64"
    " 65 66 81 82 84 86 90 91 92 93 94 95 98"
)
TWO_DIGITS = tuple(re.findall(r"\d+", _TWO_DIGITS))
# Where a 0 after the code is the number's own: Italy and the Vatican, Ivory Coast, Burkina Faso,
# Niger, Benin, Congo, San Marino, Tajikistan, and what is no country. Everywhere else it is what
# one dials inside the country, and no number from abroad has it.
ZERO_STAYS = ("39", "225", "226", "227", "229", "242", "378", "800", "881", "888", "992")

NATIONAL = re.compile(r"0[1-9]\d{8}")
# Fourteen digits, for machines: alarms, lifts (Arcep, decision 2022-1583: 0700 and 0901).
MACHINE = re.compile(r"0(?:700|901)\d{10}")
INTERNATIONAL = re.compile(r"00[1-9]\d{6,14}")
# Emergency numbers and helplines, operators' 10XX, services' 3XXX, 116XXX and 118XXX.
SHORT = re.compile(r"1[578]|11\d|19\d|10\d\d|3\d\d\d|11[68]\d\d\d")
# How the keys above may begin.
BEGINNING = re.compile(
    r"00(?:[1-9]\d{0,14})?|0[1-9]\d{0,8}|0(?:700|901)\d{0,10}"
    r"|1[015789]|11\d|19\d|10\d{1,2}|3\d{1,3}|11[68]\d{1,3}"
)

# Why a text is no number.
EMPTY, SIGNS, STAR, SEVERAL = "empty", "signs", "star", "several"
FRENCH_LENGTH, FOREIGN_LENGTH, SHORT_NUMBER = "french", "foreign", "short"
# Why a beginning is none.
EVERYBODY, TERRITORY, NOBODY = "everybody", "territory", "nobody"

# What stands between digits, beside every space, hyphen and invisible sign of Unicode: dots in the
# middle of the line, minus signs, and what makes pictures of digits.
BETWEEN = "._-/()\u00b7\u2022\u2027\u2219\u2212\u30fb\u2800\u3164\ufe0f\u20e3"
INVISIBLE = ("Zs", "Zl", "Zp", "Cf", "Cc", "Pd")
STARS = "\u2217\u204e\u2731"
URI = re.compile(r"\s*(?:tel|sips?|callto):", re.I)
# What ends a number: a pause or an extension, a parameter of a URI.
END = re.compile(
    r"(?<=[0-9]) *(?:;+ *(?:npdi|[a-z][a-z0-9 ]*[=;].*)|[,;#pwx][0-9+*#,;pwx ]*"
    r"|(?:extension|ext|postes?|post|interne|int)[ :]*[0-9]+ *)$",
    re.I | re.S,
)


class NoNumber(ValueError):
    """A text is no number; ``cause`` is one of the above, ``digits`` what was left of it."""

    def __init__(self, cause: str, digits: str = "") -> None:
        """Keep both."""
        super().__init__(cause)
        self.cause = cause
        self.digits = digits


def key(text: str) -> str:
    """Return a whole number's key. Raises NoNumber.

    >>> key("+33 (0)6 12.34.56.78"), key("tel:+262-692-12-34-56;ext=1")
    ('0612345678', '0692123456')
    """
    digits = _digits(_without_end(text))
    number = canonical(digits)
    if NATIONAL.fullmatch(number) or MACHINE.fullmatch(number) or SHORT.fullmatch(number):
        return number
    if not digits.strip("+"):
        raise NoNumber(EMPTY)
    if number.startswith("00"):
        if country(number[2:]) in FRENCH:
            raise NoNumber(FRENCH_LENGTH, number)
        if not INTERNATIONAL.fullmatch(number):
            raise NoNumber(FOREIGN_LENGTH, number)
        return number
    raise NoNumber(FRENCH_LENGTH if number.startswith("0") else SHORT_NUMBER, number)


def beginning(text: str) -> str:
    """Return how the keys of the numbers begin that begin so. Raises NoNumber.

    >>> beginning("+33 (0)9 48"), beginning("33 162"), beginning("+262 692")
    ('0948', '0162', '0692')
    """
    digits = _abroad(_digits(plain(text)))
    for code in FRENCH:
        if digits.startswith(code) and len(digits) > len(code):
            digits = "00" + digits
            break
    if digits in ("", "0", FRANCE, "00" + FRANCE, "00" + FRANCE + "0") or len(digits) < 2:
        raise NoNumber(EVERYBODY, digits)
    if digits.startswith("00"):
        code = country(digits[2:])
        rest = digits[2 + len(code) :]
        if code in FRENCH:
            rest = rest[1:] if rest.startswith("0") else rest
            if not rest:
                raise NoNumber(TERRITORY, digits)
            six = code == SAINT_PIERRE and not re.match("508|70|80", rest)
            digits = "0" + (SAINT_PIERRE if six else "") + rest
        elif code not in ZERO_STAYS:
            digits = "00" + code + rest.lstrip("0")
    if not BEGINNING.fullmatch(digits):
        raise NoNumber(NOBODY, digits)
    return digits


def caller(text: str) -> str:
    """Return a caller's key as the dialplan has it: what is no number that we know stays.

    Nothing is what has no digits.
    """
    try:
        return key(text)
    except NoNumber:
        digits = re.search(r"\+?[0-9]*", plain(text).replace(" ", ""))
        return canonical(digits.group()).lstrip("+") if digits else ""


def canonical(digits: str) -> str:
    """Return digits in the one form, as the dialplan's rules() do; others as they are."""
    digits = _abroad(digits)
    for code in FRENCH:
        if digits.startswith(code):
            found = _national(code, digits[len(code) :])
            if found:
                return found
    if not digits.startswith("00"):
        return digits
    code = country(digits[2:])
    rest = digits[2 + len(code) :]
    if code in FRENCH:
        return _national(code, rest) or digits
    return digits if code in ZERO_STAYS else "00" + code + re.sub("^0+(?=.)", "", rest)


def country(digits: str) -> str:
    """Return the code of a country that digits begin with."""
    if digits[:1] in ONE_DIGIT:
        return digits[:1]
    return digits[:2] if digits[:2] in TWO_DIGITS else digits[:3]


def rules() -> List[Dict[str, Any]]:
    """Return canonical() as patterns of Asterisk, to be applied until none fits.

    Of what fits, ``put`` comes first, then so many characters (``keep``), then all but so many.
    """
    return [
        {"pattern": pattern, "put": put, "keep": keep, "skip": skip}
        for pattern, put, keep, skip in _rules()
    ]


def _rules() -> Iterator[Tuple[str, str, int, int]]:
    yield "+0.", "", 0, 1
    yield "+Z.", "00", 0, 1
    for code in FRENCH:
        for before in ("00", ""):
            skip = len(before + code)
            for number in ("ZXXXXXXXX", "700XXXXXXXXXX", "901XXXXXXXXXX"):
                yield before + code + number, "0", 0, skip
                yield before + code + "0" + number, "", 0, skip
            if code == SAINT_PIERRE:
                yield before + code + "ZXXXXX", "0508", 0, skip
    for codes, length in _codes_without_zero():
        yield "00" + codes + "0.", "", 2 + length, 3 + length


def _codes_without_zero() -> Iterator[Tuple[str, int]]:
    """Yield patterns of the codes of countries whose numbers do not begin with 0, their length."""
    yield "[17]", 1
    kept = ZERO_STAYS + FRENCH
    for first in "2345689":
        two = [each[1] for each in TWO_DIGITS if each[0] == first]
        last = [digit for digit in two if first + digit not in kept]
        if last:
            yield first + _set(last), 2
        whole = []
        for second in sorted(set("0123456789") - set(two)):
            those = [each[2] for each in kept if len(each) == 3 and each[:2] == first + second]
            if those:
                others = [digit for digit in "0123456789" if digit not in those]
                yield first + second + _set(others), 3
            else:
                whole.append(second)
        if whole:
            yield first + _set(whole) + "X", 3


def _set(digits: List[str]) -> str:
    return "[{}]".format("".join(digits)) if len(digits) > 1 else digits[0]


def plain(text: str) -> str:
    """Return a text of the same length: ASCII digits, and a space for all that is between them."""
    return "".join(_plain(character) for character in text)


@functools.lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    narrow = unicodedata.normalize("NFKC", character)
    if len(narrow) != 1 or narrow.isdigit():
        narrow = character
    if narrow in BETWEEN or unicodedata.category(narrow) in INVISIBLE:
        return " "
    return "*" if narrow in STARS else narrow


def _without_end(text: str) -> str:
    """Return a number as plain(), without what surrounds it in a URI or is dialled after it."""
    uri = URI.match(text)
    if uri:
        text = unquote(text[uri.end() :].partition("@")[0])
    spelled = plain(text)
    end = END.search(spelled)
    if not end:
        return spelled
    rest = end.group().strip()
    if rest[0] in ",;" and "#" not in rest and _whole(rest[1:]):
        raise NoNumber(SEVERAL)
    return spelled[: end.start()]


def _whole(text: str) -> bool:
    """Tell whether a text is a number that is not a short one."""
    try:
        return not SHORT.fullmatch(key(text))
    except NoNumber as error:
        return error.cause == SEVERAL


def _digits(spelled: str) -> str:
    digits = spelled.replace(" ", "")
    if not re.fullmatch(r"\+?[0-9]*", digits):
        raise NoNumber(STAR if "*" in digits else SIGNS, digits)
    return digits


def _abroad(digits: str) -> str:
    """Return digits with 00 for +; no code begins with 0, so what stands there is the number."""
    if not digits.startswith("+"):
        return digits
    return digits[1:] if digits[1:2] == "0" else "00" + digits[1:]


def _national(code: str, digits: str) -> str:
    """Return what is dialled in France for what stands after one of its codes, or nothing."""
    if code == SAINT_PIERRE and re.fullmatch(r"[1-9]\d{5}", digits):
        return "0508" + digits
    number = digits if digits.startswith("0") else "0" + digits
    return number if NATIONAL.fullmatch(number) or MACHINE.fullmatch(number) else ""
