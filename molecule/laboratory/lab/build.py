"""Build the lab and exchanges under a name of their own, and remove them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .world import INVENTORY, PROJECT, use_scenario

# Where Ansible finds what is ours.
PLACES = {
    "ANSIBLE_CONNECTION_PLUGINS": f"{PROJECT}/molecule/shared/connection_plugins",
    "ANSIBLE_ROLES_PATH": f"{PROJECT}/roles",
}


def play(playbook: str, title: str, log: Path, exchanges: Sequence[str], *more: str) -> None:
    """Run a playbook on the lab and these exchanges; end the program if it fails."""
    began = time.monotonic()
    print(f"{title} … ", end="", flush=True)
    with log.open("a") as output:
        done = subprocess.run(
            [f"{sys.prefix}/bin/ansible-playbook", "--inventory", INVENTORY,
             "--limit", ",".join(["lab", *exchanges]), PROJECT / playbook, *more],
            cwd=PROJECT, env=os.environ | PLACES, stdout=output, stderr=output, check=False,
        )  # fmt: skip
    if done.returncode:
        print("failed. The end of", log)
        sys.exit("".join(log.read_text().splitlines(keepends=True)[-40:]))
    print(f"{time.monotonic() - began:.0f} s")


def settle(exchanges: Sequence[str], tags: str, **settings: object) -> None:
    """Run the playbook on running exchanges, with these variables instead of the household's."""
    extra = ("--tags", tags, "--extra-vars", json.dumps(settings))
    play("playbook.yml", "Other settings", PROJECT / ".cache/calls.log", exchanges, *extra)


def roles_done(said: str) -> set[str]:
    """Return the roles that a run of the playbook did not leave out, by what it said."""
    roles = re.findall(r"^TASK \[(\w+) : Validating arguments against arg spec 'main'", said, re.M)
    return set(roles) - {"household", "settled"}


@contextmanager
def built(name: str, log: Path, exchanges: Sequence[str]) -> Generator[None, None, None]:
    """Build everything as a scenario of this name, and remove it whatever happens."""
    use_scenario(name)
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    try:
        for playbook, title in (
            ("molecule/shared/create.yml", f"Starting {', '.join(exchanges)}, and a lab"),
            ("molecule/laboratory/prepare.yml", "Setting up the telephone network around it"),
            ("playbook.yml", "Setting up the exchange, as on a Raspberry Pi"),
        ):
            play(playbook, title, log, exchanges)
        yield
    finally:
        play("molecule/shared/destroy.yml", "\nRemoving all of it", log, exchanges)
