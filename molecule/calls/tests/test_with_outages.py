"""A change of the exchange ends no call, and a restart forgets nothing."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.build import settle
from lab.house import House
from lab.sound import seconds_of


@pytest.fixture(scope="module")
def changed_during_a_call(lab: Lab) -> None:
    """Let each house talk, change its wait and patience by the playbook, and talk on."""
    for house in lab.houses.values():
        house.known.dial(house.number)
    for house in lab.houses.values():
        house.salon.wait("CALL_INCOMING")
        house.salon.accept()
        house.known.wait("CALL_ESTABLISHED")
    guard = {"wait": 4, "ring": 9}
    settle(list(lab.houses), "asterisk,dialplan,voicemail", household_guard=guard)


def test_a_call_survives_a_change_of_the_dialplan(
    house: House, changed_during_a_call: None
) -> None:
    assert "Set(RING=9)" in house.asterisk("dialplan show guard"), "the change is not in force"
    assert not house.known.saw("CALL_CLOSED")
    before = seconds_of(house.salon.heard(), house.known.tone)
    house.known.listen_for(3)
    house.known.hang_up()
    house.salon.wait("CALL_CLOSED")
    assert seconds_of(house.salon.heard(), house.known.tone) > before + 2


def test_what_was_decided_on_the_keypad_and_a_call_for_help_survive_a_restart(
    house: House, lab: Lab
) -> None:
    house.stranger.dial(house.number)
    house.salon.wait("CALL_INCOMING")
    house.callers_hang_up()
    house.wait_until_idle()
    house.salon.dial("**3")
    house.salon.wait("CALL_CLOSED", timeout=30)
    house.salon.dial("15")
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.listen_for(2)  # what Asterisk is told is on the disk a second later
    house.run("systemctl", "restart", "asterisk")
    house.wait_until_reachable()
    lab.operator.show_as(house.friend.user, "0948123456")
    dialled = house.friend.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1, "they called for help"
    house.callers_hang_up()
    house.wait_until_idle()
    house.forget()
    house.asterisk("database del guard help")
    dialled = house.stranger.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1
