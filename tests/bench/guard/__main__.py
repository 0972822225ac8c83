"""`make bench-guard`: real robots' calls, every decoy x profile x condition x exchange.

Builds the call lab under a name of its own, lets robots call, many at a time, prints what they
concluded and when, writes .cache/guard.json, and removes the lab. With --docs it rewrites the
tables and pictures of docs/decoys.md. Exit status 1 if a robot of the battery took a decoy of
the product that is meant to repel robots (the default one) for a person, or could not tell.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lab.build import built, play
from lab.parts import Attempt, Operator, Robot
from lab.world import DATA, EXCHANGES, PROJECT, eventually, use_scenario

from . import report
from .data import BATTERY, DECOYS, PRODUCT_DEFAULT, Profile, profiles
from .model import predicted
from .wire import disturbed

LOG, RESULTS = PROJECT / ".cache/guard.log", PROJECT / ".cache/guard.json"
SHORT = PROJECT / ".cache/guard-short.json"
# Every robot shows when it decides, however late: longer than any listens.
PATIENCE = {"household_guard": {"wait": 60, "ring": 8}}


def play_decoy(decoy: str, exchanges: Sequence[str]) -> None:
    """Give the exchanges another decoy, as a household would get it."""
    variables = {**PATIENCE, "dialplan_decoy": DECOYS[decoy]}
    extra = ("--tags", "dialplan", "--extra-vars", json.dumps(variables))
    play("playbook.yml", f"\n{decoy}", LOG, exchanges, *extra)


def calls(
    robot: Robot, condition: dict[str, Any], tries: Sequence[tuple[str, Profile]], at_once: int
) -> Iterator[dict[str, Any]]:
    """Let robots call and yield what each concluded; a try is exchange, profile."""
    wire = {key: condition[key] for key in ("loss", "jitter", "overtaking") if key in condition}
    line = {**condition.get("line", {}), "BRIEF": "1"}
    every = [each for each in tries for _ in range(condition.get("repeats", 1))]
    with disturbed(robot.container, **wire):
        for start in range(0, len(every), at_once):
            some = every[start : start + at_once]
            attempts = [
                Attempt(
                    f"098765000{DATA['lab_lines'][exchange]}",
                    profile.arguments,
                    line,
                    condition.get("codec", "alaw"),
                )
                for exchange, profile in some
            ]
            for (exchange, profile), verdict in zip(some, robot.calls(attempts), strict=True):
                yield {
                    "exchange": exchange,
                    "profile": profile.name,
                    "status": verdict.status,
                    "cause": verdict.cause,
                    "ms": verdict.milliseconds,
                }


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Make all calls and return their results."""
    robot, results = Robot(), []
    for decoy in options.decoys:
        play_decoy(decoy, options.exchanges)
        short = BATTERY["conditions"] if decoy == PRODUCT_DEFAULT else BATTERY["short"]
        for name in [name for name in options.conditions if name in short]:
            condition, began = BATTERY["conditions"][name], time.monotonic()
            # Those that are not really AMD() listen longest, and are tried on a clean line only.
            some = [each for each in options.profiles if name == "clean" or not each.elsewhere]
            tries = [(house, each) for each in some for house in options.exchanges]
            cadence = DECOYS[decoy].get("cadence")
            found = [
                {"decoy": decoy, "condition": name, **result}
                | predicted(cadence, result["profile"], name)
                for result in calls(robot, condition, tries, options.at_once)
            ]
            results += found
            machines = sum(result["status"] == "MACHINE" for result in found)
            print(
                f"  {name:<12} {machines:>4} of {len(found)} MACHINE, worst "
                f"{max(result['ms'] for result in found)} ms   "
                f"({time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.0f})",
                flush=True,
            )
    return results


def parse() -> argparse.Namespace:
    """Return what to measure: everything, unless told otherwise."""
    parser = argparse.ArgumentParser(prog="make bench-guard", description=__doc__)
    every = {each.name: each for each in profiles()}
    choices = {
        "decoys": list(DECOYS),
        "exchanges": EXCHANGES,
        "profiles": list(every),
        "conditions": list(BATTERY["conditions"]),
    }
    for what, names in choices.items():
        parser.add_argument(f"--{what}", nargs="+", choices=names, default=names)
    parser.add_argument("--at-once", type=int, default=30, help="calls at the same time")
    parser.add_argument("--keep", metavar="NAME", help="use this lab, which is built already")
    parser.add_argument("--docs", action="store_true", help="rewrite docs/decoys.md's figures")
    parser.add_argument("--short", action="store_true", help="one call: shows that it works")
    parser.add_argument("--results", type=Path, help=f"where to write them ({RESULTS.name})")
    options = parser.parse_args()
    if options.short:
        if options.docs:
            parser.error("--docs wants all calls: not --short")
        options.decoys, options.conditions = [PRODUCT_DEFAULT], ["clean"]
        options.exchanges, options.profiles = EXCHANGES[-1:], ["vicidial"]
    options.results = options.results or (SHORT if options.short else RESULTS)
    options.profiles = [every[name] for name in options.profiles]
    return options


def main() -> None:
    """Build, call, tell, remove."""
    options, began = parse(), time.monotonic()
    with ExitStack() as stack:
        if options.keep:
            use_scenario(options.keep)
        else:
            stack.enter_context(built("guard", LOG, options.exchanges))
        registered(options.exchanges)
        results = measure(options)
    options.results.parent.mkdir(exist_ok=True)
    options.results.write_text(json.dumps(results, indent=0) + "\n")
    print(report.text(results))
    if options.docs:
        report.write(results, PROJECT / "docs")
    print(f"{len(results)} calls, {time.monotonic() - began:.0f} s; all of them: {options.results}")
    sys.exit(bool(report.failures(results, PRODUCT_DEFAULT)))


def registered(exchanges: Sequence[str]) -> None:
    """Wait until the operator can call these exchanges."""
    operator = Operator()
    for exchange in exchanges:
        number = f"098765000{DATA['lab_lines'][exchange]}"
        eventually(lambda number=number: operator.registered(number), f"{number} is registered", 60)  # type: ignore[misc]


if __name__ == "__main__":
    main()
