"""The dates and identities of a card: made of the packages in it, so the same every time.

The date of everything that the builder wrote is that of the newest package in the image: not the
clock's, and not that of the project's last commit, which may have changed its documentation alone.
No file of a package is newer, so these keep their own dates, which Python compares with those of
what it has compiled.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from image.errors import ImageError

STATUS = "var/lib/dpkg/status"  # which packages are in a root


@dataclass(frozen=True)
class Stamp:
    """A date (seconds since 1970) instead of the clock's, and a seed instead of chance."""

    when: int
    seed: str  # hexadecimal, of the packages and of what the card is for
    asterisk: str = ""  # version of its package: a card that is in use asks what the newest has

    @property
    def day(self) -> str:
        """Give the day as people write it for machines: 2026-10-28."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.when))

    def uuid(self, of: str) -> UUID:
        """Make an identity for something of this card."""
        return uuid5(NAMESPACE_URL, f"gardeligne:{self.seed}:{of}")

    def number(self, of: str) -> int:
        """Make a number of 32 bits for something of this card."""
        return self.uuid(of).int >> 96


def newest_package(root: Path) -> int:
    """Say when the newest package of a root was made, in seconds since 1970.

    dpkg keeps the list of sums that comes with a package, and its date.
    """
    dates = [path.stat().st_mtime for path in (root / "var/lib/dpkg/info").glob("*.md5sums")]
    if not dates:
        raise ImageError(f"{root}: no Debian packages are in it, so there is no date to give it")
    return int(max(dates))


def of(root: Path, *about: str) -> Stamp:
    """Return the stamp of a root's packages and of the words `about`, such as the host."""
    status = (root / STATUS).read_text()
    seed = hashlib.sha256(status.encode())
    for word in about:
        seed.update(b"\0" + word.encode())
    asterisk = re.search(r"^Package: asterisk\n(?:.+\n)*?Version: (\S+)", status, re.M)
    return Stamp(newest_package(root), seed.hexdigest(), asterisk[1] if asterisk else "")
