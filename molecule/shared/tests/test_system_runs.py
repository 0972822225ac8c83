"""The machine as a whole is well."""

from __future__ import annotations

from pathlib import Path

from testinfra.host import Host

VERSION = (Path(__file__).resolve().parents[3] / "VERSION").read_text().strip()


def test_no_service_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --plain --no-legend") == ""


def test_the_machine_has_finished_starting(host: Host) -> None:
    assert host.check_output("systemctl is-system-running --wait") == "running"


def test_it_knows_which_version_it_was_built_from(host: Host) -> None:
    assert host.check_output("gardeligne version") == f"Gardeligne {VERSION}"
