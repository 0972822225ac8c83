"""Address books as telephones export them: vCards 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350).

Read leniently, since nobody can correct what his telephone writes, and completely: a number that
a strict reader would pass over is a caller who meets the decoy. (vobject, which this file used,
lost numbers beside parameters that no standard has, after a quoted-printable line that ends with
a sign too many, and of cards within cards.)
"""

from __future__ import annotations

import contextlib
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# `item1.TEL;TYPE="a:b":0612345678`, with whatever parameters telephones invent: quotes hide a
# colon, if they are closed.
PROPERTY = re.compile(
    r"""\s*(?:[\w-]+\.)?(?P<kind>[a-z][\w-]*)\s*"""
    r"""(?P<parameters>;(?:"[^"]*"|[^":])*|;[^:]*|):(?P<value>.*)""",
    re.IGNORECASE | re.DOTALL,
)
NUMBER = re.compile(r"\s*(?:[\w-]+\.)?TEL\b", re.IGNORECASE)
NAMES = "FN", "N", "NICKNAME", "ORG"
# How lines of a card begin, as its writers spell them: where one follows, no line goes on.
BEGINNING = re.compile(
    rf"(?:[\w-]+\.)?(?:BEGIN|END|VERSION|TEL|EMAIL|NOTE|X-[\w-]+|{'|'.join(NAMES)})[;:]"
)
# A card's beginning or end behind something else on its line, as where files were put together.
SEAM = re.compile(r"(?<=\S)[ \t]*(?=(?:BEGIN|END):VCARD)", re.IGNORECASE)
# But a card within a text is that text's.
TEXT = re.compile(r"[ \t]|[^:]*:.*\\n", re.IGNORECASE)
LINE_END = re.compile(r"\r\n|\r|\n")
CHARSET = re.compile(r"CHARSET=\"?([\w-]+)", re.IGNORECASE)
QUOTED_PRINTABLE = re.compile(r"QUOTED-PRINTABLE", re.IGNORECASE)


class ContactsError(ValueError):
    """Says in a household's words why an address book cannot be read."""


@dataclass
class Contact:
    """A card: its names by kind, and its telephone numbers by line, as they stand there."""

    names: dict[str, str] = field(default_factory=dict)
    numbers: list[tuple[int, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What telephones show, else first and last name, else the company's."""
        last, _, others = self.names.get("N", "").partition(";")
        names = (
            self.names.get("FN", ""),
            f"{others.partition(';')[0]} {last}",
            self.names.get("NICKNAME", ""),
            self.names.get("ORG", "").partition(";")[0],
        )
        return next((name.strip() for name in names if name.strip()), "")


def contacts(text: str) -> Iterator[Contact]:
    """Yield the cards of an address book, those within others too.

    A card that lacks its end ends where the next one begins, or with the file.
    """
    cards = list(_cards(text))
    if not cards:
        raise ContactsError("is no vCard file. Export your contacts as vCard (.vcf) again.")
    yield from cards


def _cards(text: str, first: int = 1) -> Iterator[Contact]:
    """Yield the cards of a text whose first line has this number in the file."""
    opened: list[Contact] = []
    within = False  # whether the line before said that a card within this one follows
    for line, logical in _logical_lines(text, first):
        found = PROPERTY.fullmatch(logical)
        kind = found["kind"].upper() if found else "TEL" if NUMBER.match(logical) else ""
        value = _value(found) if found else logical
        if (kind, value.strip().upper()) == ("BEGIN", "VCARD"):
            if not within:
                yield from reversed(opened)
                opened.clear()
            opened.append(Contact())
        elif (kind, value.strip().upper()) == ("END", "VCARD"):
            if opened:
                yield opened.pop()
        elif kind == "TEL" and value.strip():
            if not opened:  # of nobody, between two cards
                opened.append(Contact())
            opened[-1].numbers.append((line, _number(value)))
        elif kind == "AGENT" and value.strip():
            yield from _cards(_plain(value), line)  # RFC 2426: a whole card as a text
        elif opened and kind in NAMES and value:
            opened[-1].names.setdefault(kind, _plain(value))
        within = kind == "AGENT"
    yield from reversed(opened)


def _logical_lines(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Yield number and content of the lines, with those that continue them."""
    begun, content = first, ""
    for number, physical in enumerate(LINE_END.split(text), first):
        for line in [physical] if TEXT.match(physical) else SEAM.split(physical):
            if _goes_on(content, line):
                content = content[:-1] + line
            elif line[:1] in (" ", "\t") and content:
                content += line[1:]
            else:
                yield begun, content
                begun, content = number, line
    yield begun, content


def _goes_on(content: str, following: str) -> bool:
    """Tell whether a quoted-printable line asks for the following one, and can mean it."""
    if not content.endswith("=") or BEGINNING.match(following):
        return False
    found = PROPERTY.fullmatch(content)
    return found is not None and QUOTED_PRINTABLE.search(found["parameters"]) is not None


def _value(found: re.Match[str]) -> str:
    """Return a property's value; nothing if it is in an encoding that it is not."""
    parameters, value = found["parameters"], found["value"]
    if not QUOTED_PRINTABLE.search(parameters):
        return value
    raw = quopri.decodestring(value.encode().removesuffix(b"="))
    charset = CHARSET.search(parameters)
    for encoding in [charset[1]] if charset else ["utf-8", "cp1252"]:
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return raw.decode(encoding)
    return value if found["kind"].upper() == "TEL" else ""


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda sign: "\n" if sign[1] in "nN" else sign[1], value)


def _number(value: str) -> str:
    """Return a number without what a tel: URI has around it."""
    bare = _plain(value).strip()
    return bare[4:].partition(";")[0] if bare[:4].lower() == "tel:" else bare
