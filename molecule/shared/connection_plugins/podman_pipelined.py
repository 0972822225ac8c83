"""The podman connection with pipelining: one `podman exec` per task instead of five."""

from __future__ import annotations

from typing import Any

from ansible_collections.containers.podman.plugins.connection.podman import (
    Connection as PodmanConnection,
)

DOCUMENTATION = """
name: podman_pipelined
short_description: Podman connection that hands modules over on standard input
description: As containers.podman.podman, but faster.
author: gardeligne
options:
  remote_addr:
    description: Name of the container.
    vars:
      - name: ansible_host
  remote_user:
    description: User in the container.
    vars:
      - name: ansible_user
  podman_extra_args:
    description: Extra arguments for podman.
    default: ""
  podman_executable:
    description: Program to call.
    default: podman
  pipelining:
    description: Whether to hand modules over on standard input.
    type: boolean
    default: true
    vars:
      - name: ansible_pipelining
"""


class Connection(PodmanConnection):  # type: ignore[misc]
    """Keep the container's standard input open when there is something to say on it."""

    transport = "podman_pipelined"
    has_pipelining = True

    def _podman(
        self, cmd: Any, cmd_args: Any = None, in_data: Any = None, use_container_id: bool = True
    ) -> Any:
        if in_data is not None and cmd[0] == "exec":
            cmd = ["exec", "--interactive", *cmd[1:]]
        return super()._podman(cmd, cmd_args, in_data, use_container_id)
