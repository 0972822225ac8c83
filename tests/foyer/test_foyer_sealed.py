"""No secret stays in foyer.txt, and nothing else of it changes."""

from __future__ import annotations

from typing import Any

import pytest
from gardeligne_setup.foyer import MARKER, offered, read, seal, template
from support.foyer import (
    BASE,
    GOOD,
    MAIL,
    NUMBER,
    SIP,
    filled,
    is_sealed,
    said_of,
)


def _leaves(secrets: dict[str, Any]) -> list[str]:
    return [
        secret
        for value in secrets.values()
        for secret in (value.values() if isinstance(value, dict) else [value])
    ]


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
    is_sealed(text, SIP, MAIL)
    assert seal(text.encode()).decode().startswith(f"# ancien: {MARKER}, puis '{MARKER}'!\n")


def test_a_comment_that_is_damaged_moves_nothing() -> None:
    text = f"#\tun\t{SIP}\n\t# deux\n \t\n{BASE}"
    is_sealed(text, SIP, MAIL)
    assert seal(text.encode()).decode() == text.replace(SIP, MARKER).replace(MAIL, MARKER)


def test_a_secret_that_is_commented_out_is_sealed_too() -> None:
    text = f"{BASE}#wifi:\n#  nom: 'Box'\n#  mot de passe: 'Wifi de test'\n# MDP : Vieux-test-9\n"
    is_sealed(text, "Wifi de test", "Vieux-test-9")
    sealed = seal(text.encode()).decode()
    assert f"#  mot de passe: '{MARKER}'\n# MDP : {MARKER}\n" in sealed


def test_the_templates_own_comments_stay() -> None:
    text = filled(offered())
    assert seal(text.encode()).decode() == text.replace(SIP, MARKER).replace(MAIL, MARKER)
    assert seal(template()) == template()


def test_a_code_is_sealed_as_a_word_only() -> None:
    text = f"{BASE}# le code 4711, le 06 47 11 47 11 ou 0647114711\ncodes:\n  messagerie: 4711\n"
    sealed = seal(text.encode()).decode()
    assert f"# le code {MARKER}, le 06 47 11 47 11 ou 0647114711\n" in sealed
    is_sealed(text)


def test_a_secret_spelled_with_an_apostrophe_is_sealed_however_it_is_copied() -> None:
    secret, spelled = "l'été: à l'ombre", "l''été: à l''ombre"
    text = BASE.replace(MAIL, spelled) + f"# {secret}\n# {spelled}\n"
    assert is_sealed(text, secret, spelled).secrets["mail"] == secret


@pytest.mark.parametrize("dash", ["- ", ""])
def test_a_person_called_like_a_key_is_not_sealed(dash: str) -> None:
    text = f"{BASE}sonnent tout de suite:\n  {dash}Messagerie: 06 12 34 56 78\n"
    assert b"Messagerie: 06 12 34 56 78" in seal(text.encode())
    is_sealed(text)


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
    [said] = said_of(sealed, foyer.secrets)
    assert said.startswith(f"Ligne 6, « ligne > mot de passe » : il y a {MARKER}, mais rien n'est")


@pytest.mark.parametrize("kept", [{}, {"trunks": None}, {"trunks": []}, {"mail": 5}, {"mail": ""}])
def test_what_was_kept_may_be_damaged(kept: dict[str, Any]) -> None:
    said = said_of(seal(BASE.encode()), kept)
    assert len(said) == 2 and all("rien n'est enregistré" in sentence for sentence in said)


def test_sealing_does_not_need_a_sound_household() -> None:
    text = BASE.replace(NUMBER, "112").replace("free.fr", "hotmail.fr")
    assert SIP.encode() not in seal(text.encode())
