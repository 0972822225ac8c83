"""Address books as telephones export them: vCards 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

CARD = re.compile(r"^BEGIN:VCARD\s*$.*?^END:VCARD\s*$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
# What Debian calls the library, for a box that runs its own ansible-core.
MISSING = (
    "needs the Python library vobject where Ansible runs. Install it: apt install python3-vobject"
)


class ContactsError(ValueError):
    """Says in a household's words why an address book cannot be read."""


def contacts(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield line, name and telephone numbers of each card; numbers as they stand there."""
    try:
        import vobject
    except ImportError:
        raise ContactsError(MISSING) from None
    # It logs what it skips, and that goes to the terminal.
    logging.getLogger(vobject.base.__name__).setLevel(logging.CRITICAL)
    cards = list(CARD.finditer(text))
    if not cards:
        raise ContactsError("is no vCard file. Export your contacts as vCard (.vcf) again.")
    line, counted = 1, 0
    for found in cards:
        line += text.count("\n", counted, found.start())
        counted = found.start()
        # Not transformed: one odd photograph would cost the whole card.
        card = vobject.readOne(found.group(), transform=False, allowQP=True, ignoreUnreadable=True)
        yield line, _name(card), [_number(tel) for tel in card.contents.get("tel", [])]


def _name(card: Any) -> str:
    """Return the name that telephones show, else first and last name, else the company's."""
    for kind in ("fn", "n", "org"):
        for field in card.contents.get(kind, []):
            # N is last;first;others, ORG is company;department.
            parts = re.split(r"(?<!\\);", field.value)
            shown = " ".join(reversed(parts[:2]) if kind == "n" else parts[:1])
            if kind == "fn":
                shown = field.value
            if shown.strip():
                return re.sub(r"\\(.)", r"\1", shown)
    return ""


def _number(tel: Any) -> str:
    """Return a number without what a tel: URI has around it."""
    bare: str = re.sub(r"\\(.)", r"\1", tel.value)
    return bare[4:].partition(";")[0] if bare[:4].lower() == "tel:" else bare
