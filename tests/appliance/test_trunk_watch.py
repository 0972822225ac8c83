"""When asterisk-trunk-watch reloads and registers; that it heals a line is seen in real calls."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.modules import ROLES

WATCH = (ROLES / "asterisk/files/asterisk-trunk-watch").read_text()
# What stands for its commands. Each turn begins with a line of standard input.
COMMANDS = {
    "sleep": '''read -r now || exit 1; echo "$now" >"$STATE"; echo turn >>"$LOG"
    echo "$1" >>"$PAUSES"''',
    "getent": 'now=$(cat "$STATE"); [ "$now" = none ] || echo "$now STREAM free"',
    "asterisk": 'echo "$2" >>"$LOG"; echo " Contact: Avail  Match: $(cat "$KNOWN")/32 "',
}


def turns(folder: Path, *leads_to: str, known: str) -> list[list[str]]:
    """Return what it has Asterisk do in each turn, of what the trunk's name leads to then."""
    for name, script in COMMANDS.items():
        command = folder / name
        command.write_text(f"#!/bin/sh\nset -eu\n{script}\n")
        command.chmod(0o755)
    (folder / "known").write_text(known)
    (folder / "log").write_text("")
    watch = folder / "watch"
    watch.write_text(WATCH.replace("/run/asterisk-trunk-watch", str(folder)))
    subprocess.run(
        ["sh", watch, "chan_pjsip", "free=free.example"],
        env={"PATH": f"{folder}:/usr/bin:/bin", "LOG": str(folder / "log"),
             "STATE": str(folder / "state"), "KNOWN": str(folder / "known"),
             "PAUSES": str(folder / "pauses")},
        input="".join(f"{address}\n" for address in leads_to), text=True, check=True,
    )  # fmt: skip
    asked = (folder / "log").read_text().split("turn\n")[1:]
    return [[line for line in one.splitlines() if "show" not in line] for one in asked]


HEALED = ["core reload", "pjsip send register free"]


@pytest.mark.parametrize(
    ("leads_to", "done"),
    [
        (["192.0.2.1"] * 8, [[]] * 8),
        (["192.0.2.1"] + ["192.0.2.2"] * 4, [[], [], [], HEALED, []]),
        # Asterisk has started before there was an address.
        (["192.0.2.2"], [HEALED]),
        # The name server restarts at that very moment: asked again in the next turn.
        (["192.0.2.1"] * 3 + ["none", "192.0.2.2", "192.0.2.2"], [[], [], [], [], HEALED, []]),
        (["none"] * 6 + ["192.0.2.2"], [[]] * 6 + [HEALED]),
    ],
)
def test_a_name_that_leads_elsewhere_is_followed(
    tmp_path: Path, leads_to: list[str], done: list[list[str]]
) -> None:
    assert turns(tmp_path, *leads_to, known="192.0.2.1") == done


@pytest.mark.parametrize(
    ("leads_to", "pauses"),
    [
        (["192.0.2.1"] * 3, [2, 15, 15]),
        (["none"] * 4 + ["192.0.2.1"] * 2, [2, 2, 2, 2, 2, 15]),
        # No network for hours: to ask every two seconds is no use.
        (["none"] * 63, [2] * 60 + [15] * 3),
    ],
)
def test_a_start_without_names_is_in_a_hurry(
    tmp_path: Path, leads_to: list[str], pauses: list[int]
) -> None:
    turns(tmp_path, *leads_to, known="192.0.2.1")
    assert list(map(int, (tmp_path / "pauses").read_text().split())) == pauses
