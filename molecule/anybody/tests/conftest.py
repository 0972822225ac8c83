"""The Pi that QEMU plays, its card as a PC sees it, and the laboratory around it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import testinfra
from lab import Lab, open_lab
from lab.emulated import Pi
from lab.house import House
from lab.world import DATA
from testinfra.host import Host

MADE = "/etc/gardeligne/setup/inventory/secrets/gardeligne/handset-"


@pytest.fixture(scope="session")
def pi() -> Pi:
    return Pi()


@pytest.fixture(scope="session")
def host(pi: Pi) -> Host:
    """Return the booted machine, entered by SSH with the household's key."""
    return testinfra.get_host("ssh://pi", ssh_config=str(pi.ssh_config), sudo=True)


@pytest.fixture(scope="session")
def lab(host: Host) -> Generator[Lab, None, None]:
    """Return the laboratory, whose phones have the passwords that the Pi has made."""
    for extension in DATA["lab_handset_secrets"]:
        secret = host.file(MADE + extension).content_string.strip()
        DATA["lab_handset_secrets"][extension] = secret
    with open_lab(["pi"], lines=1) as opened:
        opened.houses["pi"].mailbox = "famille.martin@example.net"
        yield opened


@pytest.fixture
def house(lab: Lab) -> Generator[House, None, None]:
    house = lab.houses["pi"]
    yield house
    house.rest()
