"""The laboratory of real calls: whose containers it means."""

from __future__ import annotations

import importlib
import os
import pkgutil

import bench.guard
import lab
import pytest
from lab.emulated import Pi
from lab.parts import Robot
from lab.world import Machine, once_more, use_scenario

PROGRAMS = [
    each.name
    for package in (lab, bench.guard)
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.fixture(autouse=True)
def nobody_has_named_a_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a command on a fresh machine does; whatever a test names is forgotten after it."""
    monkeypatch.setenv("MOLECULE_SCENARIO_NAME", "calls")
    monkeypatch.delenv("MOLECULE_SCENARIO_NAME")


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_import_decides_nothing(program: str) -> None:
    importlib.reload(importlib.import_module(program))
    assert "MOLECULE_SCENARIO_NAME" not in os.environ


@pytest.mark.parametrize("name", ["try", "guard"])
def test_its_containers_are_those_of_the_scenario_that_is_named_after_the_import(name: str) -> None:
    use_scenario(name)
    assert Machine("phones").container == f"gardeligne-{name}-phones"
    assert Robot().container == f"gardeligne-{name}-robot"


def test_so_are_the_card_and_the_login_of_the_pi_that_qemu_plays() -> None:
    use_scenario("anybody")
    assert Pi().image.parts[-2:] == ("pi-anybody", "card.img")
    assert Pi().ssh_config.name == "gardeligne-anybody-pi.ssh"


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_a_call_that_failed_is_made_once_more_and_no_more(failures: int) -> None:
    done: list[str] = []

    def call() -> None:
        done.append("call")
        assert done.count("call") > failures, f"call {done.count('call')}"

    if failures == 2:
        with pytest.raises(AssertionError, match="call 2"):
            once_more(call, lambda: done.append("tidied"))
    else:
        failed = once_more(call, lambda: done.append("tidied"))
        assert str(failed).startswith("call 1") if failures else failed is None
    assert done == ["call", "tidied"] * min(failures + 1, 2)
