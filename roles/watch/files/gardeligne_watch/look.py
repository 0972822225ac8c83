"""One look at all that is to be right: what is wrong is healed, kept, and told."""

import importlib
import json
import os
import subprocess
import sys
import time
from typing import Any, Dict, List, Tuple

from . import faults, letters, light, state
from .pulse import last_restart

# Where the role journal has the list of checks.
CHECKS = "/usr/local/lib/gardeligne"
# What a card was told when it was made: also where the partition is that any PC reads.
CARD = "/etc/gardeligne-card"
REPORT = "gardeligne-etat.txt"
# Mails that are kept where postfix takes none, as on a full disk.
OUTBOX = 5
# Under which name it is remembered that an Asterisk was restarted.
RESTART = "Redémarrage"
# Seconds that the light blinks for one thing: some need a person that a household may not have.
BLINKS = 7 * 86400
# Seconds that one command of a cure may take.
PATIENCE = 60

Settings = Dict[str, Any]


def checks() -> Any:
    """Return the module with the list."""
    if CHECKS not in sys.path:
        sys.path.append(CHECKS)
    return importlib.import_module("checks")


def look(settings: Settings) -> int:
    """Look at everything that it is time for; return 0."""
    now, wall = time.monotonic(), time.time()
    known = state.load(now, wall)
    before, told_before = state.lasting(known), told(known)
    first = not os.path.exists(state.NOW)
    rules, found = ask(known["faults"], now)
    now = time.monotonic()  # that may have taken a while
    for name, each in found.items():
        fault = known["faults"].get(name, faults.NEW)
        fault = faults.seen(fault, rules[name], each.good, each.what, each.cure, now)
        if not each.good and each.heal and faults.heals(fault, now):
            heal(name, each.heal)
            fault["healed"] = now
        known["faults"][name] = fault
    known["faults"], events = faults.told(known["faults"], rules, now)
    for event in events:
        say("{}: {}: {}".format(event.name, event.kind, event.what))
    mailed = [event for event in events if event.by_mail]
    letter = [letters.letter(mailed, now)] if mailed else []
    known["outbox"] = deliver(known["outbox"] + restarts(known, now) + letter, settings)
    blinks = any(now - known["faults"][name]["bad"] < BLINKS for name in told(known))
    known["light"] = light.show(blinks, known["light"])
    state.save(known, before, now, wall)
    if first or told(known) != told_before:
        report(letters.report(known["faults"], now))
    return 0


def told(known: state.State) -> List[str]:
    """Return the names of what is wrong and told."""
    return sorted(name for name, fault in known["faults"].items() if fault["told"])


def ask(known: faults.Faults, now: float) -> Tuple[Dict[str, faults.Rule], Dict[str, Any]]:
    """Return how each check is to be treated, and what came of those that it is time for.

    What is known of checks that are no more is forgotten.
    """
    module, rules, found = checks(), {}, {}  # type: Any, Dict[str, faults.Rule], Dict[str, Any]
    listed = list(module.watched())
    for check in listed:
        rules[check.name] = faults.Rule(check.patience, check.mailed, check.once)
    for name in set(known) - set(rules) - {RESTART}:
        del known[name]

    def is_time(check: Any) -> bool:
        looked = known.get(check.name, faults.NEW)["looked"]
        # Looks are not made to the second.
        return looked is None or now - looked >= check.every - 5

    for check, each in module.asked(filter(is_time, listed)):
        if each.what != module.UNCHECKED:
            found[check.name] = each
    return rules, found


def heal(name: str, commands: Tuple[Tuple[str, ...], ...]) -> None:
    """Try a cure."""
    for command in commands:
        say("{}: trying: {}".format(name, " ".join(command)))
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired) as error:
            say("{}: {}".format(name, error))


def restarts(known: state.State, now: float) -> List[letters.Letter]:
    """Return the mail on an Asterisk that was restarted since the last look, if one is due."""
    at = last_restart()
    if at is None or at == known["restart"]:
        return []
    known["restart"] = at
    fault = dict(faults.NEW, **known["faults"].get(RESTART, {}))
    known["faults"][RESTART] = fault
    if not faults.may_mail(fault, now):
        return []
    fault["last"] = now
    return [letters.restarted(at, now)]


def deliver(mails: List[letters.Letter], settings: Settings) -> List[letters.Letter]:
    """Send mails, if the household wants any; return those that are to be tried again."""
    if not settings["mails"]:
        return []
    return [mail for mail in mails if not letters.send(settings["mail_to"], mail)][-OUTBOX:]


def report(text: str, marker: str = CARD) -> None:
    """Put what is wrong on the card, for who reads it at a PC; on a card of ours alone."""
    try:
        with open(marker, encoding="utf-8") as file:
            boot = json.load(file)["boot"]
        # Else it would be hidden under the partition when that is mounted.
        if boot and os.path.ismount(boot):
            state.write(os.path.join(boot, REPORT), text, "utf-8-sig")
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError) as error:
        say("{}: {}".format(REPORT, error))


def say(words: str) -> None:
    """Tell the journal."""
    print("gardeligne-watch: " + words, flush=True)
