"""The Pi that QEMU plays, and the laboratory around it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import testinfra
from lab import Lab, open_lab
from lab.emulated import STARTING, Pi, lets_in
from lab.house import House
from lab.world import eventually
from testinfra.host import Host


@pytest.fixture(scope="session")
def host() -> Host:
    """Return the booted machine, entered by SSH with the household's key."""
    return testinfra.get_host("ssh://pi", ssh_config=str(Pi().ssh_config), sudo=True)


@pytest.fixture(scope="session")
def lab() -> Generator[Lab, None, None]:
    with open_lab(["pi"]) as opened:
        yield opened


@pytest.fixture
def house(lab: Lab) -> Generator[House, None, None]:
    house = lab.houses["pi"]
    # What left it off or starting is one failure, not one of each test that follows.
    eventually(lambda: lets_in(house), "it lets us in", STARTING)
    yield house
    house.rest()
