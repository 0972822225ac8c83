"""The household's own file, foyer.txt: read, checked, and its secrets taken off the card.

It is YAML, named so that a double click opens it on any PC. :func:`read` gives the variables of
inventory/example; :func:`seal` the file without its secrets.
"""

from __future__ import annotations

import codecs
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .household import Reader
from .indents import levelled
from .lines import readable
from .names import MARKER
from .operators import named
from .problems import FoyerError, Problems
from .project import credentials, settings
from .sealing import exposed, sealed, shape
from .text import LINE_END, Text, decoded, lines
from .tree import Block, parsed

__all__ = ["MARKER", "Foyer", "FoyerError", "offered", "passphrase", "read", "seal", "template"]

TEMPLATE = Path(__file__).resolve().parents[2] / "foyer.txt"
WIDTH = 100  # characters
QUOTED = re.compile("« .*? »[^ ]*")

NO_BREAK = str.maketrans("\u00a0\u202f", "  ")  # French keyboards type them by accident


@dataclass(frozen=True)
class Foyer:
    """What a household wrote: variables as inventory/example names them, its secrets apart."""

    variables: dict[str, Any]
    # household_secrets; what `kept` is when the file is read again.
    secrets: dict[str, Any] = field(repr=False)


def read(raw: bytes, kept: Mapping[str, object] | None = None) -> Foyer:
    """Return what the file says; FoyerError with all that is wrong with it.

    ``kept`` are the ``secrets`` of the last time, for where the marker stands.
    """
    text = decoded(raw)
    problems = Problems()
    tree = _tree(text, problems)
    if tree is None:
        problems.stop()
        raise AssertionError  # no tree without a problem
    reader = Reader(tree, kept or {}, problems)
    exposed(tree, problems)
    problems.stop(unfilled=not reader.typed)
    return Foyer(reader.variables, reader.secrets)


def passphrase(raw: bytes, kept: Mapping[str, object] | None = None) -> str:
    """Return what closes the backups, "" if the file does not say it: nothing else has to be right.

    FoyerError if it cannot be read as YAML.
    """
    problems = Problems()
    tree = _tree(decoded(raw), problems)
    if tree is None:
        problems.stop()
        raise AssertionError
    return str(Reader(tree, kept or {}, problems).secrets.get("backup", ""))


def seal(raw: bytes) -> bytes:
    """Return the file with each secret replaced by the marker, and no other byte changed.

    FoyerError if it cannot be read as YAML; whether the household is right does not matter here.
    """
    text = decoded(raw)
    problems = Problems()
    tree = _tree(text, problems)
    problems.stop()
    if tree is None:
        raise AssertionError
    result = text.encoded(sealed(text.content, tree))
    # Nothing is written to a card that would not be understood there again.
    again = _tree(decoded(result), problems)
    problems.stop()
    if again is None or shape(again) != shape(tree):
        raise AssertionError("the sealed file is another")
    return result


def offered() -> str:
    """Return the text to be filled in, with the settings and operators that there are."""
    text = TEMPLATE.read_text(encoding="utf-8").format(
        name=settings.SETTINGS["household_name"]["default"],
        operators=named(),
        wait=settings.SETTINGS["household_guard.wait"]["default"],
        country=settings.SETTINGS["household_card.wifi.country"]["default"],
        pin=credentials.PIN_LENGTHS,
    )
    return "".join(map(_folded, text.splitlines(keepends=True)))


def _folded(line: str) -> str:
    """Return a comment that fits an editor's window, and what it quotes in one piece."""
    if len(line) <= WIDTH + 1:
        return line
    whole = QUOTED.sub(lambda found: found[0].replace(" ", "\u00a0"), line.removesuffix("\n"))
    parts = textwrap.wrap(whole, WIDTH, subsequent_indent="# ", break_on_hyphens=False)
    return "\n".join(parts).replace("\u00a0", " ") + "\n"


def template() -> bytes:
    """Return the empty foyer.txt, in the bytes that a card gets.

    With the mark and the ends of lines that the oldest editors need to show it as it is.
    """
    return codecs.BOM_UTF8 + offered().replace("\n", "\r\n").encode()


def _tree(text: Text, problems: Problems) -> Block | None:
    spaced = text.content.translate(NO_BREAK)
    ends = [*LINE_END.findall(spaced), ""]
    checked = levelled(readable(lines(spaced), problems), problems)
    content = "".join(line + end for line, end in zip(checked, ends, strict=True))
    # Where a secret stands must hold for the text as it is.
    if len(content) != len(spaced) and not problems:
        raise AssertionError("a line was changed, and nobody told")
    return parsed(content, problems)
