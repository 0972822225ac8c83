"""What is wrong in foyer.txt is told in words: where, and what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gardeligne_setup.foyer import read
from support.foyer import (
    BASE,
    MAIL,
    NUMBER,
    SIP,
    WRONG,
    by_stem,
    errors_in,
    said_of,
)


@pytest.mark.parametrize("path", WRONG, ids=by_stem)
def test_a_mistake_is_told_in_words(path: Path) -> None:
    assert said_of(path.read_bytes()) == path.with_suffix(".say").read_text().splitlines()


@pytest.mark.parametrize("path", WRONG, ids=by_stem)
def test_no_sentence_has_a_secret_in_it(path: Path) -> None:
    said = "\n".join(said_of(path.read_bytes()))
    text = path.read_text()
    typed = re.findall(r"(?m)^\s*(?:mot de passe|mdp|messagerie|appels surtaxés):? +(.+)$", text)
    words = {word for value in typed for word in re.split(r"[^\w-]+", value) if len(word) > 5}
    # Its own words are no secrets.
    assert [word for word in words - {"Famille", "enregistré", "enregistre"} if word in said] == []


@pytest.mark.parametrize("path", WRONG, ids=by_stem)
def test_a_sentence_says_where_and_ends(path: Path) -> None:
    for sentence in path.with_suffix(".say").read_text().splitlines():
        assert re.match(r"(Ligne \d+|Le fichier)(, « [^»]+ »)? : .+[.?]$", sentence), sentence


@pytest.mark.parametrize("number", ["15", "17", "18", "112", "114", "115", "119", "3919", "3949"])
def test_an_emergency_or_short_number_is_no_line(number: str) -> None:
    [said] = said_of(BASE.replace(NUMBER, number))
    assert said.startswith("Ligne 5, « ligne > numéro » : c'est un numéro court ou d'urgence")


@pytest.mark.parametrize("number", ["0612345678", "07 12 34 56 78", "+33 6 12 34 56 78"])
@pytest.mark.parametrize("operator", ["free", "ovh"])
def test_a_mobile_is_no_line(number: str, operator: str) -> None:
    text = BASE.replace("opérateur: free", f"opérateur: {operator}").replace(NUMBER, number)
    [said] = said_of(text)
    assert said.startswith("Ligne 5, « ligne > numéro » : c'est un numéro de mobile.")


@pytest.mark.parametrize(
    "number",
    ["0987654321", "09.87.65.43.21", "+33 9 87 65 43 21", "0033987654321", "+33 (0)9 87654321",
     "09-87-65-43-21", "'0987654321'", '"0987654321"', "01 23 45 67 89", "0987654321 # le nôtre"],
)  # fmt: skip
def test_a_number_is_taken_as_it_is_written(number: str) -> None:
    foyer = read(BASE.replace(NUMBER, number).encode())
    written = foyer.variables["household_trunks"][0]["number"]
    assert written == number.partition(" #")[0].strip("'\"")
    assert errors_in(foyer) == []


@pytest.mark.parametrize(
    "number", ["1e9", "0x1F", "0o17", "12:30:45", "9_876_543_210", "~", "null", "2026-11-26", "yes"]
)
def test_what_yaml_takes_for_something_else_is_told_as_what_stands_there(number: str) -> None:
    [said] = said_of(BASE.replace(NUMBER, number))
    assert said.startswith("Ligne 5, « ligne > numéro » : ce ")


@pytest.mark.parametrize("sign", [*"#;:@/?~`\"'<>[]{}|\\ éà€", "\t"])
def test_a_sign_that_asterisk_would_misread_is_no_part_of_a_line_password(sign: str) -> None:
    quoted = f"Ligne{sign}de-test".replace("'", "''")
    [said] = said_of(BASE.replace(SIP, f"'{quoted}'"))
    assert said.startswith("Ligne 6, « ")
    assert "Ligne-" not in said and "de-test" not in said


@pytest.mark.parametrize("sign", "!$%&()*+,-.=^_")
def test_the_signs_that_are_safe_are_taken(sign: str) -> None:
    foyer = read(BASE.replace(SIP, f"'Ligne{sign}de-test'").encode())
    assert foyer.secrets["trunks"]["free"] == f"Ligne{sign}de-test"
    assert errors_in(foyer) == []


@pytest.mark.parametrize("text", ["x;y", "x,y", "x[y", "x]y", "x|y", "x${y}", "x<y", 'x"y', "x=>y",
                                  "x\\y", "x`y`", "x\x07y", "x\u202ey", "x\u2028y", "x\x85y",
                                  "x{{ y }}", "x{% y %}", "x\u200by", "😀"])  # fmt: skip
@pytest.mark.parametrize("where", ["Famille Martin", "Salon", "Mamie"])
def test_a_name_cannot_become_configuration(text: str, where: str) -> None:
    good = f"{BASE}sonnent tout de suite:\n  - 06 12 34 56 78 Mamie\n"
    assert said_of(good) == []
    line = good[: good.index(where)].count("\n") + 1
    for written in (text, f"'{text}'"):
        said = said_of(good.replace(where, written))
        assert len(said) == 1 and said[0].startswith(f"Ligne {line}"), said


@pytest.mark.parametrize("text", ["x\ny", "x: y", "[x]", "&x", "*x", "!x", "%x", "@x", "|", ">"])
@pytest.mark.parametrize("where", [NUMBER, SIP, "camille.martin@free.fr", f"'{MAIL}'"])
def test_no_value_reaches_beyond_its_line(text: str, where: str) -> None:
    said = said_of(BASE.replace(where, text))
    line = BASE[: BASE.index(where)].count("\n") + 1
    assert any(sentence.startswith(f"Ligne {line + text.count(chr(10))}") for sentence in said)


@pytest.mark.parametrize("word", ["hotmail.com", "hotmail.fr", "outlook.fr", "live.fr", "msn.com"])
def test_a_provider_that_knows_no_passwords_is_told(word: str) -> None:
    [said] = said_of(BASE.replace("@free.fr", f"@{word}"))
    assert said.startswith("Ligne 8, « courrier > adresse » : Outlook, Hotmail et Live")


@pytest.mark.parametrize(
    "key",
    ["numéro", "numero", "NUMÉRO", "Nume\u0301ro", "numéro ", "numéro\u00a0", "\u00a0numéro"],
)
def test_a_key_may_be_spelled_as_people_do(key: str) -> None:
    assert said_of(BASE.replace("  numéro:", f"  {key}:".replace("  \u00a0", "\u00a0\u00a0"))) == []


def test_no_more_than_a_page_is_told() -> None:
    said = said_of(BASE + "x: y\n" * 100)
    assert len(said) == 41 and said[-1].startswith("Et ")
