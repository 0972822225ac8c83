"""How sizes and commands are written in messages."""

from __future__ import annotations

import shlex
import sys


def size(count: int) -> str:
    """Say a size as it is printed on cards, in powers of ten: 31.9 GB."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def exact(count: int) -> str:
    """Say a size to the byte, and as it is printed on cards."""
    return f"{count:,} bytes ({size(count)})" if count >= 1000 else size(count)


def same_as_root() -> str:
    """Name the command that does by sudo what this one was to do."""
    return shlex.join(["sudo", sys.executable, "-m", "image", *sys.argv[1:]])
