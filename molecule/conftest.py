"""What all scenarios' tests share."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from testinfra.host import Host

# bullseye's postfix is an instance
SERVICES = "asterisk", "asterisk-trunk-watch", "postfix", "postfix@-"


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
