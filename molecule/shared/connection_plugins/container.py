"""A connection into a scenario's container by `run-in-machine`: podman's own is far slower."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: container
short_description: Into a container of molecule's scenarios
description: Runs modules there, and hands them over on standard input.
author: gardeligne
options:
  remote_addr:
    description: Name of the container.
    vars:
      - name: ansible_host
  pipelining:
    description: Whether to hand modules over on standard input.
    type: boolean
    default: true
    vars:
      - name: ansible_pipelining
"""
RUN_IN_MACHINE = Path(__file__).parents[1] / "run-in-machine"


class Connection(ConnectionBase):  # type: ignore[misc]
    """As Ansible wants it: a command, a file to there, a file from there."""

    transport = "container"
    has_pipelining = True

    def _connect(self) -> Connection:
        return self

    def close(self) -> None:
        """Close nothing: each command is by itself."""

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run a shell command; return its code, its output and its errors."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        name = self.get_option("remote_addr")
        done = subprocess.run(
            [RUN_IN_MACHINE, name, "/bin/sh", "-c", cmd],
            input=in_data or b"",
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file into the container."""
        self._copied(f"cat >{shlex.quote(out_path)}", Path(in_path).read_bytes())

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file out of the container."""
        Path(out_path).write_bytes(self._copied(f"cat {shlex.quote(in_path)}", None))

    def _copied(self, command: str, content: bytes | None) -> bytes:
        code, output, errors = self.exec_command(command, content)
        if code:
            raise AnsibleConnectionFailure(f"{command}: {errors.decode()}")
        return output
