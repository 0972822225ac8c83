"""What works of the exchange, and whether it still runs from files that were replaced."""

import glob
import importlib
import os
import re
import subprocess
import sys
from typing import Any, Callable, Iterable, List, Set

# Where the role journal has the list of what is to be right, and the way to Asterisk's console.
CHECKS = "/usr/local/lib/gardeligne"
UNIT = "asterisk.service"
# Those go out with who carries them.
PHONES = "Téléphones"
# Seconds that a start may take on a Pi with long lists; lines are registered by then.
START = 300
REPLACED = re.compile(r" /(?:usr|lib)\S* \(deleted\)$", re.M)
# What a new kernel leaves.
RESTART = "/run/reboot-required"

Wait = Callable[..., bool]


def module(name: str) -> Any:
    """Return a module of the household's command."""
    if CHECKS not in sys.path:
        sys.path.append(CHECKS)
    return importlib.import_module(name)


def console(command: str) -> str:
    """Return what Asterisk answers, "" for nothing."""
    exchange = module("exchange")
    try:
        return str(exchange.asterisk(command))
    except exchange.Stopped:
        return ""


def talks() -> bool:
    """Tell whether somebody talks."""
    found = re.search(r"^(\d+) active calls?$", console("core show channels count"), re.M)
    return bool(found and found.group(1) != "0")


def works() -> Set[str]:
    """Return what is right, by name: modules that run, what `gardeligne etat` has, SIP."""
    booted = "fully booted" in console("core waitfullybooted")
    modules = re.findall(r"^(\S+\.so) .* Running ", console("module show"), re.M)
    if not booted or not modules:
        return set()
    checks = module("checks")
    wanted = (each for each in checks.checks() if each.console and each.name != PHONES)
    right = {found.name for _, found in checks.asked(wanted) if found.good}
    answered = importlib.import_module("gardeligne_watch.pulse")
    return right | set(modules) | ({"SIP"} if answered.ask() == answered.ANSWERED else set())


def lost(before: Iterable[str], wait: Wait) -> List[str]:
    """Wait for what worked before; return what does not now. A module that fails stays away."""
    missing = set()  # type: Set[str]

    def decided() -> bool:
        now = works()
        missing.clear()
        missing.update(set(before) - now)
        return not missing or (bool(now) and any(name.endswith(".so") for name in missing))

    wait(decided, START, 2)
    return sorted(missing, key=lambda name: (not name.endswith(".so"), name))


def process() -> str:
    """Return the number of Asterisk's process, "0" for none."""
    shown = subprocess.check_output(["systemctl", "show", "--property=MainPID", UNIT])
    return shown.decode().strip().rpartition("=")[2]


def stale(number: str) -> bool:
    """Tell whether a process runs from files that were replaced."""
    try:
        with open("/proc/{}/maps".format(number), errors="replace") as file:
            return bool(REPLACED.search(file.read()))
    except OSError:
        return False


def is_stale() -> bool:
    """Tell whether Asterisk does, or does not run."""
    return stale(process()) or process() == "0"


def machine_is_stale() -> bool:
    """Tell whether anything does but this program, or there is a new kernel."""
    numbers = (path.split("/")[2] for path in glob.glob("/proc/[0-9]*/maps"))
    return os.path.exists(RESTART) or any(
        stale(number) for number in numbers if number != str(os.getpid())
    )


def restart(wait: Wait) -> bool:
    """Have Asterisk end when nobody talks: systemd starts it again. Tell whether it did.

    By `systemctl restart` a call would be cut after a quarter of an hour.
    """
    before = process()
    if before != "0" and console("core show uptime seconds"):
        console("core stop when convenient")
        if not wait(lambda: process() != before, pause=1):
            console("core abort shutdown")
            return False
    else:
        subprocess.call(["systemctl", "restart", UNIT])
    wait(lambda: process() != "0", START, 1)
    return True
