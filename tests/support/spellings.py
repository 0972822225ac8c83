"""The table of spellings: what a number may look like, and whose key it is.

Beside this file, for the unit tests and for the scenario `calls`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_suffix(".tsv")
KINDS = ("all", "caller", "written", "loose")


class Spelling(NamedTuple):
    """A row: a text, the key that it stands for ("" if it is no number), what it is tried with."""

    text: str
    key: str
    kind: str


def spellings(*kinds: str) -> list[Spelling]:
    """Return the rows of these kinds, in the order of the table."""
    rows = []
    for line in TABLE.read_text().split("\n"):
        if line and not line.startswith("# ") and line != "#":
            text, key, kind = line.split("\t")
            text = text.encode("latin-1").decode("unicode_escape")
            rows.append(Spelling(text, "" if key == "-" else key, kind))
    return [row for row in rows if row.kind in kinds]
