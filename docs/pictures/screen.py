"""Picture a terminal that shows a text: sudo gardeligne telephone 001 | screen.py telephone.png.

Needs chromium and the typeface DejaVu Sans Mono. Only with passwords of tests, and addresses of
documentation (RFC 5737).
"""

from __future__ import annotations

import html
import subprocess
import sys
import tempfile
from pathlib import Path

# A terminal's cell: of this height and width, in pixels, the halves of a block are square.
HEIGHT, WIDTH = 16, 8
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #111; }}
pre {{ margin: 16px; color: #eee; font: 13.3px/16px "DejaVu Sans Mono"; }}
</style><pre>{text}</pre>"""


def picture(text: str, file: Path) -> None:
    """Write the picture of a screen with this text."""
    lines = text.splitlines()
    size = f"{max(map(len, lines)) * WIDTH + 48},{len(lines) * HEIGHT + 32}"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "screen.html")
        page.write_text(PAGE.format(text=html.escape(text)), encoding="utf-8")
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--user-data-dir={folder}", f"--window-size={size}",
             f"--screenshot={file.resolve()}", page.as_uri()],
            check=True,
            capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    picture(sys.stdin.read(), Path(sys.argv[1]))
