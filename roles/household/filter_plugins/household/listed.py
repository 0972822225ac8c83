"""Files that list callers: address books, and texts with a number a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .contacts import ContactsError, contacts
from .formats import NAME_LENGTH, NAME_SIGNS
from .phone import PhoneError, callers, national
from .problems import quoted

VCARD = re.compile(r"\s*BEGIN:VCARD", re.IGNORECASE)
ENCRYPTED = "$ANSIBLE_VAULT"
# A number as it stands at the beginning of a line.
NUMBER = re.compile(r"[+0-9\s.\-/()*?\u00a0\u202f]*")
COLUMNS = re.compile(r"[\t;,]")


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


def read(path: Path) -> Listed:
    """Read a file of either kind."""
    text = _text(path)
    listed = Listed()
    if path.suffix.lower() == ".vcf" or VCARD.match(text):
        _address_book(text, listed)
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
    if b"\0" in content:
        raise FileError("is no text file. Save it as plain text, in UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Windows wrote before.
        return content.decode("cp1252", errors="replace")


def _lines(text: str, listed: Listed) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        wanted = line.partition("#")[0].strip()
        if not wanted:
            continue
        written, name = _columns(wanted)
        try:
            for caller in callers(written):
                listed.add(caller, name)
        except PhoneError as error:
            listed.wrong.append((number, f"has {quoted(written or wanted)} in it, which {error}"))


def _columns(line: str) -> tuple[str, str]:
    """Return number and name, with or without a sign between them."""
    if COLUMNS.search(line):
        written, name, *_ = (*(part.strip(' "') for part in COLUMNS.split(line, 1)), "")
        return written, cleaned(name)
    found = NUMBER.match(line)
    written = found.group().rstrip(" (-./") if found else ""
    return written, cleaned(line[len(written) :])


def _address_book(text: str, listed: Listed) -> None:
    try:
        for contact in contacts(text):
            for line, written in contact.numbers:
                try:
                    # No star: it is a key of the telephone there.
                    listed.add(national(written), cleaned(contact.name))
                except PhoneError as error:
                    cause = str(error).partition(". ")[0]
                    listed.left_out.append((line, f"{contact.name}: {quoted(written)} {cause}"))
    except ContactsError as error:
        raise FileError(str(error)) from None


def shortened(lines: list[str], most: int) -> Iterator[str]:
    """Yield the first lines, and how many more there are."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"… and {len(lines) - most:,} more."
