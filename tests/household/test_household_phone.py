"""Phone numbers are understood as French people write them."""

from __future__ import annotations

import pytest
from household.phone import PhoneError, callers, line, matches, national


@pytest.mark.parametrize(
    "text",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "06\u00a012\u00a034\u00a056\u00a078",
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "+33 06 12 34 56 78",
        "0033612345678",
        "0033 (0)6 12 34 56 78",
        "33612345678",
        "(06) 12/34/56/78",
    ],
)
def test_a_french_number_is_one_number_however_it_is_written(text: str) -> None:
    assert national(text) == "0612345678"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+32 2 123 45 67", "003221234567"),
        ("0032 2 123 45 67", "003221234567"),
        ("3639", "3639"),
    ],
)
def test_foreign_and_short_numbers_are_numbers_too(text: str, expected: str) -> None:
    assert national(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09 48 *", "0948*"),
        ("+33 9 48*", "0948*"),
        ("+33 (0)9 48 *", "0948*"),
        ("+32 *", "0032*"),
        ("00*", "00*"),
        ("06 12 34 56 78", "0612345678"),
    ],
)
def test_a_star_stands_for_the_rest(text: str, expected: str) -> None:
    assert callers(text) == [expected]


@pytest.mark.parametrize("text", ["", " ", "+", "0", "Mamie", "06 12 34 56", "06*78", "612345678"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(PhoneError):
        national(text)


@pytest.mark.parametrize("text", ["*", "0*", "+33*", "06**", "Mamie*"])
def test_a_pattern_for_everybody_is_refused(text: str) -> None:
    with pytest.raises(PhoneError):
        callers(text)


def test_a_line_has_no_short_number() -> None:
    with pytest.raises(PhoneError):
        line("3639")


@pytest.mark.parametrize(
    ("asterisk_pattern", "number", "expected"),
    [
        ("_0[1-59]XXXXXXXX", "0123456789", True),
        ("_0[1-59]XXXXXXXX", "0612345678", False),
        ("_0[1-59]XXXXXXXX", "012345678", False),
        ("_0948.", "0948123456", True),
        ("_0948.", "0948", False),
        ("_0948!", "0948", True),
        ("_NZX", "210", True),
        ("_NZX", "110", False),
        ("112", "112", True),
        ("112", "1120", False),
    ],
)
def test_patterns_match_as_in_asterisk(asterisk_pattern: str, number: str, expected: bool) -> None:
    assert matches(asterisk_pattern, number) is expected
