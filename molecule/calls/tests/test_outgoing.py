"""What happens to those who call from the house, and to those who must not."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.house import House
from lab.sound import said, seconds_of
from lab.world import HOUSEHOLD, PROMPTS, eventually

PUBLIC_TONE = 1000  # whoever is called answers with it


def call_outside(house: House, lab: Lab, keys: str, account: str, number: str = "") -> None:
    """Dial; check which line carries the call, as which number, and that it is answered."""
    before = len(lab.operator.dialled(account))
    house.salon.dial(keys)
    house.salon.wait("CALL_ESTABLISHED")
    assert lab.operator.dialled(account)[before:] == [number or keys]
    house.salon.listen_for(1)
    house.salon.hang_up()
    house.salon.wait("CALL_CLOSED")
    assert seconds_of(house.salon.heard(), PUBLIC_TONE) > 0.5
    house.wait_until_idle()
    house.forget()


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


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("+33142000000", "0142000000"),
        ("0033142000000", "0142000000"),
        ("00330142000000", "0142000000"),
        ("+262262123456", "0262123456"),
        ("00596596123456", "0596123456"),
        ("3018", "3018"),
        ("0806123456", "0806123456"),
    ],
)
def test_a_number_may_be_dialled_in_any_usual_form(
    house: House, lab: Lab, dialled: str, number: str
) -> None:
    call_outside(house, lab, dialled, house.number, number)


@pytest.mark.parametrize("prefix", ["3651", "*31%23", "%2331%23"])
def test_ones_number_can_be_hidden_for_a_call(house: House, lab: Lab, prefix: str) -> None:
    before = len(lab.operator.hidden(house.number))
    call_outside(house, lab, f"{prefix}0142000001", house.number, "0142000001")
    call_outside(house, lab, "0142000002", house.number)
    assert lab.operator.hidden(house.number)[before:] == ["0142000001"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("0899123456", "barred-premium"),
        ("118712", "barred-premium"),
        ("3651", "barred-premium"),
        ("3651" + "0899123456", "barred-premium"),
        ("0044123456789", "barred-international"),
        ("+14155550123", "barred-international"),
        ("00881612345678", "no-route"),
        ("0612", "no-number"),
        ("1234567", "no-number"),
        ("003301420000001", "no-number"),
    ],
)
def test_what_may_not_be_dialled_is_refused_in_words(
    house: House, lab: Lab, number: str, reason: str
) -> None:
    before = house.dialled()
    house.salon.dial(number)
    house.salon.wait("CALL_CLOSED", timeout=20)
    assert house.dialled() == before
    assert said(house.salon.heard(), [PROMPTS[reason]])
    eventually(lambda: house.last_call()["rule"] == reason, "it is recorded")


@pytest.mark.parametrize(
    ("number", "account"), [("003221234567", "second_account"), ("0892123456", "number")]
)
def test_a_country_or_a_number_can_be_opened(
    house: House, lab: Lab, number: str, account: str
) -> None:
    call_outside(house, lab, number, getattr(house, account))


def test_costly_calls_are_counted_and_end_for_the_day(house: House, lab: Lab) -> None:
    for _ in range(HOUSEHOLD["household_outgoing"]["costly_calls"]):
        call_outside(house, lab, "0892123456", house.number)
    before = house.dialled()
    house.salon.dial("0892123456")
    house.salon.wait("CALL_CLOSED", timeout=20)
    assert house.dialled() == before
    assert said(house.salon.heard(), [PROMPTS["too-many"]])
    house.forget()
    call_outside(house, lab, "0142000000", house.number)


@pytest.mark.parametrize("answer", ["403", "404", "500", "503"])
def test_a_line_that_cannot_carry_a_call_is_followed_by_the_next(
    house: House, lab: Lab, answer: str, figures: dict[str, dict[str, str]]
) -> None:
    lab.operator.answer_with(house.number, answer)
    at = house.salon.dial("0142000000")
    answered = house.salon.wait("CALL_ESTABLISHED").at
    assert lab.operator.dialled(house.second_account)[-1] == "0142000000"
    figures.setdefault(f"set-up after a {answer}", {})[house.name] = f"{answered - at:.2f} s"


@pytest.mark.parametrize("answer", ["480", "486", "600", "603", "ring603", "ring486", "ring503"])
def test_who_is_busy_or_declines_is_not_called_twice(house: House, lab: Lab, answer: str) -> None:
    before = lab.operator.dialled(house.second_account)
    lab.operator.answer_with(house.number, answer)
    house.salon.dial("0142000000")
    house.salon.wait("CALL_CLOSED")
    assert lab.operator.dialled(house.second_account) == before


def test_when_no_line_can_carry_a_call_the_caller_is_told(house: House, lab: Lab) -> None:
    for account in house.number, house.second_account:
        lab.operator.answer_with(account, "503")
    house.salon.dial("0142000000")
    house.salon.wait("CALL_CLOSED", timeout=20)
    assert said(house.salon.heard(), [PROMPTS["no-line"]])


@pytest.mark.parametrize("answer", ["403", "480", "486", "503", "603", "ring503"])
def test_an_emergency_call_takes_the_next_line_whatever_the_first_says(
    house: House, lab: Lab, answer: str
) -> None:
    lab.operator.answer_with(house.number, answer)
    call_outside(house, lab, "15", house.second_account)


def test_when_no_line_carries_an_emergency_call_a_mobile_is_named_at_once(
    house: House, lab: Lab, figures: dict[str, dict[str, str]]
) -> None:
    for account in house.number, house.second_account:
        lab.operator.answer_with(account, "503")
    at = house.salon.dial("112")
    established = house.salon.wait("CALL_ESTABLISHED").at
    figures.setdefault("no line for 112: said after", {})[house.name] = f"{established - at:.2f} s"
    assert established - at < 6
    house.salon.wait("CALL_CLOSED", timeout=30)
    assert said(house.salon.heard(), [PROMPTS["no-emergency"]])


def test_an_emergency_call_ends_another_when_all_lines_are_taken(house: House, lab: Lab) -> None:
    for account in house.number, house.second_account:
        lab.operator.allow(account, 1)
    house.cuisine.dial("0142000000")
    house.cuisine.wait("CALL_ESTABLISHED")
    house.friend.dial(house.second_number)  # takes the second line; nobody picks up
    house.salon.wait("CALL_INCOMING")
    house.salon.hang_up()
    house.salon.wait("CALL_CLOSED")
    house.forget()
    house.salon.dial("18")
    house.salon.wait("CALL_ESTABLISHED")
    assert lab.operator.dialled(house.number)[-1] == "18"
    house.cuisine.wait("CALL_CLOSED")


def test_an_emergency_call_is_not_ended_by_another(house: House, lab: Lab) -> None:
    for account in house.number, house.second_account:
        lab.operator.allow(account, 1)
    house.cuisine.dial("15")
    house.cuisine.wait("CALL_ESTABLISHED")
    house.salon.dial("18")
    house.salon.wait("CALL_ESTABLISHED")
    assert lab.operator.dialled(house.second_account)[-1] == "18"
    assert not house.cuisine.saw("CALL_CLOSED")


def test_an_emergency_call_does_not_end_that_of_rescue_services(house: House, lab: Lab) -> None:
    lab.operator.answer_with(house.number, "503")
    lab.operator.allow(house.second_account, 1)
    lab.operator.show_as(house.friend.user, "0800112112")
    house.friend.dial(house.second_number)
    house.cuisine.wait("CALL_INCOMING")
    house.cuisine.accept()
    house.friend.wait("CALL_ESTABLISHED")
    house.salon.wait("CALL_CLOSED")
    house.salon.forget()
    house.salon.dial("18")
    house.salon.wait("CALL_ESTABLISHED")  # a voice says that no line works
    assert not house.cuisine.saw("CALL_CLOSED")
    assert not house.friend.saw("CALL_CLOSED")


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
