"""Modules of Ansible, run as Ansible runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROLES = Path(__file__).parents[2] / "roles"


def run_module(module: str, dry: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run a module, named by its path in `roles`; return what it says."""
    asked = {**arguments, "_ansible_check_mode": dry, "_ansible_diff": True}
    done = subprocess.run(
        [sys.executable, ROLES / module],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": asked}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
