"""A line that its operator refuses: one mail, one more when it is over, and none when it flaps."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable

import pytest
from lab import Lab
from lab.house import House
from lab.world import eventually

Figures = dict[str, dict[str, str]]

SETTINGS = "/usr/local/etc/gardeligne-exchange.json"
# Seconds that a line may be down here; a household's ten minutes are long for a test.
PATIENCE = 20
IMPATIENT = f"""
set -e
systemctl stop gardeligne-watch
rm -f /run/gardeligne-watch/* /var/lib/gardeligne/watch.json
cp -p {SETTINGS} {SETTINGS}.kept
sed -i -E 's/("line_patience": ).*[0-9]"?/\\1{PATIENCE}/' {SETTINGS}
grep -q '"line_patience": {PATIENCE}' {SETTINGS}
systemctl start gardeligne-watch
"""
PATIENT = f"mv {SETTINGS}.kept {SETTINGS} && systemctl restart gardeligne-watch"
# Not when it is time for it: that may be ten minutes later.
REGISTER = "asterisk -rx 'pjsip send register ovh' || :; asterisk -rx 'sip reload' || :"


def spaced(house: House) -> str:
    """Return the number of a house's second line as people read it."""
    return " ".join(house.second_number[at : at + 2] for at in range(0, 10, 2))


def mails(lab: Lab, house: House, since: float) -> list[str]:
    """Return the subjects of what was mailed of a house's second line.

    Not of what another test did to it before: that may have been told too.
    """
    found = lab.mailsink.to("famille.martin@example.org")
    return [
        str(mail.message["Subject"])
        for mail in found
        if mail.received > since and spaced(house) in mail.text
    ]


def refuse(lab: Lab, houses: Iterable[House]) -> float:
    """Let the operator refuse the second lines of these houses, and no others."""
    lab.operator.refuse(house.second_account for house in houses)
    for house in lab.houses.values():
        house.run("sh", "-c", REGISTER)
    return time.time()


@pytest.fixture(scope="module")
def impatient(lab: Lab) -> Generator[None]:
    for house in lab.houses.values():
        house.run("sh", given=IMPATIENT)
    yield
    refuse(lab, [])
    for house in lab.houses.values():
        house.run("sh", "-c", PATIENT)


@pytest.fixture(scope="module")
def refused(lab: Lab, impatient: None) -> float:
    return refuse(lab, lab.houses.values())


def test_a_line_that_is_down_is_told_by_one_mail(
    house: House, lab: Lab, refused: float, figures: Figures
) -> None:
    eventually(lambda: mails(lab, house, refused), "it is told", 240)
    figures.setdefault("line refused: told by mail", {})[house.name] = (
        f"{time.time() - refused:.0f} s"
    )
    (subject,) = mails(lab, house, refused)
    assert "pas enregistrée chez l'opérateur" in subject or "points à corriger" in subject
    assert "signalé par mail : Ligne ovh" in house.run("sh", "-c", "gardeligne etat || :")


@pytest.fixture(scope="module")
def accepted(lab: Lab, refused: float) -> float:
    return refuse(lab, [])


def test_its_end_is_told_by_another_one(
    house: House, lab: Lab, refused: float, accepted: float, figures: Figures
) -> None:
    eventually(lambda: len(mails(lab, house, refused)) > 1, "its end is told", 300)
    figures.setdefault("line accepted: end told by mail", {})[house.name] = (
        f"{time.time() - accepted:.0f} s"
    )
    _, told = mails(lab, house, refused)
    assert told == f"Votre standard : Ligne ovh ({spaced(house)}) : rétabli"


@pytest.fixture(scope="module")
def flapped(lab: Lab, accepted: float) -> None:
    """Refuse the lines once more, for longer than they may be down, and accept them again."""
    time.sleep(90)  # the last test may have ended before on all of them
    refuse(lab, lab.houses.values())
    time.sleep(PATIENCE + 130)
    refuse(lab, [])
    time.sleep(130)


def test_a_line_that_flaps_is_no_mail_more(
    house: House, lab: Lab, refused: float, flapped: None
) -> None:
    assert len(mails(lab, house, refused)) == 2
    said = house.run("journalctl", "--no-pager", "--output=cat", "--unit=gardeligne-watch")
    assert said.count(f"Ligne ovh ({spaced(house)}): wrong") == 2, "it was noticed"
