"""The number plan is right: held against libphonenumber, and against Asterisk's own rules."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from typing import NamedTuple

import phonenumbers
import pytest
from support import dialled, libphonenumber, plan
from support.dialled import sampled
from support.libphonenumber import CORRECTIONS
from support.plan import CLASSES, EMERGENCY, class_of

COSTLY = {name for name, kind in CLASSES.items() if kind.get("costly")}
# What the plan may do with a number that costs more: let nobody dial it, or only who has asked.
HARMLESS = COSTLY | {"refused"}
PATTERNS = [pattern for kind in CLASSES.values() for pattern in kind["patterns"]]


class Tried(NamedTuple):
    """A number, what the plan makes of it, and what it must be."""

    number: str
    found: str
    expected: str


@pytest.fixture(scope="module")
def tried() -> list[Tried]:
    return [
        Tried(number, class_of(number), libphonenumber.expected(number))
        for number in dialled.everything()
    ]


@pytest.mark.slow
def test_thousands_of_numbers_are_tried_in_every_class(tried: list[Tried]) -> None:
    counts = Counter(one.expected for one in tried)
    assert len(tried) >= 5000
    assert set(counts) == {*CLASSES, "emergency", "refused"}
    few = {name: count for name, count in counts.items() if count < 50 and name != "emergency"}
    assert not few


@pytest.mark.slow
def test_every_number_has_the_class_that_the_library_says_or_a_correction_does(
    tried: list[Tried],
) -> None:
    assert [one for one in tried if one.found != one.expected] == []


@pytest.mark.slow
def test_what_the_library_calls_premium_is_never_cheap(tried: list[Tried]) -> None:
    """Ranges have no exception; a single short number has if its source is named."""
    sourced = {c.pattern for c in CORRECTIONS if not c.pattern.startswith("_")}
    cheap = [
        one
        for one in tried
        if one.found not in HARMLESS
        and one.number not in sourced
        and libphonenumber.premium_anywhere(one.number)
    ]
    assert cheap == []


@pytest.mark.slow
def test_an_emergency_number_is_nothing_else(tried: list[Tried]) -> None:
    assert {one.number for one in tried if one.found == "emergency"} == set(EMERGENCY)
    theirs = [
        one.number
        for one in tried
        if not one.number.startswith("0") and phonenumbers.is_emergency_number(one.number, "FR")
    ]
    assert theirs
    assert set(theirs) <= set(EMERGENCY)


@pytest.mark.slow
def test_no_french_number_is_foreign_and_no_foreign_one_french(tried: list[Tried]) -> None:
    abroad = {"international", "international_premium"}
    foreign = [one for one in tried if one.number.startswith("00")]
    assert {one.found for one in foreign} == {*abroad, "refused"}
    assert [one for one in tried if one.found in abroad and not one.number.startswith("00")] == []


def test_every_country_can_be_called_and_no_code_without_a_country_passes_for_one() -> None:
    codes: dict[int, set[str]] = {}
    for number in dialled.foreign_numbers():
        if 9 <= len(number) <= 17:
            code = phonenumbers.parse(f"+{number[2:]}").country_code or 0
            codes.setdefault(code, set()).add(class_of(number))
    countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    here = {libphonenumber.FRANCE, libphonenumber.SAINT_PIERRE, *libphonenumber.OVERSEAS}
    assert set(codes) == set(countries) - here
    for code, classes in codes.items():
        nobodys = countries[code] == ("001",) and code != 800
        assert classes == {"international_premium" if nobodys else "international"}, code


@pytest.mark.slow
def test_every_correction_corrects(tried: list[Tried]) -> None:
    """One that the library no longer needs, or that another hides, goes."""
    used = {libphonenumber.correction_of(one.number) for one in tried}
    assert [correction for correction in CORRECTIONS if correction not in used] == []
    assert [c for c in CORRECTIONS if c.library == c.ours or not c.why] == []


def test_a_correction_makes_nothing_cheaper_but_single_numbers() -> None:
    """What the library does not know or calls premium, no range of ours lets through."""
    cheaper = {
        correction.pattern
        for correction in CORRECTIONS
        if correction.pattern.startswith("_")
        and correction.library in ("premium", "refused")
        and correction.ours not in HARMLESS
    }
    overseas = {c.pattern for c in CORRECTIONS if c.ours in ("overseas", "overseas_mobile")}
    assert cheaper - overseas == {"_116XXX"}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_one_for_asterisk_13(pattern: str) -> None:
    """Digits of a fixed length: ranges ascend, and a set has more than one character."""
    if not pattern.startswith("_"):
        assert re.fullmatch(r"[1-9]\d{1,5}", pattern)
        return
    part = r"[0-9XZN]|\[(?:[0-9]-[0-9]|[0-9])+\]"
    assert re.fullmatch(rf"_(?:{part})+", pattern)
    assert re.search(r"[XZN\[]", pattern), "a pattern that takes one number is no pattern"
    for low, high in re.findall(r"(\d)-(\d)", pattern):
        assert low < high
    for characters in re.findall(r"\[([^\]]*)\]", pattern):
        listed = re.findall(r"(\d)-(\d)|(\d)", characters)
        ranges = [(one, one) if one else (low, high) for low, high, one in listed]
        assert ranges == sorted(ranges)
        assert all(left[1] < right[0] for left, right in pairwise(ranges))
        assert len(plan.characters_of(f"[{characters}]")) > 1
    assert len(pattern) < 80  # AST_MAX_EXTENSION, its end included


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_has_the_length_of_the_numbers_that_it_is_for(pattern: str) -> None:
    """A digit too few or too many, and it takes no number at all."""
    length = len(plan.places(pattern))
    if pattern.startswith("_00"):
        assert 2 + 7 <= length <= 2 + 15
    elif pattern.startswith("_0"):
        assert length == 10
    else:
        assert 2 <= length <= 6


def test_classes_overlap_only_where_the_dearer_one_has_the_more_specific_pattern() -> None:
    """By Asterisk's rule, that is; a whole number always is, and is meant where it stands."""
    overlaps = {
        (first, second)
        for (one, first), (other, second) in combinations(plan.extensions(), 2)
        if first != second
        and one.startswith("_")
        and len(plan.places(one)) == len(plan.places(other))
        and all(
            plan.characters_of(left) & plan.characters_of(right)
            for left, right in zip(plan.places(one), plan.places(other), strict=True)
        )
    }
    assert overlaps == {("premium", "mobile"), ("international_premium", "international")}


def test_an_extension_stands_once() -> None:
    assert [one for one, count in Counter([*PATTERNS, *EMERGENCY]).items() if count > 1] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("112", "_1XX"),  # a whole number before a pattern
        ("_0262XXXXXX", "_0[1-5]XXXXXXXX"),  # one character before five
        ("_06400[0-4]XXXX", "_06[0-24-8]XXXXXXX"),
        ("_00979XXXX", "_00ZXXXXXX"),
        ("_ZX", "_XX"),
        ("_[0-4]X", "_[5-9]X"),  # as many characters: the smallest decides
        ("_[12]X", "_[13]X"),  # and then the next
    ],
)
def test_the_more_specific_extension_comes_first(first: str, second: str) -> None:
    assert sorted([second, first], key=plan.specificity) == [first, second]


@pytest.mark.slow
def test_the_sample_for_slower_tests_has_all_classes_and_is_always_the_same() -> None:
    sample = list(sampled())
    assert len(sample) >= 2000
    assert {kind for _, kind in sample} == {*CLASSES, "emergency", "refused"}
    assert sample == list(sampled())


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("0612345678", ["0612345678", "+33612345678", "0033612345678"]),
        ("0899123456", ["0899123456", "+33899123456", "0033899123456"]),
        ("0262161234", ["0262161234", "+262262161234", "00262262161234"]),
        ("0690001234", ["0690001234", "+590690001234", "00590690001234"]),
        ("0508411234", ["0508411234", "+508411234", "00508411234"]),
        ("003221234567", ["003221234567", "+3221234567"]),
        ("3639", ["3639"]),
        ("15", ["15"]),
    ],
)
def test_a_number_has_the_forms_that_telephones_send(number: str, forms: list[str]) -> None:
    assert dialled.forms(number) == forms
