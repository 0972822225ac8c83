"""Every promise is tried on all exchanges at the same time."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import testinfra
from lab import Lab, open_lab
from lab.house import House
from lab.world import EXCHANGES, SCENARIO
from testinfra.host import Host

FIGURES: dict[str, dict[str, str]] = {}
RUNS: dict[tuple[Any, ...], Future[None]] = {}


@pytest.fixture(scope="session")
def lab() -> Generator[Lab, None, None]:
    with open_lab(EXCHANGES) as opened:
        yield opened


@pytest.fixture(params=EXCHANGES)
def house(lab: Lab, request: pytest.FixtureRequest) -> House:
    return lab.houses[request.param]


@pytest.fixture(autouse=True)
def host(house: House) -> Host:
    """Let the journal of the exchange be printed when a promise is broken."""
    return testinfra.get_host(f"podman://{house.container}")


@pytest.fixture(scope="session")
def figures() -> dict[str, dict[str, str]]:
    """Figure -> exchange -> value: printed at the end, and kept in .cache/calls.json."""
    return FIGURES


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
            try:
                pyfuncitem.obj(**{**given, "house": each})
            finally:
                each.rest()

        with ThreadPoolExecutor() as pool:
            for each in lab.houses.values():
                RUNS[*key, each.name] = pool.submit(turn, each)
    RUNS[*key, house.name].result()
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures as a table."""
    if not FIGURES:
        return
    terminalreporter.section("figures")
    for row in (
        ["", *EXCHANGES],
        *(
            [figure, *(values.get(name, "-") for name in EXCHANGES)]
            for figure, values in FIGURES.items()
        ),
    ):
        terminalreporter.write_line(f"{row[0]:<38}" + "".join(f"{cell:<26}" for cell in row[1:]))
    cache = SCENARIO.parents[1] / ".cache"
    cache.mkdir(exist_ok=True)
    (cache / "calls.json").write_text(json.dumps(FIGURES, indent=1) + "\n")
