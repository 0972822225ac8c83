"""A household that has set its exchange up changes something at a PC."""

from __future__ import annotations

from lab import Lab
from lab.emulated import READY, SETTING_UP, Pi
from lab.house import House
from lab.world import DATA, SECRET, WAIT, eventually
from testinfra.host import Host

INBOX = "ls /var/spool/asterisk/voicemail/default/001/INBOX"
MAIL: str = DATA["lab_mail_secret"]


def test_a_message_arrives_by_mail(house: House, lab: Lab) -> None:
    before = len(lab.mailsink.to(house.mailbox))
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=60)
    house.known.listen_for(14)
    house.known.hang_up()
    eventually(lambda: len(lab.mailsink.to(house.mailbox)) > before, "a mail arrives", 90)


def test_what_is_changed_is_live_and_the_rest_is_kept(pi: Pi, host: Host, house: House) -> None:
    house.asterisk("database put known 0655667788 keypad")
    messages = host.check_output(INBOX)
    assert messages
    host.run("systemctl poweroff")
    pi.wait_for("Power down", 300)
    pi.cut()
    assert not any(secret.encode() in pi.boot_partition() for secret in (SECRET, MAIL))
    text = pi.read("foyer.txt")
    assert text.count("(enregistré)") == 3
    pi.write("foyer.txt", text.replace(f"attente: {WAIT}", f"attente: {WAIT + 4}"))
    pi.again()
    pi.wait_for(READY, SETTING_UP)
    assert "0655667788" in house.asterisk("database show known")
    assert host.check_output(INBOX) == messages
    house.wait_until_reachable()
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    rang = house.salon.wait("CALL_INCOMING", timeout=30).at
    assert rang - answered > WAIT + 3
