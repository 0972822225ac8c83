"""The machine as a whole is well."""

from __future__ import annotations

from testinfra.host import Host


def test_no_service_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --plain --no-legend") == ""


def test_the_machine_has_finished_starting(host: Host) -> None:
    assert host.check_output("systemctl is-system-running --wait") == "running"
