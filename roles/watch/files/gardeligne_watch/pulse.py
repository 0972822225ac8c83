"""Whether Asterisk hangs: asked over SIP, as a phone asks, and by its console when in doubt."""

import os
import select
import socket
import time

MYPY = False
if MYPY:  # to load it takes memory, all the time
    from typing import Optional

# What became of a question over SIP.
ANSWERED, SILENT, NOBODY = "answered", "silent", "nobody"
# What its console and systemd say of it.
IDLE, TALKING, DUMB, ELSEWHERE = "idle", "talking", "dumb", "elsewhere"

# Seconds that an answer may take; it takes one thousandth.
PATIENCE = 2
# Seconds of silence after which its console is asked too.
DOUBT = 8
# Seconds without an answer by SIP, and by its console: it is restarted, whatever it does.
HANGS = 35
DUMB_FOR = 15
# Seconds without an answer by SIP alone, and without a call. chan_sip answers nobody while it looks
# names up for a reload: that takes a minute and more where no name server answers.
DEAF = 300
# Seconds that a start may take (TimeoutStartSec of its unit).
START = 300
# Seconds before it may be restarted again; twice as many each time that this was no cure.
AGAIN = 600
AGAIN_AT_MOST = 6 * 3600
# Asked by a BYE of no call, it answers 481 and writes nothing into its log. One of so many times it
# is asked for its options as a phone that gives no password, which goes by its workers as a call
# does; but of each of these it writes a line.
DEEPLY = 60

# When Asterisk was restarted: for the look, and for a watch that is started again itself.
RESTARTED = "/run/gardeligne-watch/restarted"

MESSAGE = """\
{method} sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{unique};rport
Max-Forwards: 70
From: <sip:{name}@127.0.0.1>;tag={port}
To: <sip:127.0.0.1>{tag}
Call-ID: {unique}@127.0.0.1
CSeq: 1 {method}
Content-Length: 0

"""


def message(method: str, name: str, port: int, unique: str) -> bytes:
    """Return a request that asks whether somebody is there."""
    tag = ";tag=0" if method == "BYE" else ""
    text = MESSAGE.format(method=method, name=name, port=port, unique=unique, tag=tag)
    return text.replace("\n", "\r\n").encode("ascii")


def ask(phone: str = "", port: int = 5060, patience: float = PATIENCE) -> str:
    """Ask whoever listens here over SIP; return ANSWERED, SILENT or NOBODY.

    As a `phone`, by its name, asked deeply. Whatever the answer is: who gives one is alive.
    """
    method, name = ("OPTIONS", phone) if phone else ("BYE", "gardeligne-watch")
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        asked.connect(("127.0.0.1", port))
        unique = "{:x}".format(int(time.time() * 1e6)) + "-{}".format(os.getpid())
        asked.send(message(method, name, asked.getsockname()[1], unique))
        end = time.monotonic() + patience
        while time.monotonic() < end:
            ready = select.select([asked], [], [], max(0, end - time.monotonic()))[0]
            if ready and unique.encode("ascii") in asked.recv(4000):
                return ANSWERED
        return SILENT
    except ConnectionRefusedError:
        return NOBODY
    finally:
        asked.close()


class Pulse:
    """What was answered so far, and whether that is a reason to restart Asterisk.

    All times are seconds of a clock that nobody sets.
    """

    def __init__(self, restarted: "Optional[float]" = None) -> None:
        self.restarted = restarted  # when the watch did so last
        self.in_vain = 0
        self.begin()

    def begin(self) -> None:
        """Forget what was answered: it is another Asterisk now, or will be."""
        self.answered = False
        self.running = None  # type: Optional[float]
        self.silent = None  # type: Optional[float]
        self.dumb = None  # type: Optional[float]

    def heard(self, what: str, asked: float) -> None:
        """Take note of what became of a question over SIP, and when it was asked."""
        if what == NOBODY:
            self.begin()
        elif what == SILENT:
            self.silent = asked if self.silent is None else self.silent
        else:
            self.answered, self.silent, self.dumb = True, None, None
            if self.restarted is not None and asked - self.restarted > AGAIN:
                self.in_vain = 0

    def doubtful(self, now: float) -> bool:
        """Tell whether its console is to be asked."""
        return self.silent is not None and now - self.silent >= DOUBT

    def decide(self, console: str, asked: float, now: float) -> bool:
        """Take note of what its console says, asked then; tell whether to restart it now."""
        if console == ELSEWHERE:
            self.begin()
        if self.silent is None:
            return False
        self.running = asked if self.running is None else self.running
        if console != DUMB:
            self.dumb = None
        elif self.dumb is None:
            self.dumb = asked
        # One that has just been started may be loading.
        if now < self.allowed() or (not self.answered and now - self.running < START):
            return False
        if self.dumb is not None:
            return now - self.silent >= HANGS and now - self.dumb >= DUMB_FOR
        return console == IDLE and now - self.silent >= DEAF

    def allowed(self) -> float:
        """Return from when on it may be restarted."""
        if self.restarted is None:
            return 0
        return self.restarted + float(min(AGAIN * 2**self.in_vain, AGAIN_AT_MOST))

    def restart(self, now: float) -> None:
        """Take note that it is restarted."""
        self.in_vain += self.restarted is not None
        self.restarted = now
        self.begin()


def last_restart(path: str = RESTARTED) -> "Optional[float]":
    """Return when Asterisk was restarted here, None if it was not in this start of the machine."""
    try:
        with open(path) as text:
            return float(text.read())
    except (OSError, ValueError):
        return None


def note_restart(now: float, path: str = RESTARTED) -> None:
    """Keep when Asterisk was restarted."""
    try:
        with open(path, "w") as text:
            text.write(str(now))
    except OSError as error:
        print("<4>gardeligne-watch: {}".format(error), flush=True)
