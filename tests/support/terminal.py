"""What a screen shows of a QR code that was drawn with signs, and what a camera reads in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

# Of each sign, whether its upper and its lower half are lit.
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
PIXELS = 8  # a half sign's


def drawing(lines: Iterable[str]) -> list[str]:
    """Return the lines that a QR code is drawn with: those of nothing but such signs."""
    return [line for line in lines if "█" in line and set(line) <= set(HALVES)]


def picture(lines: list[str]) -> bytes:
    """Return the picture (PGM) of a dark screen with these lines."""
    width = max(len(line) for line in lines)
    rows = []
    for line in lines:
        for half in 0, 1:
            lit = [HALVES[sign][half] for sign in line.ljust(width)]
            rows += [bytes(255 * one for one in lit for _ in range(PIXELS))] * PIXELS
    return b"P5 %d %d 255\n" % (width * PIXELS, len(rows)) + b"".join(rows)


def scanned(lines: Iterable[str], folder: Path) -> str:
    """Return what zbarimg reads in a QR code among these lines."""
    seen = folder / "screen.pgm"
    seen.write_bytes(picture(drawing(lines)))
    command = ["zbarimg", "--quiet", "--raw", str(seen)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
