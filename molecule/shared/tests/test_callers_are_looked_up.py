"""The lists of callers, asked for through Asterisk as the dialplan does."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest
from testinfra.host import Host

TEXT = "/etc/gardeligne/numbers.tsv"
DATABASE = "/run/gardeligne/numbers.sqlite3"
DIALPLAN = (
    "ask,1,Set(DB(test/loaded)=${REALTIME_FIELD(numbers,key,loaded,value)}.)",
    "wait,1,Answer()",
    "wait,2,Wait(5)",
)


def asterisk(host: Host, command: str) -> str:
    """What Asterisk answers on its console."""
    answer: str = host.check_output("asterisk -rx %s", command)
    return answer


def loaded(host: Host) -> str:
    """How many callers Asterisk says are in the lists; nothing if it cannot read them."""
    # Asterisk may have been started anew, and knows neither then.
    host.run("asterisk -rx 'module load res_clioriginate.so'")
    for line in DIALPLAN:
        asterisk(host, f"dialplan add extension {line} into test replace")
    host.run("asterisk -rx 'database deltree test'")
    asterisk(host, "channel originate Local/wait@test extension ask@test")
    for _ in range(50):
        found, _, value = asterisk(host, "database get test loaded").partition("Value: ")
        if value:
            return value.strip().rstrip(".")
        time.sleep(0.1)
    raise AssertionError(f"the dialplan did not come to its end: {found}")


@pytest.fixture
def lines(host: Host) -> Generator[str, None, None]:
    """How many callers the household lists; what a test has spoilt is loaded again."""
    yield host.check_output(f"wc -l < {TEXT}")
    host.run("gardeligne-numbers")
    host.run("asterisk -rx 'dialplan remove context test'")
    host.run("asterisk -rx 'module unload res_clioriginate.so'")


def test_asterisk_finds_every_caller_of_the_lists(host: Host, lines: str) -> None:
    assert loaded(host) == lines


def test_lists_that_are_damaged_are_whole_again_without_a_restart(host: Host, lines: str) -> None:
    host.check_output(f"printf 'no database at all' > {DATABASE}")
    assert loaded(host) == ""
    host.check_output("gardeligne-numbers")
    assert loaded(host) == lines


def test_lists_that_are_lost_are_whole_again_after_a_restart(host: Host, lines: str) -> None:
    host.check_output(f"rm {DATABASE} && systemctl restart asterisk")
    # systemd need not know when it has started: see the scenario default.
    started = "until asterisk -rx 'core waitfullybooted'; do sleep 1; done"
    host.check_output("timeout 60 sh -c %s", started)
    assert loaded(host) == lines


def test_whom_the_household_knows_is_for_root_and_asterisk_only(host: Host) -> None:
    text, folder = host.file(TEXT), host.file("/run/gardeligne")
    assert (text.user, text.group, text.mode) == ("root", "asterisk", 0o640)
    assert (folder.user, folder.group, folder.mode) == ("asterisk", "asterisk", 0o750)
