"""How long each task of a run takes, for tests/bench/split.py."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_tasks
type: aggregate
short_description: How long each task takes
description:
  - Writes a list to the file that C(BENCH_TASKS) in the environment names. Of each task, its role,
    action and name, and the seconds until the next one began.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """The callback plugin `bench_tasks`."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self._tasks: list[dict[str, Any]] = []
        self._began = time.monotonic()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool = False) -> None:
        """Note what begins."""
        self._end()
        role = task._role.get_name() if task._role else ""
        self._tasks.append({"role": role, "action": task.action, "name": task.name})

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """Note what begins."""
        self.v2_playbook_on_task_start(task)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write it down."""
        self._end()
        Path(os.environ["BENCH_TASKS"]).write_text(json.dumps(self._tasks))

    def _end(self) -> None:
        now = time.monotonic()
        if self._tasks:
            self._tasks[-1]["seconds"] = now - self._began
        self._began = now
