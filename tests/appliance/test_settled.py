"""What has nothing to do since the last good run is left out, and nothing else."""

from __future__ import annotations

import json
import os
import runpy
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.modules import ROLES, run_module

ROOT = ROLES.parent
FILTERS = runpy.run_path(str(ROLES / "settled/filter_plugins/settled.py"))
settled_told = FILTERS["settled_told"]
WIRING = yaml.safe_load((ROOT / "group_vars/all/wiring.yml").read_text())
# Each runs the module several times.
pytestmark = pytest.mark.slow
TOLD = {"mail": "told-mail", "numbers": "told-numbers", "system": "told-system"}


class Box:
    """A folder that stands for a machine, and what is kept of it."""

    def __init__(self, folder: Path) -> None:
        self.etc = folder / "etc"
        self.etc.mkdir()
        (self.etc / "sub").mkdir()
        (self.etc / "sub/file").write_text("right\n")
        (self.etc / "link").symlink_to("sub")
        (self.etc / "own_link").symlink_to("sub/file")
        self.kept = folder / "lib/settled.json"

    def begin(self, *, dry: bool = False, **more: Any) -> dict[str, Any]:
        """Return what is due, and what differs."""
        answer = self._run("begin", dry, more)
        return {name: answer[name] for name in ("due", "differs")}

    def end(self, *, dry: bool = False, **more: Any) -> None:
        self._run("keep", dry, more)

    def due(self, **more: Any) -> Any:
        """Return what is due, and leave it so."""
        return self.begin(dry=True, **more)["due"]

    def _run(self, state: str, dry: bool, more: dict[str, Any]) -> dict[str, Any]:
        asked = {
            "path": str(self.kept),
            "roles": TOLD,
            "watched": [str(self.etc), "/nowhere"],
            "left_out": ["*/__pycache__", "*/own_*"],
            "units": [],
        }
        answer = run_module(
            "settled/library/gardeligne_settled.py", dry, state=state, **asked | more
        )
        assert answer["changed"] is False
        return answer

    def done_ago(self, **seconds: int) -> None:
        """Say of roles how long ago they were done."""
        kept = json.loads(self.kept.read_text())
        for role, ago in seconds.items():
            kept["roles"][role]["at"] = time.time() - ago
        self.kept.write_text(json.dumps(kept))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def settled(box: Box) -> Box:
    """A box as a good run leaves it."""
    assert box.begin()["due"] == list(TOLD)
    box.end()
    return box


def test_a_machine_as_it_was_left_needs_nothing(settled: Box) -> None:
    kept = settled.kept.read_bytes()
    assert settled.begin() == {"due": [], "differs": []}
    assert settled.kept.read_bytes() == kept
    assert stat.S_IMODE(settled.kept.stat().st_mode) == 0o600
    assert list(settled.kept.parent.iterdir()) == [settled.kept]


def test_whoever_asks_for_all_gets_all(settled: Box) -> None:
    assert settled.begin(full=True) == {"due": list(TOLD), "differs": []}


def test_a_run_that_has_not_come_to_its_end_is_not_taken_for_done(settled: Box) -> None:
    assert settled.begin(roles=TOLD | {"mail": "told-other"})["due"] == ["mail"]
    assert settled.begin(roles=TOLD | {"mail": "told-other"})["due"] == list(TOLD)
    settled.end(roles=TOLD | {"mail": "told-other"})
    assert settled.due() == ["mail"]


def test_a_dry_run_keeps_and_forgets_nothing(box: Box) -> None:
    box.end(dry=True)
    assert not box.kept.exists()
    box.end()
    kept = box.kept.read_bytes()
    assert box.begin(dry=True, full=True)["due"] == list(TOLD)
    assert box.kept.read_bytes() == kept


CHANGES: dict[str, Callable[[Path], object]] = {
    "sub/file": lambda etc: (etc / "sub/file").write_text("wrong\n"),
    "sub/file ": lambda etc: (etc / "sub/file").chmod(0o600),
    "sub/file  ": lambda etc: (etc / "sub/file").unlink(),
    "sub/new": lambda etc: (etc / "sub/new").write_text(""),
    "sub": lambda etc: (etc / "sub").chmod(0o700),
    "link": lambda etc: (etc / "own_link").replace(etc / "link"),
}


@pytest.mark.parametrize("path", CHANGES)
def test_whatever_is_watched_and_differs_is_named(settled: Box, path: str) -> None:
    CHANGES[path](settled.etc)
    assert settled.begin() == {"due": list(TOLD), "differs": [str(settled.etc / path.strip())]}


def test_what_says_the_same_is_the_same(settled: Box) -> None:
    """An image is copied, file by file; and each machine has something of its own."""
    etc = settled.etc
    os.utime(etc / "sub/file", (0, 0))
    (etc / "again").write_text("right\n")
    (etc / "again").rename(etc / "sub/file")
    (etc / "sub/__pycache__").mkdir()
    (etc / "sub/__pycache__/file.pyc").write_text("")
    (etc / "own_key").write_text("")
    assert settled.due() == []


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"roles": {}}', '{"roles": [], "machine": 1}'])
def test_what_cannot_be_read_holds_for_nothing(settled: Box, spoilt: str) -> None:
    settled.kept.write_text(spoilt)
    assert settled.begin() == {"due": list(TOLD), "differs": []}
    settled.end()
    assert settled.due() == []


def test_an_image_is_the_same_whenever_it_is_made(box: Box) -> None:
    box.end(booted=False)
    first = box.kept.read_bytes()
    time.sleep(1.1)
    box.begin(full=True)
    box.end(booted=False)
    assert box.kept.read_bytes() == first
    assert box.due(oldest={"system": 10**9}) == ["system"]


@pytest.mark.parametrize(
    ("told", "ago", "due"),
    [
        ({}, {}, []),
        ({"numbers": "told-other"}, {}, ["numbers"]),
        ({"new": "told-new"}, {}, ["new"]),
        ({}, {"mail": 1000, "system": 1000}, ["system"]),
        ({}, {"system": 90}, []),
        # The clock was set back: nobody knows how long ago, and only of one that is asked.
        ({}, {"mail": -1000}, []),
        ({}, {"system": -1000}, ["system"]),
    ],
)
def test_a_role_is_due_by_what_it_is_told_or_by_its_age(
    settled: Box, told: dict[str, str], ago: dict[str, int], due: list[str]
) -> None:
    settled.done_ago(**ago)
    asked: dict[str, Any] = {"roles": TOLD | told, "oldest": {"system": 500}}
    assert settled.begin(**asked)["due"] == due
    settled.end(**asked)
    assert settled.due(**asked) == []


def test_what_was_left_out_is_as_old_as_it_was(settled: Box) -> None:
    settled.done_ago(system=400)
    asked: dict[str, Any] = {"roles": TOLD | {"numbers": "told-other"}, "oldest": {"system": 500}}
    assert settled.begin(**asked)["due"] == ["numbers"]
    settled.end(**asked)
    assert settled.due(**asked | {"oldest": {"system": 300}}) == ["system"]


def test_a_role_is_told_its_files_its_variables_and_the_facts_that_it_names(
    tmp_path: Path,
) -> None:
    tasks = tmp_path / "roles/mail/tasks/main.yml"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(
        "{{ mail_a }} {{ gardeligne_booted }} {{ ansible_facts['hostname'] }} "
        "{{ ansible_facts['getent_passwd'] }}"
    )
    library = tmp_path / "roles/system/library/module.py"
    library.parent.mkdir(parents=True)
    library.write_text("numbers_text, ansible_facts['uptime']")  # every role's, and told to none
    values = {"mail_a": 1, "mail_of_defaults": 2, "gardeligne_booted": True, "numbers_text": "x"}
    facts = {"hostname": "pi", "uptime": 7}

    index = tmp_path / "Packages"
    brought = {"mail": [str(index)]}

    def told() -> str:
        word: str = settled_told(["mail"], values, facts, str(tmp_path), brought)["mail"]
        return word

    seen = [told()]
    facts["uptime"], values["numbers_text"], facts["getent_passwd"] = 8, "y", {"root": []}
    assert told() == seen[0], "what it does not read"
    for change in (
        lambda: values.update(mail_a=3),
        lambda: values.update(mail_of_defaults=3),
        lambda: values.update(gardeligne_booted=False),
        lambda: facts.update(hostname="box"),
        lambda: tasks.with_name("other.yml").write_text(""),
        lambda: library.write_text("# changed"),
        lambda: index.write_text("Version: 1"),
        lambda: index.write_text("Version: 2"),
    ):
        change()
        assert told() not in seen
        seen.append(told())


def test_the_roles_are_those_of_the_playbook_in_its_order() -> None:
    play = yaml.safe_load((ROOT / "playbook.yml").read_text())[1]
    included = "ansible.builtin.include_role"
    tasks = [
        task for task in play["tasks"] if included in task and "tasks_from" not in task[included]
    ]
    assert [task[included]["name"] for task in tasks] == WIRING["settled_roles"]
    for task in tasks:
        role = task[included]["name"]
        assert task["when"].startswith(f"'{role}' in settled_found.due")
        assert task["tags"] == task[included]["apply"]["tags"] == [role]
