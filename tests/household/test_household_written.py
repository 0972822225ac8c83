"""Lines of lists that people share: each number is read, or the line is refused with its cause."""

from __future__ import annotations

import pytest
from household.phone import PhoneError
from household.written import LineError, meant, written

LINES: list[tuple[str, list[str], str]] = [
    ("06 12 34 56 78", ["0612345678"], ""),
    ("+33 6 12 34 56 79 Zoé", ["0612345679"], "Zoé"),
    ("0033 6 12 34 56 78", ["0612345678"], ""),
    ("+33 (0)6 12 34 56 78 Luc", ["0612345678"], "Luc"),
    ("(06) 12 34 56 78 Mamie", ["0612345678"], "Mamie"),
    ("+1 (212) 555-0123 John", ["0012125550123"], "John"),
    ("06\u200912\u200934\u200956\u200978 Mamie", ["0612345678"], "Mamie"),
    ("06\u201212\u201234\u201256\u201278 Mamie", ["0612345678"], "Mamie"),
    ("06 12 34 56 78 2e portable", ["0612345678"], "2e portable"),
    ("06.12.34.56.80;Assureur", ["0612345680"], "Assureur"),
    ('"0612345681","Banque, agence"', ["0612345681"], "Banque, agence"),
    ("Banque;0612345678", ["0612345678"], "Banque"),
    ("L'agence 12 rue X; 01 42 00 00 00", ["0142000000"], "L'agence 12 rue X"),
    ("3631;Info", ["3631"], "Info"),
    # Several are several.
    ("0162*,0163*,0270*", ["0162*", "0163*", "0270*"], ""),
    ("0948*;0949*;Robots", ["0948*", "0949*"], "Robots"),
    ("0912345678,0923456789", ["0912345678", "0923456789"], ""),
    ("0612345678 0712345678", ["0612345678", "0712345678"], ""),
    ("+33612345678/+33712345678 Zoé", ["0612345678", "0712345678"], "Zoé"),
    ("06 12 34 56 78 ou 06 12 34 56 79", ["0612345678", "0612345679"], ""),
    ("06 12 34 56 78 et 06 12 34 56 79 - Zoé", ["0612345678", "0612345679"], "Zoé"),
    # A range is one.
    ("de 0162000000 à 0162999999", ["0162*"], ""),
    ("du 0162000000 au 0163999999 Robots", ["0162*", "0163*"], "Robots"),
    ("0162000000-0162999999", ["0162*"], ""),
    ("01 62 00 00 00 - 01 62 19 99 99", ["01620*", "01621*"], ""),
    ("0162000000 \u2013 0162000003", [f"016200000{last}" for last in range(4)], ""),
    ("0162000008..0162000011", ["0162000008", "0162000009", "0162000010", "0162000011"], ""),
    ("09475* - 09477*", ["09475*", "09476*", "09477*"], ""),
    # No range: the second is smaller.
    ("0712345678 - 0612345678", ["0712345678", "0612345678"], ""),
    # Signs in place of digits.
    ("0162######", ["0162*"], ""),
    ("+33162###### robots", ["0162*"], "robots"),
    ("0162XXXXXX", ["0162*"], ""),
    *(
        (text, ["0162*"], "")
        for text in (
            "0162 ** ** **",
            "0162**",
            "01.62.*",
            "0162-*",
            "0162xx xx xx",
            "01 62 XX XX XX",
            "+33 1 62 ## ## ##",
            "0162\u2026",
            "0162...",
            "33162######",
            "33 162 *",
        )
    ),
    ("0162* 0163* 0270*", ["0162*", "0163*", "0270*"], ""),
    # As on paper.
    ("1. 0612345678", ["0612345678"], ""),
    ("12) 06 12 34 56 78 Zoé", ["0612345678"], "Zoé"),
    ("Tél. : 06 12 34 56 78", ["0612345678"], ""),
    ("tel:+33612345678", ["0612345678"], ""),
    # Days and times are no numbers.
    ("0612345678;2024-01-01;démarchage", ["0612345678"], "2024-01-01;démarchage"),
    ("12/03/2024 0612345678 à 12:30", ["0612345678"], "12/03/2024 à 12:30"),
]
WRONG = [
    ("0612345678,071234567", "071234567"),  # the second
    ("06123456789", "06123456789"),
    ("0612345678 à 0512345678", "0612345678 à 0512345678"),
    ("0162 à 0163", "0162 à 0163"),
    ("0162##", "0162##"),
    ("06 12 34 56 78 à 99", "à 99"),
    ("0162*34", "0162*34"),
    ("162", "162"),
    ("911 Robots", "911"),
    ("0612345678/79", "0612345678/79"),
    ("Nom,Numéro", "Nom,Numéro"),
    ("0162", "0162"),
]


@pytest.mark.parametrize(("line", "callers", "name"), LINES)
def test_a_line_is_read_whole(line: str, callers: list[str], name: str) -> None:
    assert written(line) == (callers, name)


@pytest.mark.parametrize(("line", "part"), WRONG)
def test_a_line_that_would_lose_a_number_is_refused(line: str, part: str) -> None:
    with pytest.raises(PhoneError) as refused:
        written(line)
    assert str(refused.value).endswith(".")
    if isinstance(refused.value, LineError):
        assert refused.value.part in part


def test_a_setting_may_mean_several_and_has_no_name() -> None:
    assert meant("06 12 34 56 78 ou 06 12 34 56 79") == ["0612345678", "0612345679"]
    assert meant("0162000000 à 0162999999") == ["0162*"]
    with pytest.raises(PhoneError, match="Zoé"):
        meant("06 12 34 56 78, 06 12 34 56 79 Zoé")
    assert meant("0162 ** ** **") == ["0162*"]
    assert meant("06 12 34 56 78,,12") == meant("06 12 34 56 78 p12") == ["0612345678"]
    with pytest.raises(PhoneError):
        meant("06 12 34 56 78 Zoé")
