"""Passwords and files made at random: taken and sealed, or told; never misread."""

from __future__ import annotations

import random
import re

import pytest
from gardeligne_setup.foyer import MARKER, FoyerError, read
from support.foyer import (
    BASE,
    GOOD,
    MAIL,
    errors_in,
    is_sealed,
)

pytestmark = pytest.mark.slow

SIGNS = "abcXYZ019 !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~éàç€"


@pytest.mark.parametrize("seed", range(150))
def test_any_password_is_taken_and_sealed(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    length = chance.randint(8, 30)
    secret = "".join(chance.choice(SIGNS) for _ in range(length)).strip() + "0k"
    secret = re.sub(r"\{(?=[{%#])", "(", secret)
    text = BASE.replace(MAIL, secret.replace("'", "''")) + f"# {secret}\n#{secret}#\n"
    foyer = is_sealed(text, secret)
    assert foyer.secrets["mail"] == secret
    assert errors_in(foyer) == []


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
        is_sealed(text, secret)


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
        assert errors_in(foyer) == []
        is_sealed(text)
