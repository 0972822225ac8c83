"""The lab's data and its containers."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

LABORATORY = Path(__file__).resolve().parents[1]
PROJECT = LABORATORY.parents[1]
VARIABLE = "MOLECULE_SCENARIO_NAME"  # molecule sets it, and our inventories read it
RUN_IN_MACHINE = PROJECT / "molecule/shared/run-in-machine"
PIDS = PROJECT / ".cache/pids"
INVENTORY = LABORATORY / "inventory"
DATA: dict[str, Any] = yaml.safe_load((INVENTORY / "group_vars/all/lab.yml").read_text())
_LISTED = json.loads(subprocess.run([INVENTORY / "hosts"], capture_output=True, check=True).stdout)
# All that Ansible is told of, or the one that `make scenario EXCHANGE=...` names.
EXCHANGES: list[str] = [
    name
    for name in _LISTED["exchange"]["hosts"]
    if name == os.environ.get("GARDELIGNE_EXCHANGE", name)
]
# The one that is taken where one is enough.
RECOMMENDED: str = _LISTED["all"]["vars"]["lab_recommended"]
DATA["lab_lines"] = {"pi": DATA["lab_pi_line"], **_LISTED["all"]["vars"]["lab_exchanges"]}
SECRET: str = DATA["lab_secret"]
HOUSEHOLD: dict[str, Any] = yaml.safe_load(
    (INVENTORY / "group_vars/exchange/household.yml").read_text()
)
# Seconds from the answer until a stranger rings.
WAIT: int = HOUSEHOLD["household_guard"]["wait"]

PROMPTS = {
    file.stem: file.read_bytes()
    for file in (PROJECT / "roles/dialplan/files/prompts").glob("*.alaw")
}

T = TypeVar("T")


def soon(look: Callable[[], T], timeout: float) -> T:
    """Return the first true answer of ``look``, or its last one."""
    end = time.monotonic() + timeout
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def eventually(look: Callable[[], T | None], what: str, timeout: float = 20) -> T:
    """Return the first true answer of ``look``; fail with ``what`` when there is none."""
    if found := soon(look, timeout):
        return found
    raise AssertionError(f"not within {timeout:g} s: {what}")


def once_more(do: Callable[[], object], tidy: Callable[[], object]) -> Exception | None:
    """Do something, once more if it fails, and tidy up each time; return why it failed first."""
    first = None
    for last in (False, True):
        try:
            do()
            break
        except Exception as error:
            if last:
                raise
            first = error
        finally:
            tidy()
    return first


def scenario() -> str:
    """Return the name of the running scenario, whose containers are used."""
    return os.environ.get(VARIABLE, "calls")


def use_scenario(name: str) -> None:
    """Use this scenario's containers from now on, also in programs that are started."""
    os.environ[VARIABLE] = name


@dataclass(frozen=True)
class Answer:
    """What a bare SIP request was answered: all codes, when the first came, the last one's text."""

    codes: list[int]
    ms: float | None
    lines: list[str]

    @property
    def code(self) -> int:
        """Return the last code, 0 without any."""
        return self.codes[-1] if self.codes else 0


class Machine:
    """One of the scenario's containers."""

    def __init__(self, name: str) -> None:
        """Name it as the inventory does."""
        self.name = name
        self.container = f"gardeligne-{scenario()}-{name}"

    def run(self, *command: str, given: str | None = None) -> str:
        """Run a command in it and return what it prints."""
        return self._exec(command, given).decode()

    def asterisk(self, command: str) -> str:
        """Return what its Asterisk answers to a command."""
        return self.run("asterisk", "-rx", command)

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return self._exec(("cat", path), None)

    def write(self, path: str, content: str) -> None:
        """Write a file; its folder is made."""
        self.run("sh", "-c", 'mkdir -p "${0%/*}" && cat >"$0"', path, given=content)

    def knock(
        self, address: str, requests: Iterable[Mapping[str, str]], at_once: int = 20
    ) -> list[Answer]:
        """Send bare SIP requests from here, as files/knock.py has them; return the answers."""
        script = (LABORATORY / "files/knock.py").read_text()
        asked = [json.dumps(request) for request in requests]
        said = self.run("python3", "-", address, str(at_once), *asked, given=script)
        answers = [Answer(**json.loads(line)) for line in said.splitlines()]
        assert len(answers) == len(asked)
        return answers

    def invite(
        self, address: str, *extensions: str, caller: str = "0698765439"
    ) -> dict[str, list[int]]:
        """Send each a bare INVITE from here, without any password; return the answers' codes."""
        requests = [{"method": "INVITE", "caller": caller, "called": each} for each in extensions]
        answers = self.knock(address, requests)
        return {each: answer.codes for each, answer in zip(extensions, answers, strict=True)}

    def address(self) -> str:
        """Return its address on the scenario's network."""
        return self.run("hostname", "-I").split()[0]

    def _exec(self, command: tuple[str, ...], given: str | None) -> bytes:
        done = subprocess.run(
            [RUN_IN_MACHINE, self.container, *command],
            input=(given or "").encode(),
            capture_output=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.stderr.decode()}")
        return done.stdout
