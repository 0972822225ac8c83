"""A household changes a file and runs the playbook again, over SSH."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from lab.world import scenario

PROJECT = Path(__file__).resolve().parents[3]


# Minutes in an emulated machine; in containers every scenario's second run changes nothing.
@pytest.mark.long
def test_a_run_over_ssh_changes_nothing() -> None:
    ran = subprocess.run(
        ["ansible-playbook", f"--inventory=molecule/{scenario()}/inventory",
         "--limit=pi,localhost", "--extra-vars=settled_full=true", "playbook.yml"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
        # Molecule has Ansible write in colours, in which nothing is found here.
        env={
            **os.environ, "ANSIBLE_ROLES_PATH": str(PROJECT / "roles"), "ANSIBLE_FORCE_COLOR": "0"
        },
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:]
    recap = re.search(r"^pi .*changed=(\d+)", ran.stdout, re.M)
    assert recap, ran.stdout[-4000:]
    changed = re.findall(r"^TASK \[(.*)\].*\n(?:.*\n)*?changed: \[pi\]", ran.stdout, re.M)
    assert recap[1] == "0", changed
