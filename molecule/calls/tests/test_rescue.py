"""Rescue services call back, and so do those whom they send: nothing keeps them from ringing."""

from __future__ import annotations

from lab import Lab
from lab.house import House
from lab.phone import Phone
from lab.sound import said
from lab.world import PROMPTS, WAIT, eventually

LISTS = "/tmp/rescue.tsv"  # noqa: S108 - in the exchange
# A household's lists: both numbers, and the ranges that they are in.
BLOCKED = "".join(
    f"block{caller}\\trefuse||list|\\n" for caller in ("08*", "0800112112", "11*", "112")
)


def seconds_to_ring(house: House, caller: Phone) -> float:
    """Call until all phones ring, hang up, and return how long it took until the last rang."""
    house.forget()
    dialled = caller.dial(house.number)
    rang = max(phone.wait("CALL_INCOMING").at for phone in house.handsets)
    house.callers_hang_up()
    house.wait_until_idle()
    return rang - dialled


def test_rescue_services_ring_at_once_and_are_named_however_they_are_shown(
    house: House, lab: Lab
) -> None:
    house.asterisk("database put blocked 0800112112 1")
    house.run("sh", "-c", f"cat /etc/gardeligne/numbers.tsv >{LISTS}; printf '{BLOCKED}' >>{LISTS}")
    house.run("gardeligne-numbers", LISTS)
    try:
        rings_in_all_forms(house, lab)
    finally:
        house.run("gardeligne-numbers")


def rings_in_all_forms(house: House, lab: Lab) -> None:
    """Let rescue services call, shown in one form after the other."""
    for number in "0800112112", "112":
        bare = number.removeprefix("0")
        for shown in number, f"+33{bare}", f"0033{bare}", f"33{bare}":
            lab.operator.show_as(house.friend.user, shown)
            assert seconds_to_ring(house, house.friend) < 1, shown
            call = house.salon.wait("CALL_INCOMING")
            assert (call.name, number in call.peer) == ("Secours", True), shown
    assert not house.friend.saw("CALL_ESTABLISHED")


def test_rescue_services_ring_at_once_whatever_else_is_in_their_address(
    house: House, lab: Lab
) -> None:
    caller = "0800.112-112;phone-context=+33"
    assert lab.operator.invite(house.address(), house.number, caller=caller)
    assert house.cuisine.wait("CALL_INCOMING", timeout=1).name == "Secours"
    house.asterisk("channel request hangup all")


def test_after_a_call_for_help_everybody_rings_at_once_until_it_is_over(
    house: House, lab: Lab
) -> None:
    assert seconds_to_ring(house, house.stranger) > WAIT
    house.salon.dial("15")
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.hang_up()
    house.wait_until_idle()
    lab.operator.show_as(house.friend.user, "hidden")
    assert seconds_to_ring(house, house.friend) < 1
    # A disk that took nothing, or a clock that was behind and has been set.
    house.asterisk("database del guard help")
    assert seconds_to_ring(house, house.friend) < 1
    # A clock that was ahead, for an Asterisk that has been started anew.
    house.asterisk('dialplan set global HELP ""')
    house.asterisk("database put guard help 99999999999")
    assert seconds_to_ring(house, house.friend) < 1
    house.forget()
    house.salon.dial("**5")
    house.salon.wait("CALL_CLOSED", timeout=30)
    heard = [PROMPTS[prompt] for prompt in ("after-emergency", "hours")]
    assert said(house.salon.heard(), heard)
    assert "appel d'urgence" in house.gardeligne("etat")
    house.asterisk("database put guard help 1")
    assert seconds_to_ring(house, house.stranger) > WAIT
    eventually(lambda: house.last_call()["rule"] == "", "the guard is back")
