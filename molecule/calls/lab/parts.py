"""What is around the exchanges, the exchanges themselves, and who lives in them."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import os
import re
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from .phone import Phone
from .world import DATA, SCENARIO, SECRET, Machine, eventually


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
        """Forget what was said of these accounts."""
        places = [f"{kind} {who}" for kind in ("presents", "limit", "fate") for who in accounts]
        orders = "".join(f"asterisk -rx 'database del {place}'\n" for place in places)
        self.run("sh", given=orders)

    def registered(self, account: str) -> bool:
        """Tell whether an account can be called."""
        return f"Contact:  {account}/" in self.asterisk(f"pjsip show aor {account}")

    def crash(self, seconds: float) -> None:
        """Be away so long, and come back without a memory of who was registered."""
        self.run("systemctl", "stop", "asterisk")
        self.run("rm", "-f", "/var/lib/asterisk/astdb.sqlite3")
        time.sleep(seconds)
        self.run("systemctl", "start", "asterisk")

    def names(self, on: bool) -> None:
        """Switch the name server on or off."""
        self.run("systemctl", "start" if on else "stop", "dnsmasq")

    def refuse(self, accounts: Iterable[str]) -> None:
        """Take these accounts' passwords for wrong ones, and no others."""
        wrong = "".join(f"[{account}](+type=auth)\npassword=wrong\n" for account in accounts)
        self.write("/etc/asterisk/pjsip_refused.conf", wrong)
        self.asterisk("pjsip reload")

    def names_lead_to(self, new: str, old: str) -> None:
        """Let its names have another address than before."""
        self.run("sed", "-i", f"s/,{old},/,{new},/", "/etc/dnsmasq.d/lab.conf")
        self.run("systemctl", "restart", "dnsmasq")


# Event that a telephone may subscribe to -> what it is told.
NEWS = {
    "dialog": "application/dialog-info+xml",
    "presence": "application/pidf+xml",
    "message-summary": "application/simple-message-summary",
}


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


class House(Machine):
    """An exchange under test, its telephones, and the people who call it."""

    def __init__(self, name: str, operator: Operator, phones: Machine) -> None:
        """Plug all its telephones in."""
        super().__init__(name)
        self._operator = operator
        line = DATA["lab_lines"][name]
        self.number, self.second_number = f"098765000{line}", f"097265000{line}"
        self.second_account = f"0033{self.second_number[1:]}"
        self.mailbox = f"{name}@example.net"
        here, public = self.address(), operator.address()
        index = self._index = itertools.count(10 * line)
        self._phones = phones
        # Tones that are no part of a ring, of a busy signal, or of one another.
        self.salon, self.cuisine = (
            Phone(phones, next(index), extension, secret, here, tone)
            for (extension, secret), tone in zip(
                DATA["lab_handset_secrets"].items(), (620, 760), strict=True
            )
        )
        self.known, self.stranger, self.friend = (
            Phone(phones, next(index), f"{number}{line}", SECRET, public, tone)
            for number, tone in zip(DATA["lab_people"].values(), (900, 1150, 1300), strict=True)
        )
        self.handsets = (self.salon, self.cuisine)
        self.people = (self.known, self.stranger, self.friend)
        self.phones = (*self.handsets, *self.people)

    def close(self) -> None:
        """Unplug everything."""
        for phone in self.phones:
            phone.close()

    @contextmanager
    def another(self, extension: str, answer: str = "REGISTER_OK") -> Generator[Phone, None, None]:
        """Switch on one more phone with the login of a handset; the registrar says `answer`."""
        secret = DATA["lab_handset_secrets"][extension]
        phone = Phone(
            *(self._phones, next(self._index), extension, secret, self.address(), 480),
            answer,
        )
        try:
            yield phone
        finally:
            self.callers_hang_up()
            phone.close()
            for handset in self.handsets:
                handset.register()

    @contextmanager
    def speaking(self, codecs: str) -> Generator[None, None, None]:
        """Let the phones of the house speak these codecs."""
        for handset in self.handsets:
            handset.register(codecs)
        try:
            yield
        finally:
            self.callers_hang_up()
            for handset in self.handsets:
                handset.register()

    def subscribe(self, extension: str, event: str) -> tuple[int, str]:
        """Ask for news of an extension with the salon's login: the answer's code, and the news."""
        secret = DATA["lab_handset_secrets"]["001"]
        script = (SCENARIO / "files/subscribe.py").read_text()
        arguments = self.address(), "001", secret, extension, event, NEWS[event]
        said = self._phones.run("python3", "-", *arguments, given=script)
        code, _, notice = said.partition("\n")
        return int(code), notice

    def rest(self) -> None:
        """End all calls and forget them, so that the next test finds a quiet house."""
        # Who calls hangs up first: a refusal that crosses it would be answered by voicemail.
        self.callers_hang_up()
        for phone in self.handsets:
            phone.hang_up()
        self.wait_until_idle()
        self.forget()
        # What the exchange has learnt, and what the operator was told to show.
        for family in "known", "blocked", "guard", "undo", "costly":
            self.asterisk(f"database deltree {family}")
        self._operator.treat_normally(
            self.number, self.second_account, *(person.user for person in self.people)
        )

    def callers_hang_up(self) -> None:
        """End the calls of all who have called, also of those who were not answered yet."""
        eventually(self._callers_hang_up, f"the telephones of {self.name} are quiet")

    def wait_until_reachable(self) -> None:
        """Call it until all phones ring: handsets and lines may need a minute to be known again."""
        self.forget()

        def rings() -> bool:
            dialled = self.known.dial(self.number)
            self.known.listen_for(2)
            eventually(lambda: self._gives_up(dialled), "the caller has given up")
            return all(
                any(event.at > dialled for event in phone.seen("CALL_INCOMING"))
                for phone in self.handsets
            )

        eventually(rings, f"all phones of {self.name} ring", 130)
        self.callers_hang_up()
        self.wait_until_idle(40)  # the operator may still try to deliver what was given up
        self.forget()

    def _gives_up(self, dialled: float) -> bool:
        """Let the known caller hang up; tell whether his call is over."""
        self.known.hang_up()
        return any(event.at > dialled for event in self.known.seen("CALL_CLOSED"))

    def forget(self) -> None:
        """Begin anew: what the telephones have noticed until now does not count any more."""
        for phone in self.phones:
            phone.forget()

    def _callers_hang_up(self) -> bool:
        """Hang up where it does not ring; tell whether it rings nowhere any more."""
        # Again and again: baresip forgets a hang-up that comes before it has heard of its call.
        for phone in self.phones:
            if not phone.rings():
                phone.hang_up()
        return not any(phone.rings() for phone in self.phones)

    def gardeligne(self, *arguments: str) -> str:
        """Return what the household's command prints."""
        return self.run("gardeligne", *arguments)

    def last_call(self) -> dict[str, str]:
        """Return the newest record of a call, by column; where phones rang together, the last."""
        reader = (
            "import json, sqlite3;"
            "calls = sqlite3.connect('/var/log/asterisk/master.db');"
            "calls.row_factory = sqlite3.Row;"
            "row = calls.execute('SELECT * FROM calls ORDER BY rowid DESC').fetchone();"
            "print(json.dumps(dict(row) if row else {}))"
        )
        record: dict[str, str] = json.loads(self.run("python3", "-c", reader))
        return record

    def dialled(self) -> list[str]:
        """Return the numbers that its lines have called."""
        return self._operator.dialled(self.number) + self._operator.dialled(self.second_account)

    def calls(self) -> int:
        """Return how many channels are up."""
        return int(self.asterisk("core show channels count").split()[0])

    def codecs(self) -> dict[str, str]:
        """Return what is spoken on each leg of the calls, by extension or trunk."""
        lines = self.asterisk("core show channels concise").splitlines()
        channels = [line.split("!")[0] for line in lines if "!" in line]
        shown = {name: self.asterisk(f"core show channel {name}") for name in channels}
        return {
            name.partition("/")[2].rpartition("-")[0]: found[1]
            for name, text in shown.items()
            if (found := re.search(r"NativeFormats: \((\w+)\)", text))
        }

    def wait_until_idle(self, timeout: float = 10) -> None:
        """Wait until no channel is left behind."""
        # Said in words, as an Asterisk that is just starting has another answer.
        eventually(
            lambda: "0 active channels" in self.asterisk("core show channels count").splitlines(),
            f"{self.name} has no channel left",
            timeout,
        )

    def rang(self, phones: Iterable[Phone] | None = None) -> bool:
        """Tell whether a telephone of the house has seen a call."""
        return any(phone.saw("CALL_INCOMING") for phone in phones or self.handsets)
