"""What `make try` makes of a story: whole, and broken in each way that matters to a household.

`make test` runs the real one; here exchange and telephones are played, that it can go wrong.
"""

from __future__ import annotations

import io
import math
import time
import wave
from array import array
from dataclasses import dataclass, field
from typing import cast

import pytest
from lab import Lab
from lab import __main__ as program
from lab.house import House
from lab.parts import Verdict
from lab.phone import Event
from lab.world import WAIT

TONE, OTHER = 620, 1150


def sound_of(tone: int, seconds: int = 3) -> bytes:
    samples = (int(9000 * math.sin(math.tau * tone * n / 8000)) for n in range(8000 * seconds))
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 8000, 0, "NONE", ""))
        wav.writeframes(array("h", samples).tobytes())
    return file.getvalue()


@dataclass
class Phone:
    """A telephone that sees each of these, so many seconds after it was dialled."""

    tone: int
    hears: bytes
    sees: dict[str, float]
    user: str = "0612345678"

    def dial(self, number: str) -> float:
        return time.time()

    def wait(self, kind: str, timeout: float = 15) -> Event:
        if kind not in self.sees:
            raise AssertionError(f"telephone {self.user}: no {kind} within {timeout:g} s")
        return Event(time.time() + self.sees[kind], kind, "", "")

    def accept(self) -> float:
        return time.time()

    def listen_for(self, seconds: float) -> None: ...

    def hang_up(self) -> None: ...

    def heard(self) -> bytes:
        return self.hears


@dataclass
class Mail:
    sound: bytes
    received: float = math.inf
    message: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(("From", "To", "Subject"), "")
    )
    text: str = "Nouveau message"


@dataclass
class World:
    """The exchange, and all around it: at first as it should be."""

    status: str = "MACHINE"
    answers: float = 0  # seconds after the robot has dialled
    phones_rang: bool = False
    mails: list[Mail] = field(default_factory=lambda: [Mail(sound_of(OTHER))])
    number: str = "0987650001"
    mailbox: str = "a@example.net"
    rests: int = 0

    def __post_init__(self) -> None:
        self.stranger = Phone(OTHER, sound_of(TONE), {"CALL_ESTABLISHED": 0})
        closed = {"CALL_CLOSED": WAIT + 3.0}
        self.salon = Phone(TONE, sound_of(OTHER), {"CALL_INCOMING": WAIT, **closed})
        self.cuisine = Phone(TONE, b"", {"CALL_INCOMING": WAIT, **closed})
        self.known = Phone(OTHER, b"", {"CALL_ESTABLISHED": 12})
        self.robot = self.mailsink = self

    def call(self, number: str, profile: str) -> Verdict:
        return Verdict(self.status, "MAXWORDS-4-4", time.time() + self.answers, time.time())

    def to(self, recipient: str) -> list[Mail]:
        return self.mails

    def rang(self) -> bool:
        return self.phones_rang

    def wait_until_idle(self) -> None: ...

    def rest(self) -> None:
        self.rests += 1


def stories(world: World, *names: str) -> list[str]:
    """Let some of the stories happen; return what should not have happened."""
    some = {t: s for t, s in program.STORIES.items() if not names or s.__name__ in names}
    return program.tell_all(cast(Lab, world), cast(House, world), some)


@pytest.fixture
def world() -> World:
    return World()


def test_a_robot_that_gives_up_is_a_good_story(world: World) -> None:
    assert stories(world, "robot_calls") == []


@pytest.mark.parametrize("status", ["HUMAN", "NOTSURE"])
def test_a_robot_that_is_not_sure_of_a_machine_breaks_it(world: World, status: str) -> None:
    world.status = status
    (broken,) = stories(world, "robot_calls")
    assert f"it concludes {status}" in broken


def test_a_robot_that_is_not_answered_at_once_breaks_it(world: World) -> None:
    world.answers = WAIT
    (broken,) = stories(world, "robot_calls")
    assert broken == f"it is answered after {WAIT}.0 s only"


def test_a_phone_that_rang_for_a_robot_breaks_it(world: World) -> None:
    world.phones_rang = True
    assert stories(world, "robot_calls") == ["a phone in the house has rung"]


def test_a_stranger_who_waits_and_is_heard_is_a_good_story(world: World) -> None:
    assert stories(world, "stranger_calls") == []


def test_phones_that_ring_at_once_for_a_stranger_break_it(world: World) -> None:
    world.salon.sees["CALL_INCOMING"] = 0.1
    (broken,) = stories(world, "stranger_calls")
    assert "0.1 s after the answer" in broken


@pytest.mark.parametrize("deaf", ["stranger", "salon"])
def test_a_side_that_hears_nothing_breaks_it(world: World, deaf: str) -> None:
    getattr(world, deaf).hears = sound_of(2000)
    (broken,) = stories(world, "stranger_calls")
    assert "has heard 0.0" in broken or "house 0.0" in broken


def known_caller(world: World, rings: float) -> World:
    world.salon.sees["CALL_INCOMING"] = rings
    return world


def test_a_message_that_arrives_with_its_sound_is_a_good_story(world: World) -> None:
    assert stories(known_caller(world, 0.2), "nobody_is_home") == []


def test_phones_that_let_a_known_caller_wait_break_it(world: World) -> None:
    (broken,) = stories(known_caller(world, WAIT), "nobody_is_home")
    assert "only" in broken


def test_a_mail_without_her_voice_breaks_it(world: World) -> None:
    world.mails = [Mail(sound_of(2000))]
    (broken,) = stories(known_caller(world, 0.2), "nobody_is_home")
    assert broken == "the mail's sound has 0.0 s of her voice"


def test_a_mail_that_never_arrives_breaks_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PATIENCE", 0.1)
    world.mails = []
    assert stories(known_caller(world, 0.2), "nobody_is_home") == [
        "not within 0.1 s: a mail arrives"
    ]


def test_after_a_broken_story_the_others_are_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    del world.stranger.sees["CALL_ESTABLISHED"]
    (broken,) = stories(world, "stranger_calls", "robot_calls")
    assert broken == "telephone 0612345678: no CALL_ESTABLISHED within 15 s"
    said = capsys.readouterr().out
    assert f"{broken}. That must not be!" in said
    assert "no phone in the house has rung" in said
    assert world.rests == 2


def test_what_broke_is_said_at_the_end_and_is_an_error() -> None:
    with pytest.raises(SystemExit) as end:
        program.conclude(["a phone in the house has rung"])
    assert "This should not have happened:\n  a phone in the house has rung" in str(end.value)
    program.conclude([])
