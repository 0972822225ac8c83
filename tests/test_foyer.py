"""The household's file: what is taken, what is told in words, and that no secret stays in it."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from example import PRODUCT, ROOT, errors_of, values_of
from gardeligne_setup.foyer import MARKER, Foyer, FoyerError, offered, read, seal, template
from gardeligne_setup.foyer.lists import PRESETS, RESCUE
from gardeligne_setup.foyer.mail_servers import SERVERS, SLIPS
from gardeligne_setup.foyer.problems import Problems
from gardeligne_setup.foyer.tree import parsed
from household.model import household_model

FOYERS = Path(__file__).parent / "foyers"
FILES = ROOT / "roles/selfsetup/files"
GOOD = sorted(FOYERS.glob("good/*.txt"))
WRONG = sorted([*FOYERS.glob("bad/*.txt"), *FOYERS.glob("hostile/*.txt")])

SIP, MAIL, NUMBER = "Ligne-de-test-1", "Courrier-test-2", "09 87 65 43 21"
BASE = f"""# Notre maison
nom: Famille Martin
ligne:
  opérateur: free
  numéro: {NUMBER}
  mot de passe: {SIP}
courrier:
  adresse: camille.martin@free.fr
  mot de passe: '{MAIL}'
téléphones:
  - Salon
"""
MISSING = [
    "« ligne > numéro » : il manque.",
    "« ligne > mot de passe » : il manque.",
    "« courrier > adresse » : elle manque.",
    "« courrier > mot de passe » : il manque.",
]


def _by_stem(path: Path) -> str:
    return path.stem


def _said(raw: bytes | str, kept: dict[str, Any] | None = None) -> list[str]:
    """Return what is wrong, [] if nothing is."""
    try:
        read(raw.encode() if isinstance(raw, str) else raw, kept)
    except FoyerError as error:
        return error.problems
    return []


def _errors(foyer: Foyer) -> list[str]:
    """Return what the household model says of it."""
    written = {**foyer.variables, "household_secrets": foyer.secrets}
    return errors_of({"house.yml": yaml.safe_dump(written, allow_unicode=True)})


def _filled(text: str) -> str:
    """Return the template with its four values."""
    values = iter([NUMBER, SIP, "camille.martin@free.fr", MAIL])
    return re.sub(r"(?m)^(  .*: )''$", lambda found: f"{found[1]}'{next(values)}'", text)


# What is taken.


@pytest.mark.parametrize("path", GOOD, ids=_by_stem)
def test_the_household_model_has_nothing_to_add(path: Path) -> None:
    foyer = read(path.read_bytes())
    assert _errors(foyer) == []
    written = yaml.safe_dump({**foyer.variables, "household_secrets": foyer.secrets})
    house = household_model(values_of({"house.yml": written}), {})
    assert house["trunks"][0]["secret"] == foyer.secrets["trunks"][house["trunks"][0]["name"]]
    assert house["mail"]["relay"]["password"] == foyer.secrets["mail"]


def test_everything_that_can_be_said() -> None:
    foyer = read((FOYERS / "good/tout.txt").read_bytes())
    assert foyer.variables == {
        "household_self_setup": True,
        "household_name": "Famille Martin",
        "household_trunks": [
            {
                "name": "ligne",
                "provider": "generic",
                "number": NUMBER,
                "host": "sip.exemple.fr",
                "user": "camille",
                "port": 5080,
            },
            {"name": "ovh", "provider": "ovh", "number": "09 72 65 43 21"},
        ],
        "household_handsets": [
            {"extension": "001", "name": "Salon", "mailbox": "001"},
            {"extension": "002", "name": "Cuisine", "mailbox": "001"},
        ],
        "household_guard": {"wait": 6},
        "household_allow": [
            {"number": "0612345678", "name": "Mamie"},
            {"number": "01420000*", "name": "Cabinet médical"},
            {"number": "0612345679", "name": "Papi"},
            {"number": "0123456789", "name": "École"},
            {"number": "0223456789", "name": "Mairie (accueil)"},
            {"number": "003221234567", "name": "Tante d'Anvers"},
        ],
        "household_block": [
            {"preset": "demarchage", "action": "voicemail"},
            {"number": "0999*", "name": "Sondages"},
        ],
        "household_mail": {
            "sender": "camille@martin.example",
            "admin": "camille@martin.example",
            "relay": {
                "host": "smtp.martin.example",
                "port": 465,
                "tls": "implicit",
                "user": "camille",
            },
        },
        "household_mailboxes": [
            {"number": "001", "name": "Famille Martin", "email": "camille@martin.example"}
        ],
        "household_card": {
            "hostname": "gardeligne",
            "ssh_keys": [
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxhOw7sPm5M2eGKunHUXGN0mmmgI3lSpZzPRVHFJqR0"
                " essai@exemple"
            ],
            "network": {
                "address": "192.168.1.10/24",
                "gateway": "192.168.1.254",
                "dns": ["192.168.1.254"],
            },
            "wifi": {"country": "FR", "ssid": "Livebox-1234", "hidden": True},
        },
    }
    assert foyer.secrets == {
        "trunks": {"ligne": SIP, "ovh": "Autre-de-test-3"},
        "mail": "Courrier: test #2",
        "wifi": "wifi de test #4",
        "mailboxes": {"001": "4711"},
        "outgoing": "290317",
    }


def test_four_values_are_enough() -> None:
    foyer = read((FOYERS / "good/le-moins.txt").read_bytes())
    assert foyer.variables["household_name"] == "Maison"
    assert [phone["name"] for phone in foyer.variables["household_handsets"]] == [
        "Salon",
        "Cuisine",
    ]
    assert foyer.variables["household_block"] == [{"preset": "demarchage", "action": "voicemail"}]
    assert foyer.variables["household_guard"] == {"wait": 4}


def test_who_takes_the_list_away_blocks_nobody() -> None:
    foyer = read((FOYERS / "good/jamais-personne.txt").read_bytes())
    assert foyer.variables["household_block"] == []


def test_two_lines_have_two_names() -> None:
    trunks = read((FOYERS / "good/deux-lignes-ovh.txt").read_bytes()).variables["household_trunks"]
    assert [(trunk["name"], trunk["provider"]) for trunk in trunks] == [
        ("ovh", "ovh"),
        ("ovh2", "ovh_proxy"),
    ]


def test_a_password_of_google_may_be_copied_in_its_groups() -> None:
    assert read((FOYERS / "good/gmail.txt").read_bytes()).secrets["mail"] == "abcdefghijklmnop"


def test_the_lists_of_the_product_are_there() -> None:
    assert {entry["preset"] for entry in PRESETS.values()} <= PRODUCT["household_presets"].keys()
    assert list(RESCUE) == PRODUCT["household_rescue_callers"]


@pytest.mark.parametrize("domain", SERVERS)
def test_a_known_provider_needs_no_server(domain: str) -> None:
    foyer = read(BASE.replace("@free.fr", f"@{domain}").replace(MAIL, "abcdefghijklmnop").encode())
    relay = foyer.variables["household_mail"]["relay"]
    assert (relay["port"], relay["tls"]) in ((465, "implicit"), (587, "starttls"))
    local = domain in ("free.fr", "laposte.net")
    assert relay["user"] == ("camille.martin" if local else f"camille.martin@{domain}")
    assert _errors(foyer) == []


@pytest.mark.parametrize(
    ("lines", "port", "tls"),
    [
        ("serveur: smtp.free.fr", 465, "implicit"),
        ("serveur: smtp.martin.example", 587, "starttls"),
        ("serveur: smtp.martin.example\n  port: 465", 465, "implicit"),
        ("port: 465", 465, "implicit"),
    ],
)
def test_a_server_may_be_written(lines: str, port: int, tls: str) -> None:
    foyer = read(BASE.replace("  adresse:", f"  {lines}\n  adresse:").encode())
    relay = foyer.variables["household_mail"]["relay"]
    assert (relay["port"], relay["tls"]) == (port, tls)
    assert _errors(foyer) == []


def test_a_slip_in_an_address_is_none_that_exists() -> None:
    assert not SLIPS.keys() & SERVERS.keys()
    assert set(SLIPS.values()) <= SERVERS.keys()


# The template.


def test_the_template_asks_for_four_values() -> None:
    with pytest.raises(FoyerError) as caught:
        read(template())
    assert caught.value.unfilled
    assert len(caught.value.problems) == len(MISSING)
    for sentence, start in zip(caught.value.problems, MISSING, strict=True):
        assert re.fullmatch(rf"Ligne \d+, {re.escape(start)} .+", sentence)
    assert not FoyerError(_said(BASE.replace(SIP, ""))).unfilled


def test_the_template_filled_in_is_a_household() -> None:
    foyer = read(_filled(offered()).encode())
    assert _errors(foyer) == []
    assert foyer.variables["household_card"] == {"hostname": "gardeligne"}


def test_every_option_of_the_template_works_without_its_mark() -> None:
    text = _filled(offered())
    opened = re.sub(r"(?m)^#(?=[^\s#]|  )", "", text)
    opened = opened.replace("  numéro: ''", "  numéro: '09 72 65 43 21'")
    opened = opened.replace("  nom: ''", "  nom: 'Livebox'")
    opened = opened.replace("  mot de passe: ''", "  mot de passe: 'Un-de-plus-3'")
    opened = opened.replace("  messagerie: ''", "  messagerie: '4711'")
    opened = re.sub("(?m)^(?=clé ssh)", "#", opened)
    foyer = read(opened.encode())
    assert _errors(foyer) == []
    assert len(foyer.variables["household_trunks"]) == 2
    assert len(foyer.variables["household_allow"]) == 2
    assert len(foyer.variables["household_block"]) == 2
    assert foyer.variables["household_card"].keys() == {"hostname", "network", "wifi"}
    assert foyer.secrets.keys() == {"trunks", "mail", "wifi", "mailboxes"}


def test_the_template_fits_an_editors_window() -> None:
    lines = offered().splitlines()
    assert max(map(len, lines)) <= 100 and len(lines) <= 80
    assert template().startswith(b"\xef\xbb\xbf# foyer.txt") and b"\r\n" in template()


# What is told.


@pytest.mark.parametrize("path", WRONG, ids=_by_stem)
def test_a_mistake_is_told_in_words(path: Path) -> None:
    assert _said(path.read_bytes()) == path.with_suffix(".say").read_text().splitlines()


@pytest.mark.parametrize("path", WRONG, ids=_by_stem)
def test_no_sentence_has_a_secret_in_it(path: Path) -> None:
    said = "\n".join(_said(path.read_bytes()))
    text = path.read_text()
    typed = re.findall(r"(?m)^\s*(?:mot de passe|mdp|messagerie|appels surtaxés):? +(.+)$", text)
    words = {word for value in typed for word in re.split(r"[^\w-]+", value) if len(word) > 5}
    # Its own words are no secrets.
    assert [word for word in words - {"Famille", "enregistré", "enregistre"} if word in said] == []


@pytest.mark.parametrize("path", WRONG, ids=_by_stem)
def test_a_sentence_says_where_and_ends(path: Path) -> None:
    for sentence in path.with_suffix(".say").read_text().splitlines():
        assert re.match(r"(Ligne \d+|Le fichier)(, « [^»]+ »)? : .+[.?]$", sentence), sentence


@pytest.mark.parametrize("number", ["15", "17", "18", "112", "114", "115", "119", "3919", "3949"])
def test_an_emergency_or_short_number_is_no_line(number: str) -> None:
    [said] = _said(BASE.replace(NUMBER, number))
    assert said.startswith("Ligne 5, « ligne > numéro » : c'est un numéro court ou d'urgence")


@pytest.mark.parametrize("number", ["0612345678", "07 12 34 56 78", "+33 6 12 34 56 78"])
@pytest.mark.parametrize("operator", ["free", "ovh"])
def test_a_mobile_is_no_line(number: str, operator: str) -> None:
    text = BASE.replace("opérateur: free", f"opérateur: {operator}").replace(NUMBER, number)
    [said] = _said(text)
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
    assert _errors(foyer) == []


@pytest.mark.parametrize(
    "number", ["1e9", "0x1F", "0o17", "12:30:45", "9_876_543_210", "~", "null", "2026-11-26", "yes"]
)
def test_what_yaml_takes_for_something_else_is_told_as_what_stands_there(number: str) -> None:
    [said] = _said(BASE.replace(NUMBER, number))
    assert said.startswith("Ligne 5, « ligne > numéro » : ce ")


@pytest.mark.parametrize("sign", [*"#;:@/?~`\"'<>[]{}|\\ éà€", "\t"])
def test_a_sign_that_asterisk_would_misread_is_no_part_of_a_line_password(sign: str) -> None:
    quoted = f"Ligne{sign}de-test".replace("'", "''")
    [said] = _said(BASE.replace(SIP, f"'{quoted}'"))
    assert said.startswith("Ligne 6, « ")
    assert "Ligne-" not in said and "de-test" not in said


@pytest.mark.parametrize("sign", "!$%&()*+,-.=^_")
def test_the_signs_that_are_safe_are_taken(sign: str) -> None:
    foyer = read(BASE.replace(SIP, f"'Ligne{sign}de-test'").encode())
    assert foyer.secrets["trunks"]["free"] == f"Ligne{sign}de-test"
    assert _errors(foyer) == []


@pytest.mark.parametrize("text", ["x;y", "x,y", "x[y", "x]y", "x|y", "x${y}", "x<y", 'x"y', "x=>y",
                                  "x\\y", "x`y`", "x\x07y", "x\u202ey", "x\u2028y", "x\x85y",
                                  "x{{ y }}", "x{% y %}", "x\u200by", "😀"])  # fmt: skip
@pytest.mark.parametrize("where", ["Famille Martin", "Salon", "Mamie"])
def test_a_name_cannot_become_configuration(text: str, where: str) -> None:
    good = f"{BASE}sonnent tout de suite:\n  - 06 12 34 56 78 Mamie\n"
    assert _said(good) == []
    line = good[: good.index(where)].count("\n") + 1
    for written in (text, f"'{text}'"):
        said = _said(good.replace(where, written))
        assert len(said) == 1 and said[0].startswith(f"Ligne {line}"), said


@pytest.mark.parametrize("text", ["x\ny", "x: y", "[x]", "&x", "*x", "!x", "%x", "@x", "|", ">"])
@pytest.mark.parametrize("where", [NUMBER, SIP, "camille.martin@free.fr", f"'{MAIL}'"])
def test_no_value_reaches_beyond_its_line(text: str, where: str) -> None:
    said = _said(BASE.replace(where, text))
    line = BASE[: BASE.index(where)].count("\n") + 1
    assert any(sentence.startswith(f"Ligne {line + text.count(chr(10))}") for sentence in said)


@pytest.mark.parametrize("word", ["hotmail.com", "hotmail.fr", "outlook.fr", "live.fr", "msn.com"])
def test_a_provider_that_knows_no_passwords_is_told(word: str) -> None:
    [said] = _said(BASE.replace("@free.fr", f"@{word}"))
    assert said.startswith("Ligne 8, « courrier > adresse » : Outlook, Hotmail et Live")


@pytest.mark.parametrize(
    "key",
    ["numéro", "numero", "NUMÉRO", "Nume\u0301ro", "numéro ", "numéro\u00a0", "\u00a0numéro"],
)
def test_a_key_may_be_spelled_as_people_do(key: str) -> None:
    assert _said(BASE.replace("  numéro:", f"  {key}:".replace("  \u00a0", "\u00a0\u00a0"))) == []


def test_no_more_than_a_page_is_told() -> None:
    said = _said(BASE + "x: y\n" * 100)
    assert len(said) == 41 and said[-1].startswith("Et ")


# Bytes.


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
    said = _said(raw)
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
    assert sum(map(len, _said(HUGE[name]))) < 16_384
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


# Sealing.


def _leaves(secrets: dict[str, Any]) -> list[str]:
    return [
        secret
        for value in secrets.values()
        for secret in (value.values() if isinstance(value, dict) else [value])
    ]


def _is_sealed(text: str, *secrets: str) -> Foyer:
    """Return what the file says, once sealed: it must be the same, and no secret in it."""
    foyer = read(text.encode())
    sealed = seal(text.encode())
    assert [secret for secret in secrets if secret.encode() in sealed] == []
    assert read(sealed, foyer.secrets) == foyer
    assert seal(sealed) == sealed
    return foyer


def test_sealing_changes_nothing_else() -> None:
    for path in GOOD:
        foyer = read(path.read_bytes())
        sealed = seal(path.read_bytes()).decode()
        assert [secret for secret in _leaves(foyer.secrets) if secret in sealed] == []
        assert read(sealed.encode(), foyer.secrets) == foyer
        for before, after in zip(path.read_text().split("\n"), sealed.split("\n"), strict=True):
            assert after == before or MARKER in after


def test_a_secret_in_a_comment_is_sealed_too() -> None:
    text = f"# ancien: {SIP}, puis '{MAIL}'!\n{BASE}#{SIP}\n# x{MAIL}x\n"
    _is_sealed(text, SIP, MAIL)
    assert seal(text.encode()).decode().startswith(f"# ancien: {MARKER}, puis '{MARKER}'!\n")


def test_a_comment_that_is_damaged_moves_nothing() -> None:
    text = f"#\tun\t{SIP}\n\t# deux\n \t\n{BASE}"
    _is_sealed(text, SIP, MAIL)
    assert seal(text.encode()).decode() == text.replace(SIP, MARKER).replace(MAIL, MARKER)


def test_a_secret_that_is_commented_out_is_sealed_too() -> None:
    text = f"{BASE}#wifi:\n#  nom: 'Box'\n#  mot de passe: 'Wifi de test'\n# MDP : Vieux-test-9\n"
    _is_sealed(text, "Wifi de test", "Vieux-test-9")
    sealed = seal(text.encode()).decode()
    assert f"#  mot de passe: '{MARKER}'\n# MDP : {MARKER}\n" in sealed


def test_the_templates_own_comments_stay() -> None:
    text = _filled(offered())
    assert seal(text.encode()).decode() == text.replace(SIP, MARKER).replace(MAIL, MARKER)
    assert seal(template()) == template()


def test_a_code_is_sealed_as_a_word_only() -> None:
    text = f"{BASE}# le code 4711, le 06 47 11 47 11 ou 0647114711\ncodes:\n  messagerie: 4711\n"
    sealed = seal(text.encode()).decode()
    assert f"# le code {MARKER}, le 06 47 11 47 11 ou 0647114711\n" in sealed
    _is_sealed(text)


def test_a_secret_spelled_with_an_apostrophe_is_sealed_however_it_is_copied() -> None:
    secret, spelled = "l'été: à l'ombre", "l''été: à l''ombre"
    text = BASE.replace(MAIL, spelled) + f"# {secret}\n# {spelled}\n"
    assert _is_sealed(text, secret, spelled).secrets["mail"] == secret


@pytest.mark.parametrize("dash", ["- ", ""])
def test_a_person_called_like_a_key_is_not_sealed(dash: str) -> None:
    text = f"{BASE}sonnent tout de suite:\n  {dash}Messagerie: 06 12 34 56 78\n"
    assert b"Messagerie: 06 12 34 56 78" in seal(text.encode())
    _is_sealed(text)


def test_one_secret_may_be_changed_later() -> None:
    foyer = read(BASE.encode())
    sealed = seal(BASE.encode()).decode()
    changed = sealed.replace(f"'{MARKER}'", "'Nouveau-test-5'")
    again = read(changed.encode(), foyer.secrets)
    assert again.secrets == {"trunks": {"free": SIP}, "mail": "Nouveau-test-5"}
    assert seal(changed.encode()) == sealed.encode()


def test_a_kept_secret_is_not_anothers() -> None:
    foyer = read(BASE.encode())
    sealed = seal(BASE.encode()).decode().replace("opérateur: free", "opérateur: ovh")
    [said] = _said(sealed, foyer.secrets)
    assert said.startswith(f"Ligne 6, « ligne > mot de passe » : il y a {MARKER}, mais rien n'est")


@pytest.mark.parametrize("kept", [{}, {"trunks": None}, {"trunks": []}, {"mail": 5}, {"mail": ""}])
def test_what_was_kept_may_be_damaged(kept: dict[str, Any]) -> None:
    said = _said(seal(BASE.encode()), kept)
    assert len(said) == 2 and all("rien n'est enregistré" in sentence for sentence in said)


def test_sealing_does_not_need_a_sound_household() -> None:
    text = BASE.replace(NUMBER, "112").replace("free.fr", "hotmail.fr")
    assert SIP.encode() not in seal(text.encode())


SIGNS = "abcXYZ019 !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~éàç€"


@pytest.mark.parametrize("seed", range(150))
def test_any_password_is_taken_and_sealed(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    length = chance.randint(8, 30)
    secret = "".join(chance.choice(SIGNS) for _ in range(length)).strip() + "0k"
    secret = re.sub(r"\{(?=[{%#])", "(", secret)
    text = BASE.replace(MAIL, secret.replace("'", "''")) + f"# {secret}\n#{secret}#\n"
    foyer = _is_sealed(text, secret)
    assert foyer.secrets["mail"] == secret
    assert _errors(foyer) == []


@pytest.mark.parametrize("seed", range(150))
def test_a_password_without_quotes_is_taken_as_it_is_or_told(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    secret = "".join(chance.choice(SIGNS) for _ in range(chance.randint(8, 14))).strip() + "0k"
    text = BASE.replace(f"'{MAIL}'", secret)
    try:
        foyer = read(text.encode())
    except FoyerError as error:
        [said] = error.problems
        assert said.startswith("Ligne 9") and secret not in said
    else:
        quoted = re.fullmatch(r"'(.*)'|\"(.*)\"", secret)
        assert foyer.secrets["mail"] == (secret if not quoted else quoted[1] or quoted[2])
        _is_sealed(text, secret)


@pytest.mark.parametrize("seed", range(200))
def test_whatever_is_typed_is_told_or_sound(seed: int) -> None:
    """What is taken by accident, the household model must have nothing against."""
    chance = random.Random(seed)  # noqa: S311
    text = chance.choice(GOOD).read_text()
    bits = [*"#:'\"-[]{}&*!|>%@,;\\\t ", "\n", "\n  ", "''", ": ", "- ", " #", MARKER, "0", "é"]
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(["", *bits]) + text[place + chance.randint(0, 3) :]
    try:
        foyer = read(text.encode())
    except FoyerError as error:
        assert all(re.match("Ligne \\d|Le fichier", said) for said in error.problems)
    else:
        assert _errors(foyer) == []
        _is_sealed(text)


# Where it runs.


def test_it_runs_from_the_project_as_on_the_box(tmp_path: Path) -> None:
    for part in ("roles/selfsetup/files", "roles/household", "group_vars"):
        shutil.copytree(ROOT / part, tmp_path / part)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from gardeligne_setup.foyer import read;"
        "print(read(open(sys.argv[2], 'rb').read()).secrets['mail'])"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code,
         tmp_path / "roles/selfsetup/files", FOYERS / "good/le-moins.txt"],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert run.stdout == f"{MAIL}\n"


def test_the_playbook_puts_it_onto_the_card_as_the_box_would(tmp_path: Path) -> None:
    tasks = yaml.safe_load((ROOT / "roles/selfsetup/tasks/main.yml").read_text())
    copy = tasks[-1]["ansible.builtin.copy"]
    del copy["owner"], copy["group"]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"selfsetup_boot": str(tmp_path)},
        "tasks": tasks[-1:],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "play.yml"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_LOOKUP_PLUGINS": str(ROOT / "roles/selfsetup/lookup_plugins"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert (tmp_path / "foyer.txt").read_bytes() == template()
