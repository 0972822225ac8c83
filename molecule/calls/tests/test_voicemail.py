"""Nobody is home."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from lab import Lab
from lab.house import House
from lab.parts import Mail
from lab.sound import seconds_of
from lab.world import DATA, eventually

BEING_SPOKEN = "ls /var/spool/asterisk/voicemail/default/*/tmp/*.wav 2>/dev/null || :"


def leave_a_message(house: House, lab: Lab) -> Mail:
    """Let nobody pick up, speak, and return the mail that follows."""
    before = len(lab.mailsink.to(house.mailbox))
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=20)
    house.known.listen_for(12)  # the announcement, then the message
    house.known.hang_up()
    house.wait_until_idle()
    return eventually(
        lambda: lab.mailsink.to(house.mailbox)[before:], "the message is in the mail", 30
    )[0]


@pytest.fixture(scope="module")
def mails(lab: Lab) -> dict[str, Mail]:
    """Leave the only message in each house, and return the mails by the exchange."""
    for house in lab.houses.values():
        house.run("sh", given="find /var/spool/asterisk/voicemail -name 'msg*' -delete\n")
    with ThreadPoolExecutor() as pool:
        mails = pool.map(lambda house: leave_a_message(house, lab), lab.houses.values())
        left = dict(zip(lab.houses, mails, strict=True))
    for house in lab.houses.values():
        house.rest()
    return left


def test_a_message_arrives_by_mail_in_french_and_can_be_played(
    house: House, mails: dict[str, Mail]
) -> None:
    mail = mails[house.name]
    number = house.known.user
    assert mail.login == mail.sender == "famille.martin@example.org"
    assert mail.message["From"].addresses[0].addr_spec == "famille.martin@example.org"
    assert mail.message["From"].addresses[0].display_name == "Famille Martin"
    assert "Message vocal de" in mail.message["Subject"]
    assert "Mamie" in mail.message["Subject"]
    assert number in mail.message["Subject"]
    assert "Bonjour Famille Martin," in mail.text
    assert "Vous avez reçu un message vocal de" in mail.text
    assert "composez **1" in mail.text
    assert any(day in mail.text for day in ("lundi", "mardi", "mercredi", "jeudi", "vendredi",
                                            "samedi", "dimanche"))  # fmt: skip
    assert seconds_of(mail.sound, house.known.tone) > 2, "what was said is not in the message"


@pytest.mark.parametrize("pin", ["0000", ""])
def test_a_wrong_pin_opens_nothing(house: House, mails: dict[str, Mail], pin: str) -> None:
    assert_message_heard(house, pin, False)


@pytest.mark.parametrize("pin", [DATA["lab_pin"]], ids=["right"])
def test_the_right_pin_opens_the_mailbox(house: House, mails: dict[str, Mail], pin: str) -> None:
    assert_message_heard(house, pin, True)


def assert_message_heard(house: House, pin: str, heard: bool) -> None:
    """Dial **1, give a PIN, ask for the first message: does one hear the caller's tone?"""
    house.salon.dial("**1")
    house.salon.wait("CALL_ESTABLISHED")
    house.salon.listen_for(2.5)
    house.salon.press(f"{pin}#")
    house.salon.listen_for(1.5)
    house.salon.press("1")
    house.salon.listen_for(18)
    house.salon.hang_up()
    house.wait_until_idle()
    assert (seconds_of(house.salon.heard(), house.known.tone) > 2) is heard


def test_a_message_that_was_being_spoken_when_the_exchange_ended_arrives(
    house: House, lab: Lab
) -> None:
    before = len(lab.mailsink.to(house.mailbox))
    house.known.dial(house.number)
    for handset in house.handsets:
        handset.wait("CALL_INCOMING")
        handset.hang_up()
    house.known.wait("CALL_ESTABLISHED")
    eventually(lambda: house.run("sh", "-c", BEING_SPOKEN), "the message is being written", 30)
    house.known.listen_for(6)
    house.run("systemctl", "kill", "--signal=KILL", "asterisk")
    house.known.hang_up()
    mail = eventually(
        lambda: lab.mailsink.to(house.mailbox)[before:], "the message is in the mail", 30
    )[0]
    assert "Message vocal interrompu" in mail.message["Subject"]
    assert "la fin peut manquer" in mail.text
    assert seconds_of(mail.sound, house.known.tone) > 2, "what was said is not in the message"
    assert not house.run("sh", "-c", BEING_SPOKEN)
    house.wait_until_reachable()
