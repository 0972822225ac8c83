"""Nothing can be written any more where the exchange keeps what it knows."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab import Lab
from lab.house import House
from lab.world import WAIT, eventually

LEARNT = "0612121212"
ON_DISK = f"grep -ac /known/{LEARNT} /var/lib/asterisk/astdb.sqlite3 || :"
# The current fails: what is in memory is gone. Then a small disk for all that Asterisk writes.
SMALL = """
set -e
systemctl kill --signal=KILL asterisk asterisk-memory
systemctl stop asterisk asterisk-memory
rm -f /run/asterisk-memory/*
mkdir -p /small
mount -t tmpfs -o size=80m tmpfs /small
for folder in lib log spool; do
    cp -a /var/$folder/asterisk /small/$folder
    mount --bind /small/$folder /var/$folder/asterisk
done
systemctl start asterisk-memory asterisk
"""
FILL = "cat /dev/zero >/small/full 2>/dev/null || :\n"
LARGE = """
rm -f /small/full
systemctl stop asterisk asterisk-memory
for folder in lib log spool; do
    umount /var/$folder/asterisk
    cp -a /small/$folder/. /var/$folder/asterisk/
done
umount /small
systemctl start asterisk-memory asterisk
"""


def fill(house: House) -> str:
    """Fill the exchange's disk, let the phones say anew where they are; return whom it knows."""
    house.asterisk(f'database put known {LEARNT} "1700000000 keypad"')
    eventually(lambda: house.run("sh", "-c", ON_DISK) != "0\n", "it is on the disk", 6)
    house.run("sh", given=SMALL)
    house.wait_until_reachable()
    known = house.gardeligne("connus")
    house.run("sh", given=FILL)
    with pytest.raises(RuntimeError):
        house.run("sh", "-c", "echo >/var/lib/asterisk/anything")
    for handset in house.handsets:
        handset.register()
    return known


def empty(house: House) -> None:
    """Give it its own disk again."""
    house.run("sh", given=LARGE)
    house.wait_until_reachable()


@pytest.fixture(scope="module")
def full(lab: Lab) -> Generator[dict[str, str]]:
    with ThreadPoolExecutor() as pool:
        yield dict(zip(lab.houses, pool.map(fill, lab.houses.values()), strict=True))
    with ThreadPoolExecutor() as pool:
        list(pool.map(empty, lab.houses.values()))


def test_what_was_learnt_outlives_the_current(house: House, full: dict[str, str]) -> None:
    assert "06 12 12 12 12" in full[house.name]


def test_a_full_disk_keeps_no_phone_from_ringing(house: House, full: dict[str, str]) -> None:
    for caller, seconds in (house.known, 0), (house.stranger, WAIT):
        dialled = caller.dial(house.number)
        for handset in house.handsets:
            assert handset.wait("CALL_INCOMING").at - dialled < seconds + 1
        house.callers_hang_up()
        house.wait_until_idle()
        house.forget()


def test_a_full_disk_keeps_no_call_from_going_out(
    house: House, lab: Lab, full: dict[str, str]
) -> None:
    house.salon.dial(house.friend.user)
    house.friend.wait("CALL_INCOMING")
    house.friend.accept()
    house.salon.wait("CALL_ESTABLISHED")
    assert house.friend.user in house.dialled()


def test_who_can_leave_no_message_is_told(house: House, full: dict[str, str]) -> None:
    eventually(
        lambda: house.run("sh", "-c", "ls /run/asterisk-memory/no-room || :"), "it is known", 30
    )
    house.known.dial(house.number)
    for handset in house.handsets:
        handset.wait("CALL_INCOMING")
        handset.hang_up()
    eventually(
        lambda: "Playback!vm-mailboxfull" in house.asterisk("core show channels concise"),
        f"{house.known.user} is told",
    )
    house.known.wait("CALL_CLOSED", timeout=20)


def test_the_exchange_starts_on_a_full_disk(house: House, full: dict[str, str]) -> None:
    house.run("systemctl", "restart", "asterisk")
    house.wait_until_reachable()
