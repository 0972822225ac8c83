"""What a household may switch on, tried on exchanges that the playbook has changed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from lab import Lab
from lab.build import settle
from lab.house import House
from lab.phone import Phone
from lab.sound import said
from lab.world import HOUSEHOLD, PROMPTS, eventually

WAIT, RING = 3, 8


def guard(lab: Lab, *, more: dict[str, object] | None = None, **settings: object) -> None:
    """Run the playbook with these settings of household_guard, and more."""
    changed = {"household_guard": {"wait": WAIT, "ring": RING, **settings}, **(more or {})}
    settle(list(lab.houses), "dialplan", **changed)


@pytest.fixture(scope="module")
def at_night(lab: Lab) -> None:
    """Let the quiet hours be now, and hidden callers speak to voicemail; let one phone ring."""
    clock = next(iter(lab.houses.values())).run("date", "+%H:%M").strip()
    now = datetime.strptime(clock, "%H:%M")
    since, until = (now + timedelta(hours=hours) for hours in (-2, 3))
    trunks = [{**trunk, "rings": ["001"]} for trunk in HOUSEHOLD["household_trunks"]]
    night = f"{since:%H:%M}-{until:%H:%M}"
    guard(lab, more={"household_trunks": trunks}, quiet=night, hidden="voicemail")


def rings_everywhere_at_once(house: House, caller: Phone) -> None:
    """Call, and see both phones ring within a second; then hang up."""
    house.forget()
    dialled = caller.dial(house.number)
    for phone in house.handsets:
        assert phone.wait("CALL_INCOMING").at - dialled < 1
    assert not caller.saw("CALL_ESTABLISHED")
    house.callers_hang_up()
    house.wait_until_idle()


@pytest.mark.parametrize("shown", ["0800112112", "+33112"])
def test_at_night_rescue_services_ring_every_phone(
    house: House, lab: Lab, at_night: None, shown: str
) -> None:
    lab.operator.show_as(house.friend.user, shown)
    rings_everywhere_at_once(house, house.friend)
    eventually(lambda: house.last_call()["rule"] == "rescue", "it is recorded")


def test_at_night_everybody_rings_every_phone_when_the_house_has_called_for_help(
    house: House, lab: Lab, at_night: None
) -> None:
    for account in house.number, house.second_account:
        lab.operator.answer_with(account, "503")
    house.salon.dial("18")  # in vain
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.hang_up()
    house.wait_until_idle()
    lab.operator.show_as(house.friend.user, "hidden")
    rings_everywhere_at_once(house, house.friend)
    eventually(lambda: house.last_call()["rule"] == "helped", "it is recorded")
    lab.operator.show_as(house.friend.user, "0899123456")
    rings_everywhere_at_once(house, house.friend)


def test_at_night_a_stranger_comes_to_voicemail_without_a_ring(
    house: House, at_night: None
) -> None:
    dialled = house.stranger.dial(house.number)
    assert house.stranger.wait("CALL_ESTABLISHED").at - dialled < 1
    house.stranger.listen_for(WAIT + 3)
    house.stranger.hang_up()
    house.wait_until_idle()
    assert not house.rang()


def test_at_night_a_known_caller_rings(house: House, at_night: None) -> None:
    dialled = house.known.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1


def test_at_night_the_state_is_said(house: House, at_night: None) -> None:
    house.salon.dial("**5")
    house.salon.wait("CALL_CLOSED", timeout=30)
    assert said(house.salon.heard(), [PROMPTS["guard-on"], PROMPTS["guard-quiet"]])


@pytest.fixture(scope="module")
def challenged(lab: Lab) -> None:
    """Let strangers press a key before the phones ring; learn nobody."""
    guard(lab, challenge=True, learn=False)


def asked_for(house: House) -> str:
    """Return the key that the exchange asks a caller for."""
    channel = house.asterisk("core show channels concise").split("!")[0]
    found = re.search(r"^KEY=(\d)$", house.asterisk(f"core show channel {channel}"), re.M)
    return found[1] if found else ""


def test_a_stranger_who_presses_the_key_rings(house: House, challenged: None) -> None:
    house.stranger.dial(house.number)
    key = eventually(lambda: asked_for(house), "a key is asked for")
    house.stranger.listen_for(8)  # the prompt, and the key
    assert not house.rang()
    house.stranger.press(key)
    house.salon.wait("CALL_INCOMING", timeout=3)
    house.stranger.hang_up()
    house.wait_until_idle()
    assert said(house.stranger.heard(), [PROMPTS["press-digit"]])


def test_a_stranger_who_presses_another_key_does_not_ring(house: House, challenged: None) -> None:
    house.stranger.dial(house.number)
    key = eventually(lambda: asked_for(house), "a key is asked for")
    for _ in range(3):
        house.stranger.listen_for(4)
        house.stranger.press(str(int(key) % 9 + 1))
    house.stranger.listen_for(4)
    assert not house.rang()
    house.stranger.hang_up()
    house.wait_until_idle()
    eventually(lambda: house.last_call()["rule"] == "wrong-key", "it is recorded")


def test_a_known_caller_is_not_asked(house: House, challenged: None) -> None:
    dialled = house.known.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1


def test_whom_the_house_calls_stays_a_stranger_if_it_learns_nobody(
    house: House, challenged: None
) -> None:
    house.salon.dial(house.friend.user)
    house.friend.wait("CALL_INCOMING")
    house.friend.accept()
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.hang_up()
    house.wait_until_idle()
    house.salon.forget()
    house.friend.wait("CALL_CLOSED")
    house.friend.forget()
    house.friend.dial(house.number)
    house.friend.wait("CALL_ESTABLISHED")
    assert not house.rang()
