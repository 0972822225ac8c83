"""What CONTRIBUTING.md promises: hooks, a workflow, Python 3.5, links, commands that there are."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from fresh.readme import PAGES
from support.example import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())[
    "repos"
][0]["hooks"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
JOBS: list[tuple[str, dict[str, Any]]] = [
    (f"{path.stem}: {name}", job)
    for path in WORKFLOWS
    for name, job in yaml.safe_load(path.read_text())["jobs"].items()
]
# Programs of the appliance. Forky's ansible-core runs selfsetup; the builder speaks the prompts.
PROGRAMS = [
    path
    for path in sorted((ROOT / "roles").glob("*/files/**/*"))
    if path.relative_to(ROOT / "roles").parts[0] not in ("selfsetup", "dialplan")
    and path.is_file()
    and "__pycache__" not in path.parts
    and (path.suffix == ".py" or path.read_text(errors="replace").startswith("#!/usr/bin/python3"))
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_a_program_of_the_appliance_is_one_for_stretch(program: Path) -> None:
    ast.parse(program.read_text(), feature_version=(3, 5))


def test_there_are_programs() -> None:
    assert len(PROGRAMS) > 10


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_is_local_and_runs_what_make_lint_runs(hook: dict[str, Any]) -> None:
    assert hook["language"] == "system"
    command = hook["entry"].removesuffix(" --force-exclude").replace(".venv/bin/", "$(BIN)/")
    assert f"@{command} " in MAKEFILE.split("\nlint:")[1].split("\n\n")[0]
    about = {"yaml": "check.yml", "shell": "tests/all"}.get(
        (hook.get("types") or ["python"])[0], "tests/support/example.py"
    )
    subprocess.run([*hook["entry"].split(), about], cwd=ROOT, check=True)


def test_hooks_know_no_other_place() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [each["repo"] for each in repositories] == ["local"]


@pytest.mark.parametrize(("name", "job"), JOBS, ids=[name for name, _ in JOBS])
def test_a_job_runs_commands_of_the_makefile_and_pinned_actions(
    name: str, job: dict[str, Any]
) -> None:
    made = [step["run"] for step in job["steps"] if step.get("run", "").startswith("make ")]
    assert made, name
    for command in made:
        assert re.search(rf"^{command.split()[1]}:.*##", MAKEFILE, re.M), command
    for step in job["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


def test_an_action_says_its_version_too() -> None:
    for path in WORKFLOWS:
        for line in re.findall(r"^ +uses: (.+)$", path.read_text(), re.M):
            assert re.search(r" # v\d+\.\d+\.\d+$", line), line


def test_the_scenarios_of_the_workflow_are_those_of_make_test() -> None:
    steps = (ROOT / "tests/all").read_text()
    there = re.findall(r"scenario:(\w+)", steps)
    there += re.findall(r"^step \w+ scenario (\w+)$", steps, re.M)
    jobs = dict(JOBS)
    assert sorted(jobs["test: scenario"]["strategy"]["matrix"]["scenario"]) == sorted(there)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_a_page_names_is_one(page: Path) -> None:
    text = page.read_text()
    commands = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
    assert set(re.findall(r"`(?:sudo )?make ([a-z-]+)", text)) <= commands
    known = (ROOT / "roles/journal/files/gardeligne/__main__.py").read_text()
    for word in re.findall(r"`(?:sudo )?gardeligne ([a-z]+)", text):
        assert f"\n  {word}" in known.split('USAGE = """')[1].split('"""')[0], word


def test_the_readme_is_read_in_one_breath() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 130


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" in index} == pages


def test_the_table_has_every_scenario() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text().split("| scenario |")[1].split("\n\n")[0]
    there = {path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")}
    assert {name for name in re.findall(r"`(\w+)`", table) if name in there} == there


def test_files_are_as_editors_are_told() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", ":!tests/foyer/files", ":!*.vcf", ":!*.alaw", ":!*.png",
         ":!*.sauvegarde"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    texts = {
        name: (ROOT / name).read_bytes() for name in listed if name and (ROOT / name).is_file()
    }
    assert len(texts) > 300
    wrong = [
        name
        for name, text in texts.items()
        if text and (not text.endswith(b"\n") or re.search(rb"[ \t\r]$", text, re.M))
    ]
    assert not wrong
