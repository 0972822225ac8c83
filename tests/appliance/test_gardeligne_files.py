"""The module gardeligne_files, run as Ansible runs it: files whole or not, and only if needed."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.modules import ROLES, run_module

FILES = "system/library/gardeligne_files.py"
OWN = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


def run(dry: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run the module; return what it says."""
    return run_module(FILES, dry, **{**OWN, **arguments})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folders_are_made_once(tmp_path: Path) -> None:
    folder, first, second = tmp_path / "a/b", tmp_path / "a/b/first", tmp_path / "a/b/second"
    asked: dict[str, Any] = {
        "folders": [{"path": str(folder), "mode": "0750"}],
        "files": [
            {"path": str(first), "content": "né\n", "mode": "0600"},
            {"path": str(second), "content": {"b": [1], "a": "é"}},
        ],
    }
    made = run(**asked)
    assert made["paths"] == [str(folder), str(first), str(second)]
    assert made["changed"] is True
    assert first.read_bytes() == "né\n".encode()
    assert json.loads(second.read_text()) == {"a": "é", "b": [1]}
    assert (mode(folder), mode(first), mode(second)) == (0o750, 0o600, 0o644)
    before = first.stat()
    again = run(**asked)
    assert (again["changed"], again["paths"], again["diff"]) == (False, [], [])
    assert first.stat() == before, "a file that is right is not touched"
    assert sorted(folder.iterdir()) == [first, second]


@pytest.mark.parametrize("spoil", ["content", "mode"])
def test_what_differs_is_mended(tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "file"
    asked: dict[str, Any] = {"files": [{"path": str(file), "content": "right\n", "mode": "0640"}]}
    run(**asked)
    if spoil == "content":
        file.write_text("wrong\n")
    else:
        file.chmod(0o666)
    seen = run(dry=True, **asked)
    assert seen["paths"] == [str(file)]
    assert file.read_text() == ("wrong\n" if spoil == "content" else "right\n"), "a dry run writes"
    mended = run(**asked)
    assert mended["paths"] == [str(file)]
    (difference,) = mended["diff"]
    assert (difference["before"] == difference["after"]) is (spoil == "mode")
    assert (file.read_text(), mode(file)) == ("right\n", 0o640)


def test_a_dry_run_on_a_bare_machine_makes_nothing(tmp_path: Path) -> None:
    asked: dict[str, Any] = {
        "folders": [{"path": str(tmp_path / "new"), "owner": "nobody-knows"}],
        "files": [{"path": str(tmp_path / "new/file"), "content": "x", "group": "nobody-knows"}],
    }
    assert run(dry=True, **asked)["paths"] == [str(tmp_path / "new"), str(tmp_path / "new/file")]
    assert not list(tmp_path.iterdir())
    refused = run(**asked)
    assert refused["failed"] is True
    assert refused["msg"] == f"{tmp_path / 'new'}: there is no owner nobody-knows"
    assert not list(tmp_path.iterdir())


def test_a_secret_is_never_readable_for_others(tmp_path: Path) -> None:
    """Not in the file beside its place either: the folder is watched by one who may not read it."""
    file = tmp_path / "secret"
    trace = tmp_path / "trace"
    asked: dict[str, Any] = {
        **OWN,
        "files": [{"path": str(file), "content": "s3cret\n", "mode": "0600"}],
    }
    spy = (
        "import os, runpy, sys\n"
        "real = os.rename\n"
        "def rename(a, b):\n"
        "    open(os.environ['TRACE'], 'w').write(oct(os.stat(a).st_mode & 0o777))\n"
        "    real(a, b)\n"
        "os.rename = rename\n"
        f"runpy.run_path({str(ROLES / FILES)!r}, run_name='__main__')\n"
    )
    subprocess.run(
        [sys.executable, "-c", spy],
        env={**os.environ, "TRACE": str(trace)},
        input=json.dumps({"ANSIBLE_MODULE_ARGS": asked}),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert trace.read_text() == "0o600"
    assert mode(file) == 0o600


def test_what_a_folder_s_entry_does_not_say_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(0o700)
    os.chown(folder, os.getuid(), os.getgid())
    made = run(folders=[{"path": str(folder), "mode": "0755"}])
    assert made["changed"] is True
    assert (folder.stat().st_uid, mode(folder)) == (os.getuid(), 0o755)
    assert run(folders=[{"path": str(folder), "mode": "0755"}])["changed"] is False


def test_a_link_is_followed_and_what_must_go_goes(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    run(files=[{"path": str(link), "content": "new"}])
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert run(absent=[str(link), str(tmp_path / "never")])["paths"] == [str(link)]
    assert real.exists()
    assert run(absent=[str(link)])["changed"] is False


def test_a_pattern_names_all_that_must_not_be_there(tmp_path: Path) -> None:
    logs = [tmp_path / "log", tmp_path / "log.1"]
    for log in logs:
        log.touch()
    (tmp_path / "kept").touch()
    assert run(dry=True, absent=[f"{tmp_path}/log*"])["paths"] == [str(log) for log in logs]
    assert run(absent=[f"{tmp_path}/log*"])["paths"] == [str(log) for log in logs]
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert run(absent=[f"{tmp_path}/log*"])["changed"] is False


def test_what_something_else_writes_is_looked_at(tmp_path: Path) -> None:
    whole, torn, missing = (tmp_path / name for name in ("whole", "torn", "missing"))
    whole.write_bytes(b"\xff sound")
    torn.write_bytes(b"\xff so")
    sound = hashlib.sha256(whole.read_bytes()).hexdigest()
    hashes = {str(path): sound for path in (whole, torn, missing)}
    for dry in True, False:
        said = run(dry=dry, hashes=hashes)
        assert (said["changed"], said["wrong"]) == (False, [str(missing), str(torn)])


def test_a_link_is_made_once_and_takes_the_place_of_a_file(tmp_path: Path) -> None:
    new, file = tmp_path / "new", tmp_path / "file"
    file.write_text("mine")
    asked: dict[str, Any] = {"links": {str(new): "/dev/null", str(file): "new"}}
    assert run(dry=True, **asked)["paths"] == [str(file), str(new)]
    assert file.read_text() == "mine"
    assert run(**asked)["paths"] == [str(file), str(new)]
    assert (new.readlink(), file.readlink()) == (Path("/dev/null"), Path("new"))
    assert run(**asked)["changed"] is False
    assert run(links={str(file): "/dev/null"})["paths"] == [str(file)]


def test_what_a_program_refuses_does_not_take_the_place_of_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    entry: dict[str, Any] = {"path": str(file), "validate": ["/bin/grep", "right"]}
    assert run(files=[{**entry, "content": "right\n"}])["changed"] is True
    said = run(files=[{**entry, "content": "wrong\n"}])
    assert said["failed"] is True
    assert said["msg"].startswith(f"{file}: ")
    assert file.read_text() == "right\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_for_a_program_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "folder/file"
    asked: dict[str, Any] = {"files": [{"path": str(file), "content": "x", "if_folder": True}]}
    assert run(**asked)["changed"] is False
    file.parent.mkdir()
    assert run(**asked)["paths"] == [str(file)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"links": {"{}/folder": "x"}}, "{}/folder: is a folder, and no link"),
        ({"files": [{"path": "{}/folder", "content": "x"}]}, "{}/folder: is no file"),
        (
            {"files": [{"path": "{}/no/file", "content": "x"}]},
            "{}/no/file: its folder is not there",
        ),
        ({"folders": [{"path": "{}/file"}]}, "{}/file: is no folder"),
        ({"absent": ["{}/folder"]}, "{}/folder: is a folder, and not removed"),
    ],
)
def test_what_stands_in_the_way_is_named(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    asked: dict[str, Any] = json.loads(json.dumps(arguments).replace("{}", str(tmp_path)))
    said = run(**asked)
    assert said["failed"] is True
    assert said["msg"] == message.replace("{}", str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "mine"
