"""Lists of callers: numbers, files, address books and presets become the appliance's text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from example import PRODUCT
from household.listed import FileError, cleaned, read
from household.numbers import MOST, household_numbers

CRLF = "\r\n"
BOM = "\ufeff"
PRESETS = PRODUCT["household_presets"]


def _numbers(folder: Path, **lists: Any) -> dict[str, Any]:
    values = {"household_presets": PRESETS, "household_guard": lists.pop("guard", {})}
    for name in ("allow", "block"):
        values[f"household_{name}"] = lists.get(name, [])
    return household_numbers(values, {}, str(folder), "pi")


def _rows(folder: Path, **lists: Any) -> list[str]:
    text: str = _numbers(folder, **lists)["text"]
    return text.splitlines()


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
    rows = _rows(tmp_path, allow=allow, block=block, guard={"blocked": "voicemail"})
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
    assert _numbers(tmp_path) == {"text": "", "left_out": []}


def test_the_telemarketing_ranges_are_those_of_the_regulator(tmp_path: Path) -> None:
    """As in force since 2026; 0937 to 0939 are platforms, which one waits for."""
    rows = _rows(tmp_path, block=[{"preset": "demarchage", "action": "refuse"}])
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
    rows = _rows(tmp_path, block=[{"file": "liste.txt", "action": "decoy"}])
    assert rows == ["block0612345678\tdecoy|Robot|file|liste.txt"]


def test_of_two_lists_the_first_counts_and_the_first_name(tmp_path: Path, beside: Path) -> None:
    (beside / "a.txt").write_text("0612345678\n")
    (beside / "b.txt").write_text("0612345678 Robot\n")
    block = [{"file": "a.txt", "action": "decoy"}, {"file": "b.txt", "action": "refuse"}]
    assert _rows(tmp_path, block=block) == ["block0612345678\tdecoy|Robot|file|a.txt"]


def test_a_contact_may_be_in_a_block_list(tmp_path: Path, beside: Path) -> None:
    """The dialplan asks for allow first."""
    (beside / "liste.txt").write_text("0612345678\n")
    mamie = [{"number": "06 12 34 56 78", "name": "Mamie"}]
    rows = _rows(tmp_path, allow=mamie, block=[{"file": "liste.txt"}])
    assert rows == [
        "allow0612345678\tknown|Mamie|named|Mamie",
        "block0612345678\trefuse||file|liste.txt",
    ]


# What telephones export: Android (2.1), iOS and most others (3.0), Nextcloud and others (4.0).
ANDROID = """\
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=4C=65=66=C3=A8=76=72=65;=5A=6F=C3=
=A9;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=5A=6F=C3=A9=20=4C=65=66=C3=A8=76=
=72=65
TEL;CELL:+33612345678
TEL;HOME;PREF:01-23-45-67-89
TEL;X-Box:#123#
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwM
 EBQgFBQQEBQoHBwYIDAoMDAsK

END:VCARD
"""
IOS = """\
BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//iPhone OS 17.1//EN
N:d'Été;Famille;;;
FN:Famille d'Été 🌻 \\, Nîmes
item1.TEL;type=pref:06\u00a012\u00a034\u00a056\u00a079
item1.X-ABLabel:_$!<Main>!$_
EMAIL;type=INTERNET:famille@example.org
END:VCARD
"""
NEXTCLOUD = """\
BEGIN:VCARD
VERSION:4.0
N:Martin;Luc;;;
ORG:Boulangerie;Four
TEL;VALUE=uri;TYPE="voice,home":tel:+33-6-12-34-56-80;ext=2
TEL;TYPE=cell:tel:+32-2-123-45-67
END:VCARD
BEGIN:VCARD
VERSION:4.0
ORG:Boulangerie;Four
TEL;TYPE=work:3631
END:VCARD
"""


@pytest.mark.parametrize("end", ["\n", CRLF])
def test_an_address_book_makes_its_people_known(tmp_path: Path, beside: Path, end: str) -> None:
    book = (BOM + ANDROID + IOS + NEXTCLOUD).replace("\n", end)
    (beside / "contacts.vcf").write_bytes(book.encode())
    numbers = _numbers(tmp_path, allow=[{"file": "contacts.vcf"}])
    assert numbers["text"].splitlines() == [
        "allow003221234567\tknown|Luc Martin|file|contacts.vcf",
        "allow0123456789\tknown|Zoé Lefèvre|file|contacts.vcf",
        "allow0612345678\tknown|Zoé Lefèvre|file|contacts.vcf",
        "allow0612345679\tknown|Famille d'Été Nîmes|file|contacts.vcf",
        "allow0612345680\tknown|Luc Martin|file|contacts.vcf",
        "allow3631\tknown|Boulangerie|file|contacts.vcf",
    ]
    assert numbers["left_out"] == [
        'contacts.vcf:9: Zoé Lefèvre: "#123#" has characters that no phone number has'
    ]


def test_what_is_left_out_is_said_with_its_line_and_not_endlessly(
    tmp_path: Path, beside: Path
) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Zoé\nTEL:*21\nEND:VCARD\n"
    good = card.replace("*21", "0612345678")
    (beside / "contacts.vcf").write_text(good + card * (MOST + 2))
    left_out = _numbers(tmp_path, allow=[{"file": "contacts.vcf"}])["left_out"]
    assert left_out[0].startswith('contacts.vcf:9: Zoé: "*21" has ')
    assert left_out[1].startswith("contacts.vcf:14: ")
    assert left_out[MOST:] == ["… and 2 more."]


@pytest.mark.parametrize(
    ("spoilt", "name"),
    [
        ("FN;CHARSET=X-NONE;ENCODING=QUOTED-PRINTABLE:=E9", "Zoé Martin"),
        ("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E9", "Zoé Martin"),
        ("FN:Zoé\nPHOTO;BASE64:abc", "Zoé"),
        ("FN:Zoé\nneither field nor value", "Zoé"),
        ("FN:Zoé\nAGENT:BEGIN:VCARD\\nFN:Luc\\nEND:VCARD", "Zoé"),
    ],
)
def test_a_line_that_cannot_be_read_costs_no_contact(beside: Path, spoilt: str, name: str) -> None:
    card = f"BEGIN:VCARD\nVERSION:2.1\nN:Martin;Zoé\n{spoilt}\nTEL:0612345678\nEND:VCARD\n"
    (beside / "contacts.vcf").write_text(card)
    assert read(beside / "contacts.vcf").callers == {"0612345678": name}


# Each loses a number, or gives it another's name, when it is read by the letter.
BOOKS: dict[str, tuple[str, dict[str, str]]] = {
    "a parameter that no standard has": (
        "BEGIN:VCARD\nVERSION:2.1\nN:;Zoe;;;\nTEL;CELL:0612345678\n"
        "TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=70=72=6F):0142000000\n"
        'TEL;TYPE="cell:0612345679\nTEL;TYPE="a:b":0612345680\n'
        "TEL;X-Ma ligne:0612345681\nEND:VCARD\n",
        dict.fromkeys(
            ("0612345678", "0142000000", "0612345679", "0612345680", "0612345681"), "Zoe"
        ),
    ),
    "an equals sign that swallows the next line": (
        "BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=5A=6F=C3=A9=\nTEL;CELL:0612345678\n"
        "END:VCARD\nBEGIN:VCARD\nNOTE;QUOTED-PRINTABLE:Le soir=\nEND:VCARD\n"
        "BEGIN:VCARD\nFN:Luc\nTEL;ENCODING=QUOTED-PRINTABLE:=30=36=31=32=33=34=35=36=37=39=\nEND:VCARD",
        {"0612345678": "Zoé", "0612345679": "Luc"},
    ),
    "a real soft line break": (
        "BEGIN:VCARD\nFN;QUOTED-PRINTABLE:Zo=C3=\n=A9\nTEL:06123\n 45678\nEND:VCARD\n",
        {"0612345678": "Zoé"},
    ),
    "an end and a beginning on one line": (
        "BEGIN:VCARD\nFN:Alice\nTEL:0612345678\nEND:VCARDBEGIN:VCARD\nFN:Bob\nTEL:0612345679END:VCARD",
        {"0612345678": "Alice", "0612345679": "Bob"},
    ),
    "a card within a card": (
        "BEGIN:VCARD\nFN:Boss\nTEL:0612345678\nAGENT:\nBEGIN:VCARD\nFN:Agent\nTEL:0612345679\nEND:VCARD\n"
        "TEL:0612345680\nEND:VCARD\nBEGIN:VCARD\nFN:Luc\nTEL:0612345670\nEND:VCARD\n",
        {"0612345679": "Agent", "0612345678": "Boss", "0612345680": "Boss", "0612345670": "Luc"},
    ),
    "a card as a text within a card": (
        "BEGIN:VCARD\nFN:Boss\nAGENT:BEGIN:VCARD\\nFN:Susan\\nTEL:0142000000\\nEND:VCARD\\n\n"
        "TEL:0612345678\nEND:VCARD\n",
        {"0142000000": "Susan", "0612345678": "Boss"},
    ),
    "a card without an end": (
        "BEGIN:VCARD\nFN:Zoé\nTEL:0612345678\nBEGIN:VCARD\nTEL:0612345679\nFN:Luc\n",
        {"0612345678": "Zoé", "0612345679": "Luc"},
    ),
    "a number between two cards": (
        "BEGIN:VCARD\nFN:Zoé\nEND:VCARD\nTEL:0612345678\nBEGIN:VCARD\nFN:Luc\nEND:VCARD\n",
        {"0612345678": ""},
    ),
    "two numbers in one field": (
        "BEGIN:VCARD\nFN:Zoé\nTEL:06 12 34 56 78 / 07 12 34 56 79\nEND:VCARD\n",
        {"0612345678": "Zoé", "0712345679": "Zoé"},
    ),
}


@pytest.mark.parametrize(("book", "expected"), BOOKS.values(), ids=BOOKS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_no_number_is_lost_nor_anothers(
    beside: Path, book: str, expected: dict[str, str], encoding: str
) -> None:
    (beside / "contacts.vcf").write_bytes(book.replace("\n", CRLF).encode(encoding))
    listed = read(beside / "contacts.vcf")
    assert listed.callers == expected
    assert listed.left_out == []


def test_a_field_that_is_no_number_is_said(beside: Path) -> None:
    (beside / "contacts.vcf").write_text(
        "BEGIN:VCARD\nFN:Zoé\nTEL:0612345678\nTEL;CELL 0612345679\nTEL:0612345680*\nEND:VCARD\n"
    )
    left_out = read(beside / "contacts.vcf").left_out
    assert [line for line, _ in left_out] == [4, 5]
    assert all(text.startswith("Zoé: ") for _, text in left_out)


def test_a_star_in_a_block_lists_card_stands_for_the_rest(beside: Path) -> None:
    """As a Fritz!Box exports what it refuses."""
    card = "BEGIN:VCARD\nVERSION:4.0\nFN:Rufsperren\nTEL:04065589*\nTEL:+33162123456\nEND:VCARD\n"
    (beside / "liste.vcf").write_text(card)
    listed = read(beside / "liste.vcf", blocks=True)
    assert listed.callers == {"04065589*": "Rufsperren", "0162123456": "Rufsperren"}
    assert read(beside / "liste.vcf").left_out != []


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
def test_a_hundred_thousand_numbers_take_seconds(tmp_path: Path, beside: Path) -> None:
    lines = (f"06 {n // 1000:03d} {n % 1000:03d} 00\n" for n in range(100_000))
    (beside / "liste.txt").write_text("".join(lines))
    began = time.process_time()
    rows = _rows(tmp_path, block=[{"file": "liste.txt"}])
    assert len(rows) == 100_000
    assert time.process_time() - began < 10
