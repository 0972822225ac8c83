"""What is broken on purpose: Asterisk starts all the same, and the household is told."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Generator

import pytest
from testinfra.host import Host

# What Asterisk learns, as asterisk-memory keeps it on the disk; the record of calls.
MEMORY, RECORD = "/var/lib/asterisk/astdb.sqlite3", "/var/log/asterisk/master.db"
KNOWN = "0699999998"

MENDED_IN_PLACE = "nobody's, and a journal is left"
DAMAGES = {
    "its head overwritten": "dd if=/dev/urandom of=$1 bs=100 count=1 conv=notrunc status=none",
    "of no length": "truncate --size=0 $1",
    "a folder": "rm $1; mkdir $1; touch $1/file",
    MENDED_IN_PLACE: "chmod 0 $1; chown root: $1; cp /bin/true $1-journal",
}

READ = """
import sqlite3, sys
path, table = sys.argv[1:]
print(sqlite3.connect(path).execute("SELECT COUNT(*) FROM " + table).fetchone()[0])
"""


def eventually(look: Callable[[], bool], what: str, timeout: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < end, f"not within {timeout:g} s: {what}"
        time.sleep(0.3)


def answers(host: Host) -> bool:
    """Tell whether Asterisk has started and answers."""
    said = host.run("timeout 5 asterisk -rx 'core waitfullybooted'")
    return "fully booted" in str(said.stdout)


def restart(host: Host, meanwhile: str) -> None:
    """Stop Asterisk, forget what is in memory, as a power cut does, do something, and start it."""
    host.check_output("systemctl stop asterisk asterisk-memory")
    host.check_output("sh -c %s", f"rm -f /run/asterisk-memory/astdb*; {meanwhile}")
    host.check_output("systemctl start asterisk-memory asterisk")
    eventually(lambda: answers(host), "Asterisk answers")


def known(host: Host) -> bool:
    """Tell whether a number is known that was made known before the damage."""
    return "1700000000 keypad" in str(
        host.check_output(f"asterisk -rx 'database get known {KNOWN}'")
    )


@pytest.fixture
def copied(host: Host) -> Generator[None, None, None]:
    """Make a number known, and have the databases copied; forget both in the end."""
    host.check_output(f"asterisk -rx 'database put known {KNOWN} \"1700000000 keypad\"'")
    count = f"python3 -c {shlex.quote(READ)} {MEMORY} \"astdb WHERE key = '/known/{KNOWN}'\""
    eventually(lambda: host.check_output(count) == "1", "Asterisk has written it")
    host.check_output("systemctl start gardeligne-databases.service")
    yield
    host.check_output(f"asterisk -rx 'database del known {KNOWN}'")
    host.check_output("gardeligne vu")


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_databases_are_replaced_by_their_copies(
    host: Host, copied: None, damage: str
) -> None:
    one = f"damage() {{ {DAMAGES[damage]}; }}; "
    began = host.check_output("date +%s")
    restart(host, f"{one} damage {MEMORY}; damage {RECORD}")
    assert known(host)
    assert host.check_output(f"python3 -c {shlex.quote(READ)} {RECORD} calls").isdigit()
    assert "sqlite3" in host.check_output("asterisk -rx 'cdr show status'")
    if damage != MENDED_IN_PLACE:
        told = host.run("gardeligne etat").stdout
        assert "la mémoire du central était abîmée, sa copie du" in told
        unit = "gardeligne-databases-start"
        said = host.check_output(f"journalctl --no-pager -u {unit} --since=@{began}")
        assert f"{MEMORY}: " in said


def test_damage_in_memory_is_mended_from_the_disk(host: Host, copied: None) -> None:
    damage = "head -c 300 /dev/urandom >/run/asterisk-memory/astdb.sqlite3"
    host.check_output("systemctl stop asterisk asterisk-memory")
    host.check_output("sh -c %s", damage)
    host.check_output("systemctl start asterisk")
    eventually(lambda: answers(host), "Asterisk answers")
    assert known(host)
    host.check_output("systemctl start asterisk-memory")


def test_without_a_copy_asterisk_begins_anew_and_says_what_is_lost(host: Host) -> None:
    one = f"damage() {{ {DAMAGES['its head overwritten']}; }}; "
    copies = "rm -f /var/lib/gardeligne/databases/*"
    restart(host, f"{copies}; {one} damage {MEMORY}; damage {RECORD}")
    assert not known(host)
    assert host.check_output(f"python3 -c {shlex.quote(READ)} {RECORD} calls") == "0"
    said = host.run("gardeligne etat").stdout
    assert "sans copie : les numéros devenus connus ou bloqués d'avant sont perdus" in said
    assert "sans copie : les appels d'avant sont perdus" in said
    # With its trigger: made by what makes it at first, and not by Asterisk.
    trigger = f"python3 -c {shlex.quote(READ)} {RECORD} \"sqlite_master WHERE name = 'forget'\""
    assert host.check_output(trigger) == "1"
    host.check_output("gardeligne vu")
    assert "sans copie" not in host.run("gardeligne etat").stdout


def test_an_asterisk_that_hangs_is_told_in_time_and_the_cure_helps(host: Host) -> None:
    host.check_output("systemctl kill --kill-who=main --signal=STOP asterisk")
    try:
        began = time.monotonic()
        said = host.run("gardeligne etat")
        took = time.monotonic() - began
    finally:
        host.check_output("systemctl kill -s KILL asterisk")  # the cure, as it is told
    assert said.rc == 1
    assert "Central : ne répond pas" in said.stdout
    assert "sudo systemctl kill -s KILL asterisk" in said.stdout
    assert took < 30
    eventually(lambda: answers(host), "Asterisk answers again")


def test_a_line_that_is_not_registered_is_no_good_state(host: Host) -> None:
    """The operators are not in a container's name server."""
    said = host.run("gardeligne etat")
    assert said.rc == 1
    assert "Ligne free (09 87 65 43 21) : pas enregistrée chez l'opérateur" in said.stdout
    assert "[ok] Central : en marche" in said.stdout
