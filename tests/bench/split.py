"""Where the time of a run goes: by role, and into what every task costs before it does anything.

Of a machine that runs the playbook on itself, in a container or in QEMU, once a scenario has left
it (`make scenario NAME=... KEEP=1`), as root:

    export MOLECULE_SCENARIO_NAME=... PYTHONPATH=molecule/laboratory:tests
    .venv/bin/python -m bench.split MACHINE FOLDER COMMAND...

MACHINE is its name in the scenario's inventory (forky-self, pi), FOLDER that of the project on it,
COMMAND its ansible-playbook with all options.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from lab.world import Machine

CALLBACKS = Path(__file__).parent / "callbacks"
EACH = 10  # empty tasks of a kind
# Actions that do their work on the builder's machine; all others start a module on the target.
HERE = {
    "ansible.builtin.assert",
    "ansible.builtin.debug",
    "ansible.builtin.fail",
    "ansible.builtin.import_role",
    "ansible.builtin.import_tasks",
    "ansible.builtin.include_role",
    "ansible.builtin.include_tasks",
    "ansible.builtin.meta",
    "ansible.builtin.set_fact",
    "ansible.builtin.validate_argument_spec",
}
# What each of them adds to the one before: the task itself, the connection, a module.
KINDS: dict[str, Any] = {
    "ansible.builtin.debug": {"msg": ""},
    "ansible.builtin.raw": "true",
    "ansible.builtin.ping": {},
}


def tasks_of(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] = os.environ
) -> list[dict[str, Any]]:
    """Run a playbook; return its tasks with their seconds. A run that fails is an error."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "tasks.json")
        more = _told(CALLBACKS, file)
        subprocess.run(command, cwd=cwd, env={**env, **more}, capture_output=True, check=True)
        found: list[dict[str, Any]] = json.loads(file.read_text())
        return found


def _told(callbacks: Path, file: Path) -> dict[str, str]:
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(callbacks),
        "ANSIBLE_CALLBACKS_ENABLED": "bench_tasks",
        "BENCH_TASKS": str(file),
    }


def empty_play(host: str) -> str:
    """Return a playbook of tasks that do nothing."""
    tasks = [{"name": kind, kind: given} for kind, given in KINDS.items() for _ in range(EACH)]
    play = {"hosts": host, "gather_facts": False, "become": True, "tasks": tasks}
    return yaml.safe_dump([play])


def overheads(tasks: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seconds of a task that does nothing, by what it starts: of an empty play's run."""
    found = list(tasks)
    return {
        kind: sum(task["seconds"] for task in found if task["name"] == kind) / EACH
        for kind in KINDS
    }


def inside(name: str, folder: str, command: Sequence[str]) -> list[str]:
    """Return the table of a run on a machine that has the project and runs it on itself."""
    machine, place = Machine(name), Path("/run/gardeligne-bench")
    callback = CALLBACKS / "bench_tasks.py"
    machine.write(f"{place}/callbacks/{callback.name}", callback.read_text())
    machine.write(f"{place}/empty.yml", empty_play("exchange"))
    told = [f"{key}={value}" for key, value in _told(place / "callbacks", place / "tasks").items()]

    def tasks(*words: str) -> list[dict[str, Any]]:
        machine.run("env", f"--chdir={folder}", *told, *words)
        found: list[dict[str, Any]] = json.loads(machine.read(f"{place}/tasks"))
        return found

    try:
        empty = [word if word != "playbook.yml" else f"{place}/empty.yml" for word in command]
        return table(tasks(*command), overheads(tasks(*empty)))
    finally:
        machine.run("rm", "-r", str(place))


def table(tasks: Iterable[Mapping[str, Any]], empty: Mapping[str, float]) -> list[str]:
    """Return the lines of a table: each role's tasks, modules and seconds, and what those are."""
    debug, raw, ping = empty.values()
    roles: dict[str, list[Mapping[str, Any]]] = {}
    for task in tasks:
        roles.setdefault(task["role"] or "playbook", []).append(task)
    lines = [f"{'':<12} tasks  modules  seconds  = tasks + connection + module start + work"]
    sums = [0.0] * 7
    for role, its in roles.items():
        modules = sum(task["action"] not in HERE for task in its)
        spent = sum(task["seconds"] for task in its)
        known = [len(its) * debug, modules * (raw - debug), modules * (ping - raw)]
        row = [len(its), modules, spent, *known, spent - sum(known)]
        lines.append(_line(role, row))
        sums = [a + b for a, b in zip(sums, row, strict=True)]
    return [*lines, _line("all", sums)]


def _line(name: str, row: Sequence[float]) -> str:
    tasks, modules, spent, *parts = row
    said = " + ".join(f"{part:5.1f}" for part in parts)
    return f"{name:<12} {tasks:5.0f} {modules:8.0f} {spent:8.1f}  = {said}"


if __name__ == "__main__":
    print(*inside(sys.argv[1], sys.argv[2], sys.argv[3:]), sep="\n")
