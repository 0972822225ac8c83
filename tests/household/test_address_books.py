"""Address books as telephones export them: no number is lost, nor gets another's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from household.listed import read
from household.numbers import MOST
from support.lists import BOM, CRLF, numbers_of


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    folder = tmp_path / "host_vars/pi"
    folder.mkdir(parents=True)
    return folder


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
    numbers = numbers_of(tmp_path, allow=[{"file": "contacts.vcf"}])
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
    left_out = numbers_of(tmp_path, allow=[{"file": "contacts.vcf"}])["left_out"]
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
