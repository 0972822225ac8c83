"""What became of every call is in its record, whoever hangs up first."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.house import House
from lab.world import WAIT, eventually


def recorded(house: House) -> dict[str, str]:
    """Return the record of the call that has just ended."""
    house.wait_until_idle()
    house.salon.listen_for(1)  # records are written a moment later
    return house.last_call()


def test_a_robots_verdict_is_told(house: House, lab: Lab) -> None:
    verdict = lab.robot.call(house.number, "stock")
    record = recorded(house)
    assert record["stage"] == "decoy"
    assert abs(lasted(record) - verdict.milliseconds / 1000) < 0.4


@pytest.mark.parametrize("stage", ["wait", "ringing"])
def test_a_stranger_who_gives_up_is_told(house: House, stage: str) -> None:
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    if stage == "ringing":
        house.salon.wait("CALL_INCOMING")
        house.stranger.listen_for(1)
    else:
        house.stranger.listen_for(WAIT - 0.4)
    gone = house.stranger.hang_up()
    record = recorded(house)
    assert record["stage"] == stage
    assert record["number"] == house.stranger.user
    assert abs(lasted(record) - (gone - answered)) < 0.5


def lasted(record: dict[str, str]) -> float:
    return float(record["ended"]) - float(record["started"])


@pytest.mark.parametrize("first", ["caller", "handset"])
def test_who_answered_and_when_is_told(house: House, first: str) -> None:
    house.known.dial(house.number)
    house.cuisine.wait("CALL_INCOMING")
    house.cuisine.listen_for(2)
    house.cuisine.accept()
    house.known.wait("CALL_ESTABLISHED")
    house.known.listen_for(3)
    (house.known if first == "caller" else house.cuisine).hang_up()
    record = recorded(house)
    assert record["stage"] == "answered"
    assert record["handset"] == "002"
    assert 2 < float(record["picked_up"]) - float(record["started"]) < 3
    assert 3 < float(record["ended"]) - float(record["picked_up"]) < 4
    assert record["name"] == "Mamie"


def test_a_blocked_call_is_told_with_its_rule(house: House, lab: Lab) -> None:
    lab.operator.show_as(house.friend.user, "0948123456")
    house.friend.dial(house.number)
    house.friend.wait("CALL_CLOSED")
    record = recorded(house)
    assert (record["stage"], record["rule"]) == ("refused", "blocked")
    assert (record["detail"], record["which"]) == ("demarchage", "")
    assert house.gardeligne("appels", "1").endswith("  bloqué (démarchage (Arcep)), refusé\n")


def test_a_known_callers_rule_is_told(house: House, lab: Lab) -> None:
    lab.operator.show_as(house.friend.user, "0948112233")
    house.friend.dial(house.number)
    house.salon.wait("CALL_INCOMING")
    house.callers_hang_up()
    record = recorded(house)
    rule = [record[column] for column in ("rule", "detail", "which")]
    assert rule == ["known", "named", "Taxi"]
    assert "  connu (liste : Taxi), a raccroché après " in house.gardeligne("appels", "1")


@pytest.mark.parametrize(("seconds", "stage"), [(3, "voicemail"), (12, "message")])
def test_voicemail_is_told(house: House, seconds: int, stage: str) -> None:
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=20)
    house.known.listen_for(seconds)
    house.known.hang_up()
    assert recorded(house)["stage"] == stage


def test_a_busy_house_is_told(house: House) -> None:
    house.known.dial(house.number)
    for phone in house.handsets:
        phone.wait("CALL_INCOMING")
        phone.hang_up()
    house.known.wait("CALL_ESTABLISHED")
    house.known.hang_up()
    assert recorded(house)["stage"] == "voicemail"


def test_there_is_one_line_for_each_call(house: House) -> None:
    """Two phones ring, both lines are called: the household reads two lines, not four."""
    before = house.gardeligne("appels", "1000").splitlines()
    for number in house.number, house.second_number:
        house.known.dial(number)
        house.salon.wait("CALL_INCOMING")
        house.callers_hang_up()
        house.wait_until_idle()
        house.salon.forget()
    eventually(
        lambda: len(house.gardeligne("appels", "1000").splitlines()) == len(before) + 2,
        "two lines more",
    )
    assert "Mamie" in house.gardeligne("appels", "1")
