"""Asterisk's configuration as Ansible writes it: real inventories, real wiring, real tasks.

Of the roles' tasks, those that write to /etc/asterisk are run, and look their text up instead of
writing it. All else (defaults, vars, filters, templates, the whole role ``household``) is the
product's, so whatever is added there is rendered too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from support.example import ROOT

# File name -> text.
Files = Mapping[str, str]
CONFIGURATION = "/etc/asterisk/"
PLAYBOOKS = "check", "playbook"  # the second begins with the first


class Household(NamedTuple):
    """What a household wrote, for one kind of host."""

    files: Files
    release: str
    driver: str


def molecule(scenario: str) -> dict[str, str]:
    """Return the files of a scenario's household."""
    folder = ROOT / "molecule" / scenario / "inventory/group_vars"
    return {path.name: path.read_text() for path in folder.glob("*/*") if path.is_file()}


def with_setting(files: Files, name: str, value: Any) -> dict[str, str]:
    """Return the files with another value of a variable that one of them has."""
    for file, text in files.items():
        data = (yaml.safe_load(text) or {}) if file.endswith(".yml") else {}
        if name in data:
            return {**files, file: yaml.safe_dump({**data, name: value}, allow_unicode=True)}
    raise AssertionError(f"no file has {name}")


def render(
    households: Mapping[str, Household], folder: Path, group_vars: Path = ROOT / "group_vars"
) -> dict[str, dict[str, str]]:
    """Return what Ansible writes to /etc/asterisk for each of the households, by file name."""
    roles = [role for role in sorted((ROOT / "roles").iterdir()) if _copy(role, folder / "roles")]
    (folder / "group_vars").symlink_to(group_vars)
    for name, household in households.items():
        variables = folder / "home/host_vars" / name
        variables.mkdir(parents=True)
        for file, text in household.files.items():
            (variables / file).write_text(text)
    hosts = {
        name: {"household_release": household.release, "asterisk_sip_driver": household.driver}
        for name, household in households.items()
    }
    (folder / "home/hosts.yml").write_text(yaml.safe_dump({"exchange": {"hosts": hosts}}))
    check, main = (yaml.safe_load((ROOT / f"{name}.yml").read_text()) for name in PLAYBOOKS)
    # What needs no connection.
    model = [
        task
        for task in main[1]["pre_tasks"]
        if task["ansible.builtin.import_role"]["name"] == "household"
    ]
    first = check[1]["tasks"] + model
    names = [role.name for role in roles]
    play = {"hosts": "exchange", "gather_facts": False, "pre_tasks": first, "roles": names}
    (folder / "playbook.yml").write_text(yaml.safe_dump([play]))
    # The household of the scenario `calls` counts its lines by host.
    lines = json.dumps({"lab_lines": dict.fromkeys(households, 1)})
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"),
         "--inventory=home", f"--extra-vars={lines}", "playbook.yml"],
        cwd=folder,
        env={"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "HOME": str(folder),
             "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr
    written: dict[str, dict[str, str]] = {name: {} for name in households}
    for task in json.loads(run.stdout)["plays"][0]["tasks"]:
        for host, result in task["hosts"].items():
            for item in result.get("results", [result]):
                facts = item.get("ansible_facts", {})
                if "rendered_path" in facts:
                    path = facts["rendered_path"].removeprefix(CONFIGURATION)
                    written[host][path] = facts["rendered_text"]
    return written


def _copy(role: Path, roles: Path) -> bool:
    """Copy a role's tasks that write there, as ones that only render; tell if it has any."""
    if role.name == "household":  # changes nothing by itself
        roles.mkdir(exist_ok=True)
        (roles / role.name).symlink_to(role)
        return False
    tasks = list(_tasks(role))
    if tasks:
        (roles / role.name / "tasks").mkdir(parents=True)
        (roles / role.name / "tasks/main.yml").write_text(yaml.safe_dump(tasks))
        for part in ("defaults", "vars", "files", "templates", "filter_plugins"):
            if (role / part).is_dir():
                (roles / role.name / part).symlink_to(role / part)
    return bool(tasks)


def _tasks(role: Path) -> Iterator[dict[str, Any]]:
    """Yield the tasks that write there, whatever their conditions, as such that look it up."""
    for file in sorted((role / "tasks").glob("*.yml")):
        text, found = file.read_text(), 0
        for task in yaml.safe_load(text):
            files = task.get("gardeligne_files", {}).get("files", [])
            # What is told by a variable is no configuration.
            for entry in files if isinstance(files, list) else ():
                if entry["path"].startswith(CONFIGURATION):
                    found += 1
                    yield {
                        "ansible.builtin.set_fact": {
                            "rendered_path": entry["path"],
                            "rendered_text": entry["content"],
                        },
                    }
        assert found == len(re.findall(f'(path|dest): "?{CONFIGURATION}', text)), file
