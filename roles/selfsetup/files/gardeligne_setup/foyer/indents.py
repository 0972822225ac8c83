"""Spaces at the beginning of lines, which YAML reads and households do not see.

Lines that begin wrongly are told each, and put right for what comes after: so the rest is checked
too, and all at once.
"""

from __future__ import annotations

from .lines import KEY
from .names import KEYS, known, shown
from .problems import Problems

USUAL = "  "


def levelled(lines: list[str], problems: Problems) -> list[str]:
    """Return the lines with their indentation corrected."""
    return list(map(_Levels(problems).line, range(1, len(lines) + 1), lines))


class _Levels:
    """How deep the section is that a line stands in."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._title: str | None = None  # a section is open, if only an unknown one
        self._indent: str | None = None  # of what stands in it, once that is known

    def line(self, number: int, line: str) -> str:
        """Return a line with its indentation corrected."""
        body = line.strip(" ")
        if not body or body.startswith("#"):
            return line
        if body[0] == "-":
            return self._inside(number, "", line)
        pair = KEY.fullmatch(body)
        if not pair:
            return line
        key, opens = pair["key"], _empty(pair["value"] or "")
        indent = line[: len(line) - len(line.lstrip(" "))]
        title = known(key, KEYS)
        below = KEYS.get(self._title or "", ())
        if not indent:
            if not title and known(key, below):
                return self._inside(number, key, line)
            self._title = title if opens else None
            self._indent = None
            return line
        # Under a list's entries stand only what is deeper than their dashes.
        in_list = not below and self._indent is not None and len(indent) <= len(self._indent)
        if self._title is None or in_list:
            text = (
                "la ligne commence par des espaces, mais n'appartient à aucune rubrique. Ôtez-les ;"
                " ou le # est resté devant le titre de la rubrique, au-dessus."
            )
            self._problems.add(number, shown(key), text)
            return ""
        if title and not known(key, below) and KEYS[title] and opens:
            text = "un titre de rubrique n'a pas d'espaces devant lui. Ôtez-les."
            self._problems.add(number, title, text)
            self._title, self._indent = title, None
            return line.lstrip(" ")
        if below:
            return self._inside(number, key, line)
        # Names in a list, or the second line of an entry.
        return line

    def _inside(self, number: int, key: str, line: str) -> str:
        """Return a line of a section, level with the section's first."""
        bare = line.lstrip(" ")
        indent = line[: len(line) - len(bare)]
        if self._indent is None:
            self._indent = indent if indent or not key else USUAL
        if indent != self._indent:
            text = (
                "il faut devant cette ligne autant d'espaces que devant les autres de la rubrique"
                f" ({len(self._indent)})."
            )
            self._problems.add(number, shown(key), text)
        return f"{self._indent}{bare}"


def _empty(value: str) -> bool:
    return not value or value.startswith("#")
