"""Install the release's security updates at night, and look that the exchange works with them.

Debian's unattended-upgrade chooses and installs, by the settings in /etc/apt/apt.conf.d. Around it:
it waits until nobody talks; packages do not restart Asterisk, which is restarted here once nobody
talks; what worked before is to work again, or the former packages are put back, and that version is
not taken again. What came of it is kept for `gardeligne etat` and the watch, which mails it.

A run that is cut off is concluded by the next one: at once after a start of the machine.

Runs on Python 3.5 (Stretch) and later.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List

from . import exchange, packages

STATE = "/var/lib/gardeligne/security.json"
# The former packages, and how all was before: there while it is not known whether it works since.
FORMER = "/var/lib/gardeligne/security"
BEFORE = FORMER + "/before.json"
# Hours in which the machine may be restarted: from the first on, before the second.
NIGHT = (1, 6)
# Seconds that a call is waited for, and between two looks.
PATIENCE, PAUSE = 3600, 10
STILL = "depuis, le central n'a plus : {}"

State = Dict[str, Any]
NEW = {
    "tried": 0,  # when somebody looked last, in seconds since 1970
    "failed": "",  # what failed then, in French
    "since": 0,  # since when that fails
    "refused": {},  # an Asterisk that did not work here
    "restart": 0,  # since when a restart of the machine is due
}  # type: State


def load(path: str) -> State:
    """Return what is in a file of ours: nothing, where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError, TypeError):
        return {}


def save(path: str, content: State) -> None:
    """Keep it, whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def wait(so: Callable[[], bool], patience: float = PATIENCE, pause: float = PAUSE) -> bool:
    """Wait until something is so; tell whether it came to be."""
    end = time.monotonic() + patience
    while not so():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def begin(state: State) -> None:
    """Keep how all is, and the packages of an Asterisk that may be replaced."""
    shutil.rmtree(FORMER, ignore_errors=True)
    os.makedirs(FORMER, 0o700)
    versions = packages.asterisk()
    here = [packages.short(version) for version in versions.values()]
    if state["refused"] and state["refused"]["here"] not in here:
        state["refused"] = {}  # somebody has installed another one by hand
    if any(packages.candidate(name) != version for name, version in versions.items()):
        for name in versions:
            packages.make_again(name, FORMER)
    works, owners = sorted(exchange.works()), packages.owners()
    save(BEFORE, {"versions": versions, "works": works, "owners": owners})


def conclude(state: State) -> None:
    """Look whether the exchange works with what was installed; put the former Asterisk back if not.

    Raises packages.Failed.
    """
    before = load(BEFORE)
    packages.finish()
    if not before:
        return
    packages.give_back(before["owners"])
    lost = try_out(before["works"])
    now, former = packages.asterisk(), before["versions"]
    new = {name: version for name, version in now.items() if version != former.get(name)}
    failed = ""
    if new and (lost or not packages.whole(now)):
        say("taken back, since this is missing: " + " ".join(lost))
        packages.refuse(new)
        with packages.undisturbed():
            packages.put_back(FORMER)
        packages.give_back(before["owners"])
        if lost and not set(lost) - set(try_out(before["works"])):
            # An operator's fault, then, or the network's: another night it is tried again.
            packages.refuse({})
            failed = STILL.format(lost[0])
        else:
            name = sorted(new)[0]
            state["refused"] = {
                "version": packages.short(new[name]),
                "here": packages.short(packages.asterisk().get(name, "")),
                "missing": lost[:3],
            }
    elif new:
        packages.refuse({})
        state["refused"] = {}
    elif lost:
        failed = STILL.format(lost[0])
    shutil.rmtree(FORMER)
    if failed:
        raise packages.Failed(failed)


def try_out(works: List[str]) -> List[str]:
    """Restart an Asterisk whose files were replaced; return what worked before and does not now.

    Raises packages.Failed if somebody talks all the time.
    """
    if not works:
        return []
    if exchange.is_stale() and not exchange.restart(wait):
        raise packages.Failed("le central n'a pas pu redémarrer : quelqu'un téléphonait")
    return exchange.lost(works, wait)


def say(words: str) -> None:
    """Write it into the journal."""
    print("<4>gardeligne-security: " + words, flush=True)


def restart_machine(state: State, now: float) -> None:
    """Restart the machine if that is due, at night, when nobody talks."""
    if not exchange.machine_is_stale():
        state["restart"] = 0
        return
    state["restart"] = state["restart"] or int(now)
    # Of a container that is its host's business.
    at_night = NIGHT[0] <= time.localtime(now).tm_hour < NIGHT[1]
    if at_night and not os.path.exists("/run/systemd/container") and not exchange.talks():
        save(STATE, dict(state, restart=0))
        # It waits for the end of this.
        subprocess.check_call(["systemctl", "--no-block", "reboot"])


def work(state: State) -> None:
    """Conclude what was begun, then install what there is. Raises packages.Failed."""
    conclude(state)
    if not wait(lambda: not exchange.talks()):
        raise packages.Failed("quelqu'un téléphonait toute l'heure")
    packages.read_lists()
    begin(state)
    try:
        with packages.undisturbed():
            packages.upgrade()
    finally:
        conclude(state)


def main() -> int:
    """Do it, and keep what came of it."""
    now = time.time()
    state = dict(NEW, **load(STATE))
    try:
        work(state)
        state.update(failed="", since=0)
    except (packages.Failed, OSError, subprocess.SubprocessError) as error:
        words = str(error) if isinstance(error, packages.Failed) else "erreur de ce programme"
        say(str(error))
        state.update(failed=words, since=state["since"] or int(now))
    state["tried"] = int(now)
    save(STATE, state)
    if not os.path.exists(BEFORE):
        restart_machine(state, time.time())
        save(STATE, state)
    return 1 if state["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
