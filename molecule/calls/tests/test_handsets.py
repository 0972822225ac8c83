"""What a house does with its phones: talk, hold, pass a call on, pick another's up."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.house import House
from lab.phone import G722, Event, Phone, connect, hear_each_other
from lab.sound import seconds_heard, seconds_of
from lab.world import HOUSEHOLD, eventually

Figures = dict[str, dict[str, str]]

FRENCH_RING = 440
RING = HOUSEHOLD["household_guard"]["ring"]


def salon_answers(house: House) -> Event:
    """Let Mamie call and the salon answer; return its call, once nothing else rings."""
    connect(house.known, house.number, house.salon)
    house.cuisine.wait("CALL_CLOSED")
    house.cuisine.forget()
    return house.salon.wait("CALL_ESTABLISHED")


def spoken(house: House, *legs: str) -> list[str]:
    """Return the codecs of these legs, once they are there."""
    return eventually(
        lambda: (
            [found[leg] for leg in legs if leg in found]
            if (found := house.codecs()) and set(legs) <= set(found)
            else None
        ),
        f"legs {legs}",
    )


# Calls inside.


def test_who_calls_from_another_room_is_named(house: House) -> None:
    house.salon.dial("002")
    assert house.cuisine.wait("CALL_INCOMING").name == "Salon"


def test_a_call_inside_rings_as_long_as_one_from_outside(house: House) -> None:
    began = house.salon.dial("002")
    house.cuisine.wait("CALL_INCOMING")
    ended = house.salon.wait("CALL_CLOSED", timeout=RING + 5).at
    assert RING - 1 < ended - began < RING + 2


def test_the_phones_of_the_house_speak_g722(house: House, figures: Figures) -> None:
    with house.speaking(G722):
        connect(house.salon, "002", house.cuisine)
        codecs = spoken(house, "001", "002")
        figures.setdefault("call inside: 001, 002", {})[house.name] = ", ".join(codecs)
        assert codecs == ["g722", "g722"]
        hear_each_other(house.salon, house.cuisine)


@pytest.mark.parametrize("way", ["in", "out"])
def test_calls_outside_are_a_law(house: House, figures: Figures, way: str) -> None:
    with house.speaking(G722):
        if way == "in":
            connect(house.known, house.number, house.salon)
            codecs = spoken(house, "001", "free")
        else:
            connect(house.salon, house.known.user, house.known)
            codecs = spoken(house, "001", "ovh")
        figures.setdefault(f"call {way}: 001, trunk", {})[house.name] = ", ".join(codecs)
        assert codecs[1] == "alaw"
        hear_each_other(house.known, house.salon)


# Hold.


@pytest.mark.parametrize("held", ["known", "cuisine"])
def test_who_is_held_hears_music_and_goes_on_after(house: House, held: str) -> None:
    other: Phone = getattr(house, held)
    if other is house.known:
        connect(other, house.number, house.salon)
    else:
        connect(other, "001", house.salon)
    house.salon.listen_for(2)
    house.salon.hold()
    house.salon.listen_for(5)
    house.salon.resume()
    house.salon.listen_for(3)
    other.hang_up()
    house.salon.wait("CALL_CLOSED")
    talk = seconds_of(other.heard(), house.salon.tone)
    music = seconds_heard(other.heard()) - talk
    assert music > 3, f"{music:.1f} s of music"
    assert 3.5 < talk < 6, f"{talk:.1f} s of talk, before and after"


# Transfer.


def test_a_caller_is_given_to_another_room_unasked(house: House) -> None:
    salon_answers(house)
    house.salon.transfer("002")
    assert house.cuisine.wait("CALL_INCOMING").name == "Mamie"
    house.salon.wait("CALL_CLOSED")
    house.cuisine.listen_for(3)
    house.cuisine.accept()
    house.cuisine.wait("CALL_ESTABLISHED")
    hear_each_other(house.known, house.cuisine)
    assert seconds_of(house.known.heard(), FRENCH_RING) > 1, "no ring was heard meanwhile"


def test_a_caller_is_given_to_another_room_after_asking_there(house: House) -> None:
    first = salon_answers(house)
    house.salon.forget()
    connect(house.salon, "002", house.cuisine)
    second = house.salon.wait("CALL_ESTABLISHED")
    house.salon.listen_for(1)
    house.salon.join(first, second)
    eventually(lambda: len(house.salon.seen("CALL_CLOSED")) == 2, "the salon is out of it")
    hear_each_other(house.known, house.cuisine)


def test_whom_the_house_has_called_is_given_to_another_room(house: House) -> None:
    connect(house.salon, house.known.user, house.known)
    house.salon.transfer("002")
    house.cuisine.wait("CALL_INCOMING")
    house.cuisine.accept()
    house.cuisine.wait("CALL_ESTABLISHED")
    house.salon.wait("CALL_CLOSED")
    hear_each_other(house.known, house.cuisine)


def test_a_caller_who_is_given_to_an_empty_room_leaves_a_message(house: House, lab: Lab) -> None:
    before = len(lab.mailsink.to(house.mailbox))
    salon_answers(house)
    house.salon.transfer("002")
    house.cuisine.wait("CALL_INCOMING")
    house.cuisine.wait("CALL_CLOSED", timeout=RING + 5)
    house.known.listen_for(12)
    house.known.hang_up()
    mail = eventually(lambda: lab.mailsink.to(house.mailbox)[before:], "a mail arrives", 30)[0]
    assert seconds_of(mail.sound, house.known.tone) > 3
    house.wait_until_idle()
    assert eventually(lambda: house.last_call()["stage"] == "message", "it is recorded")


@pytest.mark.parametrize("number", ["0612345678", "0142000000", "0899123456", "15", "**1", "free"])
def test_a_caller_is_never_given_to_the_outside(house: House, lab: Lab, number: str) -> None:
    before = house.dialled()
    salon_answers(house)
    house.salon.transfer(number)
    assert house.salon.wait("TRANSFER_FAILED").detail.startswith("404")
    house.salon.forget()  # baresip drops a call that it could not give away, without a word
    house.salon.listen_for(2)
    assert house.dialled() == before


# Pick-up.


def test_a_call_is_picked_up_from_another_room(house: House) -> None:
    """The call rings in the salon, is answered in the cuisine, and is recorded so."""
    house.known.dial(house.number)
    for phone in house.handsets:
        phone.wait("CALL_INCOMING")
    house.cuisine.hang_up()  # it does not ring any more
    house.cuisine.wait("CALL_CLOSED")
    house.cuisine.forget()
    house.cuisine.dial("**8")
    house.cuisine.wait("CALL_ESTABLISHED")
    house.known.wait("CALL_ESTABLISHED")
    house.salon.wait("CALL_CLOSED")
    hear_each_other(house.known, house.cuisine)
    house.wait_until_idle()
    record = eventually(
        lambda: found if (found := house.last_call())["stage"] == "answered" else None,
        "the call is recorded",
    )
    assert (record["handset"], record["name"]) == ("002", "Mamie")
    assert float(record["picked_up"]) > float(record["started"])


def test_nothing_is_picked_up_if_nothing_rings(house: House) -> None:
    began = house.cuisine.dial("**8")
    assert house.cuisine.wait("CALL_CLOSED").at - began < 2
    assert not house.cuisine.saw("CALL_ESTABLISHED")


# A second phone with the login of a first.


def test_a_second_phone_with_the_same_login_takes_the_firsts_place(house: House) -> None:
    with house.another("001") as newest:
        house.known.dial(house.number)
        newest.wait("CALL_INCOMING")
        house.cuisine.wait("CALL_INCOMING")
        assert not house.salon.saw("CALL_INCOMING")


@pytest.mark.parametrize("event", ["dialog", "presence"])
def test_no_phone_may_watch_another(house: House, event: str) -> None:
    code, _ = house.subscribe("002", event)
    assert code in (404, 489)


def test_a_phone_is_told_whether_messages_wait(house: House) -> None:
    code, news = house.subscribe("001", "message-summary")
    assert code in (200, 202)
    assert "Messages-Waiting:" in news
