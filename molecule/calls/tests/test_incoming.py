"""What happens to those who call the house."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.house import House
from lab.parts import Attempt
from lab.phone import Phone
from lab.sound import seconds_of
from lab.world import DATA, WAIT, eventually

Figures = dict[str, dict[str, str]]

FRENCH_RING = 440


def talk(house: House, caller: Phone, callee: Phone, seconds: float = 3) -> None:
    """Let both sides send their tones for a while, hang up, and check that each was heard."""
    callee.wait("CALL_ESTABLISHED")
    caller.wait("CALL_ESTABLISHED")
    caller.listen_for(seconds)
    caller.hang_up()
    callee.wait("CALL_CLOSED")
    house.wait_until_idle()
    assert seconds_of(caller.heard(), callee.tone) > seconds - 1, "the caller did not hear"
    assert seconds_of(callee.heard(), caller.tone) > seconds - 1, "the callee did not hear"


@pytest.mark.parametrize("profile", DATA["lab_profiles"])
def test_a_robot_never_rings_the_phones(
    house: House, lab: Lab, profile: str, figures: Figures
) -> None:
    verdict = lab.robot.call(house.number, profile)
    figures.setdefault(f"robot {profile}", {})[house.name] = (
        f"{verdict.status} {verdict.milliseconds} ms {verdict.cause.split('-')[0]}"
    )
    assert verdict.status == "MACHINE", verdict
    house.wait_until_idle()
    assert not house.rang()


def test_a_robot_on_a_bad_line_gives_up_before_the_phones_ring(
    house: House, lab: Lab, figures: Figures
) -> None:
    """Make the hard calls of the battery all at once; `make bench-guard` makes the whole of it."""
    lines: list[tuple[str, dict[str, str]]] = [
        ("alaw", {"DEAF": "0.4"}),  # the first 400 ms are lost
        ("alaw", {"GAIN": "-10"}),  # 20 dB lower
        ("alaw", {"CHATTY": "1"}),  # sends sound itself
        ("g722", {}),
        ("gsm", {}),
    ]
    profiles = [DATA["lab_profiles"][name] for name in ("vicidial", "magnus", "unicom", "ozeki")]
    verdicts = lab.robot.calls(
        [
            Attempt(house.number, profile, {**line, "BRIEF": "1"}, codec)
            for profile in profiles
            for codec, line in lines
        ]
    )
    worst = max(verdict.milliseconds for verdict in verdicts)
    figures.setdefault("robots on bad lines, worst", {})[house.name] = f"{worst} ms"
    assert {verdict.status for verdict in verdicts} == {"MACHINE"}, verdicts
    assert worst < 1000 * WAIT
    house.wait_until_idle()
    assert not house.rang()


def test_a_stranger_hears_a_ring_and_is_put_through_after_the_wait(
    house: House, figures: Figures
) -> None:
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    rang = house.salon.wait("CALL_INCOMING").at
    figures.setdefault("stranger: answer to ring", {})[house.name] = f"{rang - answered:.2f} s"
    assert WAIT - 0.2 < rang - answered < WAIT + 1
    house.salon.listen_for(2)  # the phones ring, the caller still hears it
    house.salon.accept()
    talk(house, house.stranger, house.salon)
    heard = seconds_of(house.stranger.heard(), FRENCH_RING)
    figures.setdefault("stranger: ring heard", {})[house.name] = f"{heard:.1f} s"
    assert heard > 2.5


def test_a_known_caller_rings_at_once_and_is_not_answered_before_the_phone_is(
    house: House, figures: Figures
) -> None:
    dialled = house.known.dial(house.number)
    rang = house.salon.wait("CALL_INCOMING").at
    figures.setdefault("known: INVITE to ring", {})[house.name] = f"{rang - dialled:.2f} s"
    assert rang - dialled < 1
    house.salon.listen_for(2)
    assert not house.known.saw("CALL_ESTABLISHED"), "answered, and paid for, too early"
    house.salon.accept()
    talk(house, house.known, house.salon)


@pytest.mark.parametrize("prefix", ["+33", "0033", "33", "0"])
def test_a_known_caller_is_recognised_however_the_operator_writes_the_number(
    house: House, lab: Lab, prefix: str
) -> None:
    # Somebody else's telephone, so that only what the operator shows can count.
    lab.operator.show_as(house.friend.user, prefix + house.known.user[1:])
    dialled = house.friend.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1
    assert house.known.user in house.salon.wait("CALL_INCOMING").peer
    assert not house.friend.saw("CALL_ESTABLISHED")


@pytest.mark.parametrize("shown", ["hidden", "anonymous", "unknown", "restricted", "unavailable"])
def test_a_hidden_caller_waits_like_any_stranger(house: House, lab: Lab, shown: str) -> None:
    lab.operator.show_as(house.friend.user, shown)
    house.friend.dial(house.number)
    answered = house.friend.wait("CALL_ESTABLISHED").at
    assert house.salon.wait("CALL_INCOMING").at - answered > WAIT - 0.2


@pytest.mark.parametrize("shown", ["0948123456", "+33948123456"])
def test_a_blocked_caller_never_rings(house: House, lab: Lab, shown: str) -> None:
    lab.operator.show_as(house.friend.user, shown)
    house.friend.dial(house.number)
    house.friend.wait("CALL_CLOSED")
    house.wait_until_idle()
    assert not house.friend.saw("CALL_ESTABLISHED")
    assert not house.rang()


def test_both_phones_ring_and_the_first_wins(house: House) -> None:
    house.known.dial(house.number)
    for phone in house.handsets:
        phone.wait("CALL_INCOMING")
    house.cuisine.accept()
    house.salon.wait("CALL_CLOSED")
    assert not house.salon.saw("CALL_ESTABLISHED")
    talk(house, house.known, house.cuisine)


def test_the_second_line_rings_too(house: House) -> None:
    house.known.dial(house.second_number)
    house.salon.wait("CALL_INCOMING")


@pytest.mark.parametrize("after", [1, WAIT + 2, 12 + WAIT])
def test_a_caller_who_hangs_up_leaves_nothing_behind(house: House, after: int) -> None:
    """During the decoy, while the phones ring, while voicemail speaks."""
    house.stranger.dial(house.number)
    house.stranger.wait("CALL_ESTABLISHED")
    house.stranger.listen_for(after)
    assert house.calls() > 0
    house.stranger.hang_up()
    house.wait_until_idle(3)
    assert house.rang() == (after > WAIT)
    for phone in house.handsets:
        eventually(lambda phone=phone: not phone.rings(), "the phone is quiet")  # type: ignore[misc]
