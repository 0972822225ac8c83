"""One number, one key: however it is written, and whoever reads it."""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from pathlib import Path

import phonenumbers
import pytest
import spelling as commands_own
from gardeligne_setup.foyer import checks, lists
from gardeligne_setup.foyer.problems import Problems
from gardeligne_setup.foyer.tree import Listing, Value
from household import spelling
from household.phone import PhoneError, callers, expression, national
from support.libphonenumber import FRANCE, OVERSEAS, SAINT_PIERRE
from support.spellings import KINDS, TABLE, Spelling, spellings

# No two of them take the same extension, so that their order says nothing.
RULES = [
    (re.compile(expression(f"_{rule['pattern']}")), (rule["put"], rule["keep"], rule["skip"]))
    for rule in spelling.rules()
]


def ids(rows: list[Spelling]) -> list[str]:
    return [ascii(row.text) for row in rows]


NUMBERS = spellings("all", "caller", "written")
WHOLE = [row for row in NUMBERS if row.key]
NONE = [row for row in NUMBERS if not row.key]
LOOSE = spellings("loose")


def rewritten(digits: str) -> str:
    """Return what Asterisk makes of an extension by the rules, applied until none fits."""
    for _ in range(20):
        found = [rule for pattern, rule in RULES if pattern.fullmatch(digits)]
        assert len(found) < 2, digits
        if not found:
            return digits
        put, keep, skip = found[0]
        digits = put + digits[:keep] + digits[skip:]
    raise AssertionError(f"{digits}: without end")


def test_the_table_has_many_rows_and_each_of_them_once() -> None:
    rows = spellings(*KINDS)
    assert len(rows) >= 150
    assert len(rows) == len([line for line in TABLE.read_text().split("\n") if "\t" in line])
    assert [text for text, count in Counter(row.text for row in rows).items() if count > 1] == []


@pytest.mark.parametrize("row", WHOLE, ids=ids(WHOLE))
def test_a_number_is_one_key_however_it_is_written(row: Spelling) -> None:
    assert national(row.text) == row.key
    assert callers(row.text) == [row.key]
    assert checks.number(row.text) == ""  # foyer.txt
    assert commands_own.caller(row.text) == row.key


@pytest.mark.parametrize("row", WHOLE, ids=ids(WHOLE))
def test_a_key_is_its_own_spelling(row: Spelling) -> None:
    """What a list has of a caller is found again, whoever writes it down once more."""
    assert national(row.key) == row.key
    assert rewritten(row.key) == row.key


@pytest.mark.parametrize("row", [*NONE, *LOOSE], ids=ids([*NONE, *LOOSE]))
def test_what_no_caller_can_be_is_refused(row: Spelling) -> None:
    with pytest.raises(PhoneError):
        national(row.text)
    if row.kind == "loose":
        with pytest.raises(PhoneError):
            callers(row.text)
        assert checks.number(row.text)


@pytest.mark.parametrize("row", LOOSE, ids=ids(LOOSE))
def test_what_an_operator_sends_of_nobody_known_can_be_forgotten_as_it_is_shown(
    row: Spelling,
) -> None:
    assert commands_own.caller(row.text) == row.key


def test_the_dialplans_rules_and_the_lists_agree_on_all_digits() -> None:
    """On the table's, and on many that are nobody's: of each code and length, with a 0 or none."""
    dice = random.Random(14)  # noqa: S311
    tried = {row.text for row in spellings("all", "loose")}
    for code in [*map(str, range(1, 1000)), *spelling.FRENCH * 20]:
        for before in ("+", "00", "", "+00"):
            for zero in ("", "0"):
                length = dice.randrange(1, 15)
                tried.add(f"{before}{code}{zero}{dice.randrange(10**length):0{length}}")
    digits = {text for text in tried if text.removeprefix("+").isdigit()}
    assert len(digits) > 4000
    assert [text for text in digits if rewritten(text) != spelling.canonical(text)] == []


def test_a_zero_is_only_taken_from_numbers_that_have_none() -> None:
    """By libphonenumber's examples of every country: none is changed, each may have a (0)."""
    here = {FRANCE, SAINT_PIERRE, *OVERSEAS}
    kept = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        assert metadata
        code = phonenumbers.country_code_for_region(region)
        for kind in (metadata.fixed_line, metadata.mobile):
            example = kind and kind.example_number
            # Gabon's old numbers, which the library still takes, have lost their 0 in 2019.
            if not example or code in here or region == "GA":
                continue
            assert national(f"+{code} {example}") == f"00{code}{example}", region
            kept += 1
            if metadata.national_prefix == "0" and str(code) not in spelling.ZERO_STAYS:
                assert national(f"+{code} (0){example}") == f"00{code}{example}", region
    assert kept > 300


def test_codes_of_countries_are_those_of_the_library() -> None:
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        assert spelling.country(f"{code}4445556") == str(code)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+262 692 *", "0692*"),
        ("00262 692*", "0692*"),
        ("262692*", "0692*"),
        ("+262 (0)692 *", "0692*"),
        ("+590 9475*", "09475*"),
        ("+508 4*", "05084*"),
        ("+508 708 4*", "07084*"),
        ("33162*", "0162*"),
        ("+33162*", "0162*"),
        ("33162######", "0162*"),
        ("33 162 ## ## ##", "0162*"),
        ("+33162######", "0162*"),
        ("0162XXXXXX", "0162*"),
        ("01 62 xx xx xx", "0162*"),
        ("0162??????", "0162*"),
        ("+33 947 5# ## ##", "09475*"),
        ("262692######", "0692*"),
        ("33163…", "0163*"),
        ("33163...", "0163*"),
        ("01 63 …", "0163*"),
        ("0163*…", "0163*"),
        ("\u202d+33 9 48\u00a0*", "0948*"),
        ("\uff10\uff11\uff16\uff12\uff0a", "0162*"),
        ("+41 (0)22 *", "004122*"),
        ("+39 06 *", "003906*"),
        ("+44*", "0044*"),
        ("00*", "00*"),
        ("0700 0123*", "07000123*"),
        ("0700 0123 4567 8*", "0700012345678*"),
        ("36*", "36*"),
        ("118*", "118*"),
    ],
)
def test_a_beginning_is_the_one_of_keys_that_callers_have(text: str, expected: str) -> None:
    assert callers(text) == [expected]
    assert checks.number(text) == "" or "?" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("162*", '"0162*" if it is French'),
        ("162", "no short number"),
        ("33162", "no short number"),
        ("162######", "no short number"),
        ("06123456789*", "11 digits"),
        ("000*", "no caller's number begins"),
        ("+262*", "whole territory"),
        ("+262 (0)*", "whole territory"),
        ("590*", "no caller's number begins"),
        ("+508*", "whole territory"),
        ("33*", "nearly every caller"),
        ("0033*", "nearly every caller"),
        ("+33 (0)*", "nearly every caller"),
        ("…", "nearly every caller"),
        ("5*", "nearly every caller"),
        ("59*", "no caller's number begins"),
        ("4065589*", "no caller's number begins"),
        ("0162XX12XX", "digits"),
    ],
)
def test_what_no_callers_number_begins_with_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(PhoneError, match=told.replace("*", r"\*")):
        callers(text)


def test_the_command_has_the_households_own_code_and_can_be_read_by_stretch() -> None:
    link = Path(__file__).parents[2] / "roles/journal/files/gardeligne/spelling.py"
    assert link.is_symlink()
    assert link.resolve() == Path(str(spelling.__file__)).resolve()
    ast.parse(link.read_text(), feature_version=(3, 5))


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [
        ("(06) 12 34 56 78 Mamie", "0612345678", "Mamie"),
        ("+1 (212) 555-0123 John", "0012125550123", "John"),
        ("06\u200912\u200934\u200956\u200978 Mamie", "0612345678", "Mamie"),
        ("06\u201112\u201134\u201156\u201178 Mamie", "0612345678", "Mamie"),
        ("06 12 34 56 78 2e portable", "0612345678", "2e portable"),
        ("06 12 34 56 78 (Mamie)", "0612345678", "Mamie"),
        ("Mamie : +262 (0)692 12 34 56", "0692123456", "Mamie"),
        ("0700 0123 4567 89 Alarme", "07000123456789", "Alarme"),
        ("33163*", "0163*", ""),
        ("de 0162000000 à 0162999999", "0162*", ""),
        ("162 Robots", "", "n'existe pas"),
        ("162* Robots", "", "aucun numéro"),
    ],
)
def test_foyer_txt_tells_a_number_from_a_name(text: str, number: str, name: str) -> None:
    problems = Problems()
    listing = Listing(1, (Value(text, 1, 0, len(text)),))
    _, found = lists.callers(None, listing, blocks=True, problems=problems)
    if number:
        assert [callers(entry["number"]) for entry in found] == [[number]]
        assert found[0].get("name", "") == name
    else:
        assert found == []
        assert name in str(vars(problems))
