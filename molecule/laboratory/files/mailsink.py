#!/usr/bin/python3
"""A mail relay as providers have them: STARTTLS, then a login, then mail. It keeps what it gets.

It refuses for good what says `Refuse-this` anywhere, and every sender but the account.

Usage: mailsink USER PASSWORD. Mails are files in /var/lib/lab/mail, one JSON object each:
the sender and recipients of the envelope, the login, and the mail itself.
"""

import asyncio
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

MAIL = Path("/var/lib/lab/mail")
USER, PASSWORD = sys.argv[1:]


class Keep:
    """Write each mail to a file of its own."""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the account's own mail only."""
        if address != USER:
            return "550 5.7.1 sender is not the account"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one mail."""
        if b"Refuse-this" in envelope.original_content:
            return "550 5.7.1 refused by policy"
        mail = {
            "received": time.time(),
            "login": session.auth_data.decode(),
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "content": envelope.original_content.decode("latin-1"),  # byte by byte
        }
        part = MAIL / f".{time.time_ns()}"
        part.write_text(json.dumps(mail))
        part.rename(MAIL / part.name.removeprefix("."))
        return "250 kept"


def authenticate(*request: Any) -> AuthResult:
    """Accept the household's own login only."""
    login: LoginPassword = request[-1]
    known = login.login == USER.encode() and login.password == PASSWORD.encode()
    return AuthResult(success=known, auth_data=login.login)


async def main() -> None:
    """Serve for ever."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain("/etc/ssl/certs/relay.crt", "/etc/ssl/private/relay.key")
    MAIL.mkdir(parents=True, exist_ok=True)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            Keep(),
            hostname="smtp.example.org",
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        ),
        port=587,
    )
    await server.serve_forever()


asyncio.run(main())
