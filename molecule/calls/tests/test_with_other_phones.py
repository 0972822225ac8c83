"""A second phone with a login, and phones that watch each other, on changed exchanges."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest
from lab import Lab
from lab.build import settle
from lab.house import House
from lab.phone import connect, hear_each_other
from lab.world import HOUSEHOLD, eventually


@pytest.fixture(scope="module")
def other_phones(lab: Lab) -> Generator[None, None, None]:
    """Let the salon refuse a second phone and the cuisine accept one; let phones be watched.

    chan_sip can do neither of the first two, and the household's check says so.
    """
    handsets = [
        {**handset, "second_phone": second}
        for handset, second in zip(
            HOUSEHOLD["household_handsets"], ("refuse", "accept"), strict=True
        )
    ]
    plug_in([house for house in lab.houses.values() if not several(house)], household_presence=True)
    plug_in(
        [house for house in lab.houses.values() if several(house)],
        household_handsets=handsets,
        household_presence=True,
    )
    yield
    plug_in(list(lab.houses.values()))


def plug_in(houses: Sequence[House], **settings: object) -> None:
    """Let the playbook make these settings, and the phones register anew."""
    settle([house.name for house in houses], "asterisk,dialplan", **settings)
    for house in houses:
        for handset in house.handsets:
            handset.register()
        house.wait_until_reachable()


def several(house: House) -> bool:
    """Tell whether its driver knows several phones for a login."""
    return house.name.endswith("pjsip")


def test_a_second_phone_is_refused_if_the_household_says_so(
    house: House, other_phones: None
) -> None:
    with house.another("001", "REGISTER_FAIL" if several(house) else "REGISTER_OK") as second:
        house.known.dial(house.number)
        phone = house.salon if several(house) else second
        phone.wait("CALL_INCOMING")
        house.cuisine.wait("CALL_INCOMING")
        assert house.salon.rings() == several(house)


@pytest.mark.parametrize("way", ["outside", "inside"])
def test_two_phones_with_the_same_login_ring_if_the_household_says_so(
    house: House, other_phones: None, way: str
) -> None:
    caller = house.known if way == "outside" else house.salon
    with house.another("002") as second:
        caller.dial(house.number if way == "outside" else "002")
        second.wait("CALL_INCOMING")
        if several(house):
            house.cuisine.wait("CALL_INCOMING")
        second.accept()
        second.wait("CALL_ESTABLISHED")
        caller.wait("CALL_ESTABLISHED")
        eventually(lambda: not house.cuisine.rings(), "the other is quiet")
        hear_each_other(caller, second)


def test_a_lamp_shows_that_another_phone_is_in_use(house: House, other_phones: None) -> None:
    def shown() -> str:
        code, news = house.subscribe("002", "dialog")
        assert code == 200
        return news

    assert "<state>terminated</state>" in shown()
    connect(house.known, house.second_number, house.cuisine)
    assert "<state>confirmed</state>" in shown()


def test_messages_are_told_of_also_if_phones_are_watched(house: House, other_phones: None) -> None:
    code, news = house.subscribe("001", "message-summary")
    assert code in (200, 202)
    assert "Messages-Waiting:" in news
