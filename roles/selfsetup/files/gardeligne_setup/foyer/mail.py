"""Finds the server that sends the household's mail."""

from __future__ import annotations

from . import checks
from .fields import Fields
from .mail_servers import NO_PASSWORDS, SERVERS, SLIPS, Server
from .project import settings


def sending_server(fields: Fields, address: str) -> Server:
    """Return the server that is written, or that of the address; one without a name if none."""
    host = fields.text("serveur", checks.host)
    port = fields.whole("port", *settings.limits("household_mail.relay.port"))
    usual: int = settings.SETTINGS["household_mail.relay.port"]["default"]
    domain = address.rpartition("@")[2].lower()
    found = SERVERS.get(domain)
    if host or fields.told("serveur"):
        return Server(host, port or (found.port if found and found.host == host else usual))
    if found:
        if port and port != found.port:
            fields.wrong("port", "il va avec un serveur. Écrivez les deux, ou aucun.")
        return found
    if domain.startswith(NO_PASSWORDS):
        fields.wrong(
            "adresse",
            "Outlook, Hotmail et Live n'acceptent plus qu'un appareil envoie du courrier avec"
            " un mot de passe. Prenez une adresse d'ailleurs (free.fr, orange.fr, laposte.net,"
            " gmail.com…).",
        )
    elif domain in SLIPS:
        fields.wrong("adresse", f"elle finit plutôt par @{SLIPS[domain]}. Corrigez-la.")
    elif address:
        fields.wrong(
            "adresse",
            "le serveur d'envoi de cette adresse n'est pas connu. Ajoutez dessous une ligne"
            " « serveur: » avec le serveur SMTP que votre fournisseur de courrier indique (et"
            " « port: 465 », si ce n'est pas 587).",
        )
    return Server("", usual)
