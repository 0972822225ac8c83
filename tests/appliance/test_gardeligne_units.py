"""The module gardeligne_units, by a systemctl that keeps what it is told in files.

With systemd itself it is run by the scenarios.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from support.modules import run_module

UNITS = ["a.service", "b.timer"]
SYSTEMCTL = """#!/bin/sh
echo "$*" >>{folder}/asked
verb=$1
shift
code=0
if [ "$verb" = show ]; then
    [ "$1" = --property=LoadState,ActiveState,NeedDaemonReload ] || exit 1
    shift
    for unit in "$@"; do
        load=not-found active=inactive reload=no
        [ ! -e "{folder}/$unit" ] || load=loaded
        [ ! -e "{folder}/$unit.active" ] || active=active
        [ ! -e "{folder}/$unit.other" ] || reload=yes
        printf 'ActiveState=%s\nLoadState=%s\nNeedDaemonReload=%s\n\n' $active $load $reload
    done
    exit 0
fi
for unit in "$@"; do
    [ -e "{folder}/$unit" ] || {{ echo "no unit $unit" >&2; code=4; continue; }}
    case $verb in
        is-enabled) [ -e "{folder}/$unit.enabled" ] && echo enabled || echo disabled ;;
        enable) touch "{folder}/$unit.enabled" ;;
        disable) rm "{folder}/$unit.enabled" ;;
        start) touch "{folder}/$unit.active" ;;
        stop) rm "{folder}/$unit.active" ;;
    esac
done
exit $code
"""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "systemd"
    programs = tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for unit in UNITS:
        (folder / unit).touch()
    (programs / "systemctl").write_text(SYSTEMCTL.format(folder=folder))
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return folder


def run(dry: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module("system/library/gardeligne_units.py", dry, **{"names": UNITS, **arguments})


def asked(systemd: Path) -> list[str]:
    """Say what systemctl was told to do since last asked, but for questions."""
    told = systemd / "asked"
    lines = told.read_text().splitlines()
    told.unlink()
    return [line for line in lines if not line.startswith(("is-", "show "))]


def test_all_are_enabled_and_started_once(systemd: Path) -> None:
    (systemd / "b.timer.other").touch()
    made = run(enabled=True, started=True, daemon_reload=True)
    assert (made["changed"], made["units"]) == (True, UNITS)
    assert asked(systemd) == [
        "daemon-reload",
        "enable a.service b.timer",
        "start a.service b.timer",
    ]
    (systemd / "b.timer.other").unlink()
    again = run(enabled=True, started=True, daemon_reload=True)
    assert (again["changed"], again["units"]) == (False, [])
    assert asked(systemd) == []


def test_a_unit_that_systemd_does_not_know_yet_has_it_look_at_the_disk(systemd: Path) -> None:
    new = [*UNITS, "new.service"]
    assert run(names=new, enabled=True, started=True, daemon_reload=True)["failed"] is True
    assert asked(systemd)[0] == "daemon-reload"


def test_only_what_is_not_so_is_changed(systemd: Path) -> None:
    run(names=UNITS[:1], enabled=True, started=True)
    (systemd / "b.timer.active").touch()
    asked(systemd)
    assert run(enabled=True, started=True)["units"] == ["b.timer"]
    assert asked(systemd) == ["enable b.timer"]


def test_all_are_switched_off(systemd: Path) -> None:
    run(enabled=True, started=True)
    asked(systemd)
    assert run(enabled=False, started=False)["units"] == UNITS
    assert asked(systemd) == ["disable a.service b.timer", "stop a.service b.timer"]


def test_where_nothing_runs_nothing_is_asked_of_what_runs(systemd: Path) -> None:
    run(enabled=True)
    lines = (systemd / "asked").read_text().splitlines()
    assert lines == ["is-enabled a.service b.timer", "enable a.service b.timer"]


def test_a_dry_run_tells_what_it_would_do(systemd: Path) -> None:
    assert run(dry=True, enabled=True, started=True, daemon_reload=True)["units"] == UNITS
    assert asked(systemd) == []
    # As on a bare host: the unit is not there yet.
    made = run(dry=True, names=["new.service", *UNITS], enabled=True)
    assert made["units"] == ["new.service", *UNITS]


def test_what_systemd_refuses_is_told(systemd: Path) -> None:
    made = run(names=["a.service", "new.service"], enabled=True)
    assert made["failed"] is True
    assert made["msg"] == "systemctl enable a.service new.service: no unit new.service"
