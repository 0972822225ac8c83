"""The line comes back by itself, and a change of the exchange ends no call."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from lab import Lab
from lab.parts import House
from lab.sound import seconds_of
from lab.world import SCENARIO, eventually

PROJECT = SCENARIO.parents[1]


@pytest.fixture(scope="module")
def changed_during_a_call(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let each house talk, change its wait and patience by the playbook, and talk on."""
    for house in lab.houses.values():
        house.known.dial(house.number)
    for house in lab.houses.values():
        house.salon.wait("CALL_INCOMING")
        house.salon.accept()
        house.known.wait("CALL_ESTABLISHED")
    log = tmp_path_factory.mktemp("playbook") / "log"
    with log.open("w") as output:
        done = subprocess.run(
            ["ansible-playbook", "-i", SCENARIO / "inventory", PROJECT / "playbook.yml",
             "--tags", "asterisk,dialplan,voicemail",
             "--extra-vars", '{"household_guard": {"wait": 4, "ring": 9}}'],
            cwd=PROJECT, env=os.environ, stdout=output, stderr=output, check=False,
        )  # fmt: skip
    assert done.returncode == 0, Path(log).read_text()


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
