"""What comes from the network: an address, and the time."""

import re
from typing import List

from .tools import Card, Missing, moment, run, shared, wait, where


def network(card: Card) -> str:
    """Wait for an address and a way out."""

    def addresses() -> List[str]:
        shown, _ = run("ip", "-4", "-o", "address", "show", "scope", "global")
        way, _ = run("ip", "-4", "route", "show", "default")
        return re.findall(r"inet ([0-9.]+)", shown) if way else []

    found = wait(card["patience"], addresses)
    if not found:
        cure = "Branchez un câble réseau entre le boîtier et la box, puis redémarrez le boîtier."
        if card["wifi"]:
            cure = (
                "Le boîtier n'a pas pu joindre le réseau WiFi « {} » : vérifiez son nom et son mot "
                "de passe ({}), rapprochez le boîtier, ou branchez un câble."
            ).format(card["wifi"], where(card, "card.yml", "vault.yml"))
        raise Missing("pas d'adresse", cure)
    return "{} ({}.local)".format(found[0], card["hostname"])


def clock(card: Card) -> str:
    """Wait for the time: a Pi has no clock of its own, and certificates have dates."""
    if not wait(card["patience"], shared("machine_checks").synchronised):
        raise Missing(
            "pas encore reçue du réseau ; le boîtier croit qu'il est " + moment(),
            "Laissez le boîtier branché : il continue à la demander. Sinon, la box ou un pare-feu "
            "bloque NTP (UDP 123). Tant que l'heure est fausse, les mails attendent.",
        )
    return moment()
