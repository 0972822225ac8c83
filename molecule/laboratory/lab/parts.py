"""What is around the exchanges: the operator, the robot, the mail relay."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from .world import DATA, Machine, eventually


class Operator(Machine):
    """Registrar and public network."""

    def __init__(self) -> None:
        """Find it."""
        super().__init__("operator")

    def show_as(self, account: str, shown: str) -> None:
        """Show an account's calls with this number, or `hidden`."""
        self.asterisk(f"database put presents {account} {shown}")

    def dialled(self, account: str) -> list[str]:
        """Return the numbers that this account has called."""
        return [call[1] for call in self._calls(account)]

    def _calls(self, account: str) -> list[list[str]]:
        lines = self.run("sh", "-c", "cat /var/lib/lab/dialled 2>/dev/null || true").splitlines()
        return [line.split() for line in lines if line.split()[0] == account]

    def hidden(self, account: str) -> list[str]:
        """Return the numbers that this account has called and asked to be hidden from."""
        return [call[1] for call in self._calls(account) if call[2:] == ["id"]]

    def allow(self, account: str, calls: int) -> None:
        """Let an account have so many calls at a time, in or out."""
        self.asterisk(f"database put limit {account} {calls}")

    def answer_with(self, account: str, answer: str) -> None:
        """Give an account's calls this SIP answer (403, 503, …), after a ring if it is ring503."""
        self.asterisk(f"database put fate {account} {answer}")

    def treat_normally(self, *accounts: str) -> None:
        """Remove the special answers and limits of these accounts."""
        places = [f"{kind} {who}" for kind in ("presents", "limit", "fate") for who in accounts]
        orders = "".join(f"asterisk -rx 'database del {place}'\n" for place in places)
        self.run("sh", given=orders)

    def registered(self, account: str) -> bool:
        """Tell whether an account can be called."""
        return f"Contact:  {account}/" in self.asterisk(f"pjsip show aor {account}")

    def crash(self, seconds: float) -> None:
        """Stop for so many seconds, and restart without the registrations."""
        self.run("systemctl", "stop", "asterisk")
        self.run("rm", "-f", "/var/lib/asterisk/astdb.sqlite3")
        time.sleep(seconds)
        self.run("systemctl", "start", "asterisk")

    def names(self, on: bool) -> None:
        """Switch the name server on or off."""
        self.run("systemctl", "start" if on else "stop", "dnsmasq")

    def refuse(self, accounts: Iterable[str]) -> None:
        """Reject the passwords of these accounts only."""
        self.expect(dict.fromkeys(accounts, "wrong"))

    def expect(self, passwords: Mapping[str, str]) -> None:
        """Accept these accounts' own passwords, and the usual one from all others."""
        others = "".join(
            f"[{account}](+type=auth)\npassword={password}\n"
            for account, password in passwords.items()
        )
        self.write("/etc/asterisk/pjsip_passwords.conf", others)
        self.asterisk("pjsip reload")

    def names_lead_to(self, new: str, old: str) -> None:
        """Resolve the operator's names to another address."""
        self.run("sed", "-i", f"s/,{old},/,{new},/", "/etc/dnsmasq.d/lab.conf")
        self.run("systemctl", "restart", "dnsmasq")


@dataclass(frozen=True)
class Verdict:
    """What a robot concluded, why, and when it was answered and knew (Unix time)."""

    status: str
    cause: str
    answered: float
    decided: float

    @property
    def milliseconds(self) -> int:
        """Return how long it listened."""
        return round(1000 * (self.decided - self.answered))


@dataclass(frozen=True)
class Attempt:
    """A robot's call: to whom, AMD()'s arguments, its line (robot-extensions.conf), its codec."""

    number: str
    profile: str
    line: Mapping[str, str] = field(default_factory=dict)
    codec: str = "alaw"


class Robot(Machine):
    """A dialler that listens before it talks."""

    _calls = itertools.count(1)

    def __init__(self) -> None:
        """Find it."""
        super().__init__("robot")

    def call(self, number: str, profile: str) -> Verdict:
        """Call a number, let AMD() decide with a published profile, and return its verdict."""
        return self.calls([Attempt(number, DATA["lab_profiles"][profile])])[0]

    def calls(self, attempts: Sequence[Attempt], patience: float = 40) -> list[Verdict]:
        """Make all these calls at once and return their verdicts, in seconds at most."""
        names = [f"{os.getpid()}-{next(self._calls)}" for _ in attempts]
        orders = "".join(self._order(*each) for each in zip(names, attempts, strict=True))
        # Asterisk reads what is moved into the folder, whole.
        self.run("sh", given=f"cd /var/spool/asterisk\n{orders}mv {' '.join(names)} outgoing/\n")
        notes = eventually(lambda: self._notes(names), "the robots have decided", patience)
        return [
            Verdict(status, cause, int(answered) / 1000, int(decided) / 1000)
            for status, cause, answered, decided in map(str.split, notes)
        ]

    @staticmethod
    def _order(name: str, attempt: Attempt) -> str:
        """Return the shell's lines that write a call file."""
        variables = {"CALL": name, "PROFILE": attempt.profile, **attempt.line}
        lines = [
            f"Channel: PJSIP/{attempt.number}@operator-{attempt.codec}",
            f"CallerID: <{DATA['lab_robot']}>\nWaitTime: 20\nContext: robot\nExtension: listen",
            *(f"Setvar: {key}={value}" for key, value in variables.items()),
        ]
        return "\n".join([f"cat >{name} <<EOF", *lines, f"EOF\nchown asterisk: {name}\n"])

    def _notes(self, names: Sequence[str]) -> list[str]:
        """Return the notes of these calls in their order, nothing as long as one is missing."""
        found = self.run("sh", given=f"cd /var/lib/lab; grep -H . {' '.join(names)}; :\n")
        notes = dict(line.split(":", 1) for line in found.splitlines())
        return [notes[name] for name in names] if len(notes) == len(names) else []


@dataclass(frozen=True)
class Mail:
    """A mail as the relay took it."""

    received: float
    login: str
    sender: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """Return its text."""
        body = self.message.get_body(("plain",))
        assert body is not None, "the mail has no text"
        return str(body.get_content())

    @property
    def sound(self) -> bytes:
        """Return the WAV that is attached."""
        attached = [
            part for part in self.message.iter_attachments() if "wav" in part.get_content_type()
        ]
        assert len(attached) == 1, f"{len(attached)} sounds are attached"
        content = attached[0].get_content()
        assert isinstance(content, bytes)
        return content


class Mailsink(Machine):
    """The mail relay."""

    def __init__(self) -> None:
        """Find it."""
        super().__init__("mailsink")

    def to(self, recipient: str) -> list[Mail]:
        """Return what was sent to an address, the oldest first."""
        show = 'for mail in /var/lib/lab/mail/*; do [ -e "$mail" ] && cat "$mail" && echo; done; :'
        kept = [json.loads(line) for line in self.run("sh", "-c", show).splitlines()]
        return [
            Mail(
                mail["received"],
                mail["login"],
                mail["sender"],
                email.message_from_bytes(
                    mail["content"].encode("latin-1"), policy=email.policy.default
                ),
            )
            for mail in kept
            if recipient in mail["recipients"]
        ]
