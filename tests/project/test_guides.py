"""The household's guides say what the programs say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fresh.readme import PAGES
from gardeligne_setup.foyer import offered
from gardeligne_setup.foyer.operators import operators

ROOT = Path(__file__).parents[2]
FIRST_STEPS = (ROOT / "docs/premiers-pas.md").read_text()


def test_the_file_of_the_card_is_quoted_as_it_is() -> None:
    """But for the operators: it need not name every one of them."""
    line = re.compile(r"^# opérateur : (.+), ou autre.*\n(?:# .*\n)*", re.M)
    named = line.search(FIRST_STEPS)
    assert named and operators().keys() >= set(named[1].split(", "))
    quoted = line.sub("", offered()).rstrip()
    assert f"```yaml\n{quoted}\n```" in line.sub("", FIRST_STEPS)


def test_what_gardeligne_txt_says_is_quoted_as_it_is() -> None:
    """The rows of the table: `[--] Step : what` are words of the program that writes them."""
    program = "".join(
        path.read_text()
        for pattern in (
            "sdcard/files/gardeligne_first_boot/*.py",
            "journal/files/gardeligne/*check*.py",
        )
        for path in sorted((ROOT / "roles").glob(pattern))
    )
    rows = re.findall(r"^\| `\[--\] (\S+)(?: …| message)? : (?:… )?(.+?)` \|", FIRST_STEPS, re.M)
    assert len(rows) >= 8
    for step, words in rows:
        if "foyer.txt" in words:
            continue  # said by another program, of a card that sets itself up
        assert step in program
        assert words in program


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        file, _, heading = target.partition("#")
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", other.read_text(), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
            assert heading in slugs, target


def test_pictures_are_small() -> None:
    pictures = [*(ROOT / "docs/pictures").glob("*.png"), *(ROOT / "docs/pictures").glob("*.svg")]
    assert pictures
    assert all(picture.stat().st_size < 100_000 for picture in pictures)
