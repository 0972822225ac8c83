"""The steps of the work, each with its time, and the programs that do it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.status import Status

from image import tools
from image.errors import ImageError

TAIL = 25  # lines of a failed program's output that are shown
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f]")


class Steps:
    """Shows what is being done, and logs what the programs say."""

    def __init__(self, log: Path) -> None:
        """Begin a log; only its owner may read it."""
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w")
        self.console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._title = ""

    def __enter__(self) -> Steps:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def say(self, what: str, result: str) -> None:
        """Print a line of the summary."""
        self.console.print(f"  {what:<28} {result}", markup=False)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Do a step; print what it was, and how long it took."""
        begun = time.monotonic()
        self._title = what
        self._file.write(f"== {what}\n")
        with Status(what, console=self.console) as self._status:
            yield
        self._status = None
        self.say(what, duration(time.monotonic() - begun))

    def run(
        self,
        *command: str | Path,
        env: Mapping[str, str] | None = None,
        ok: Sequence[int] = (0,),
        cwd: Path | None = None,
    ) -> None:
        """Run a program, show its last line, log all of them; a failure is an ImageError."""
        last: deque[str] = deque(maxlen=TAIL)
        argv = [str(part) for part in command]
        argv[0] = tools.find(argv[0]) or argv[0]
        self._file.write(f"+ {' '.join(argv)}\n")
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None  # noqa: S101 - for mypy
        try:
            for raw in process.stdout:
                line = COLOURS.sub("", raw).rstrip()
                if not line:
                    continue
                self._file.write(line + "\n")
                self._file.flush()
                last.append(line)
                if self._status is not None:
                    self._status.update(f"{self._title}: {line[:80]}".replace("[", "\\["))
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if process.wait() not in ok:
            raise ImageError(self._failure(Path(argv[0]).name, process.returncode, last))

    def _failure(self, program: str, code: int, last: deque[str]) -> str:
        said = "\n".join(f"    {line}" for line in last)
        full = any("No space left on device" in line for line in last)
        cure = "\nThe disk is full: make room" if full else ""
        return (
            f"{self._title}: {program} failed ({code}). Its last words:\n{said}{cure}\n"
            f"All of them: {self.log}"
        )


def duration(seconds: float) -> str:
    """Say how long: 5 min 12 s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
