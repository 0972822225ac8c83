"""Every promise is tried on all exchanges at the same time."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import testinfra
from lab import Lab, open_lab
from lab.house import House
from lab.world import EXCHANGES, once_more
from testinfra.host import Host

RUNS: dict[tuple[Any, ...], Future[None]] = {}
# Which calls had to be made once more, and why.
AGAIN: list[str] = []


@pytest.fixture(scope="session")
def lab() -> Generator[Lab, None, None]:
    with open_lab(EXCHANGES) as opened:
        yield opened


@pytest.fixture(params=EXCHANGES)
def house(lab: Lab, request: pytest.FixtureRequest) -> House:
    return lab.houses[request.param]


@pytest.fixture(scope="module")
def no_firewall(lab: Lab) -> Generator[None, None, None]:
    """Take the firewall away: what is behind it needs none, and a test asks more than it lets."""
    units = ("gardeligne-watch", "gardeligne-firewall")  # the first would start the second
    for each in lab.houses.values():
        each.run("systemctl", "stop", *units)
    yield
    for each in lab.houses.values():
        each.run("systemctl", "start", *units)


@pytest.fixture(autouse=True)
def host(house: House) -> Host:
    """Let the journal of the exchange be printed when a promise is broken."""
    return testinfra.get_host(f"podman://{house.container}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Try a test on all the houses when its first turn comes; then report on each of them."""
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    lab, house = pyfuncitem.funcargs["lab"], given["house"]
    assert isinstance(lab, Lab)
    assert isinstance(house, House)
    others = {name: value for name, value in pyfuncitem.callspec.params.items() if name != "house"}
    key = pyfuncitem.module.__name__, pyfuncitem.originalname, *others.items()
    if (*key, house.name) not in RUNS:

        def turn(each: House) -> None:
            # Calls are made in real time. Where something else has the processors for a second, one
            # may be late, or heard with a gap: it is made once more, and that is told.
            failed = once_more(lambda: pyfuncitem.obj(**{**given, "house": each}), each.rest)
            if failed:
                AGAIN.append(f"AGAIN {pyfuncitem.name} for {each.name}: {failed}")

        with ThreadPoolExecutor() as pool:
            for each in lab.houses.values():
                RUNS[*key, each.name] = pool.submit(turn, each)
    RUNS[*key, house.name].result()
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what had to be done once more."""
    if AGAIN:
        terminalreporter.section("made once more")
        for said in AGAIN:
            terminalreporter.write_line(" ".join(said.split())[:300])
