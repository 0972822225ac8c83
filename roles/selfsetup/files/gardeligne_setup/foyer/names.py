"""The keys of the file, as households may spell them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

# What stands in a secret's place once it was taken.
MARKER = "(enregistré)"

LINE = ("opérateur", "numéro", "mot de passe", "serveur", "identifiant", "port", "proxy")
# Each key with the keys below it; none: a value or a list.
KEYS: dict[str, tuple[str, ...]] = {
    "nom": (),
    "ligne": LINE,
    "courrier": ("adresse", "mot de passe", "serveur", "port", "identifiant"),
    "téléphones": (),
    "sonnent tout de suite": (),
    "ne sonnent jamais": (),
    "attente": (),
    "deuxième ligne": LINE,
    "wifi": ("nom", "mot de passe", "pays", "caché"),
    "codes": ("messagerie", "appels surtaxés"),
    "sauvegarde": ("mot de passe",),
    "adresse fixe": ("adresse", "routeur", "dns"),
    "clé ssh": (),
}
# Other words for them, as compared.
SYNONYMS = {
    "foyer": "nom",
    "mail": "courrier",
    "courriel": "courrier",
    "email": "adresse",
    "mdp": "mot de passe",
    "password": "mot de passe",
    "mot de passe sip": "mot de passe",
    "seconde ligne": "deuxième ligne",
    "2e ligne": "deuxième ligne",
    "telephone": "téléphones",
    "ssid": "nom",
    "passerelle": "routeur",
    "box": "routeur",
    "wi fi": "wifi",
}
SECRETS = ("mot de passe", "messagerie", "appels surtaxés")


def bare(text: str) -> str:
    """Return a text without accents and capitals."""
    return "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)
    )


def compared(text: str) -> str:
    """Return a text as keys are compared: bare, and without hyphens or double spaces."""
    return re.sub(r"[\s_-]+", " ", bare(text)).strip()


def known(text: str, keys: Iterable[str]) -> str:
    """Return the key that a misspelled one stands for, or ""."""
    word = compared(text)
    spelled = {compared(key): key for key in keys}
    return spelled.get(word) or spelled.get(compared(SYNONYMS.get(word, "")), "")


def suggested(text: str, keys: Iterable[str]) -> str:
    """Return a sentence that names the nearest key, its section, or all keys."""
    if close := _close(text, keys):
        return f"Vouliez-vous dire « {close} » ?"
    homes = [title for title, below in KEYS.items() if known(text, below)]
    if homes:
        return f"Elle va sous « {' » ou « '.join(homes)} », après deux espaces."
    return f"Il y a : {', '.join(keys)}."


def shown(text: str) -> str:
    """Return a key that may be shown: one like those that exist. Others could be a password."""
    every = {key for title, below in KEYS.items() for key in (title, *below)}
    return text if known(text, every) or _close(text, every) else ""


def _close(text: str, keys: Iterable[str]) -> str:
    spelled = {compared(key): key for key in keys}
    close = difflib.get_close_matches(compared(text), spelled, 1, 0.6)
    return spelled[close[0]] if close else ""


def is_secret(key: str) -> bool:
    """Tell whether what stands under a key must never be shown."""
    return bool(known(key, SECRETS))


def is_marker(text: str) -> bool:
    """Tell whether a value is the marker, however it was copied."""
    return compared(text) == compared(MARKER)
