"""Two small pictures for docs/, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .model import FRAME, levels

SECONDS = 6
STYLE = "<style>text{font:12px sans-serif;fill:#222}.s{font-size:10px;fill:#666}</style>"


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>{STYLE}',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def waveforms(cadences: Mapping[str, str], verdicts: Mapping[str, Sequence[int]]) -> str:
    """Draw each cadence as its loudness, and a line at each verdict of the clean calls (ms)."""
    left, scale, row = 110, 110, 54
    parts = []
    for index, (name, cadence) in enumerate(cadences.items()):
        base = 40 + index * row
        parts.append(f'<text x="8" y="{base}">{name}</text>')
        frames = [level > 0 for level in levels(cadence, SECONDS * 1000)]
        start = None
        for at, loud in enumerate([*frames, False]):
            if loud and start is None:
                start = at
            elif not loud and start is not None:
                x, width = (value * FRAME * scale / 1000 for value in (start, at - start))
                parts.append(
                    f'<rect x="{left + x:.1f}" y="{base - 16}" width="{width:.1f}" height="20"'
                    ' fill="#3572b0"/>'
                )
                start = None
        parts += [
            f'<rect x="{left + ms * scale / 1000:.1f}" y="{base + 7}" width="1" height="9"'
            ' fill="#c0392b"/>'
            for ms in verdicts.get(name, ())
            if ms < SECONDS * 1000
        ]
    foot = 40 + len(cadences) * row
    for second in range(SECONDS + 1):
        parts.append(f'<text class="s" x="{left + second * scale}" y="{foot}">{second} s</text>')
    parts.append(
        f'<text class="s" x="8" y="{foot + 18}">Blue: 440 Hz, or the tone of the decoy. Red: '
        "a robot concludes MACHINE (clean line). Few red lines: few robots repelled.</text>"
    )
    return _svg(left + SECONDS * scale + 30, foot + 28, parts)


def battery_picture(
    decoys: Sequence[str],
    conditions: Sequence[str],
    machines: Mapping[tuple[str, str], Sequence[bool]],
) -> str:
    """Draw decoy x condition: which share of the calls was taken for a machine."""
    left, cell = 110, 62
    parts = []
    for column, condition in enumerate(conditions):
        x = left + column * cell + cell / 2
        parts.append(f'<text class="s" x="{x}" y="18" text-anchor="middle">{condition}</text>')
    for line, decoy in enumerate(decoys):
        y = 26 + line * 28
        parts.append(f'<text x="8" y="{y + 18}">{decoy}</text>')
        for column, condition in enumerate(conditions):
            calls = machines[decoy, condition]
            if not calls:
                continue
            share = sum(calls) / len(calls)
            hue = round(120 * share**3)  # only what is nearly whole is green
            x = left + column * cell
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 2}" height="26" fill="hsl({hue},60%,70%)"/>'
                f'<text x="{x + cell / 2 - 1}" y="{y + 17}" text-anchor="middle">'
                f"{100 * share:.0f} %</text>"
            )
    height = 26 + len(decoys) * 28
    parts.append(f'<text class="s" x="8" y="{height + 16}">Taken for a machine.</text>')
    return _svg(left + len(conditions) * cell + 8, height + 26, parts)
