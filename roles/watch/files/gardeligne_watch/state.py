"""Where the watch keeps what it knows: in memory, and on the card what has been told."""

import json
import os
from typing import Any, Dict

from . import faults

# In memory: since when what is wrong. Emptied by a start of the machine.
NOW = "/run/gardeligne-watch/state.json"
# On the card: written only when something is told, or a telephone is seen for the first time.
KEPT = "/var/lib/gardeligne/watch.json"

State = Dict[str, Any]
EMPTY = {
    "light": "",  # what the green light showed before it blinked
    "restart": None,  # when Asterisk was restarted last, of what was told
    "unkept": False,  # whether the card took no notes, as a full one does
    "outbox": [],  # mails that postfix could not take: subject and text
}  # type: State


def boot() -> str:
    """Return what this start of the machine is called."""
    with open("/proc/sys/kernel/random/boot_id") as text:
        return text.read().strip()


def load(now: float, wall: float, here: str = "") -> State:
    """Return what is known; `wall` in seconds since 1970, `now` since the start of the machine."""
    here = here or boot()
    for path in (NOW, KEPT):
        try:
            with open(path, encoding="utf-8") as text:
                known = json.load(text)
            if known["boot"] != here:
                passed = wall - known["wall"]
                known["faults"] = faults.carried(known["faults"], passed, known["now"], now)
                known["restart"] = None
            known.update(boot=here)
            known["faults"] = {
                name: dict(faults.NEW, **fault) for name, fault in known["faults"].items()
            }
            return dict(EMPTY, **known)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # none yet, or damaged: it begins anew
    return dict(EMPTY, boot=here, faults={})


def lasting(state: State) -> Any:
    """Return what is worth a write to the card."""
    fields = ("told", "mailed", "seen", "last")
    return {name: [fault[field] for field in fields] for name, fault in state["faults"].items()}


def save(state: State, before: Any, now: float, wall: float) -> None:
    """Keep what is known; on the card if something that lasts is not as it was `before`."""
    state.update(now=now, wall=wall)
    if lasting(state) != before or state["unkept"]:
        state["unkept"] = False
        try:
            write(KEPT, _text(state))
        except OSError as error:
            print("<4>gardeligne-watch: {}".format(error), flush=True)
            state["unkept"] = True
    write(NOW, _text(state))


def _text(state: State) -> str:
    return json.dumps(state, indent=1, sort_keys=True) + "\n"


def write(path: str, text: str, encoding: str = "utf-8") -> None:
    """Write a file whole, or leave the old one. Raises OSError."""
    with open(path + ".new", "w", encoding=encoding, newline="") as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    os.rename(path + ".new", path)
