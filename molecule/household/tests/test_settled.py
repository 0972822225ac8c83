"""A change of one setting does the roles that it concerns, and skips nothing wrongly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from lab.build import PLACES, roles_done
from lab.world import PROJECT
from support.example import example_files, values_of
from testinfra.host import Host

KEPT = "/var/lib/gardeligne/settled.json"
WRITTEN = values_of(example_files())


def other(name: str, /, **changes: Any) -> dict[str, Any]:
    return {name: {**WRITTEN[name], **changes}}


def first_of(name: str, /, **changes: Any) -> dict[str, Any]:
    first, *others = WRITTEN[name]
    return {name: [{**first, **changes}, *others]}


LIST = {"household_allow": [{"number": "0611223344"}]}
# A change of each setting, and the roles that have to do something for it.
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "phone": (
        first_of("household_handsets", name="Bureau"),
        {"asterisk", "dialplan", "journal", "phones"},
    ),
}
LONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "list": (LIST, {"numbers"}),
    "wait": (other("household_guard", wait=6), {"dialplan"}),
    "sender": (
        other("household_mail", sender="autre@example.org", admin="autre@example.org"),
        {"journal", "mail", "phones", "voicemail"},
    ),
    "time zone": ({"system_timezone": "Indian/Reunion"}, {"system"}),
    **{
        f"guard {name}": (other("household_guard", **{name: value}), {"dialplan"})
        for name, value in {
            "decoy": "ring", "ring": 25, "hidden": "voicemail", "blocked": "decoy",
            "learn": False, "expect": 2, "after_emergency": 2, "quiet": "22:00-07:00",
            "challenge": True,
        }.items()
    },
    **{
        f"outgoing {name}": (other("household_outgoing", **{name: value}), {"dialplan"})
        for name, value in {
            "open": ["international"], "costly_calls": 5, "costly_minutes": 20,
            "drop_for_emergency": False,
        }.items()
    },
    "block": ({"household_block": []}, {"numbers"}),
    "presence": ({"household_presence": True}, {"asterisk", "dialplan"}),
    "name": ({"household_name": "Autre"}, {"voicemail"}),
    "routes": (other("household_routes", premium=["ovh"]), {"dialplan"}),
    "mailbox": (first_of("household_mailboxes", email="b@example.org"), {"voicemail"}),
    "line": (
        first_of("household_trunks", number="0987654322"),
        {"asterisk", "backup", "dialplan", "journal"},
    ),
}  # fmt: skip


def run(host: str, **variables: Any) -> set[str]:
    """Run the playbook on it; return the roles that did something."""
    done = subprocess.run(
        [Path(sys.prefix) / "bin/ansible-playbook", f"--limit={host},localhost",
         f"--inventory={PROJECT}/molecule/household/inventory",
         f"--extra-vars={json.dumps({'settled_full': False, **variables})}", "playbook.yml"],
        cwd=PROJECT, env={**os.environ, **PLACES, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return roles_done(done.stdout)


@pytest.fixture(scope="module")
def exchange(host: Host) -> Generator[str, None, None]:
    """One of the exchanges, and all of its settings as they were when it is done."""
    machine, _, name = str(host.backend.get_pytest_id()).rpartition("-household-")
    if not machine:
        pytest.skip("run from the builder's machine: not on one that runs the playbook on itself")
    if "forky" not in name:
        pytest.skip("what is left out is decided on the builder's machine: once is enough")
    yield name
    run(name)


def machine(host: Host) -> dict[str, str]:
    """Return all that is watched, byte by byte, as the last run kept it."""
    kept: dict[str, dict[str, dict[str, str]]] = json.loads(host.file(KEPT).content_string)
    return {**kept["machine"]["paths"], **kept["machine"]["units"]}


@pytest.mark.parametrize(
    "change",
    [*CHANGES, *(pytest.param(name, marks=pytest.mark.long) for name in LONG)],
)
def test_what_is_left_out_had_nothing_to_do(host: Host, exchange: str, change: str) -> None:
    variables, roles = {**CHANGES, **LONG}[change]
    run(exchange)
    assert run(exchange, **variables) == roles
    left = machine(host)
    run(exchange, settled_full=True, **variables)
    assert machine(host) == left


def test_what_another_hand_has_changed_is_mended(host: Host, exchange: str) -> None:
    run(exchange)
    left = machine(host)
    assert run(exchange) == set()
    host.check_output("echo '; spoilt' >>/etc/asterisk/extensions.conf")
    assert "dialplan" in run(exchange)
    assert machine(host) == left


@pytest.mark.long
def test_a_service_that_was_stopped_is_started(host: Host, exchange: str) -> None:
    run(exchange)
    host.check_output("systemctl stop asterisk-trunk-watch.service")
    assert "asterisk" in run(exchange)
    assert host.service("asterisk-trunk-watch").is_running


def test_a_run_that_failed_is_not_taken_for_done(host: Host, exchange: str) -> None:
    """The lists are due, and their program fails after they were written."""
    run(exchange)
    program = "/usr/local/sbin/gardeligne-numbers"
    host.check_output("mount --bind /bin/false %s", program)
    try:
        with pytest.raises(AssertionError):
            run(exchange, **LIST)
        assert json.loads(host.file(KEPT).content_string)["machine"] is None
    finally:
        host.check_output("umount %s", program)
    assert "numbers" in run(exchange, **LIST)
