"""Real attempts to phone at the household's cost; tests/appliance/test_toll_fraud.py is the proof.

Who is let in at all: test_the_door.py.
"""

from __future__ import annotations

import re

import pytest
from lab import Lab
from lab.house import House

pytestmark = pytest.mark.usefixtures("no_firewall")

# What a place of a pattern may be, for one number that it matches.
ONE = {"X": "5", "Z": "7", "N": "7", ".": "1", "!": "1"}


def extensions(house: House) -> list[str]:
    """Return all that the dialplan has, a number for each pattern, with Asterisk's own contexts."""
    found = re.findall(r"^  '([^']+)' +=>", house.asterisk("dialplan show"), re.M)
    places = [re.findall(r"\[[^]]*\]|.", name) for name in dict.fromkeys(found)]
    return [
        "".join(ONE.get(place, place.strip("[]")[0]) for place in name[1:])
        if name[0] == "_"
        else "".join(name)
        for name in places
    ]


@pytest.mark.parametrize("caller", ["0698765439", "001", "anonymous", "free", "ovh"])
def test_a_stranger_on_the_network_reaches_nothing(house: House, lab: Lab, caller: str) -> None:
    """INVITEs without a password, in a stranger's name, in a handset's and in a line's."""
    before = house.dialled()
    answers = lab.robot.invite(house.address(), *extensions(house), caller=caller)
    assert len(answers) > 100
    assert [number for number, codes in answers.items() if not codes or codes[-1] < 400] == []
    assert not house.rang()
    assert house.dialled() == before


def test_a_call_from_a_line_never_goes_out_again(house: House, lab: Lab) -> None:
    """INVITEs from the operator's own address, to all that only a handset may dial."""
    before = house.dialled()
    answers = lab.operator.invite(house.address(), *extensions(house))
    assert len(answers) > 100
    assert all(answers.values()), "the exchange must say something"
    house.wait_until_idle(40)
    assert house.dialled() == before


def test_a_handset_must_know_its_password(house: House, lab: Lab) -> None:
    answers = lab.robot.invite(house.address(), "0142000000", caller="001")
    assert answers["0142000000"][-1] in (401, 403, 407)


@pytest.mark.parametrize("answer", ["302", "refer"])
def test_a_line_sends_no_call_elsewhere(house: House, lab: Lab, answer: str) -> None:
    """Who is called redirects the call, or transfers it, to a number that costs."""
    lab.operator.answer_with(house.number, answer)
    before = lab.operator.dialled(house.second_account)
    house.salon.dial("0142000000")
    house.salon.wait("CALL_CLOSED")
    assert lab.operator.dialled(house.second_account) == before


@pytest.mark.parametrize("keys", ["#10899123456#", "*20899123456#", "**1", "*8", "0899123456"])
def test_a_callers_keys_lead_nowhere(house: House, keys: str) -> None:
    before = house.dialled()
    house.known.dial(house.number)
    house.salon.wait("CALL_INCOMING")
    house.salon.accept()
    house.known.wait("CALL_ESTABLISHED")
    house.known.press(keys)
    house.known.listen_for(2)
    assert house.dialled() == before
    assert not house.salon.saw("CALL_CLOSED")


@pytest.mark.parametrize("keys", ["0", "*", "#", "*0", "**10"])
def test_voicemail_leads_nowhere(house: House, keys: str) -> None:
    before = house.dialled()
    house.known.dial(house.number)
    for phone in house.handsets:
        phone.wait("CALL_INCOMING")
        phone.hang_up()
    house.known.wait("CALL_ESTABLISHED")
    house.known.listen_for(2)
    house.known.press(f"{keys}0899123456#")
    house.known.listen_for(3)
    assert house.dialled() == before
