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

# bullseye's postfix is an instance
SERVICES = "asterisk", "asterisk-trunk-watch", "postfix", "postfix@-"


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
        for service in SERVICES:
            journal = host.run("journalctl --no-pager --lines 40 --unit %s", service)
            report.sections.append((f"journal of {service}", journal.stdout))
