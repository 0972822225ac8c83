"""What `gardeligne etat` reads in the words of Asterisk, postfix and the disk."""

from __future__ import annotations

import asterisk_checks
import disk_checks
import mail_checks
import pytest
from support.shown import CHAN_SIP, ENDPOINTS, PEERS, PJSIP


@pytest.mark.parametrize(
    ("name", "state"),
    [("free", "Registered"), ("ovh", "Rejected"), ("ovh2", "Unregistered"), ("fre", "")],
)
def test_a_line_has_the_state_that_pjsip_shows(name: str, state: str) -> None:
    line = {"name": name, "user": "0987654321"}
    assert asterisk_checks.line_state("chan_pjsip", line, PJSIP) == state


@pytest.mark.parametrize(
    ("user", "state"),
    [
        ("0987654321", "Registered"),
        # Both of these logins are shown as the same: who is not sure says no.
        ("0033972654321", "No Authentication"),
        ("0033972654322", "No Authentication"),
        ("0987654320", ""),
    ],
)
def test_a_line_has_the_state_that_chan_sip_shows(user: str, state: str) -> None:
    line = {"name": "free", "user": user}
    assert asterisk_checks.line_state("chan_sip", line, CHAN_SIP) == state


def test_the_reason_why_mail_waits_is_postfixs_own() -> None:
    queue = """\
-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------
4C0F1C0A2B*    1234 Wed Nov 25 01:00:00  famille.martin@example.org
(SASL authentication failed; server smtp.example.org[192.0.2.1] said: 535 5.7.8 Error)
                                         famille.martin@example.org

-- 1 Kbytes in 1 Request.
"""
    reason = "SASL authentication failed; server smtp.example.org[192.0.2.1] said: 535 5.7.8 Error"
    assert mail_checks.why_waiting(queue) == reason
    assert mail_checks.why_waiting("Mail queue is empty\n") == ""


@pytest.mark.parametrize(
    ("driver", "shown", "states"),
    [
        ("chan_sip", PEERS, ["there", "away", "away", "", ""]),
        ("chan_pjsip", ENDPOINTS, ["there", "away", "", "", ""]),
    ],
)
def test_a_phone_has_the_state_that_either_driver_shows(
    driver: str, shown: str, states: list[str]
) -> None:
    names = ["001", "002", "003", "00", "fre"]
    assert [asterisk_checks.handset_state(driver, name, shown) for name in names] == states


@pytest.mark.parametrize(
    ("of_all", "left", "to_us", "per_cent"),
    [(1000, 500, 450, 53), (1000, 50, 0, 100), (1000, 1000, 1000, 0), (0, 0, 0, 0)],
)
def test_per_cents_are_those_of_df(of_all: int, left: int, to_us: int, per_cent: int) -> None:
    assert disk_checks.used(of_all, left, to_us) == per_cent
