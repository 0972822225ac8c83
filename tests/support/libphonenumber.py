"""What a number must be: by libphonenumber, corrected where we know better."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import phonenumbers
from household.phone import matches
from phonenumbers import PhoneNumber, PhoneNumberType, ShortNumberCost

from support.plan import EMERGENCY

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
    return _TYPES[phonenumbers.number_type(number_of(FRANCE, significant))]


def number_of(code: int, significant: str) -> PhoneNumber:
    """Return a number as the library has it: the country's code, and the digits behind it."""
    return PhoneNumber(country_code=code, national_number=int(significant))


def _overseas(significant: str) -> Iterator[PhoneNumber]:
    for code in OVERSEAS:
        yield number_of(code, significant)
    if significant.startswith(str(SAINT_PIERRE)):
        yield number_of(SAINT_PIERRE, significant[3:])
    else:
        yield number_of(SAINT_PIERRE, significant)


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
        _TYPES[phonenumbers.number_type(number_of(code, number[1:]))] == "premium"
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
