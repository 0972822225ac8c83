"""From the file's tree to the variables of inventory/example, and the secrets apart from them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from . import checks, lists
from .fields import Fields
from .mail import sending_server
from .mail_servers import APP_PASSWORDS
from .names import KEYS, MARKER, compared, is_marker
from .operators import OTHER, Operator, named, operators
from .problems import Problems
from .project import card, settings
from .tree import Block

Kept = Mapping[str, Any]

MAILBOX = "001"
# Whose the lines are, where no operator is written.
FIRST, SECOND = "free", "ovh"


class Reader:
    """The walk over the sections. What is wrong goes to ``problems``, and the walk goes on."""

    def __init__(self, tree: Block, kept: Kept, problems: Problems) -> None:
        """Read all of it."""
        self._kept = kept
        self._problems = problems
        self._top = Fields(tree, KEYS, problems)
        self.secrets: dict[str, Any] = {"trunks": {}}
        self.typed = 0  # of the four that every household has to type
        self.variables: dict[str, Any] = {
            # Nobody need log in to a machine that sets itself up.
            "household_self_setup": True,
            "household_name": self._name(),
            "household_trunks": self._lines(),
            "household_handsets": lists.handsets(
                self._top.node("téléphones"), self._line("téléphones"), problems
            ),
            "household_guard": {"wait": self._wait()},
            **self._callers(),
            **self._mail(),
            **self._backup(),
            "household_card": self._card(),
        }
        self.variables["household_mailboxes"][0]["name"] = self.variables["household_name"]
        self._codes()

    def _section(self, title: str) -> Fields:
        fields = Fields(self._top.node(title), KEYS[title], self._problems, title)
        fields.line = self._line(title)
        return fields

    def _line(self, title: str) -> int:
        """Return the line of a title, 0 if it is not written."""
        return self._top.at(title) if self._top.has(title) else 0

    def _filled(self, title: str) -> bool:
        """Tell whether an optional section is there; one without its keys is a slip."""
        if self._top.has(title) and self._top.node(title) is None:
            self._top.wrong(
                title,
                "il n'y a rien en dessous. Ôtez aussi le # devant les lignes de cette rubrique, ou"
                " remettez-le devant ce titre.",
            )
        return self._top.node(title) is not None

    def _name(self) -> str:
        text = self._top.text("nom", checks.name) or settings.SETTINGS["household_name"]["default"]
        return unicodedata.normalize("NFC", text)

    def _wait(self) -> int:
        wait = self._top.whole("attente", *settings.limits("household_guard.wait"))
        usual: int = settings.SETTINGS["household_guard.wait"]["default"]
        return usual if wait is None else wait

    def _secret(self, fields: Fields, label: str, kept: object, needed: str) -> str:
        """Return a secret as it stands in the file, or the kept one where the marker does."""
        text = fields.text(label, needed=needed)
        if is_marker(text):
            if isinstance(kept, str) and kept:
                return kept
            fields.wrong(
                label,
                f"il y a {MARKER}, mais rien n'est enregistré ici pour cela (autre carte, ou autre"
                " opérateur). Tapez-le de nouveau à la place.",
            )
            return ""
        if compared(MARKER) in compared(text):
            fields.wrong(label, f"il reste {MARKER} à côté. Effacez ces mots-là.")
            return ""
        return text

    def _kept_of(self, kind: str, key: str) -> object:
        kept = self._kept.get(kind)
        return kept.get(key) if isinstance(kept, Mapping) else None

    # The lines.

    def _lines(self) -> list[dict[str, Any]]:
        first = self._trunk("ligne", FIRST, [])
        if not self._filled("deuxième ligne"):
            return [first]
        return [first, self._trunk("deuxième ligne", SECOND, [first])]

    def _trunk(self, title: str, usual: str, taken: list[dict[str, Any]]) -> dict[str, Any]:
        fields = self._section(title)
        operator = self._operator(fields, usual)
        number = fields.text(
            "numéro",
            lambda text: checks.own_number(text, operator),
            needed="il manque. Écrivez le numéro de votre ligne, comme 09 87 65 43 21.",
        )
        name = operator.trunk
        if name in [trunk["name"] for trunk in taken]:
            name += "2"
        secret = self._secret(
            fields,
            "mot de passe",
            self._kept_of("trunks", name),
            "il manque. C'est celui du compte SIP, que l'opérateur vous montre dans votre espace"
            " d'abonné ; ce n'est pas celui de la box ni du courrier.",
        )
        if title == "ligne":
            self.typed += bool(fields.node("numéro")) + bool(fields.node("mot de passe"))
        if any(checks.same_line(number, trunk["number"]) for trunk in taken):
            fields.wrong("numéro", "c'est le même que celui de la première ligne.")
        trunk: dict[str, Any] = {
            "name": name,
            "provider": operator.provider,
            "number": number,
            **self._server(fields, operator),
        }
        entry = {key: value for key, value in trunk.items() if isinstance(value, str)}
        if secret and (wrong := checks.sip_secret(secret, entry)):
            fields.wrong("mot de passe", wrong)
        self.secrets["trunks"][name] = secret
        return trunk

    def _operator(self, fields: Fields, usual: str) -> Operator:
        """Return the operator, of which nothing is known where it is none or illegible."""
        known = operators()
        text = compared(fields.text("opérateur"))
        if not text:
            return Operator() if fields.told("opérateur") else known[usual]
        if text in known:
            return known[text]
        fields.wrong(
            "opérateur",
            f"il faut {named()} ou {OTHER}. Avec {OTHER}, votre opérateur doit donner un compte SIP"
            " : écrivez aussi son serveur.",
        )
        return Operator()

    def _server(self, fields: Fields, operator: Operator) -> dict[str, Any]:
        needed = (
            f"il manque : avec « {OTHER} », écrivez le serveur SIP que votre opérateur indique."
            if operator.needs_host
            else ""
        )
        host = fields.text("serveur", checks.host, needed=needed)
        user = fields.text("identifiant", checks.sip_user)
        port = fields.whole("port", *settings.limits("household_trunks.port"))
        proxy = fields.text("proxy", checks.proxy)
        server: dict[str, Any] = {"host": host, "user": user, "port": port, "proxy": proxy}
        if proxy:
            server["provider"] = operator.proxied
        return {key: value for key, value in server.items() if value}

    def _callers(self) -> dict[str, Any]:
        allowed, blocked = lists.callers(
            self._top.node(lists.ALLOW),
            self._top.node(lists.BLOCK),
            blocks=self._top.has(lists.BLOCK),
            problems=self._problems,
        )
        return {"household_allow": allowed, "household_block": blocked}

    # Mail.

    def _mail(self) -> dict[str, Any]:
        fields = self._section("courrier")
        address = fields.text(
            "adresse",
            checks.email,
            needed="elle manque. Écrivez votre adresse de courrier : vos messages y arrivent.",
        )
        secret = self._secret(
            fields,
            "mot de passe",
            self._kept.get("mail"),
            "il manque. C'est celui de cette adresse de courrier.",
        )
        self.typed += bool(fields.node("adresse")) + bool(fields.node("mot de passe"))
        server = sending_server(fields, address)
        if server.host in APP_PASSWORDS and secret:
            # Google shows it in four groups.
            secret = secret.replace(" ", "")
            if not checks.app_secret(secret):
                fields.wrong(
                    "mot de passe",
                    "Gmail refuse votre mot de passe habituel. Faites un « mot de passe"
                    " d'application » (16 lettres) sur myaccount.google.com/apppasswords, et"
                    " écrivez-le ici.",
                )
        elif secret and (wrong := checks.mail_secret(secret)):
            fields.wrong("mot de passe", wrong)
        self.secrets["mail"] = secret
        local = address.partition("@")[0] if server.local else address
        relay = {
            "host": server.host,
            "port": server.port,
            "tls": "implicit" if server.port == 465 else "starttls",
            "user": fields.text("identifiant", checks.mail_user) or local,
        }
        return {
            "household_mail": {"sender": address, "admin": address, "relay": relay},
            "household_mailboxes": [{"number": MAILBOX, "name": "", "email": address}],
        }

    def _codes(self) -> None:
        if not self._filled("codes"):
            return
        fields = self._section("codes")
        for label, own, kept in (
            ("messagerie", MAILBOX, self._kept_of("mailboxes", MAILBOX)),
            ("appels surtaxés", "", self._kept.get("outgoing")),
        ):
            secret = self._secret(fields, label, kept, "")
            if not secret:
                continue
            if wrong := checks.pin(secret, own):
                fields.wrong(label, wrong)
            elif own:
                self.secrets["mailboxes"] = {own: secret}
            else:
                self.secrets["outgoing"] = secret

    def _backup(self) -> dict[str, Any]:
        secret = self.passphrase()
        if not secret:
            return {}
        self.secrets["backup"] = secret
        return {"household_backup": {"usb": True}}

    def passphrase(self) -> str:
        """Return what closes the backups, "" if there is nothing sound."""
        if not self._filled("sauvegarde"):
            return ""
        fields = self._section("sauvegarde")
        secret = self._secret(
            fields,
            "mot de passe",
            self._kept.get("backup"),
            "il manque. Choisissez-en un, et gardez-le aussi ailleurs : sans lui, personne n'ouvre"
            " une sauvegarde.",
        )
        if secret and (wrong := checks.backup_secret(secret)):
            fields.wrong("mot de passe", wrong)
        return secret

    # The machine.

    def _card(self) -> dict[str, Any]:
        key = self._top.text("clé ssh", checks.ssh_key)
        return {
            "hostname": settings.SETTINGS["household_card.hostname"]["default"],
            **({"ssh_keys": [key]} if key else {}),
            **self._network(),
            **self._wifi(),
        }

    def _network(self) -> dict[str, Any]:
        if not self._filled("adresse fixe"):
            return {}
        fields = self._section("adresse fixe")
        address = fields.text("adresse", needed="elle manque. Écrivez-la comme 192.168.1.10.")
        if address and "/" not in address:
            address += "/24"  # as boxes in France all have it
        if address and (wrong := checks.address(address)):
            fields.wrong("adresse", wrong)
            address = ""
        router = fields.text(
            "routeur",
            checks.router,
            needed="il manque : l'adresse de la box, 192.168.1.1 ou 192.168.1.254 le plus souvent.",
        )
        if address and router and (wrong := checks.in_network(router, address)):
            fields.wrong("routeur", wrong)
        server = fields.text("dns", checks.router) or router
        return {"network": {"address": address, "gateway": router, "dns": [server]}}

    def _wifi(self) -> dict[str, Any]:
        if not self._filled("wifi"):
            return {}
        fields = self._section("wifi")
        name = fields.text("nom", checks.ssid, needed="il manque : le nom de votre réseau WiFi.")
        secret = self._secret(
            fields, "mot de passe", self._kept.get("wifi"), "il manque : celui du réseau WiFi."
        )
        if secret and (wrong := checks.wifi_secret(secret)):
            fields.wrong("mot de passe", wrong)
        usual = settings.SETTINGS["household_card.wifi.country"]["default"]
        country = fields.text("pays").upper() or usual
        if card.country(country):
            fields.wrong("pays", "il faut deux lettres, comme FR.")
        self.secrets["wifi"] = secret
        hidden = fields.yes("caché")
        return {"wifi": {"country": country, "ssid": name, **({"hidden": True} if hidden else {})}}
