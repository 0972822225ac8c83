"""Whatever bytes stand in foyer.txt: every editor's, none's, too many, tricks."""

from __future__ import annotations

import contextlib

import pytest
from gardeligne_setup.foyer import MARKER, FoyerError, read, seal
from gardeligne_setup.foyer.problems import Problems
from gardeligne_setup.foyer.tree import parsed
from support.foyer import (
    BASE,
    MAIL,
    SIP,
    said_of,
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-be-bom"])
def test_every_editors_way_to_save_is_read_and_kept(encoding: str, end: str) -> None:
    text = (
        BASE.replace("Salon", "Chambre d\u2019Élodie")
        .replace(MAIL, "Été à 20 € #")
        .replace("\n", end)
    )
    big = encoding == "utf-16-be-bom"
    raw = b"\xfe\xff" + text.encode("utf-16-be") if big else text.encode(encoding)
    foyer = read(raw)
    assert foyer.secrets["mail"] == "Été à 20 € #"
    assert foyer.variables["household_handsets"][0]["name"] == "Chambre d\u2019Élodie"
    sealed = text.replace("Été à 20 € #", MARKER).replace(SIP, MARKER)
    expected = b"\xfe\xff" + sealed.encode("utf-16-be") if big else sealed.encode(encoding)
    assert seal(raw) == expected
    assert read(seal(raw), foyer.secrets) == foyer


NO_TEXT = {
    "rien": (b"", "Le fichier : il est vide."),
    "blanc": (b" \r\n\t\r\n", "Le fichier : il est vide."),
    "zeros": (b"\0" * 4096, "Le fichier : il est vide."),
    "gros": (b"#" * 65537, "Le fichier : il est trop gros (64 Ko"),
    "rtf": (rb"{\rtf1\ansi nom: Martin}", "Le fichier : ce n'est pas du texte simple"),
    "docx": (b"PK\x03\x04" + b"x" * 99, "Le fichier : ce n'est pas du texte simple"),
    "doc": (b"\xd0\xcf\x11\xe0" + b"x" * 99, "Le fichier : ce n'est pas du texte simple"),
    "pdf": (b"%PDF-1.7 x", "Le fichier : ce n'est pas du texte simple"),
    "html": (b"<html><pre>nom: x", "Le fichier : ce n'est pas du texte simple"),
    "nul": (BASE.encode() + b"\0\0", "Ligne 12 : le fichier est abîmé"),
    "utf-16-sans-marque": (BASE.replace("é", "e").encode("utf-16-le"), "Ligne 1 : le fichier est"),
    "utf-32": (BASE.encode("utf-32"), "Ligne 1 : le fichier est abîmé"),
    "utf-16-coupe": (BASE.encode("utf-16")[:-1], "Le fichier : il est abîmé, ou coupé."),
    "utf-8-coupe": ("nom: Été".encode()[:-1], "Ligne 1 : un caractère est illisible"),
    "mac": ("# x\nnom: Été".encode("mac_roman"), "Ligne 2 : un caractère est illisible"),
    "octets": (bytes(range(128, 256)), "Ligne 1 : un caractère est illisible"),
    "sonnette": (b"nom: x\x07\n", "Ligne 1 : il y a un caractère invisible (U+0007)"),
    "sens": ("# x\nnom: \u202ax".encode(), "Ligne 2 : il y a un caractère invisible (U+202A)"),
    "aucun-caractere": ("nom: \uffff".encode(), "Le fichier : un caractère est illisible."),
    "substitut": (b"nom: \xed\xa0\x80", "Ligne 1 : un caractère est illisible"),
    "trop-long": (b"nom: " + b"\xc0\xaf", "Ligne 1 : un caractère est illisible"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_is_no_text_is_told(name: str) -> None:
    raw, start = NO_TEXT[name]
    said = said_of(raw)
    assert said and said[0].startswith(start)
    with pytest.raises(FoyerError):
        seal(raw)


HUGE = {
    "crochets": "[" * 65_000,
    "accolades": "{" * 65_000,
    "tirets": "- " * 32_000,
    "etages": "\n".join(" " * depth + "a:" for depth in range(340)),
    "etages-de-tirets": "ne sonnent jamais:\n" + "\n".join(" " * d + "-" for d in range(340)),
    "cles": "\n".join(f"cle{index}:" for index in range(6_000)),
    "deux-points": ":" * 65_000,
    "apostrophes": "nom: " + "'" * 65_000,
    "alias": "a: &a [x, x]\n" + "".join(f"a{i}: &a{i} [*a, *a]\n" for i in range(2_000)),
    "mots-de-passe": "\n".join(f"s{i}:\n  mot de passe: secret{i}x" for i in range(1_500)),
    "numeros": "sonnent tout de suite:\n" + "- 06 12 34 56 78 x\n" * 3_000,
    "espaces": ("a" + " " * 480 + ":x\n") * 130,
    "commentaires": BASE + f"# {SIP} mot de passe: x\n" * 1_500,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_nothing_small_becomes_large(name: str) -> None:
    """Nor is it read for ever: the slowest takes two seconds."""
    assert sum(map(len, said_of(HUGE[name]))) < 16_384
    with contextlib.suppress(FoyerError):
        assert len(seal(HUGE[name].encode())) < 2 * len(HUGE[name])


TRICKS = {
    "ancre": "ligne: &a x",
    "alias": "ligne: *a",
    "etiquette": "ligne: !!python/name:os.system x",
    "etiquette-de-texte": "ligne: !!str x",
    "etiquette-de-bloc": "ligne: !x\n  nom: x",
    "ancre-de-liste": "ligne: &a\n- x",
    "cinq-etages": "a: {b: {c: {d: x}}}",
    "cle-complexe": "? [a]\n: b",
    "deux-documents": "a: b\n--- \nc: d",
    "texte-nu": "a",
    "liste": "- a",
    "controle": "a: \x07",
}


@pytest.mark.parametrize("name", TRICKS)
def test_yaml_itself_is_bounded_behind_the_check_of_lines(name: str) -> None:
    problems = Problems()
    assert parsed(TRICKS[name], problems) is None
    assert len(problems.sentences()) == 1
