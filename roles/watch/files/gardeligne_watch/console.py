"""What systemd and Asterisk's console say of it: asked only when there is doubt."""

import importlib
import re
import subprocess
import sys

from .pulse import DUMB, ELSEWHERE, IDLE, TALKING

# Where the role journal has the way to the console.
CHECKS = "/usr/local/lib/gardeligne"
UNIT = "asterisk.service"


def ask() -> str:
    """Return what Asterisk is doing, as far as its console says it."""
    state = subprocess.run(
        ["systemctl", "is-active", UNIT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if state.stdout.strip() not in (b"active", b"reloading"):
        return ELSEWHERE
    sys.path.append(CHECKS)
    exchange = importlib.import_module("exchange")
    try:
        said = exchange.asterisk("core show channels count")
    except exchange.Stopped:  # or Silent, which is one
        return DUMB
    return IDLE if re.search(r"^0 active calls?$", said, re.MULTILINE) else TALKING


def kill() -> int:
    """Kill Asterisk; systemd starts it again. Return the exit status of systemctl."""
    return subprocess.call(["systemctl", "kill", "--signal=KILL", UNIT])
