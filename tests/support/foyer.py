"""A household's foyer.txt, for tests to spoil, and what is to be said of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from gardeligne_setup.foyer import Foyer, FoyerError, read, seal

from support.example import ROOT, errors_of

# What households might write: good, bad with what is to be said of it, hostile.
FOYERS = ROOT / "tests/foyer/files"
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


def by_stem(path: Path) -> str:
    return path.stem


def said_of(raw: bytes | str, kept: dict[str, Any] | None = None) -> list[str]:
    """Return what is wrong, [] if nothing is."""
    try:
        read(raw.encode() if isinstance(raw, str) else raw, kept)
    except FoyerError as error:
        return error.problems
    return []


def errors_in(foyer: Foyer) -> list[str]:
    """Return what the household model says of it."""
    written = {**foyer.variables, "household_secrets": foyer.secrets}
    return errors_of({"house.yml": yaml.safe_dump(written, allow_unicode=True)})


def filled(text: str) -> str:
    """Return the template with its four values."""
    values = iter([NUMBER, SIP, "camille.martin@free.fr", MAIL])
    return re.sub(r"(?m)^(  .*: )''$", lambda found: f"{found[1]}'{next(values)}'", text)


def is_sealed(text: str, *secrets: str) -> Foyer:
    """Return what the file says, once sealed: it must be the same, and no secret in it."""
    foyer = read(text.encode())
    sealed = seal(text.encode())
    assert [secret for secret in secrets if secret.encode() in sealed] == []
    assert read(sealed, foyer.secrets) == foyer
    assert seal(sealed) == sealed
    return foyer
