"""What the recipes and the map of the project name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.example import ROOT

PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text()
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
    if page.name != "CHANGELOG.md"  # what was true then
}
# `roles/x/y` of the project; what a household makes for itself is not there yet.
OURS = re.compile(
    r"`((?:roles|group_vars|molecule|tests|image|docs|inventory|\.github)/[\w./*-]+)`"
)
MADE = ("inventory/home",)
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.M)
ARCHITECTURE = PAGES["docs/architecture.md"]
TEMPLATES = "".join(
    path.read_text() for path in sorted((ROOT / "roles/dialplan/templates").glob("*.j2"))
)


def _named() -> Iterator[tuple[str, str]]:
    for page, text in PAGES.items():
        yield from ((page, path) for path in OURS.findall(text) if not path.startswith(MADE))


def _rows() -> Iterator[tuple[str, str]]:
    """Yield each recipe's files, with a name that is to stand in them."""
    for path, text in ROW.findall(PAGES["docs/recipes.md"]):
        if (ROOT / path).is_file():
            names = re.findall(r"`([^`]+)`", text)
            yield from ((path, name) for name in names if not OURS.fullmatch(f"`{name}`"))


def _table(heading: str) -> list[tuple[str, ...]]:
    """Return the rows of a table of the architecture, without its head."""
    section = ARCHITECTURE.split(f"### {heading}\n")[1].split("\n#")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    return [tuple(row) for row in rows[2:]]


@pytest.mark.parametrize(("page", "path"), sorted(set(_named())))
def test_a_file_that_is_named_exists(page: str, path: str) -> None:
    assert list(ROOT.glob(path.rstrip("/"))), page


@pytest.mark.parametrize("path", [path for path, _ in ROW.findall(PAGES["docs/recipes.md"])])
def test_a_file_of_a_recipe_exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(("path", "name"), sorted(set(_rows())))
def test_a_name_beside_a_file_stands_in_it(path: str, name: str) -> None:
    assert name in (ROOT / path).read_text()


def test_there_are_recipes() -> None:
    assert len(list(_rows())) > 25
    headings = re.findall(r"^## (.+)$", PAGES["docs/recipes.md"], re.M)
    assert len(headings) >= 9


def test_the_contexts_are_those_of_the_dialplan() -> None:
    found = re.findall(r"^\[(.+)\]$", TEMPLATES, re.M)
    there = {re.sub(r"\{\{.*\}\}", "", name) for name in found} - {"general", "globals"}
    listed = {name for row in _table("Contexts of the dialplan") for name in _words(row[0])}
    assert {re.sub(r"(?<=-)[A-Z]+$", "", name) for name in listed} == there


def test_the_variables_are_set_by_the_dialplan() -> None:
    for row in _table("Variables of a channel"):
        for name in _words(row[0]):
            assert re.search(rf"[(_]{name}[,)=]", TEMPLATES), name


def test_the_paths_that_two_roles_know_are_in_the_roles_that_are_named() -> None:
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    rows = _table("Files that two roles know")
    assert len(rows) > 8
    for path, makes, reads in rows:
        named = roles & set(_words(f"{makes} {reads}"))
        assert len(named) > 1 or "Asterisk" in makes or "dialplan" in reads, path
        places = [ROOT / "roles" / role for role in named] + [ROOT / "group_vars"]
        texts = [_text(place) for place in places]
        assert any(path.strip("`/") in text for text in texts), path


def test_the_map_has_every_role() -> None:
    section = ARCHITECTURE.split("## The map")[1].split("```mermaid")[0]
    assert set(re.findall(r"`roles/(\w+)`", section)) == {
        path.name for path in (ROOT / "roles").iterdir()
    }


def _words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _text(folder: Path) -> str:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return "".join(path.read_text(errors="replace") for path in files)
