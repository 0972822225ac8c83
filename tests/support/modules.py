"""Modules of Ansible, run as Ansible runs them."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from gardeligne_setup import modules

from support.selfsetup import PYTHON

ROLES = Path(__file__).parents[2] / "roles"
_RUNNING = ExitStack()
atexit.register(_RUNNING.close)


@cache
def _variables() -> dict[str, str]:
    """Start the Python for modules that a box has, and name it to its clients.

    It has Ansible's code loaded: a Python of its own for each takes twice as long.
    """
    folder = tempfile.mkdtemp()
    _RUNNING.callback(shutil.rmtree, folder)
    place = Path(folder) / "modules"
    program = ["setpriv", "--pdeathsig=KILL", sys.executable, "-I", modules.__file__]
    _RUNNING.enter_context(modules.ready(place, program, ROLES.parent))
    return {modules.VARIABLE: str(place)}


def run_module(module: str, dry: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run a module, named by its path in `roles`; return what it says."""
    asked = {**arguments, "_ansible_check_mode": dry, "_ansible_diff": True}
    done = subprocess.run(
        [PYTHON, ROLES / module],
        env={**os.environ, **_variables()},
        input=json.dumps({"ANSIBLE_MODULE_ARGS": asked}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
