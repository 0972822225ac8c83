"""Real calls through the emulated Pi."""

from __future__ import annotations

from lab import Lab
from lab.house import House
from lab.phone import connect, hear_each_other
from lab.world import WAIT


def test_a_robot_gives_up_before_a_phone_rings(house: House, lab: Lab) -> None:
    verdict = lab.robot.call(house.number, "vicidial")
    assert verdict.status == "MACHINE", verdict
    house.wait_until_idle()
    assert not house.rang()


def test_a_stranger_is_put_through_and_both_hear_each_other(house: House) -> None:
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    rang = house.salon.wait("CALL_INCOMING").at
    assert WAIT - 0.2 < rang - answered < WAIT + 2
    house.salon.accept()
    house.salon.wait("CALL_ESTABLISHED")
    hear_each_other(house.stranger, house.salon)


def test_the_house_calls_out(house: House) -> None:
    connect(house.salon, house.known.user, house.known)
    hear_each_other(house.salon, house.known)
