"""Checks of single values: each returns "", or in French what is wrong and the cure.

Whether it is right, the household model's formats say: nothing passes here that would fail there.
Only why is said anew, in French. No secret is ever quoted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from .operators import Operator
from .project import card, credentials, formats, phone, spelling

PLACEHOLDER = "c'est encore le texte de l'exemple. Écrivez le vôtre."
NUMBER_CURE = "Écrivez-le comme 06 12 34 56 78, ou +32 2 123 45 67 pour l'étranger."


def number(text: str) -> str:
    """Check the number of a caller; a * at its end stands for the rest."""
    if "?" in text:
        return "le signe ? n'est pas admis ici. Écrivez le début du numéro, puis *."
    try:
        phone.callers(text)
    except phone.PhoneError as error:
        return _no_number(error)
    return ""


# What written.WRONG says of a line, in French.
LINES = {
    "range": (
        "il faut deux numéros entiers, le plus petit d'abord. Écrivez « 01 62 00 00 00 à"
        " 01 62 99 99 99 », ou le début du numéro, puis *."
    ),
    "half": "après la barre /, il n'y a qu'un bout de numéro. Écrivez-le en entier.",
    "none": "",
}


def no_caller(part: str, kind: str) -> str:
    """Say why a line of a list is refused; nothing if there is no number in it at all."""
    return LINES[kind] if kind else number(part)


def own_number(text: str, operator: Operator) -> str:
    """Check the number of a line at an operator."""
    try:
        found = phone.national(text)
    except phone.PhoneError as error:
        return _no_number(error)
    if spelling.SHORT.fullmatch(found):
        return (
            "c'est un numéro court ou d'urgence, pas celui d'une ligne. Écrivez les dix chiffres de"
            " votre ligne, comme 09 87 65 43 21."
        )
    if found.startswith("08"):
        return "c'est un numéro spécial (08), pas celui d'une ligne. Écrivez celui de votre ligne."
    if "mobile" in operator.never and re.match("0[67]", found):
        return (
            "c'est un numéro de mobile. Écrivez celui de la ligne fixe : 09 ou 01 à 05, comme"
            " 09 87 65 43 21."
        )
    if "foreign" in operator.never and found.startswith("00"):
        return f"c'est un numéro étranger. Écrivez celui de {operator.line}, comme 09 87 65 43 21."
    return ""


def same_line(one: str, other: str) -> bool:
    """Tell whether two texts are one number; a missing one is like no other."""
    return bool(one and other) and phone.national(one) == phone.national(other)


_CAUSES = {
    spelling.SEVERAL: "il y a plusieurs numéros. Écrivez-les un par ligne.",
    spelling.EVERYBODY: "devant l'étoile, il faut au moins deux chiffres, comme 09 48 *.",
    spelling.TERRITORY: (
        "c'est tout un territoire. Écrivez le début de ses numéros, comme 0262 * ou 0692 *."
    ),
    spelling.NOBODY: (
        "aucun numéro ne commence ainsi. Écrivez-le avec 0 devant, comme 01 62 *, ou avec + et"
        " l'indicatif du pays, comme +32 *."
    ),
}


def _no_number(error: phone.PhoneError) -> str:
    """Return what is wrong with a caller's number, or with a prefix of one."""
    digits = error.digits
    if error.cause in _CAUSES:
        return _CAUSES[error.cause]
    if error.cause == spelling.FRENCH_LENGTH and digits.startswith("00"):
        code = spelling.country(digits[2:])
        return f"ce numéro français n'a pas neuf chiffres après +{code}. {NUMBER_CURE}"
    if error.cause == spelling.FOREIGN_LENGTH:
        count = len(digits) - 2
        return f"ce numéro étranger a {count} chiffres, ce n'est pas possible. {NUMBER_CURE}"
    if error.cause == spelling.SHORT_NUMBER and 1 < len(digits) < 7:
        return f"ce numéro court n'existe pas. {NUMBER_CURE}"
    if error.cause in (spelling.FRENCH_LENGTH, spelling.SHORT_NUMBER):
        return f"ce numéro a {len(digits)} chiffre(s), un numéro français en a 10. {NUMBER_CURE}"
    return f"ce n'est pas un numéro de téléphone. {NUMBER_CURE}"


def name(text: str) -> str:
    """Check what is shown on phones and in mails."""
    if not formats.name(text):
        return PLACEHOLDER if formats.PLACEHOLDER.search(text) else ""
    if len(text) > formats.NAME_LENGTH:
        return f"c'est trop long (plus de {formats.NAME_LENGTH} caractères). Raccourcissez-le."
    return (
        "il y a un signe qui n'est pas admis. Prenez des lettres, des chiffres, des espaces et"
        " . ' - _ & + / ( ) seulement."
    )


def email(text: str) -> str:
    """Check an address."""
    if formats.PLACEHOLDER.search(text) or text.endswith(("@example.org", "@exemple.fr")):
        return PLACEHOLDER
    if not formats.email(text):
        return ""
    return "ce n'est pas une adresse de courrier. Écrivez-la comme camille.martin@free.fr."


def host(text: str) -> str:
    """Check a server's name."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not formats.host(text):
        return ""
    return (
        "ce n'est pas le nom d'un serveur. Écrivez-le sans https:// et sans port, comme"
        " sip.exemple.fr."
    )


def proxy(text: str) -> str:
    """Check a proxy, host or host:port."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    return "" if not formats.host_port(text) else "ce n'est pas un serveur, comme proxy.exemple.fr."


def sip_user(text: str) -> str:
    """Check a login at an operator."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not formats.sip_user(text):
        return ""
    return "prenez des lettres sans accent, des chiffres et + . _ - seulement, sans @ ni la suite."


def mail_user(text: str) -> str:
    """Check a login at a mail server."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not formats.relay_user(text):
        return ""
    return "les espaces, les accents et les deux-points ne sont pas admis dans un identifiant."


def ssid(text: str) -> str:
    """Check a wireless network's name."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not card.ssid(text):
        return ""
    return "ce n'est pas le nom d'un réseau WiFi : il a au plus 32 octets. Recopiez-le de la box."


def ssh_key(text: str) -> str:
    """Check a public key for SSH."""
    if not card.ssh_key(text):
        return ""
    if "PRIVATE KEY" in text or text.startswith("PuTTY-User-Key-File"):
        return (
            "c'est une clé privée, qui ne doit jamais quitter sa machine. Faites-en une autre, et"
            " écrivez ici la ligne de son fichier .pub."
        )
    return "ce n'est pas une clé publique entière. Recopiez la ligne de votre fichier .pub."


def address(text: str) -> str:
    """Check an address with its network's size."""
    if not card.interface(text):
        return ""
    return "cette adresse n'est pas possible. Écrivez-la comme 192.168.1.10."


def router(text: str) -> str:
    """Check an IPv4 address of one machine."""
    if not card.router(text):
        return ""
    return "ce n'est pas une adresse. Écrivez-la comme 192.168.1.254."


def in_network(gateway: str, interface: str) -> str:
    """Check that a router can be reached from an address; both are sound."""
    own = ipaddress.IPv4Interface(interface)
    if own.ip == ipaddress.IPv4Address(gateway):
        return "c'est l'adresse de cette machine même. Écrivez celle de la box."
    if ipaddress.IPv4Address(gateway) not in own.network:
        return "il n'est pas dans le même réseau que l'adresse. Corrigez l'un des deux."
    return ""


def sip_secret(text: str, entry: Mapping[str, str]) -> str:
    """Check a line's password."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not credentials.KINDS["trunks"][3](text, entry):
        return ""
    if not credentials.SIP_SECRET.fullmatch(text):
        return (
            "il a un signe que le standard ne peut pas employer. Sont admis : les lettres sans"
            f" accent, les chiffres et {credentials.SIP_SIGNS} (ni espace, ni # ; : @ / ?)."
            " Changez-le chez l'opérateur."
        )
    if len(text) < credentials.TRUNK_SECRET_LENGTH:
        return (
            f"il est trop court : {credentials.TRUNK_SECRET_LENGTH} caractères au moins."
            " Vérifiez-le, ou changez-le chez l'opérateur."
        )
    return "il est trop facile à deviner. Changez-le chez l'opérateur."


def mail_secret(text: str) -> str:
    """Check a mail account's password."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not text.isprintable() or text != text.strip():
        return "il commence ou finit par une espace. Écrivez-le sans elle."
    return ""


def app_secret(text: str) -> bool:
    """Tell whether a password is one that Google makes for a program: 16 small letters."""
    return re.fullmatch("[a-z]{16}", text) is not None


def backup_secret(text: str) -> str:
    """Check a backup's passphrase."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if not credentials.backup_secret(text):
        return ""
    return (
        f"il faut {credentials.BACKUP_SECRET_LENGTH} caractères au moins, qui ne soient pas faciles"
        " à deviner : quatre ou cinq mots qui n'ont rien à voir entre eux, par exemple."
    )


def wifi_secret(text: str) -> str:
    """Check a wireless network's password."""
    if formats.PLACEHOLDER.search(text):
        return PLACEHOLDER
    if credentials.WIFI_SECRET.fullmatch(text):
        return ""
    return "un mot de passe WiFi a 8 à 63 caractères sans accent. Recopiez-le de la box."


def pin(text: str, own: str) -> str:
    """Check a code of digits; ``own`` is what it must not be."""
    if not credentials.KINDS["mailboxes"][3](text, {"number": own}):
        return ""
    least, most = credentials.PIN_LENGTHS
    if re.fullmatch("[0-9]+", text) and least <= len(text) <= most:
        return (
            "il est trop facile à deviner (chiffres à la suite ou répétés). Choisissez-en un autre."
        )
    return f"un code a {least} à {most} chiffres, et rien d'autre."
