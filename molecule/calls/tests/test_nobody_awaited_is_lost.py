"""Whom a household waits for reaches it: the worst fault of a guard is to lose such a call."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.house import House
from lab.phone import Phone
from lab.world import WAIT, eventually

LISTS, TEXT = "/run/gardeligne/numbers.sqlite3", "/etc/gardeligne/numbers.tsv"


def seconds_to_ring(house: House, caller: Phone) -> float:
    """Call, and return how long it took from dialling until the phones rang."""
    dialled = caller.dial(house.number)
    return house.salon.wait("CALL_INCOMING").at - dialled


def test_a_hospital_that_hides_its_number_is_put_through(house: House, lab: Lab) -> None:
    lab.operator.show_as(house.friend.user, "hidden")
    assert WAIT - 0.2 < seconds_to_ring(house, house.friend) < WAIT + 1


@pytest.mark.parametrize("number", ["+32212345678", "0032212345678"])
def test_a_foreign_number_is_put_through(house: House, lab: Lab, number: str) -> None:
    lab.operator.show_as(house.friend.user, number)
    assert seconds_to_ring(house, house.friend) < WAIT + 1
    assert "0032212345678" in house.salon.wait("CALL_INCOMING").peer


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("0948112233", "Taxi"),  # of a range that is blocked
        ("+33948112233", "Taxi"),
        ("0655443322", "Zoé Lefèvre"),  # in the address book
        ("+33655443322", "Zoé Lefèvre"),
    ],
)
def test_who_is_known_rings_at_once_and_is_named(
    house: House, lab: Lab, number: str, name: str
) -> None:
    lab.operator.show_as(house.friend.user, number)
    assert seconds_to_ring(house, house.friend) < 1
    assert house.salon.wait("CALL_INCOMING").name == name


def test_whom_the_house_has_called_rings_at_once_until_forgotten(house: House) -> None:
    house.salon.dial(house.friend.user)
    house.friend.wait("CALL_INCOMING")
    house.friend.accept()
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.hang_up()
    house.friend.wait("CALL_CLOSED")
    house.wait_until_idle()
    house.forget()
    assert seconds_to_ring(house, house.friend) < 1
    house.callers_hang_up()
    house.wait_until_idle()
    house.forget()
    assert "06 76 54 32 1" in house.gardeligne("connus")
    house.gardeligne("oublier", house.friend.user)
    assert seconds_to_ring(house, house.friend) > WAIT - 0.2


def test_who_gives_up_and_calls_again_at_once_is_put_through(house: House) -> None:
    house.stranger.dial(house.number)
    house.stranger.wait("CALL_ESTABLISHED")
    house.stranger.listen_for(2)
    house.stranger.hang_up()
    house.stranger.wait("CALL_CLOSED")
    house.stranger.forget()
    assert not house.rang()
    assert seconds_to_ring(house, house.stranger) < WAIT + 1


def test_two_strangers_at_once_both_ring(house: House) -> None:
    house.stranger.dial(house.number)
    house.friend.dial(house.second_number)
    for caller in house.stranger, house.friend:
        eventually(
            lambda caller=caller: any(  # type: ignore[misc]
                caller.user in call.peer for call in house.cuisine.seen("CALL_INCOMING")
            ),
            f"{caller.user} rings",
        )


def test_a_stranger_during_a_call_rings_the_other_phone(house: House) -> None:
    house.known.dial(house.number)
    house.salon.wait("CALL_INCOMING")
    house.salon.accept()
    house.known.wait("CALL_ESTABLISHED")
    house.cuisine.wait("CALL_CLOSED")
    house.cuisine.forget()
    house.stranger.dial(house.number)
    assert house.stranger.user in house.cuisine.wait("CALL_INCOMING").peer
    assert not house.known.saw("CALL_CLOSED")


def test_an_intercom_that_is_known_opens_the_door(house: House) -> None:
    """It rings at once, and hears the key that one presses."""
    house.known.dial(house.number)
    house.salon.wait("CALL_INCOMING")
    house.salon.accept()
    house.known.wait("CALL_ESTABLISHED")
    house.salon.listen_for(1)
    house.salon.press("5")
    house.known.wait("CALL_DTMF_START")


def test_a_message_that_is_spoken_by_a_machine_is_heard(house: House, lab: Lab) -> None:
    """An appointment robot that takes the decoy for a machine and talks on all the same."""
    house.stranger.dial(house.number)
    house.stranger.wait("CALL_ESTABLISHED", timeout=20)
    before = len(lab.mailsink.to(house.mailbox))
    house.stranger.listen_for(WAIT + 8 + 12)  # through the ringing, and voicemail's greeting
    house.stranger.hang_up()
    eventually(lambda: lab.mailsink.to(house.mailbox)[before:], "the message is in the mail", 30)


DAMAGES = {
    "cut": f"truncate --size=0 {LISTS}",
    "overwritten": f"cp /bin/true {LISTS}",
    "gone": f"mv {TEXT} {TEXT}.away; rm {LISTS}; systemctl restart asterisk",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_its_lists_the_guard_lets_everybody_ring_and_says_so(
    house: House, damage: str
) -> None:
    try:
        house.run("sh", "-c", DAMAGES[damage])
        house.wait_until_reachable()
        assert seconds_to_ring(house, house.stranger) < 1
        house.callers_hang_up()
        house.wait_until_idle()
        eventually(lambda: house.last_call()["rule"] == "broken", "it is recorded")
        assert "hors service" in house.run("sh", "-c", "gardeligne etat || true")
    finally:
        house.run("sh", "-c", f"[ ! -e {TEXT}.away ] || mv {TEXT}.away {TEXT}; gardeligne-numbers")
    house.salon.forget()
    assert seconds_to_ring(house, house.friend) > WAIT - 0.2, "the guard must be back"
