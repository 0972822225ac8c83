"""Mail of a household that set a relay. What the relay sees is tested by the scenario calls."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from typing import Any

import pytest
from testinfra.host import Host

ACCOUNT = "famille.martin@example.org"


@pytest.fixture
def queued(host: Host) -> Generator[dict[str, Any]]:
    """A mail from asterisk to asterisk, waiting: there is no smtp.example.org."""
    host.check_output("systemctl stop gardeligne-watch")  # which has much to tell of this house
    host.check_output("postsuper -d ALL")
    host.check_output(
        "setpriv --reuid asterisk --clear-groups --inh-caps=-all sh -c "
        "'printf \"From: Maison <asterisk@localhost>\\nSubject: x\\n\\nx\\n\" | sendmail asterisk'"
    )
    for _ in range(50):
        queue = host.check_output("postqueue -j")
        if '"deferred"' in queue:
            break
        time.sleep(0.2)
    yield json.loads(queue)
    host.check_output("postsuper -d ALL")
    host.check_output("systemctl start gardeligne-watch")


def test_mail_waits_for_the_relay(queued: dict[str, Any]) -> None:
    assert queued["queue_name"] == "deferred"
    assert "smtp.example.org" in queued["recipients"][0]["delay_reason"]


def test_mail_to_the_machines_users_goes_to_a_person(queued: dict[str, Any]) -> None:
    assert [to["address"] for to in queued["recipients"]] == [ACCOUNT]


def test_mail_is_sent_from_the_accounts_own_address(host: Host, queued: dict[str, Any]) -> None:
    assert queued["sender"] == ACCOUNT
    headers = host.check_output("postcat -qh %s", queued["queue_id"])
    assert f"From: Maison <{ACCOUNT}>" in headers


def test_mail_survives_a_restart(host: Host, queued: dict[str, Any]) -> None:
    host.check_output("systemctl restart postfix")
    assert queued["queue_id"] in host.check_output("postqueue -j")


def test_mail_is_tried_for_days_and_at_short_intervals(host: Host) -> None:
    settings = "maximal_queue_lifetime bounce_queue_lifetime maximal_backoff_time"
    assert host.check_output(f"postconf -h {settings}").split() == ["5d", "5d", "900s"]


def test_the_password_goes_to_nobody_but_the_relay(host: Host) -> None:
    assert host.check_output("postconf -h smtp_tls_security_level") == "secure"
    passwords = host.file("/etc/postfix/sasl_passwd")
    assert (passwords.user, passwords.mode) == ("root", 0o600)
    assert passwords.content_string.splitlines()[-1].startswith("[smtp.example.org]:587 ")


def test_postfix_has_nothing_to_complain_of(host: Host) -> None:
    check = host.run("postfix check")
    assert (check.rc, check.stdout, check.stderr) == (0, "", "")
