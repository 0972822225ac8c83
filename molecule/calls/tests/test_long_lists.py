"""However long the lists are, no call waits for them."""

from __future__ import annotations

import time

import pytest
from lab.house import House

Figures = dict[str, dict[str, str]]

TEXT = "/tmp/long.tsv"  # noqa: S108 - in the exchange
# Numbers in a row that nobody has, in the form that gardeligne-numbers reads.
WRITE = (
    f"with open('{TEXT}', 'w') as text:"
    " text.writelines('block00999{{:07}}\\trefuse||list|\\n'.format(i) for i in range({size}))"
)


@pytest.mark.parametrize("size", [10, 10_000, 100_000])
def test_a_known_caller_rings_at_once(house: House, size: int, figures: Figures) -> None:
    """Known by what the house has dialled: every key of the list is asked for first, in vain."""
    house.run("python3", "-c", WRITE.format(size=size))
    house.asterisk(f'database put known {house.friend.user} "1 keypad"')
    try:
        began = time.monotonic()
        house.run("gardeligne-numbers", TEXT)
        loaded = time.monotonic() - began
        dialled = house.friend.dial(house.number)
        rang = house.salon.wait("CALL_INCOMING").at
    finally:
        house.run("gardeligne-numbers")
    figures.setdefault(f"{size} numbers: load", {})[house.name] = f"{loaded:.1f} s"
    figures.setdefault(f"{size} numbers: INVITE to ring", {})[house.name] = (
        f"{rang - dialled:.3f} s"
    )
    assert rang - dialled < 1


def test_calls_during_a_load_find_the_lists_they_had(house: House) -> None:
    """A load of 100,000 numbers, again and again, while a known and a blocked caller call."""
    house.run("python3", "-c", WRITE.format(size=100_000))
    house.run("sh", "-c", f"cat /etc/gardeligne/numbers.tsv >>{TEXT}")
    house.run(
        *("systemd-run", "--quiet", "--collect", "--unit=loads", "sh", "-c"),
        f"for i in 1 2 3 4 5 6 7 8; do gardeligne-numbers {TEXT}; done",
    )
    try:
        for _ in range(5):
            dialled = house.known.dial(house.number)
            assert house.salon.wait("CALL_INCOMING").at - dialled < 1
            house.callers_hang_up()
            house.wait_until_idle()
            house.salon.forget()
    finally:
        house.run("sh", "-c", "systemctl stop loads || true; gardeligne-numbers")
