"""Files that list callers: address books, and texts with a number a line."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .contacts import ContactsError, contacts
from .formats import NAME_LENGTH, NAME_SIGNS
from .phone import PhoneError, national
from .problems import quoted, shown
from .written import LineError, meant, written

VCARD = re.compile(r"\s*BEGIN:VCARD", re.IGNORECASE)
ENCRYPTED = "$ANSIBLE_VAULT"
# A sign that stands for a digit begins no remark: 0948######.
REMARK = re.compile(r"(?:^|\s)#(?!#).*")
# What editors of Windows put before text that is not UTF-8.
UTF16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class FileError(ValueError):
    """Says in a household's words why a file cannot be read at all."""


@dataclass
class Listed:
    """What a file lists."""

    # Number or prefix (0612345678, 0948*) -> name, or "".
    callers: dict[str, str] = field(default_factory=dict)
    # Lines that have to be corrected, and what is wrong there.
    wrong: list[tuple[int, str]] = field(default_factory=list)
    # Lines that cannot be used, and need not be.
    left_out: list[tuple[int, str]] = field(default_factory=list)

    def add(self, caller: str, name: str) -> None:
        """Add a caller; the first name counts."""
        if not self.callers.get(caller):
            self.callers[caller] = name


def read(path: Path, *, blocks: bool = False) -> Listed:
    """Read a file of either kind; in one that ``blocks``, cards may have prefixes (0948*)."""
    text = _text(path)
    listed = Listed()
    if path.suffix.lower() == ".vcf" or VCARD.match(text):
        _address_book(text, listed, blocks=blocks)
    else:
        _lines(text, listed)
    if not (listed.callers or listed.wrong):
        raise FileError("has no number in it. Fill it in, or delete this entry.")
    return listed


def cleaned(text: str) -> str:
    """Return a name with nothing in it that a file of the exchange could misread.

    >>> cleaned("Zoé 🌻 | [bureau]")
    'Zoé bureau'
    """
    if not text:
        return ""
    kept = (
        c if c.isalnum() or c in NAME_SIGNS or unicodedata.combining(c) else " "
        for c in unicodedata.normalize("NFC", text)
    )
    return " ".join("".join(kept).split())[:NAME_LENGTH].strip(" -_/.")


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}. Put it beside this file.") from None
    if content.startswith(ENCRYPTED.encode()):
        raise FileError("is encrypted. Leave it in plain text: ansible-vault decrypt.")
    if (encoding := UTF16.get(content[:2])) is not None:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            raise FileError("is damaged, or cut off. Save it again, in UTF-8.") from None
    if b"\0" in content:
        raise FileError("is no text file. Save it as plain text, in UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows wrote before.
        return content.decode("cp1252", errors="replace")


def _lines(text: str, listed: Listed) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        wanted = REMARK.sub("", line).strip()
        if not wanted:
            continue
        try:
            found, name = written(wanted)
        except PhoneError as error:
            part = error.part if isinstance(error, LineError) else wanted
            listed.wrong.append((number, f"has {quoted(shown(part))} in it, which {error}"))
            continue
        for caller in found:
            listed.add(caller, cleaned(name))


def _address_book(text: str, listed: Listed, *, blocks: bool) -> None:
    try:
        for contact in contacts(text):
            for line, number in contact.numbers:
                try:
                    # Of people one knows, a star is a key of the telephone.
                    keys = not blocks and set(number) & set("*?")
                    for caller in [national(number)] if keys else meant(number):
                        listed.add(caller, cleaned(contact.name))
                except PhoneError as error:
                    whose = f"{shown(contact.name)}: " if contact.name else ""
                    cause = str(error).partition(". ")[0]
                    listed.left_out.append((line, f"{whose}{quoted(number)} {cause}"))
    except ContactsError as error:
        raise FileError(str(error)) from None


def shortened(lines: list[str], most: int) -> Iterator[str]:
    """Yield the first lines, and how many more there are."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"… and {len(lines) - most:,} more."
