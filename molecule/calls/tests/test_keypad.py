"""What people do about callers from the keypad of a phone, and what they hear."""

from __future__ import annotations

import time

import pytest
from lab import Lab
from lab.house import House
from lab.phone import Phone
from lab.sound import said
from lab.world import PROMPTS


def dial_code(house: House, code: str, *prompts: str) -> None:
    """Dial a code and check that these prompts are heard, in this order."""
    house.forget()
    house.salon.dial(code)
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.wait("CALL_CLOSED", timeout=30)
    assert said(house.salon.heard(), [PROMPTS[prompt] for prompt in prompts]), prompts


def call(house: House, caller: Phone, hang_up_after: float = 1) -> float:
    """Call the house until its phones ring, then hang up; return the seconds it took."""
    house.forget()
    dialled = caller.dial(house.number)
    rang = house.salon.wait("CALL_INCOMING").at
    caller.listen_for(hang_up_after)
    house.callers_hang_up()
    house.wait_until_idle()
    return rang - dialled


def is_refused(house: House, caller: Phone) -> bool:
    """Tell whether a call is refused before anything rings or answers."""
    house.forget()
    caller.dial(house.number)
    caller.wait("CALL_CLOSED")
    house.wait_until_idle()
    return not caller.saw("CALL_ESTABLISHED") and not house.rang()


def test_the_last_caller_is_blocked_and_unblocked(house: House) -> None:
    assert call(house, house.stranger) > 2
    dial_code(house, "**2", "the-number", "now-blocked", "to-undo")
    assert is_refused(house, house.stranger)
    assert call(house, house.friend) > 2, "another caller must not be"
    # A refused call has not rung: the last caller is now the friend.
    dial_code(house, "**0", "undone")
    assert call(house, house.stranger) > 2
    dial_code(house, "**0", "nothing-to-undo")


def test_what_the_command_changes_counts_at_once(house: House) -> None:
    number = house.stranger.user
    assert call(house, house.stranger) > 2
    house.gardeligne("laisser", number)
    assert call(house, house.stranger) < 1
    assert "  connu (commande), " in house.gardeligne("appels", "1")
    house.gardeligne("bloquer", number)
    assert is_refused(house, house.stranger)
    assert "  bloqué (commande), refusé" in house.gardeligne("appels", "1")
    house.gardeligne("attendre", "1")
    assert call(house, house.stranger) < 1
    house.gardeligne("attendre", "0")
    house.gardeligne("oublier", number)
    assert call(house, house.stranger) > 2


def test_the_wait_and_the_quiet_hours_are_changed_at_once(house: House) -> None:
    house.gardeligne("regler", "attente", "9")
    assert 9 - 0.2 < call(house, house.stranger) < 12
    house.gardeligne("regler", "calme", "00:00-23:59")
    house.forget()
    house.stranger.dial(house.number)
    house.stranger.wait("CALL_ESTABLISHED")
    house.stranger.listen_for(2)
    house.callers_hang_up()
    house.wait_until_idle()
    assert not house.rang()
    assert "heures calmes" in house.gardeligne("appels", "1")
    for setting in "attente", "calme":
        house.gardeligne("regler", setting, "fichier")
    # What was said when the files said something else does not count.
    house.asterisk('database put guard wait "9 1"')
    house.asterisk('database put guard quiet "00:00-23:59 07:00-08:00"')
    assert 2 < call(house, house.stranger) < 9


def test_the_last_caller_becomes_known_and_a_stranger_again(house: House) -> None:
    assert call(house, house.stranger) > 2
    dial_code(house, "**3", "the-number", "now-known", "to-undo")
    assert call(house, house.stranger) < 1
    dial_code(house, "**6", "the-number", "now-stranger", "to-undo")
    assert call(house, house.stranger) > 2
    dial_code(house, "**0", "undone")
    assert call(house, house.stranger) < 1


def test_who_is_on_the_list_of_known_callers_cannot_be_blocked(house: House) -> None:
    assert call(house, house.known) < 1
    dial_code(house, "**2", "the-number", "listed")
    assert call(house, house.known) < 1


def test_rescue_services_cannot_be_blocked(house: House, lab: Lab) -> None:
    lab.operator.show_as(house.friend.user, "+33112")
    assert call(house, house.friend) < 1
    dial_code(house, "**2", "rescue-caller")
    assert "112" not in house.asterisk("database show blocked")
    assert call(house, house.friend) < 1


def test_a_hidden_caller_cannot_be_blocked(house: House, lab: Lab) -> None:
    lab.operator.show_as(house.friend.user, "hidden")
    assert call(house, house.friend) > 2
    dial_code(house, "**2", "hidden-caller")
    assert call(house, house.friend) > 2


def test_without_a_caller_there_is_nothing_to_change(house: House) -> None:
    dial_code(house, "**2", "no-caller")
    dial_code(house, "**0", "nothing-to-undo")


def test_while_a_call_is_expected_everybody_rings_at_once(house: House, lab: Lab) -> None:
    dial_code(house, "**5", "guard-on")
    dial_code(house, "**4", "expecting", "hours", "to-end")
    assert call(house, house.stranger) < 1
    lab.operator.show_as(house.friend.user, "hidden")
    assert call(house, house.friend) < 1
    lab.operator.show_as(house.friend.user, "0948123456")
    assert call(house, house.friend) < 1, "a blocked range may be whom one expects"
    dial_code(house, "**5", "expecting-for", "hours", "to-end")
    dial_code(house, "**40", "guard-on")
    assert call(house, house.stranger) > 2


def test_expecting_a_call_ends_by_itself(house: House) -> None:
    dial_code(house, "**4", "expecting")
    house.asterisk(f"database put guard expecting {time.time() + 600:.0f}")
    dial_code(house, "**5", "expecting-for", "minutes", "to-end")
    house.asterisk(f"database put guard expecting {time.time() - 1:.0f}")
    assert call(house, house.stranger) > 2
    dial_code(house, "**5", "guard-on")


@pytest.mark.parametrize("code", ["**9", "**", "**26"])
def test_a_mistyped_code_is_said_to_be_one(house: House, lab: Lab, code: str) -> None:
    before = lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)
    dial_code(house, code, "bad-code")
    assert before == lab.operator.dialled(house.number) + lab.operator.dialled(house.second_account)


def test_nobody_outside_has_a_keypad(house: House) -> None:
    """Keys that a caller presses during the decoy, the wait and the ringing do nothing."""
    house.stranger.dial(house.number)
    house.stranger.wait("CALL_ESTABLISHED")
    house.stranger.press("**4")
    house.salon.wait("CALL_INCOMING")
    house.stranger.press("**4#")
    house.callers_hang_up()
    house.wait_until_idle()
    assert call(house, house.friend) > 2
