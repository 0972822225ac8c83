"""A module of the project's own, run by the process that Ansible has for its task.

On a box that runs the playbook on itself, as root, nothing lies between the two: no other user, no
network. To start a Python for a module takes a Pi a second. The other modules link to this file.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, NoReturn

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import module_loader


class Ended(Exception):
    """The module has said what came of it."""

    def __init__(self, result: dict[str, Any]) -> None:
        """Keep that."""
        super().__init__()
        self.result = result


class Here:
    """What a module asks of AnsibleModule."""

    def __init__(self, params: Mapping[str, Any], check_mode: bool, diff: bool) -> None:
        """Take the task's arguments."""
        self.params = params
        self.check_mode = check_mode
        self._diff = diff

    def run_command(self, command: Sequence[str]) -> tuple[int, str, str]:
        """Run a command; return its code, and what it said."""
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def exit_json(self, **result: Any) -> NoReturn:
        """End well."""
        raise Ended(result)

    def fail_json(self, **result: Any) -> NoReturn:
        """End with a failure."""
        raise Ended({"failed": True, **result})


class ActionModule(ActionBase):  # type: ignore[misc]
    """The task's action."""

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module of that name."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        module = _load(self._task.action)
        _, params = self.validate_argument_spec(module.ARGUMENTS)
        try:
            module.work(Here(params, self._task.check_mode, self._task.diff))
        except Ended as ended:
            result.update(ended.result)
        return result


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(name, module_loader.find_plugin(name))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
