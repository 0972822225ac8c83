"""What a household may bar, limit and open with a code, on exchanges that the playbook changed."""

from __future__ import annotations

import time

import pytest
from lab import Lab
from lab.build import settle
from lab.house import House
from lab.sound import said
from lab.world import DATA, HOUSEHOLD, PROMPTS, eventually

CODE = "48261593"  # so long that no other number in a log is it by chance
PREMIUM, ABROAD = "0899123456", "0014155550123"


@pytest.fixture(scope="module", autouse=True)
def barred(lab: Lab) -> None:
    """Give costly calls a code and a minute, the kitchen a list, the first line one call."""
    salon, cuisine = HOUSEHOLD["household_handsets"]
    free, ovh = HOUSEHOLD["household_trunks"]
    settle(
        list(lab.houses),
        "dialplan",
        household_outgoing={"costly_minutes": 1, "costly_calls": 0},
        household_secrets={**HOUSEHOLD["household_secrets"], "outgoing": CODE},
        household_handsets=[salon, {**cuisine, "only": [f"{DATA['lab_people']['friend']} *"]}],
        household_trunks=[{**free, "channels": 1}, ovh],
    )


def test_who_knows_the_code_passes_a_bar(house: House, lab: Lab) -> None:
    before = house.dialled()
    house.salon.dial(PREMIUM)
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.listen_for(11)  # the reason, and what to do
    assert house.dialled() == before
    house.salon.press(f"{CODE}#")
    eventually(lambda: house.dialled() != before, "it is dialled")
    house.salon.hang_up()
    house.wait_until_idle()
    assert said(house.salon.heard(), [PROMPTS["barred-premium"], PROMPTS["enter-pin"]])


def test_who_does_not_know_the_code_does_not(house: House, lab: Lab) -> None:
    before = house.dialled()
    house.salon.dial(PREMIUM)
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.listen_for(11)
    for _ in range(3):
        house.salon.press("1111#")
        house.salon.listen_for(6)
    house.salon.wait("CALL_CLOSED", timeout=20)
    assert house.dialled() == before


def test_a_costly_call_ends_after_its_minutes(house: House, lab: Lab) -> None:
    house.salon.dial(ABROAD)
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.listen_for(10)
    house.salon.press(f"{CODE}#")
    eventually(lambda: lab.operator.dialled(house.second_account)[-1] == ABROAD, "it is dialled")
    began = time.time()
    assert 55 < house.salon.wait("CALL_CLOSED", timeout=70).at - began < 65


def test_a_phone_with_a_list_dials_what_is_on_it(house: House, lab: Lab) -> None:
    house.cuisine.dial(house.friend.user)
    house.friend.wait("CALL_INCOMING")


def test_a_phone_with_a_list_dials_nothing_else(house: House, lab: Lab) -> None:
    before = house.dialled()
    house.cuisine.dial("0142000000")
    house.cuisine.wait("CALL_CLOSED", timeout=20)
    assert house.dialled() == before
    assert said(house.cuisine.heard(), [PROMPTS["only"]])


def test_a_phone_with_a_list_dials_emergency_numbers_and_the_other_phones(
    house: House, lab: Lab
) -> None:
    house.cuisine.dial("112")
    house.cuisine.wait("CALL_ESTABLISHED")
    house.cuisine.hang_up()
    house.wait_until_idle()
    house.forget()
    house.cuisine.dial("001")
    house.salon.wait("CALL_INCOMING")


def test_a_line_carries_no_more_calls_than_it_may(house: House, lab: Lab) -> None:
    before = lab.operator.dialled(house.number)
    house.known.dial(house.number)
    house.cuisine.wait("CALL_INCOMING")
    house.cuisine.accept()
    house.known.wait("CALL_ESTABLISHED")
    house.salon.dial("0142000000")
    house.salon.wait("CALL_ESTABLISHED")
    assert lab.operator.dialled(house.number) == before
    assert lab.operator.dialled(house.second_account)[-1] == "0142000000"


def test_the_code_is_nowhere_but_in_its_file(house: House) -> None:
    found = house.run("sh", "-c", f"grep -rlw {CODE} /etc/asterisk /var/log 2>/dev/null || true")
    assert found.split() == ["/etc/asterisk/outgoing-pin"]
    mode = house.run("stat", "-c", "%a %U %G", "/etc/asterisk/outgoing-pin")
    assert mode.split() == ["640", "root", "asterisk"]
