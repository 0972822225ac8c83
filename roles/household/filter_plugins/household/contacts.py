"""Address books as telephones export them: vCards 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# What is read of a card. The library is asked for these lines alone: one photograph that it
# cannot read would cost the whole card.
FIELD = re.compile(r"(?:[\w-]+\.)?(BEGIN|END|FN|N|ORG|TEL)[;:]", re.IGNORECASE)
# What Debian calls the library, for a box that runs its own ansible-core.
MISSING = (
    "needs the Python library vobject where Ansible runs. Install it: apt install python3-vobject"
)


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
            self.names.get("ORG", "").partition(";")[0],
        )
        return next((name.strip() for name in names if name.strip()), "")


def contacts(text: str) -> Iterator[Contact]:
    """Yield the cards of an address book."""
    try:
        from vobject import base
    except ImportError:
        raise ContactsError(MISSING) from None
    contact, any_yet = Contact(), False
    for logical, line in base.getLogicalLines(io.StringIO(text), allowQP=True):
        found = FIELD.match(logical)
        if not found:
            continue
        kind = found[1].upper()
        try:
            value = base.textLineToContentLine(logical, line).value
        except (base.VObjectError, ValueError, LookupError):
            continue  # as a name in an encoding that does not exist
        if kind == "BEGIN":
            contact, any_yet = Contact(), True
        elif kind == "END":
            yield contact
        elif kind == "TEL":
            contact.numbers.append((line, _number(value)))
        elif isinstance(value, str):
            contact.names.setdefault(kind, _plain(value))
    if not any_yet:
        raise ContactsError("is no vCard file. Export your contacts as vCard (.vcf) again.")


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _number(value: str) -> str:
    """Return a number without what a tel: URI has around it."""
    bare = _plain(value)
    return bare[4:].partition(";")[0] if bare[:4].lower() == "tel:" else bare
