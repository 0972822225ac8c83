"""What the roles share is declared once, and beside that no role knows another one."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PATHS: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "group_vars/all/paths.yml").read_text())[
    "gardeligne_paths"
]
PATH = re.compile(r"(?<![\w./:-])/?(?:boot|etc|home|run|usr/local|var)/[\w.@/-]*\w")
# Debian's own, which no role makes.
DEBIANS = {
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/resolv.conf",
    "/etc/ssh/ssh_host_",
    "/etc/ssh/sshd_config",
    "/etc/ssl",
    "/etc/systemd/network",
    "/etc/systemd/system",
    "/run/systemd/container",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/var/cache/apt",
    "/var/lib/apt/lists",
    "/var/spool/postfix",
}
# What Ansible looks variables up in: templates, and conditions.
EXPRESSION = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|^ *(?:when|that|until|\w+_when):.*?$(?:\n *- .*?$)*", re.S | re.M
)
each_role = pytest.mark.parametrize("role", ROLES)


@cache
def files(role: str) -> dict[str, str]:
    """Return the texts of a role by path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"roles/{role}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = [path for path in map(ROOT.joinpath, listed) if path.is_file()]
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for path in found
        if not path.is_symlink() and path.suffix != ".alaw"
    }


def tasks(given: Any) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a file, those in blocks too."""
    for task in given or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))


def parts_of(role: str, *folders: str) -> list[dict[str, Any]]:
    """Return the tasks of a role's folders."""
    return [
        task
        for path, text in files(role).items()
        if path.startswith(tuple(f"roles/{role}/{folder}/" for folder in folders))
        for task in tasks(yaml.safe_load(text))
    ]


def in_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


HANDLERS = [handler for role in ROLES for handler in parts_of(role, "handlers")]


def test_no_handler_takes_the_place_of_another() -> None:
    """Ansible takes the last one of a name, whichever role it belongs to."""
    twice = [name for name, times in Counter(h["name"] for h in HANDLERS).items() if times > 1]
    assert twice == []


@each_role
def test_every_handler_that_a_task_notifies_exists(role: str) -> None:
    known = {name for handler in HANDLERS for name in (handler["name"], handler.get("listen"))}
    notified = {
        name
        for task in parts_of(role, "tasks", "handlers")
        for name in in_list(task.get("notify", []))
    }
    assert notified <= known


def test_whether_services_can_be_started_is_asked_once() -> None:
    assert [
        path for role in ROLES for path, text in files(role).items() if "is_chroot" in text
    ] == []
    assert (ROOT / "group_vars/all/wiring.yml").read_text().count("is_chroot") == 1


def test_every_service_of_ours_is_in_the_sandbox_and_its_rights_are_measured() -> None:
    """But for those that set the machine up, and install packages, as root."""
    units = {
        path: text
        for role in ROLES
        for path, text in files(role).items()
        if re.search(r"\.service(\.j2)?$", path) and "\nExecStart=" in text
    }
    free = {path for path, text in units.items() if "\n{{ gardeligne_sandbox }}\n" not in text}
    assert free == {
        "roles/sdcard/files/first-boot.service",
        "roles/selfsetup/templates/gardeligne-setup.service.j2",
        "roles/selfsetup/templates/gardeligne-setup-whole.service.j2",
        "roles/updates/files/security.service",
        "roles/updates/files/security-resume.service",
    }
    measured = (ROOT / "molecule/shared/tests/test_private_and_hardened.py").read_text()
    written = {
        name
        for role in ROLES
        for path, text in files(role).items()
        if not path.startswith(tuple(f"roles/{each}" for each in ("sdcard", "selfsetup")))
        for name in re.findall(r"path: /etc/systemd/system/([\w-]+)\.service$", text, re.M)
        if not name.startswith("gardeligne-security")
    }
    assert len(written) == len(units) - len(free)
    assert {name for name in written if f'"{name}": ' not in measured} == set()


def test_what_a_role_has_started_is_looked_at_before_the_role_is_left_out() -> None:
    watched = yaml.safe_load((ROOT / "roles/settled/vars/main.yml").read_text())["__settled_units"]
    started = {
        name
        for role in set(ROLES) - {"selfsetup"}  # which is that run itself
        for task in parts_of(role, "tasks")
        if "started" in (units := task.get("gardeligne_units", {}))
        for name in units["names"]
        if name.startswith(("asterisk", "gardeligne"))
    }
    assert started <= set(watched)
    assert "gardeligne-firewall.service" in started


@each_role
def test_no_role_reads_a_variable_of_another(role: str) -> None:
    theirs = {
        name
        for other in ROLES
        if other != role
        for part in ("defaults/main.yml", "vars/main.yml", "meta/argument_specs.yml")
        if (text := files(other).get(f"roles/{other}/{part}"))
        for name in re.findall(rf"\b(?:__)?{other}_\w+", text)
    }
    read = {
        f"{path}: {word}"
        for path, text in files(role).items()
        if re.search(r"/(tasks|handlers|templates|defaults|vars)/", path)
        for expression in EXPRESSION.findall(text)
        for word in re.findall(r"\w+", expression)
        if word in theirs or word.startswith(tuple(f"__{r}_" for r in ROLES if r != role))
    }
    assert read == set()


def known() -> dict[str, set[str]]:
    """Return the paths in all roles' files, and which roles know each."""
    found: dict[str, set[str]] = {}
    for role in ROLES:
        for text in files(role).values():
            for path in PATH.findall(text):
                found.setdefault(f"/{path.strip('/')}", set()).add(role)
    return found


def test_a_path_that_two_roles_know_is_declared() -> None:
    shared = {path for path, roles in known().items() if len(roles) > 1}
    assert shared - DEBIANS <= {entry["path"] for entry in PATHS.values()}


@pytest.mark.parametrize("name", PATHS)
def test_a_declared_path_is_known_to_its_role_and_to_another(name: str) -> None:
    path, role = PATHS[name]["path"], PATHS[name]["role"]
    # Or a file in there.
    roles = {
        role
        for place, theirs in known().items()
        if path in (place, str(Path(place).parent))
        for role in theirs
    }
    assert role in roles
    wired = f"gardeligne_paths.{name}.path" in (ROOT / "group_vars/all/wiring.yml").read_text()
    assert len(roles) > 1 or wired


# Role, folder of its files, where that is installed.
PACKAGES = [
    (role, name, place)
    for role in ROLES
    for text in files(role).values()
    for name, place in re.findall(r"query\('gardeligne_package', '(\w+)', to='([^']+)'\)", text)
]


def test_there_are_packages() -> None:
    assert len(PACKAGES) >= 4


@pytest.mark.parametrize(("role", "package", "place"), PACKAGES)
def test_every_module_of_a_package_is_installed(
    role: str, package: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ROOT / "roles/system/lookup_plugins/gardeligne_package.py"
    plugin = runpy.run_path(str(path))["LookupModule"]()
    monkeypatch.setattr(
        plugin,
        "find_file_in_search_path",
        lambda _, kind, name: ROOT / "roles" / role / kind / name,
    )
    monkeypatch.setattr(plugin, "set_options", lambda **_: None)
    monkeypatch.setattr(plugin, "get_option", lambda _: place)
    given = {entry["path"]: entry["content"] for entry in plugin.run([package])}
    folder = ROOT / "roles" / role / "files" / package
    tracked = [path for path in folder.iterdir() if path.suffix == ".py" or path.name.isupper()]
    assert given == {f"{place}/{path.name}": path.read_text() for path in tracked}
    made = [entry["path"] for task in parts_of(role, "tasks") for entry in folders(task)]
    assert place in made


def folders(task: dict[str, Any]) -> list[dict[str, str]]:
    """Return the folders that a task makes, as far as it says them itself."""
    asked = task.get("gardeligne_files", {}).get("folders", [])
    return asked if isinstance(asked, list) else []


@pytest.mark.parametrize("program", sorted(ROOT.glob("roles/*/files/gardeligne-*")))
def test_a_program_finds_its_package_where_the_role_installs_it(program: Path) -> None:
    text = program.read_text()
    for package in re.findall(r"^from (\w+)\.__main__ import main$", text, re.M):
        (folder,) = re.findall(r'^sys\.path\.append\("(.+)"\)$', text, re.M)
        assert {place for _, name, place in PACKAGES if name == package} == {f"{folder}/{package}"}
        assert text.startswith("#!/usr/bin/python3 -B\n"), "it leaves compiled files there"


def test_both_programs_that_become_asterisk_do_it_alike() -> None:
    """Each is one file on the appliance, so that neither needs to find a module."""
    bodies = set()
    for program in "journal/files/gardeligne-journal", "numbers/files/gardeligne-numbers":
        parsed = ast.parse((ROOT / "roles" / program).read_text())
        (found,) = (n for n in parsed.body if getattr(n, "name", "") == "become_owner")
        bodies.add(ast.unparse(found))
    assert len(bodies) == 1


PRONOUNS = re.compile(
    r"\b(it|its|them|their|that|this|these|those)$|\b(it|them)\b,|^\w+ (its?|them|their)\b", re.I
)


def _named() -> Iterator[tuple[str, str]]:
    """Yield each play's and task's name, with its file."""
    listed = subprocess.run(
        ["git", "ls-files", "roles/*.yml", "molecule/*.yml", "playbook.yml", "check.yml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for path in listed:
        text = (ROOT / path).read_text()
        if re.search(r"^- name: .*\n  (?:\w+:|ansible\.)", text, re.M):
            yield from ((path, name) for name in re.findall(r"^ *- name: ([A-Z].*)$", text, re.M))


def test_a_task_names_what_it_works_on() -> None:
    """In a log it stands alone: 'Make its table' says nothing there."""
    names = list(_named())
    assert len(names) > 200
    assert [(path, name) for path, name in names if PRONOUNS.search(name)] == []


@each_role
def test_two_tasks_of_a_role_have_two_names(role: str) -> None:
    names = [task["name"] for task in parts_of(role, "tasks")]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_no_expression_has_an_escape_that_ansible_takes_apart() -> None:
    """In a block of YAML Ansible doubles a backslash: join('\\n') puts a backslash between lines.

    In a text in double quotes YAML itself has made a line's end of it. (ansible-core up to 2.18,
    `escape_backslashes`.)
    """
    listed = subprocess.run(
        ["git", "ls-files", "roles/*.yml", "group_vars/*.yml", "molecule/*.yml", "*.yml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    found = [
        (path, text)
        for path in listed
        for text in texts(yaml.safe_load((ROOT / path).read_text()))
        if re.search(r"\{\{[^}]*'\\[ntr]'", text)
    ]
    assert found == []


def texts(given: Any) -> Iterator[str]:
    """Yield each text in a structure of YAML."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, (dict, list)):
        for part in given.values() if isinstance(given, dict) else given:
            yield from texts(part)
