"""What a power cut does to the messages of the emulated Pi."""

from __future__ import annotations

import random
import subprocess
import time

import pytest
from lab import Lab
from lab.emulated import STARTING, SWITCH, lets_in
from lab.house import House
from lab.sound import seconds_of
from lab.world import eventually
from testinfra.host import Host

SPOKEN = 5  # seconds
CHECK = (
    "import sqlite3, sys;"
    "print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])"
)
VOICEMAIL = "/var/spool/asterisk/voicemail/default/001/INBOX"


def leave_a_message(house: House, lab: Lab) -> None:
    """Let Mamie speak to nobody, and wait until her message has left by mail."""
    before = len(lab.mailsink.to(house.mailbox))
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=30)
    house.known.listen_for(8 + SPOKEN)  # the announcement, then the message
    house.known.hang_up()
    eventually(lambda: len(lab.mailsink.to(house.mailbox)) > before, "the message is mailed", 60)


def messages(house: House) -> list[str]:
    """Return the recordings of the mailbox."""
    listed = house.run("sh", "-c", f"ls {VOICEMAIL}/*.wav 2>/dev/null || :")
    return listed.split()


@pytest.mark.parametrize(
    "cut", [0, *(pytest.param(each, marks=pytest.mark.long) for each in range(1, 20))]
)
def test_a_power_cut_loses_no_message(house: House, lab: Lab, host: Host, cut: int) -> None:
    """While another message is being written, at a moment that differs from cut to cut."""
    leave_a_message(house, lab)
    kept = messages(house)
    house.rest()
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=30)
    house.known.listen_for(random.Random(cut).uniform(0, 12))  # noqa: S311 - no secret
    subprocess.run([SWITCH, "cut"], check=True)
    house.known.hang_up()
    subprocess.run([SWITCH, "again"], check=True)
    eventually(lambda: lets_in(house), "it lets us in again", STARTING)
    state = eventually(
        lambda: (
            found
            if (found := host.run("systemctl is-system-running").stdout.strip())
            in ("running", "degraded")
            else None
        ),
        "it has started",
        STARTING,
    )
    assert state == "running", host.run("systemctl --failed").stdout
    assert "EXT4-fs error" not in host.check_output("dmesg")
    for database in "/var/log/asterisk/master.db", "/var/lib/asterisk/astdb.sqlite3":
        assert host.check_output("python3 -c %s %s", CHECK, database) == "ok"
    assert set(kept) <= set(messages(house))
    for name in kept:
        assert seconds_of(house.read(name), house.known.tone) > SPOKEN - 2, name
    house.wait_until_reachable(STARTING)
    time.sleep(1)
    house.run("sh", "-c", f"rm -f {VOICEMAIL}/*")
