"""What all scenarios' tests share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

# What an appliance is asked when a test on it fails. bullseye's postfix is an instance.
SAID = {
    f"journal of {service}": f"journalctl --no-pager --lines 40 --unit {service}"
    for service in ("asterisk", "asterisk-trunk-watch", "gardeligne-watch", "postfix", "postfix@-")
} | {
    f"asterisk -rx '{command}'": f"asterisk -rx '{command}' 2>&1"
    for command in (
        "pjsip show registrations",
        "pjsip show identifies",
        "pjsip show contacts",
        "sip show registry",
        "sip show peers",
    )
}

# Figure -> machine -> value: printed at the end.
FIGURES: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="session")
def figures() -> dict[str, dict[str, str]]:
    """What a test has measured: told, never judged."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures as a table."""
    if not FIGURES:
        return
    terminalreporter.section("figures")
    machines = list(dict.fromkeys(name for values in FIGURES.values() for name in values))
    for row in (
        ["", *machines],
        *([name, *(values.get(of, "-") for of in machines)] for name, values in FIGURES.items()),
    ):
        terminalreporter.write_line(f"{row[0]:<50}" + "".join(f"{cell:<26}" for cell in row[1:]))


def pytest_configure(config: pytest.Config) -> None:
    """Test all the exchanges of a scenario that builds them, unless it names its hosts."""
    scenario = os.environ.get("MOLECULE_SCENARIO_NAME", "")
    exchanges = Path(__file__).parent / scenario / "inventory/hosts"
    if config.option.hosts is None and exchanges.exists():
        said = subprocess.run([exchanges], capture_output=True, check=True).stdout
        names = json.loads(said)["exchange"]["hosts"]
        config.option.hosts = ",".join(f"podman://gardeligne-{scenario}-{name}" for name in names)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Print what the appliance's services said when a test on it fails."""
    outcome = yield
    report = outcome.get_result()
    host = getattr(item, "funcargs", {}).get("host")
    if report.when == "call" and report.failed and isinstance(host, Host):
        for title, command in SAID.items():
            try:
                said = host.run(command).stdout
            except RuntimeError as away:  # an emulated Pi that did not start again
                said = str(away)
            report.sections.append((title, said))
