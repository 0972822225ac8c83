"""The line comes back by itself, and a change of the exchange ends no call."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.build import PROJECT, play
from lab.parts import House
from lab.sound import seconds_of
from lab.world import eventually


@pytest.fixture(scope="module")
def changed_during_a_call(lab: Lab) -> None:
    """Let each house talk, change its wait and patience by the playbook, and talk on."""
    for house in lab.houses.values():
        house.known.dial(house.number)
    for house in lab.houses.values():
        house.salon.wait("CALL_INCOMING")
        house.salon.accept()
        house.known.wait("CALL_ESTABLISHED")
    extra = '{"household_guard": {"wait": 4, "ring": 9}}'
    tags = ("--tags", "asterisk,dialplan,voicemail", "--extra-vars", extra)
    play("playbook.yml", "A change", PROJECT / ".cache/calls.log", list(lab.houses), *tags)


def test_a_call_survives_a_change_of_the_dialplan(
    house: House, changed_during_a_call: None
) -> None:
    assert ",9,U(answered)" in house.asterisk("dialplan show guard"), "the change is not in force"
    assert not house.known.saw("CALL_CLOSED")
    before = seconds_of(house.salon.heard(), house.known.tone)
    house.known.listen_for(3)
    house.known.hang_up()
    house.salon.wait("CALL_CLOSED")
    assert seconds_of(house.salon.heard(), house.known.tone) > before + 2


@pytest.fixture(scope="module")
def operator_restarted(lab: Lab) -> None:
    lab.operator.forget_registrations()


def test_the_line_registers_again_after_the_operator_has_restarted(
    house: House, lab: Lab, operator_restarted: None
) -> None:
    for account in house.number, house.second_account:
        eventually(lambda a=account: lab.operator.registered(a), f"{account} is back", 130)  # type: ignore[misc]
    house.wait_until_reachable()


@pytest.fixture(scope="module")
def started_without_names(lab: Lab) -> None:
    """Start each exchange while no name resolves; then let the names resolve again."""
    lab.operator.names(on=False)
    for house in lab.houses.values():
        house.run("systemctl", "restart", "asterisk")
    for house in lab.houses.values():
        house.run("asterisk", "-rx", "core waitfullybooted")
    lab.operator.names(on=True)


def test_names_that_do_not_resolve_at_the_start_do_not_leave_the_line_dead(
    house: House, lab: Lab, started_without_names: None
) -> None:
    for account in house.number, house.second_account:
        eventually(lambda a=account: lab.operator.registered(a), f"{account} is back", 130)  # type: ignore[misc]
    house.wait_until_reachable()


def test_what_was_decided_on_the_keypad_survives_a_restart(house: House) -> None:
    house.stranger.dial(house.number)
    house.salon.wait("CALL_INCOMING")
    house.callers_hang_up()
    house.wait_until_idle()
    house.salon.dial("**3")
    house.salon.wait("CALL_CLOSED", timeout=30)
    house.run("systemctl", "restart", "asterisk")
    house.wait_until_reachable()
    dialled = house.stranger.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1
