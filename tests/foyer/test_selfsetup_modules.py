"""The Python of Ansible's modules: as any other, but that it has loaded Ansible's own code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from gardeligne_setup import lean, modules
from support.example import ROOT
from support.selfsetup import PYTHON

TELL = """
import json, os, sys
print(json.dumps({
    "loaded": "ansible.module_utils.basic" in sys.modules, "argv": sys.argv, "here": os.getcwd(),
    "mask": os.umask(0), "variables": dict(os.environ),
    "controller": "ansible._internal" in sys.modules,
}))
print("beside", file=sys.stderr)
sys.exit(3)
"""
# A module of the project's own; what it says of itself was so before it imported anything.
MODULE = """
import os, sys
loaded = "ansible.module_utils.basic" in sys.modules
packed = os.path.getsize(sys.path[0])
from ansible.module_utils.basic import AnsibleModule
AnsibleModule({}).exit_json(loaded=loaded, packed=packed)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    library = folder / "roles/some/library"
    library.mkdir(parents=True)
    (library / "gardeligne_probe.py").write_text(MODULE)
    (folder / "ansible.cfg").write_text(
        "[defaults]\nlibrary = roles/some/library\n[connection]\npipelining = true\n"
    )
    return folder


@contextmanager
def running(folder: Path, project: Path) -> Iterator[dict[str, str]]:
    place = folder / "modules"
    with modules.ready(place, [sys.executable, "-I", modules.__file__], project):
        yield {modules.VARIABLE: str(place)}


@pytest.fixture
def variables(tmp_path: Path, project: Path) -> Iterator[dict[str, str]]:
    with running(tmp_path, project) as given:
        yield given


def python(
    variables: dict[str, str], script: str, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, *arguments],
        env={**variables, "OF": "mine"},
        cwd=cwd,
        input=script,
        capture_output=True,
        text=True,
        umask=0o027,
        check=False,
    )


def test_a_script_finds_all_that_it_was_started_with(
    variables: dict[str, str], tmp_path: Path
) -> None:
    done = python(variables, TELL, cwd=tmp_path)
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (3, "beside\n")
    assert said.pop("variables").items() >= {"OF": "mine"}.items()
    assert said == {
        "loaded": True, "argv": [""], "here": str(tmp_path), "mask": 0o027, "controller": False,
    }  # fmt: skip


def test_a_script_may_be_a_file(variables: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "script.py"
    file.write_text(TELL)
    done = python(variables, "", str(file), "more")
    assert json.loads(done.stdout)["argv"] == [str(file), "more"]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("", 0),
        ("import sys; sys.exit('in words')", 1),
        ("1 / 0", 1),
        ("(", 1),
        (f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})", 256 - signal.SIGKILL),
    ],
)
def test_it_ends_as_the_script_does(variables: dict[str, str], script: str, code: int) -> None:
    assert python(variables, script).returncode == code


def test_what_a_script_leaves_to_its_end_is_done(variables: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "ended"
    python(variables, f"import atexit; atexit.register(lambda: open({str(file)!r}, 'w'))")
    assert file.exists()


def test_one_does_not_wait_for_another(variables: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "there"
    waits = f"import os, time\nwhile not os.path.exists({str(file)!r}): time.sleep(0.01)"
    with subprocess.Popen([PYTHON], env=variables, stdin=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdin
        waiting.stdin.write(waits)
        waiting.stdin.close()
        assert python(variables, f"open({str(file)!r}, 'w')").returncode == 0
    assert waiting.returncode == 0


def test_where_it_does_not_run_any_python_does(tmp_path: Path) -> None:
    for missing in {}, {modules.VARIABLE: str(tmp_path / "nothing")}:
        done = python(missing, TELL)
        assert done.returncode == 3
        assert json.loads(done.stdout)["loaded"] is False


def test_it_ends_with_the_run(tmp_path: Path, project: Path) -> None:
    parent = "import os; print(open(f'/proc/{os.getppid()}/stat').read().split()[3])"
    with running(tmp_path, project) as variables:
        server = Path("/proc") / python(variables, parent).stdout.strip()
        assert (server / "exe").exists()
    assert not server.exists()
    assert json.loads(python(variables, TELL).stdout)["loaded"] is False


def ask(variables: dict[str, str], project: Path, name: str) -> dict[str, Any]:
    """Return what a module says that the box's Ansible has run."""
    said = subprocess.run(
        [sys.executable, lean.__file__, Path(sys.executable).with_name("ansible"), "box",
         "--inventory=box,", "--connection=local", f"--module-name={name}"],
        cwd=project,
        env={**os.environ, **variables, "HOME": str(project),
             "ANSIBLE_PYTHON_INTERPRETER": str(PYTHON)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found: dict[str, Any] = json.loads(said[said.index("{") :])
    return found


@pytest.mark.slow
def test_ansible_runs_modules_by_it(variables: dict[str, str], project: Path) -> None:
    assert ask(variables, project, "gardeligne_probe")["loaded"] is True
    facts = ask(variables, project, "ansible.builtin.setup")["ansible_facts"]
    assert facts["ansible_python"]["executable"] == sys.executable


@pytest.mark.slow
@pytest.mark.parametrize("runs", [True, False])
def test_ansible_packs_nothing_of_its_own(
    variables: dict[str, str], project: Path, runs: bool
) -> None:
    """Nor is it missed where a module is run by any Python of the box, which has Ansible."""
    given = variables if runs else {"PYTHONPATH": ":".join(sys.path)}
    assert ask(given, project, "gardeligne_probe")["packed"] < 2000
    assert ask(given, project, "ansible.builtin.ping")["ping"] == "pong"


def test_an_ansible_that_nobody_knows_yet_is_left_as_it_is() -> None:
    packer = ModuleType("module_common")
    lean.pack_nothing(packer)
    assert not hasattr(packer, "recursive_finder")

    def other(module: str, into: str) -> None:
        pass

    packer.recursive_finder = other  # type: ignore[attr-defined]
    lean.pack_nothing(packer)
    assert packer.recursive_finder is other


ACTIONS = ROOT / "roles/selfsetup/files/actions"


def by_its_task(name: str, *options: str, **arguments: Any) -> dict[str, Any]:
    """Return what a module of ours says where no Python can be started for it."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible"), "box", "--inventory=box,", *options,
         "--connection=local", f"--module-name={name}", f"--args={json.dumps(arguments)}"],
        cwd=ACTIONS,  # where no ansible.cfg is
        env={**os.environ, "ANSIBLE_ACTION_PLUGINS": str(ACTIONS),
             "ANSIBLE_LIBRARY": f"{ROOT}/roles/system/library:{ROOT}/roles/settled/library",
             "ANSIBLE_PYTHON_INTERPRETER": "/bin/false"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("=> {") + 3 :])
    return found


def test_each_module_of_ours_is_run_by_its_task() -> None:
    ours = {path.name for path in ROOT.glob("roles/*/library/*.py")}
    assert {path.name for path in ACTIONS.glob("*.py")} == ours


@pytest.mark.slow
def test_a_module_run_by_its_task_does_what_it_does_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "file"
    owner = {"owner": tmp_path.owner(), "group": tmp_path.group()}
    asked: dict[str, Any] = {**owner, "files": [{"path": str(path), "content": {"a": "é"}}]}
    assert by_its_task("gardeligne_files", "--check", **asked)["paths"] == [str(path)]
    assert not path.exists()
    assert by_its_task("gardeligne_files", **asked)["changed"] is True
    assert json.loads(path.read_text("utf-8")) == {"a": "é"}
    assert by_its_task("gardeligne_files", **asked)["changed"] is False
    refused = {**asked, "files": [{"path": f"{tmp_path}/no/file", "content": ""}]}
    assert "its folder is not there" in by_its_task("gardeligne_files", **refused)["msg"]
    asked["files"][0].update(content="x", validate=["false"])
    assert by_its_task("gardeligne_files", **asked)["msg"].startswith(f"{path}: ")
    assert json.loads(path.read_text("utf-8")) == {"a": "é"}
    assert "Unsupported parameters" in by_its_task("gardeligne_files", other=1)["msg"]


@pytest.mark.slow
def test_what_is_settled_is_said_by_its_task(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"path": str(tmp_path / "kept"), "roles": {"mail": "x"}}
    assert by_its_task("gardeligne_settled", **asked)["due"] == ["mail"]
    by_its_task("gardeligne_settled", state="keep", **asked)
    assert by_its_task("gardeligne_settled", "--check", **asked)["due"] == ["mail"], "of no file"
    watched = {**asked, "watched": [str(tmp_path.parent / "none"), __file__]}
    by_its_task("gardeligne_settled", state="keep", **watched)
    assert by_its_task("gardeligne_settled", **watched)["due"] == []
