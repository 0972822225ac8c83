"""Which server sends the mail of an address.

Source: Thunderbird's ISPDB (github.com/thunderbird/autoconfig, c6ad796 of 2026-03-12), where the
household's program would look too. `unverified` marks what only other lists have.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """A relay; ``local``: its login is what stands before the @ of the address."""

    host: str
    port: int
    local: bool = False


_SSL, _STARTTLS = 465, 587
_SFR = Server("smtp.sfr.fr", _SSL)
_ORANGE = Server("smtp.orange.fr", _SSL)
_GMAIL = Server("smtp.gmail.com", _SSL)
_YAHOO = Server("smtp.mail.yahoo.com", _SSL)
_ICLOUD = Server("smtp.mail.me.com", _STARTTLS)
_GMX = Server("mail.gmx.com", _SSL)

SERVERS = {
    "free.fr": Server("smtp.free.fr", _SSL, local=True),
    "orange.fr": _ORANGE,
    "wanadoo.fr": _ORANGE,
    "sfr.fr": _SFR,
    "neuf.fr": _SFR,
    "club-internet.fr": _SFR,
    "laposte.net": Server("smtp.laposte.net", _SSL, local=True),
    "bbox.fr": Server("smtp.bbox.fr", _STARTTLS),  # unverified: jasonchampagne/FormationVideo
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "yahoo.fr": _YAHOO,
    "yahoo.com": _YAHOO,
    "ymail.com": _YAHOO,
    "icloud.com": _ICLOUD,
    "me.com": _ICLOUD,
    "mac.com": _ICLOUD,
    "gmx.fr": _GMX,
    "gmx.com": _GMX,
    "aol.com": Server("smtp.aol.com", _SSL),
    "aol.fr": Server("smtp.aol.com", _SSL),
    "ovh.net": Server("ssl0.ovh.net", _SSL),
    "gandi.net": Server("mail.gandi.net", _SSL),
}
# What people type for them.
SLIPS = {
    "gmail.fr": "gmail.com",
    "gmial.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gmail.co": "gmail.com",
    "orange.com": "orange.fr",
    "laposte.fr": "laposte.net",
    "free.com": "free.fr",
    "sfr.com": "sfr.fr",
    "wanadoo.com": "wanadoo.fr",
    "icloud.fr": "icloud.com",
}
# They know OAuth2 only (ISPDB; Microsoft ended passwords on 2024-09-16): Postfix has a password.
NO_PASSWORDS = ("hotmail.", "outlook.", "live.", "msn.", "windowslive.")
# Their own password is refused to programs: one of 16 letters is made on the account's page.
APP_PASSWORDS = {_GMAIL.host}
