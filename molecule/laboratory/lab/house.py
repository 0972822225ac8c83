"""An exchange under test, and who lives in its house or calls it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from .parts import Operator
from .phone import Phone
from .world import DATA, LABORATORY, SECRET, Machine, eventually, soon

# Event that a telephone may subscribe to -> what it is told.
NEWS = {
    "dialog": "application/dialog-info+xml",
    "presence": "application/pidf+xml",
    "message-summary": "application/simple-message-summary",
}


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
        """Let the phones of the house offer these codecs."""
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
        script = (LABORATORY / "files/subscribe.py").read_text()
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
        self.asterisk('dialplan set global HELP ""')
        self._operator.treat_normally(
            self.number, self.second_account, *(person.user for person in self.people)
        )

    def callers_hang_up(self) -> None:
        """End the calls of all who have called, also of those who were not answered yet."""
        eventually(self._callers_hang_up, f"the telephones of {self.name} are quiet")

    def wait_until_reachable(self, patience: float = 130) -> None:
        """Call it until all phones ring: handsets and lines may need a minute to be known again."""
        self.forget()

        def rings() -> bool:
            dialled = self.known.dial(self.number)

            def all_ring() -> bool:
                return all(
                    any(event.at > dialled for event in phone.seen("CALL_INCOMING"))
                    for phone in self.handsets
                )

            found = soon(all_ring, 10)
            eventually(lambda: self._gives_up(dialled), "the caller has given up")
            return found

        eventually(rings, f"all phones of {self.name} ring", patience)
        self.callers_hang_up()
        self.wait_until_idle(40)  # the operator may still try to deliver what was given up
        self.forget()

    def _gives_up(self, dialled: float) -> bool:
        """Let the known caller hang up; tell whether his call is over."""
        self.known.hang_up()
        return any(event.at > dialled for event in self.known.seen("CALL_CLOSED"))

    def forget(self) -> None:
        """Forget the events that the telephones have noticed until now."""
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
