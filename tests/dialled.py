"""Numbers to dial, and what each must be: by libphonenumber, corrected where we know better.

`sampled()` gives numbers, each with its class, "emergency" or "refused"; `forms()` how telephones
send them.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import phonenumbers
import yaml
from household.phone import matches
from household.spelling import ZERO_STAYS
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType, ShortNumberCost

PLAN: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "group_vars/all/number_plan.yml").read_text()
)
EMERGENCY: list[str] = PLAN["gardeligne_emergency_numbers"]
CLASSES: dict[str, dict[str, Any]] = PLAN["gardeligne_number_classes"]

FRANCE = 33
# Dialled with 0 and nine digits from all of France; Saint-Pierre with 0508 and six digits too.
OVERSEAS = (262, 590, 594, 596)
SAINT_PIERRE = 508

_TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.VOIP: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "free",
    PhoneNumberType.UAN: "normal",
    PhoneNumberType.SHARED_COST: "premium",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.UNKNOWN: "refused",
}
_COSTS = {
    ShortNumberCost.TOLL_FREE: "free",
    ShortNumberCost.STANDARD_RATE: "normal",
    ShortNumberCost.PREMIUM_RATE: "premium",
    ShortNumberCost.UNKNOWN_COST: "refused",
}


class Correction(NamedTuple):
    """Numbers of which the library says one thing and the plan another, and why the plan."""

    pattern: str
    library: str
    ours: str
    why: str


_TERRITORY = "Arcep's blocks give the whole root to overseas; the library knows parts of it only"
_NOBODY = "allocated to nobody: the library fills up its ranges, we do not know the price"
_INTEREST = "for calls of general interest by the plan of 2026, newer than what the library has"
_SINGLE = "found for this number alone: group_vars/all/number_plan.yml names the source"
_OPERATOR = "a mobile operator's own number, or one for text messages only"

CORRECTIONS = [
    Correction("_026[39]XXXXXX", "landline", "overseas", _TERRITORY),
    Correction("_0508XXXXXX", "landline", "overseas", _TERRITORY),
    Correction("_0508XXXXXX", "overseas_mobile", "overseas", "Saint-Pierre has both under 0508"),
    Correction("_059[46]XXXXXX", "landline", "overseas", _TERRITORY),
    Correction("_0590XXXXXX", "refused", "overseas", _TERRITORY),
    Correction("_0594XXXXXX", "refused", "overseas", _TERRITORY),
    Correction("_0939[5-9]XXXXX", "landline", "overseas", _TERRITORY),
    Correction("_0947[5-9]XXXXX", "landline", "overseas", _TERRITORY),
    Correction("_0639XXXXXX", "refused", "overseas_mobile", _TERRITORY),
    Correction("_069[0-467]XXXXXX", "refused", "overseas_mobile", _TERRITORY),
    Correction("_0708[45]XXXXX", "refused", "overseas_mobile", _TERRITORY),
    Correction("_0709[0-3]XXXXX", "refused", "overseas_mobile", _TERRITORY),
    Correction("_0268[0-6]XXXXX", "landline", "refused", _NOBODY),
    Correction("_02687XXXXX", "landline", "overseas", _INTEREST),
    Correction("_05985[5-9]XXXX", "landline", "overseas", _INTEREST),
    Correction("_05986[0-4]XXXX", "landline", "overseas", _INTEREST),
    Correction("_09470[2-9]XXXX", "landline", "overseas", _INTEREST),
    Correction("_050[0-79]XXXXXX", "landline", "refused", _NOBODY),
    Correction("_059[1-357-9]XXXXXX", "landline", "refused", _NOBODY),
    Correction("_0947[0-4]XXXXX", "landline", "refused", _NOBODY),
    Correction("_06400[0-4]XXXX", "mobile", "premium", "Globalstar's satellites; unknown price"),
    Correction("_08[1-9]XXXXXXX", "refused", "premium", "what costs is barred, in use or not"),
    Correction("3919", "premium", "emergency", _SINGLE),
    Correction("3977", "premium", "free", _SINGLE),
    *(
        Correction(number, "premium", "normal", _SINGLE)
        for number in ("3230", "3238", "3646", "3928", "3939", "3949", "3957", "3960")
    ),
    Correction("_116XXX", "refused", "free", "all of 116 is free by the EU's decision 2007/116"),
    Correction("3008", "free", "premium", "not among Arcep's free numbers (plan 2.4.9)"),
    Correction("_317[0-8]", "free", "premium", "not among Arcep's free numbers (plan 2.4.9)"),
    Correction("110", "free", "refused", "in no French list"),
    Correction("224", "free", "refused", _OPERATOR),
    Correction("740", "free", "refused", _OPERATOR),
    Correction("33700", "free", "refused", _OPERATOR),
    Correction("_202X", "normal", "refused", _OPERATOR),
    Correction("_61[14]", "normal", "refused", _OPERATOR),
    Correction("634", "normal", "refused", _OPERATOR),
    Correction("_70[06]", "normal", "refused", _OPERATOR),
    Correction("_366XX", "premium", "refused", _OPERATOR),
    Correction("_[4-8]XXXX", "premium", "refused", _OPERATOR),
    Correction("_00800XXXXXXXX", "free", "international", "unverified with operators here"),
]


# ------------------------------------------------------------------ what Asterisk makes of a number


def specificity(extension: str) -> tuple[int, str | list[tuple[int, int]]]:
    """Return the key by which Asterisk sorts the extensions of a context; the first match wins.

    main/pbx.c, ext_cmp(), the same in 13.14.1 and 22: whole numbers first, then patterns, compared
    place by place: fewer characters first, then the one whose smallest character is the smaller,
    then the one whose set of characters has the smaller ones; the end of a pattern comes last.
    """
    if not extension.startswith("_"):
        return 0, extension
    return 1, [*(_weight(place) for place in places(extension)), (0x30000, 0)]


def places(extension: str) -> list[str]:
    """Return what stands for each digit: "0", "X", "[1-9]"."""
    found: list[str] = []
    rest = extension.removeprefix("_")
    while rest:
        length = rest.index("]") + 1 if rest.startswith("[") else 1
        found.append(rest[:length])
        rest = rest[length:]
    return found


def _weight(place: str) -> tuple[int, int]:
    characters = characters_of(place)
    mask = sum(1 << (255 - ord(character)) for character in characters)
    return len(characters) << 8 | ord(min(characters)), -mask


def characters_of(place: str) -> set[str]:
    """Return which characters one place of a pattern takes."""
    ranges = {"X": "0-9", "Z": "1-9", "N": "2-9"}
    if not place.startswith("["):
        place = f"[{ranges.get(place, place)}]"
    found: set[str] = set()
    rest = place[1:-1]
    while rest:
        if rest[1:2] == "-" and len(rest) > 2:
            found |= {chr(code) for code in range(ord(rest[0]), ord(rest[2]) + 1)}
            rest = rest[3:]
        else:
            found.add(rest[0])
            rest = rest[1:]
    return found


def extensions() -> list[tuple[str, str]]:
    """Return the plan's extensions and what each means, as Asterisk sorts them."""
    pairs = [(number, "emergency") for number in EMERGENCY]
    pairs += [(pattern, name) for name, kind in CLASSES.items() for pattern in kind["patterns"]]
    return sorted(pairs, key=lambda pair: specificity(pair[0]))


@cache
def _by_length() -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    for extension, name in extensions():
        found.setdefault(len(places(extension)), []).append((extension, name))
    return found


def class_of(number: str) -> str:
    """Return the class that Asterisk finds for a number, "emergency", or "refused"."""
    for extension, name in _by_length().get(len(number), []):
        if matches(extension, number):
            return name
    return "refused"


# ------------------------------------------------------------------- what the library makes of it


@cache
def library_class(number: str) -> str:
    """Return the class that a number would have if libphonenumber had to say."""
    if number.startswith("00"):
        return _foreign(number[2:])
    if number.startswith("0"):
        return _national(number[1:])
    return _short(number)


def _national(significant: str) -> str:
    if len(significant) != 9:
        return "refused"
    if not significant.startswith("8"):
        for number in _overseas(significant):
            kind = _TYPES[phonenumbers.number_type(number)]
            if kind in ("landline", "mobile"):
                return "overseas" if kind == "landline" else "overseas_mobile"
    return _TYPES[phonenumbers.number_type(_number(FRANCE, significant))]


def _number(code: int, significant: str) -> PhoneNumber:
    return PhoneNumber(country_code=code, national_number=int(significant))


def _overseas(significant: str) -> Iterator[PhoneNumber]:
    for code in OVERSEAS:
        yield _number(code, significant)
    if significant.startswith(str(SAINT_PIERRE)):
        yield _number(SAINT_PIERRE, significant[3:])
    else:
        yield _number(SAINT_PIERRE, significant)


def _short(number: str) -> str:
    parsed = PhoneNumber(country_code=FRANCE, national_number=int(number))
    if not phonenumbers.is_valid_short_number_for_region(parsed, "FR"):
        return "refused"
    return _COSTS[phonenumbers.expected_cost_for_region(parsed, "FR")]


def _foreign(digits: str) -> str:
    """Tell codes of countries from codes of none; how long their numbers are is E.164's to say."""
    if not 7 <= len(digits) <= 15:
        return "refused"
    regions = next(
        (
            phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(digits[:length])]
            for length in (1, 2, 3)
            if int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
        ),
        (),
    )
    if not regions:
        return "refused"
    if regions != ("001",):
        return "international"
    if digits.startswith("800"):
        return "free" if len(digits) == 11 else "international"
    return "international_premium"


def premium_anywhere(number: str) -> bool:
    """Tell whether the library thinks that a number costs more, in any part of France."""
    if not number.startswith("0"):
        return library_class(number) == "premium"
    if number.startswith("00") or len(number) != 10:
        return False
    return any(
        _TYPES[phonenumbers.number_type(_number(code, number[1:]))] == "premium"
        for code in (FRANCE, *OVERSEAS, SAINT_PIERRE)
    )


def correction_of(number: str) -> Correction | None:
    """Return the correction that applies to a number."""
    said = library_class(number)
    return next(
        (
            correction
            for correction in CORRECTIONS
            if correction.library == said and matches(correction.pattern, number)
        ),
        None,
    )


def expected(number: str) -> str:
    """Return what a number must be: the library's class, corrected."""
    if number in EMERGENCY:
        return "emergency"
    correction = correction_of(number)
    return correction.ours if correction else library_class(number)


# ---------------------------------------------------------------------------------- which numbers


def national_numbers() -> Iterator[str]:
    """Return one of every hundred thousand, 01000… to 09999…, and thirty of every pattern."""
    dice = random.Random(33)  # noqa: S311
    for block in range(1000, 10000):
        yield f"0{block}{dice.randrange(10**5):05}"
    for pattern in (pattern for pattern, _ in _by_length()[10] if pattern[1:3] != "00"):
        choices = [sorted(characters_of(place)) for place in places(pattern)]
        for _ in range(30):
            yield "".join(dice.choice(choice) for choice in choices)


def short_numbers() -> Iterator[str]:
    """Return every number of two to four digits, and many of five and six: all of 116 and 118."""
    five = (*range(10000, 100000, 97), 33700)
    six = (*range(100000, 1000000, 977), *range(116000, 117000), *range(118000, 119000))
    yield from map(str, (*range(10, 10000), *five, *six))


def foreign_numbers() -> Iterator[str]:
    """Return numbers of every country and of none: the library's examples, and any of each length.

    Not of France and what is overseas: those are written nationally before the plan sees them.
    """
    dice = random.Random(164)  # noqa: S311
    kinds = ("fixed_line", "mobile", "voip", "toll_free", "premium_rate", "shared_cost", "uan")
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        if code in (FRANCE, SAINT_PIERRE, *OVERSEAS):
            continue
        for region in regions:
            metadata = (
                PhoneMetadata.metadata_for_nongeo_region(code)
                if region == "001"
                else PhoneMetadata.metadata_for_region(region)
            )
            for kind in kinds:
                description = getattr(metadata, kind)
                example = description.example_number if description else None
                # Not what begins with a 0 that goes: nobody can call that from abroad.
                if example and (example[0] != "0" or str(code) in ZERO_STAYS):
                    yield f"00{code}{example}"
        for length in range(7 - len(str(code)), 16 - len(str(code))):
            # Not with a 0 first: that may be one that goes (test_spellings.py).
            yield f"00{code}{dice.randrange(10 ** (length - 1), 10**length)}"


def malformed_numbers() -> Iterator[str]:
    """Return what nobody means: digits too few or too many, and the numbers of machines (0700)."""
    for number in itertools.islice(national_numbers(), 0, None, 100):
        yield from (number[:-1], f"{number}7")
    for number in itertools.islice(foreign_numbers(), 0, None, 200):
        yield from (number[:7], f"{number:7<18}")
    yield from ("07000123456789", "0700512345678")


def everything() -> Iterator[str]:
    """Return all the numbers that the tests try."""
    yield from national_numbers()
    yield from short_numbers()
    yield from foreign_numbers()
    yield from malformed_numbers()


def sampled() -> Iterator[tuple[str, str]]:
    """Return fewer, for slower tests: where the class changes, emergencies, and every tenth."""
    last = ""
    for index, number in enumerate(everything()):
        kind = expected(number)
        if kind != last or kind == "emergency" or index % 10 == 0:
            yield number, kind
        last = kind


def forms(number: str) -> list[str]:
    """Return a number as telephones send it, without spaces: 06…, +336…, 00336…; +262…"""
    if number.startswith("00"):
        return [number, f"+{number[2:]}"]
    if not (number.startswith("0") and len(number) == 10):
        return [number]
    if number.startswith("0508"):
        if number[4] == "0":  # nobody's: no six digits there begin with 0
            return [number]
        return [number, f"+{SAINT_PIERRE}{number[4:]}", f"00{SAINT_PIERRE}{number[4:]}"]
    code = FRANCE
    if expected(number) in ("overseas", "overseas_mobile"):
        known = [
            overseas
            for overseas in OVERSEAS
            if phonenumbers.number_type(_number(overseas, number[1:])) != PhoneNumberType.UNKNOWN
        ]
        if not known:
            return [number]
        code = known[0]
    return [number, f"+{code}{number[1:]}", f"00{code}{number[1:]}"]
