"""What the calls showed: tables for the terminal and for docs/, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .data import DECOYS, PRODUCT_DEFAULT, profiles
from .pictures import battery_picture, waveforms

Result = dict[str, Any]
Rows = list[list[str]]
ELSEWHERE = {profile.name for profile in profiles() if profile.elsewhere}
MARK = "<!-- figures: make bench-guard -->"


def names(results: Iterable[Result], key: str) -> list[str]:
    """Return the values of a column, each once, in their order."""
    return list(dict.fromkeys(result[key] for result in results))


def of(results: Iterable[Result], **wanted: str) -> list[Result]:
    """Return the results with these values."""
    return [each for each in results if all(each[key] == value for key, value in wanted.items())]


def counted(results: Iterable[Result]) -> list[Result]:
    """Return the results of robots with AMD(): the others' parameters fit it but roughly."""
    return [result for result in results if result["profile"] not in ELSEWHERE]


def failures(results: Iterable[Result], decoy: str) -> list[Result]:
    """Return the calls in which a robot with AMD() did not conclude MACHINE."""
    return [r for r in counted(of(results, decoy=decoy)) if r["status"] != "MACHINE"]


def cell(found: Sequence[Result]) -> str:
    """Return the worst verdict of some calls: ms, or how many were wrong."""
    wrong: list[str] = [result["status"] for result in found if result["status"] != "MACHINE"]
    if not found:
        return ""
    if not wrong:
        return str(max(result["ms"] for result in found))
    share = f" {len(wrong)}/{len(found)}" if len(wrong) < len(found) else ""
    return max(set(wrong), key=wrong.count) + share


def by_profile(results: Sequence[Result], decoy: str) -> Rows:
    """Return profile x condition for one decoy: the worst of all exchanges."""
    own = of(results, decoy=decoy)
    conditions = names(own, "condition")
    return [
        ["", *conditions],
        *(
            [name, *(cell(of(own, profile=name, condition=each)) for each in conditions)]
            for name in names(own, "profile")
        ),
    ]


def summary(results: Sequence[Result]) -> Rows:
    """Return a line for each decoy: how many MACHINE, and when."""
    rows = [["decoy", "calls", "MACHINE", "HUMAN", "NOTSURE", "median ms", "95 %", "worst ms"]]
    for decoy in names(results, "decoy"):
        own = counted(of(results, decoy=decoy))
        statuses = [result["status"] for result in own]
        times = sorted(result["ms"] for result in own if result["status"] == "MACHINE") or [0]
        share = 100 * statuses.count("MACHINE") / len(own)
        unsure = len(own) - statuses.count("MACHINE") - statuses.count("HUMAN")
        figures = len(own), f"{share:.1f} %", statuses.count("HUMAN"), unsure
        when = f"{median(times):.0f}", times[int(0.95 * len(times))], times[-1]
        rows.append([decoy, *map(str, figures), *map(str, when)])
    return rows


def by_exchange(results: Sequence[Result]) -> Rows:
    """Return each decoy's median and worst verdict on each exchange, in ms."""
    exchanges = names(results, "exchange")
    rows = [["decoy", *exchanges]]
    for decoy in names(results, "decoy"):
        row = [decoy]
        for exchange in exchanges:
            own = counted(of(results, decoy=decoy, exchange=exchange))
            times = [r["ms"] for r in own if r["status"] == "MACHINE"] or [0]
            row.append(f"{len(times)}/{len(own)}, {median(times):.0f}, {max(times)}")
        rows.append(row)
    return rows


def agreement(results: Sequence[Result]) -> Rows:
    """Return by condition how often model and call agree, and how many ms apart they are."""
    rows = [["condition", "calls", "same verdict", "median ms", "95 % within", "worst ms"]]
    for condition in names(results, "condition"):
        own = [r for r in of(results, condition=condition) if "predicted" in r]
        same = [r for r in own if r["status"] == r["predicted"]]
        if not same:
            continue
        apart = sorted((r["ms"] - r["predicted_ms"] for r in same), key=abs)
        near = abs(apart[int(0.95 * len(apart))])
        share = f"{100 * len(same) / len(own):.1f} %"
        figures = f"{median(apart):+.0f}", f"{near:.0f}", f"{apart[-1]:+.0f}"
        rows.append([condition, str(len(own)), share, *figures])
    return rows


def columns(rows: Rows) -> str:
    """Return a table for the terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def markdown(rows: Rows) -> str:
    """Return a table for docs/."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def sections(
    results: Sequence[Result], table: Callable[[Rows], str], heading: str, decoys: Sequence[str]
) -> str:
    """Return the tables under their headings; of these decoys profile by profile."""
    parts = {
        "All decoys": summary(results),
        "By exchange: MACHINE of all calls, median ms, worst ms": by_exchange(results),
        "The model against the calls": agreement(results),
    } | {
        f"{decoy}: ms until MACHINE, the worst of all exchanges": by_profile(results, decoy)
        for decoy in decoys
    }
    return "\n\n".join(f"{heading} {title}\n\n{table(rows)}" for title, rows in parts.items())


def text(results: Sequence[Result]) -> str:
    """Return the tables for the terminal."""
    return "\n" + sections(results, columns, "==", names(results, "decoy")) + "\n"


def write(results: Sequence[Result], docs: Path) -> None:
    """Put the tables into decoys.md, after its mark, and draw the pictures beside it."""
    page = docs / "decoys.md"
    kept = page.read_text().split(MARK)[0]
    tables = sections(results, markdown, "###", [PRODUCT_DEFAULT])
    page.write_text(f"{kept}{MARK}\n\n{tables}\n")
    decoys, conditions = names(results, "decoy"), names(results, "condition")
    shares = {
        (decoy, condition): [
            r["status"] == "MACHINE" for r in counted(of(results, decoy=decoy, condition=condition))
        ]
        for decoy in decoys
        for condition in conditions
    }
    (docs / "decoys-battery.svg").write_text(battery_picture(decoys, conditions, shares))
    verdicts = {
        decoy: [r["ms"] for r in counted(of(results, decoy=decoy, condition="clean"))
                if r["status"] == "MACHINE"]
        for decoy in decoys
    }  # fmt: skip
    tones = {name: DECOYS[name]["cadence"] for name in decoys if "cadence" in DECOYS[name]}
    (docs / "decoys-waveforms.svg").write_text(waveforms(tones, verdicts))
