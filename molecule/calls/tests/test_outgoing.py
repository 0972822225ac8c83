"""What happens to those who call from the house, and to those who must not."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.parts import House
from lab.sound import seconds_of
from lab.world import eventually

PUBLIC_TONE = 1000  # whoever is called answers with it


def call_outside(house: House, lab: Lab, number: str, account: str) -> None:
    """Dial a number from a handset; check which line carries it and that it is answered."""
    before = len(lab.operator.dialled(account))
    house.salon.dial(number)
    house.salon.wait("CALL_ESTABLISHED")
    assert lab.operator.dialled(account)[before:] == [number]
    house.salon.listen_for(1)
    house.salon.hang_up()
    house.salon.wait("CALL_CLOSED")
    assert seconds_of(house.salon.heard(), PUBLIC_TONE) > 0.5


@pytest.mark.parametrize("number", ["15", "18", "112"])
def test_an_emergency_number_reaches_the_operator(house: House, lab: Lab, number: str) -> None:
    call_outside(house, lab, number, house.number)


def test_a_landline_is_called_by_the_first_line(house: House, lab: Lab) -> None:
    call_outside(house, lab, "0142000000", house.number)


def test_a_mobile_is_called_by_the_second_line(house: House, lab: Lab) -> None:
    before = lab.operator.dialled(house.second_account)
    house.salon.dial(house.stranger.user)
    house.stranger.wait("CALL_INCOMING")
    assert lab.operator.dialled(house.second_account) == [*before, house.stranger.user]


@pytest.mark.parametrize("number", ["0899123456", "118712", "0044123456789", "3615"])
def test_a_number_that_no_line_carries_never_reaches_the_operator(
    house: House, lab: Lab, number: str
) -> None:
    def dialled() -> list[str]:
        return lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)

    before = dialled()
    house.salon.dial(number)
    house.salon.wait("CALL_CLOSED", timeout=20)
    assert dialled() == before


@pytest.mark.parametrize("number", ["0612345678", "0142000000", "15", "**1", "001", "free"])
def test_an_unknown_caller_gets_nothing(house: House, lab: Lab, number: str) -> None:
    """An INVITE from an address that is neither the operator's nor a handset's."""
    before = lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)
    answers = lab.robot.invite(house.address(), number)
    assert answers, "the exchange must say something"
    assert not [answer for answer in answers if 100 < answer < 300], answers
    assert not house.rang()
    after = lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)
    assert after == before


@pytest.mark.parametrize("number", ["0612345678", "0142000000", "15", "**1", "001"])
def test_a_call_from_a_line_never_goes_out_again(house: House, lab: Lab, number: str) -> None:
    """An INVITE from the operator's own address, to what only a handset may dial."""
    before = lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)
    answers = lab.operator.invite(house.address(), number)
    assert answers, "the exchange must say something"
    house.salon.listen_for(1)
    after = lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)
    assert after == before
    house.wait_until_idle(40)


def test_a_handset_must_know_its_password(house: House, lab: Lab) -> None:
    assert lab.robot.invite(house.address(), "0142000000", caller="001")[-1] in (401, 403, 407)


def test_the_phones_of_the_house_call_each_other(house: House) -> None:
    house.salon.dial("002")
    house.cuisine.wait("CALL_INCOMING")
    house.cuisine.accept()
    house.salon.wait("CALL_ESTABLISHED")


def test_a_caller_is_told_that_the_house_is_busy(house: House) -> None:
    """Who calls when all phones refuse or talk is sent to voicemail at once."""
    house.known.dial(house.number)
    for phone in house.handsets:
        phone.wait("CALL_INCOMING")
        phone.hang_up()
    at = house.known.wait("CALL_ESTABLISHED", timeout=6).at
    assert at
    eventually(lambda: not any(phone.rings() for phone in house.handsets), "all is quiet")
