"""Lists of callers: numbers, files, address books and presets become the appliance's text."""

from __future__ import annotations

from pathlib import Path

import pytest
from household.listed import FileError, cleaned, read
from support.lists import BOM, CRLF, PRESETS, numbers_of, rows_of


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    folder = tmp_path / "host_vars/pi"
    folder.mkdir(parents=True)
    return folder


def test_numbers_become_keys_and_rules(tmp_path: Path) -> None:
    allow = [
        {"number": "06 12 34 56 78", "name": "Mamie"},
        {"number": "+33 1 42 00 00 *", "name": "Cabinet médical"},
        {"number": "+32 2 123 45 67"},
    ]
    block = [{"number": "09 48 *"}, {"number": "07 00 00 00 0?", "action": "decoy"}]
    rows = rows_of(tmp_path, allow=allow, block=block, guard={"blocked": "voicemail"})
    assert rows[:4] == [
        "allow003221234567\tknown||list|",
        "allow01420000*\tknown|Cabinet médical|prefix|01420000",
        "allow0612345678\tknown|Mamie|named|Mamie",
        "block0700000000\tdecoy||list|",
    ]
    assert rows[-1] == "block0948*\tvoicemail||prefix|0948"
    assert len(rows) == 3 + 10 + 1
    assert rows == sorted(rows)


def test_without_lists_the_text_is_empty(tmp_path: Path) -> None:
    assert numbers_of(tmp_path) == {"text": "", "left_out": []}


def test_the_telemarketing_ranges_are_those_of_the_regulator(tmp_path: Path) -> None:
    """As in force since 2026; 0937 to 0939 are platforms, which one waits for."""
    rows = rows_of(tmp_path, block=[{"preset": "demarchage", "action": "refuse"}])
    keys = {row.partition("\t")[0] for row in rows}
    ranges = "0162 0163 0270 0271 0377 0378 0424 0425 0568 0569 0948 0949"
    overseas = "02688 02689 05987 05988 05989 09475 09476 09477 09478 09479"
    assert keys == {f"block{number}*" for number in f"{ranges} {overseas}".split()}
    assert rows[0] == "block0162*\trefuse||demarchage|"


def test_no_preset_has_the_ranges_of_platforms_or_of_general_interest() -> None:
    interest = ["01510", "02687", "02810", "03410", "04410", "050860", "05410", "09410"]
    interest += [f"0598{number}" for number in range(55, 65)]
    interest += [f"09470{number}" for number in range(2, 10)]
    for preset in PRESETS.values():
        for text in preset["numbers"]:
            for platform in ("0937", "0938", "0939", *interest):
                prefix = text.removesuffix("*")
                assert not (prefix.startswith(platform) or platform.startswith(prefix))


def test_a_text_lists_numbers_and_names_however_they_are_written(beside: Path) -> None:
    lines = [
        "# pénibles", "06 12 34 56 78", "+33 6 12 34 56 79 Zoé", "06.12.34.56.80;Assureur",
        '"0612345681","Banque, agence"', "0612345682\tSamu", "06 12 34 56 83 (le soir)",
        "  06 12 34 56 84 - Cave à vins  # deux fois déjà", "09 48 *", "07 00 00 00 0?", "",
    ]  # fmt: skip
    (beside / "liste.txt").write_text(BOM + CRLF.join(lines))
    listed = read(beside / "liste.txt")
    assert listed.wrong == []
    assert list(listed.callers.items())[:8] == [
        ("0612345678", ""),
        ("0612345679", "Zoé"),
        ("0612345680", "Assureur"),
        ("0612345681", "Banque agence"),
        ("0612345682", "Samu"),
        ("0612345683", "(le soir)"),
        ("0612345684", "Cave à vins"),
        ("0948*", ""),
    ]
    assert len(listed.callers) == 18


def test_a_text_of_old_windows_is_read_too(beside: Path) -> None:
    (beside / "liste.csv").write_bytes("0612345678;Zoé".encode("cp1252"))
    assert read(beside / "liste.csv").callers == {"0612345678": "Zoé"}


def test_a_file_names_its_own_action_and_rule(tmp_path: Path, beside: Path) -> None:
    (beside / "liste.txt").write_text("0612345678 Robot\n0612345678\n")
    rows = rows_of(tmp_path, block=[{"file": "liste.txt", "action": "decoy"}])
    assert rows == ["block0612345678\tdecoy|Robot|file|liste.txt"]


def test_of_two_lists_the_first_counts_and_the_first_name(tmp_path: Path, beside: Path) -> None:
    (beside / "a.txt").write_text("0612345678\n")
    (beside / "b.txt").write_text("0612345678 Robot\n")
    block = [{"file": "a.txt", "action": "decoy"}, {"file": "b.txt", "action": "refuse"}]
    assert rows_of(tmp_path, block=block) == ["block0612345678\tdecoy|Robot|file|a.txt"]


def test_a_contact_may_be_in_a_block_list(tmp_path: Path, beside: Path) -> None:
    """The dialplan asks for allow first."""
    (beside / "liste.txt").write_text("0612345678\n")
    mamie = [{"number": "06 12 34 56 78", "name": "Mamie"}]
    rows = rows_of(tmp_path, allow=mamie, block=[{"file": "liste.txt"}])
    assert rows == [
        "allow0612345678\tknown|Mamie|named|Mamie",
        "block0612345678\trefuse||file|liste.txt",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zoé 🌻", "Zoé"),
        ("a|b\tc;d,e\n${f}", "a b c d e f"),
        ("  - Cave  à vins -", "Cave à vins"),
        ("e\u0301te\u0301", "été"),
        ("🌻", ""),
        ("x" * 99, "x" * 60),
    ],
)
def test_a_name_is_cleaned_and_not_refused(text: str, expected: str) -> None:
    assert cleaned(text) == expected


@pytest.mark.parametrize("content", [b"", b"# personne\n", b"0612345678\0", b"$ANSIBLE_VAULT;1.1"])
def test_a_file_that_lists_nobody_is_refused(beside: Path, content: bytes) -> None:
    (beside / "liste.txt").write_bytes(content)
    with pytest.raises(FileError):
        read(beside / "liste.txt")


@pytest.mark.slow
def test_a_hundred_thousand_numbers_are_taken(tmp_path: Path, beside: Path) -> None:
    lines = (f"06 {n // 1000:03d} {n % 1000:03d} 00\n" for n in range(100_000))
    (beside / "liste.txt").write_text("".join(lines))
    rows = rows_of(tmp_path, block=[{"file": "liste.txt"}])
    assert len(rows) == 100_000
