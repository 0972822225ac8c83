"""Work that a child does: what it takes is given back, and what hangs is killed."""

import os
import signal
import sys
import time

MYPY = False
if MYPY:  # to load it takes memory, all the time
    from typing import Callable

# What became of a child that was killed, or failed.
FAILED = 255


class Child:
    """A function that runs as a process of its own."""

    def __init__(self, do: "Callable[[], int]", patience: float) -> None:
        """Start it; it may take so many seconds."""
        self.end = time.monotonic() + patience
        self.pid = os.fork()
        if self.pid == 0:
            status = FAILED
            try:
                os.setpgid(0, 0)  # what it starts ends with it
                status = do()
            except Exception:
                import traceback  # which brings much with it

                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(status)

    def status(self) -> int:
        """Return its exit status, -1 while it runs; FAILED if it failed or took too long."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else FAILED
        if time.monotonic() < self.end:
            return -1
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            os.kill(self.pid, signal.SIGKILL)  # it had no time to get its group
        os.waitpid(self.pid, 0)
        return FAILED


def done(do: "Callable[[], int]", patience: float) -> int:
    """Have something done, and wait for it; return its exit status, or FAILED."""
    child = Child(do, patience)
    while True:
        status = child.status()
        if status >= 0:
            return status
        time.sleep(0.05)
