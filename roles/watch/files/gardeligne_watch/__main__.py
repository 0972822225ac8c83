"""Watch the exchange: heal what can be healed, tell the household what lasts, and when it is over.

usage: gardeligne-watch [PHONE]

PHONE is the name of some telephone of the house, to ask Asterisk as that does.

One small process that stays: every five seconds it asks Asterisk over SIP whether it is there, and
once a minute a child of it looks at the list of checks that `gardeligne etat` shows. To start
Python anew takes a Pi a second each time, and to keep in memory what a look needs twice as much.

Asterisk is restarted if it hangs (pulse.py), and otherwise only as a check says that heals it: it
is started where it stands still, and restarted, when nobody talks, for a good copy of a database.
Whatever fails here, phones ring: systemd starts the watch again, and nothing waits for it.

Runs on Python 3.5 (Stretch) and later.
"""

import os
import socket
import sys
import time

from . import pulse
from .children import Child, done

MYPY = False
if MYPY:  # to load it takes memory, all the time
    from typing import List, Optional  # noqa: F401 - in a comment

SETTINGS = "/usr/local/etc/gardeligne-watch.json"
# Seconds between two questions; while there is doubt, and else.
SOON, PAUSE = 1, 5
# Seconds between two looks, and what one may take.
LOOK, LOOK_PATIENCE = 60, 300
# Seconds that a question to systemd and to Asterisk's console may take.
CONSOLE_PATIENCE = 15
# What a child's exit status means.
CONSOLE = [pulse.IDLE, pulse.TALKING, pulse.DUMB, pulse.ELSEWHERE]


def ask_console() -> int:
    """Ask systemd and Asterisk's console what it is doing."""
    from . import console

    return CONSOLE.index(console.ask())


def restart() -> int:
    """Kill Asterisk, which systemd then starts: a stop would wait for it."""
    from . import console

    return console.kill()


def look() -> int:
    """Look at everything, by the settings as they are now."""
    import json

    from . import look as module

    with open(SETTINGS, encoding="utf-8") as text:
        return module.look(json.load(text))


def tell_systemd(words: str, path: str) -> None:
    """Tell systemd that all is well here (sd_notify), where it listens."""
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
            here.sendto(words.encode("ascii"), "\0" + path[1:] if path[0] == "@" else path)


class Watch:
    """What the process that stays remembers."""

    def __init__(self, phone: str) -> None:
        self.phone = phone
        # Not for what is started here: `asterisk -rx` of bullseye would tell systemd of itself.
        self.systemd = os.environ.pop("NOTIFY_SOCKET", "")
        self.pulse = pulse.Pulse(pulse.last_restart())
        self.look = None  # type: Optional[Child]
        self.next_look = 0.0
        self.asked = 0
        self.deeply = False

    def turn(self) -> float:
        """Ask, look, restart, as it is time for; return for how many seconds to rest."""
        began = time.monotonic()
        self.asked += 1
        # Once it is silent to this question, no other one tells that it is not any more.
        self.deeply = bool(self.phone) and (
            self.asked % pulse.DEEPLY == 1 or (self.deeply and self.pulse.silent is not None)
        )
        self.pulse.heard(pulse.ask(self.phone if self.deeply else ""), began)
        if self.pulse.doubtful(time.monotonic()):
            self.in_doubt()
        self.looking()
        tell_systemd("WATCHDOG=1", self.systemd)
        return SOON if self.pulse.silent is not None else PAUSE

    def in_doubt(self) -> None:
        """Ask its console too, and restart it if it hangs."""
        began = time.monotonic()
        status = done(ask_console, CONSOLE_PATIENCE)
        if not 0 <= status < len(CONSOLE):
            return  # what nobody knows is no reason
        silent = self.pulse.silent
        if self.pulse.decide(CONSOLE[status], began, time.monotonic()) and silent is not None:
            now = time.monotonic()
            words = "<4>gardeligne-watch: Asterisk has not answered for {:.0f} s: it is restarted"
            print(words.format(now - silent), flush=True)
            self.pulse.restart(now)
            pulse.note_restart(now)
            done(restart, CONSOLE_PATIENCE)
            self.next_look = now

    def looking(self) -> None:
        """Look at all the rest, once a minute, in a child."""
        now = time.monotonic()
        if self.look:
            if self.look.status() < 0:
                return
            self.look = None
        if now >= self.next_look:
            self.next_look = now + LOOK
            self.look = Child(look, LOOK_PATIENCE)


def main(arguments: "List[str]") -> int:
    watch = Watch(arguments[0] if arguments else "")
    tell_systemd("READY=1", watch.systemd)
    while True:
        time.sleep(watch.turn())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
