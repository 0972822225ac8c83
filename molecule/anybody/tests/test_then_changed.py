"""A household that has set its exchange up changes something at a PC."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from lab import Lab
from lab.emulated import (
    PI_WORKS_FOR,
    READY,
    SETTING_UP,
    STARTING,
    WORK,
    Pi,
    lets_in,
    set_up_in,
    starts_in,
)
from lab.house import House
from lab.world import DATA, SECRET, WAIT, eventually
from testinfra.host import Host

from image import bases, debian

INBOX = "ls /var/spool/asterisk/voicemail/default/001/INBOX"
MAIL: str = DATA["lab_mail_secret"]
ACCOUNT, SECOND = (f"{start}{DATA['lab_lines']['pi']}" for start in ("098765000", "003397265000"))
OTHER = "Another-secret-of-a-test-2"
SECOND_LINE = f"""\
deuxième ligne:
  opérateur: ovh
  numéro: 0{SECOND[4:]}
  mot de passe: {SECRET}
"""
Figures = dict[str, dict[str, str]]


def test_a_message_arrives_by_mail(house: House, lab: Lab) -> None:
    before = len(lab.mailsink.to(house.mailbox))
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=60)
    house.known.listen_for(14)
    house.known.hang_up()
    eventually(lambda: len(lab.mailsink.to(house.mailbox)) > before, "a mail arrives", 90)


def test_who_is_let_through_rings_at_once(
    pi: Pi, host: Host, house: House, figures: Figures
) -> None:
    began = time.monotonic()
    house.gardeligne("laisser", house.stranger.user)
    figures["gardeligne laisser NUMBER"] = {"pi": f"{time.monotonic() - began:.1f} s"}
    dialled = house.stranger.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < WAIT - 1
    house.stranger.hang_up()
    house.gardeligne("oublier", house.stranger.user)


def change(pi: Pi, host: Host, edit: Callable[[str], str]) -> None:
    """Switch the Pi off, change foyer.txt at a PC, and switch it on until it is ready."""
    host.run("systemctl poweroff")
    pi.wait_for("Power down", 300)
    pi.cut()
    assert not any(secret.encode() in pi.boot_partition() for secret in (SECRET, MAIL, OTHER))
    text = pi.read("foyer.txt")
    assert edit(text) != text
    pi.write("foyer.txt", edit(text))
    pi.again()
    pi.wait_for(READY, SETTING_UP)


def test_what_is_changed_is_live_and_the_rest_is_kept(
    pi: Pi, host: Host, house: House, figures: Figures
) -> None:
    house.asterisk("database put known 0655667788 keypad")
    messages = host.check_output(INBOX)
    assert messages
    assert pi.read("foyer.txt").count("(enregistré)") == 2
    change(pi, host, lambda text: text.replace(f"attente: {WAIT}", f"attente: {WAIT + 4}"))
    figures["another wait: switched on, ready"] = {"pi": pi.on_for()}
    figures["of which the change"] = {"pi": set_up_in(host)}
    assert "0655667788" in house.asterisk("database show known")
    assert host.check_output(INBOX) == messages
    house.wait_until_reachable(STARTING)
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    rang = house.salon.wait("CALL_INCOMING", timeout=30).at
    assert rang - answered > WAIT + 3


CHANGES: dict[str, Callable[[str], str]] = {
    "a phone": lambda text: text.replace("  - Cuisine\n", "  - Cuisine\n  - Bureau\n"),
    "a line": lambda text: text.replace("courrier:\n", f"{SECOND_LINE}courrier:\n"),
    "a password": lambda text: text.replace("(enregistré)", OTHER, 1),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_at_a_pc_is_in_effect(
    pi: Pi, host: Host, house: House, lab: Lab, figures: Figures, what: str
) -> None:
    if what == "a password":
        lab.operator.expect({ACCOUNT: OTHER})
    change(pi, host, CHANGES[what])
    figures[f"{what}: switched on, ready"] = {"pi": pi.on_for()}
    figures[f"{what}: of which the change"] = {"pi": set_up_in(host)}
    assert "Endpoint:  003" in house.asterisk("pjsip show endpoints")
    if what == "a line":
        assert lab.operator.registered(SECOND)
    house.wait_until_reachable(STARTING)


def test_it_starts_and_takes_a_call(pi: Pi, host: Host, house: House, figures: Figures) -> None:
    """How long that takes is told beside what a bare base takes until it asks for a login."""
    works = float(host.check_output("python3 -c %s", WORK))
    figures["the same Python work, on a Pi 3 B+ (published)"] = {"pi": f"{PI_WORKS_FOR} s"}
    figures["the same Python work, here"] = {"pi": f"{works:.2f} s"}
    host.run("systemctl poweroff")
    pi.wait_for("Power down", 300)
    pi.cut()
    bare = bases.load(os.environ.get("GARDELIGNE_BASE") or bases.DEFAULT)
    login = starts_in(debian.cached(bare), b"login:")
    figures["a bare Debian: switched on, login"] = {"pi": f"{login:.0f} s"}
    house.forget()
    pi.again()

    def answered() -> bool:
        house.known.dial(house.number)
        house.known.listen_for(1)
        answers = house.known.saw("CALL_ESTABLISHED") or house.salon.saw("CALL_INCOMING")
        house.known.hang_up()
        return answers is not None

    eventually(answered, "a call is answered", SETTING_UP)
    figures["switched on, a call rings"] = {"pi": pi.on_for()}
    eventually(lambda: lets_in(house), "it lets us in", SETTING_UP)
