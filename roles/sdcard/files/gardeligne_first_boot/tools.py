"""What every step uses: commands, waiting, and what `gardeligne etat` has."""

import importlib
import json
import os
import subprocess
import sys
import time
from types import ModuleType
from typing import Any, Callable, Dict, Tuple, TypeVar

# Where another role has what is to work on any exchange.
CHECKS = "/usr/local/lib/gardeligne"
PAUSE = 2

# What MARKER says of the card (roles/sdcard/vars/main.yml), with what `exchange` says; and a step.
Card = Dict[str, Any]
Step = Callable[[Card], str]
Answer = TypeVar("Answer")


class Missing(Exception):
    """What a step found missing, and the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


def run(*command: str, **options: Any) -> Tuple[str, bool]:
    """Return what a command said, and whether it succeeded."""
    settings = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "timeout": 60,
        "env": dict(os.environ, LC_ALL="C"),
    }  # type: Dict[str, Any]
    settings.update(options)
    try:
        ended = subprocess.run(command, **settings)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), False
    return ended.stdout.decode("utf-8", "replace").strip(), ended.returncode == 0


def wait(patience: float, ask: Callable[[], Answer]) -> Answer:
    """Call `ask` until its answer is true, `patience` seconds at most; return the last answer."""
    end = time.monotonic() + patience
    while True:
        answer = ask()
        if answer or time.monotonic() >= end:
            return answer
        time.sleep(PAUSE)


def where(card: Card, *names: str) -> str:
    """Return where a household writes something: in these files, or in the one on its card."""
    return "foyer.txt" if card["settings"] else ", ".join(names)


def moment() -> str:
    """Return date and time, local."""
    return time.strftime("%d/%m/%Y %H:%M")


def shared(module: str) -> ModuleType:
    """Return a module of `gardeligne etat`, whose checks are ours: words and cures are the same."""
    if CHECKS not in sys.path:
        sys.path.append(CHECKS)
    return importlib.import_module(module)


def exchange() -> Card:
    """Return what this exchange is to have: its driver, its lines, and who is told by mail.

    Another role writes that too: a new line is none of the card's business.
    """
    with open(shared("checks").EXCHANGE, encoding="utf-8") as text:
        return dict(json.load(text))


def version() -> str:
    """Return the version that lies beside the household's command, "" if it does not."""
    try:
        with open(os.path.join(CHECKS, "VERSION"), encoding="ascii") as text:
            return text.read().strip()
    except OSError:
        return ""
