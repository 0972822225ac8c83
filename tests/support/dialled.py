"""Numbers to dial, for tests.

`sampled()` gives numbers, each with its class, "emergency" or "refused"; `forms()` how telephones
send them.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import phonenumbers
from household.spelling import ZERO_STAYS
from phonenumbers import PhoneMetadata, PhoneNumberType

from support.libphonenumber import FRANCE, OVERSEAS, SAINT_PIERRE, expected, number_of
from support.plan import by_length, characters_of, places


def national_numbers() -> Iterator[str]:
    """Return one of every hundred thousand, 01000… to 09999…, and thirty of every pattern."""
    dice = random.Random(33)  # noqa: S311
    for block in range(1000, 10000):
        yield f"0{block}{dice.randrange(10**5):05}"
    for pattern in (pattern for pattern, _ in by_length()[10] if pattern[1:3] != "00"):
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
            if phonenumbers.number_type(number_of(overseas, number[1:])) != PhoneNumberType.UNKNOWN
        ]
        if not known:
            return [number]
        code = known[0]
    return [number, f"+{code}{number[1:]}", f"00{code}{number[1:]}"]
