#!/usr/bin/python
"""What the last good run made of the machine, so that the next one does only what is new.

Runs on the appliance: Python 2.7 (Stretch) and from 3.6 on.
"""

import fnmatch
import hashlib
import json
import os
import stat
import subprocess
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: gardeligne_settled
author: gardeligne
short_description: Which roles have something to do since the last good run
description:
  - Keeps, in a file that root alone reads, what each role was told and how the machine was then.
  - C(begin), before a run changes something, says which roles have something to do. Those are all
    of them as soon as anything that is watched is not as it was left. It forgets what it says of
    these roles, and C(keep), after a run that came to its end, keeps how all is then - so that
    nothing is ever taken for done which a run did not come to the end of.
options:
  state:
    description: What to do.
    type: str
    choices: [begin, keep]
    default: begin
  path:
    description: Where it is kept.
    type: path
    required: true
  roles:
    description: By role, a word that changes with anything that it is told.
    type: dict
    default: {}
  oldest:
    description: By role, after how many seconds it is done again, whatever it is told.
    type: dict
    default: {}
  full:
    description: Whether all roles have something to do.
    type: bool
    default: false
  watched:
    description: Files, and folders with all in them, that the roles write.
    type: list
    elements: path
    default: []
  left_out:
    description: Patterns of paths in there that do not count, with all that is in them.
    type: list
    elements: str
    default: []
  units:
    description: Units of systemd whose state counts where the machine is booted.
    type: list
    elements: str
    default: []
  booted:
    description: Whether the machine is booted. In an image that is not, no unit has a state.
    type: bool
    default: true
"""
RETURN = """
due:
  description: For C(begin), the roles that have something to do.
  type: list
  elements: str
  returned: always
differs:
  description: For C(begin), what is watched and not as it was left.
  type: list
  elements: str
  returned: always
"""
ARGUMENTS = {
    "state": {"type": "str", "choices": ["begin", "keep"], "default": "begin"},
    "path": {"type": "path", "required": True},
    # Made of passwords too: not for the machine's log.
    "roles": {"type": "dict", "default": {}, "no_log": True},
    "oldest": {"type": "dict", "default": {}},
    "full": {"type": "bool", "default": False},
    "watched": {"type": "list", "elements": "path", "default": []},
    "left_out": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
    "booted": {"type": "bool", "default": True},
}


def state_of(path):
    """Return what a path is, as a word: not when it became that."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(path)
    state = "%o %d %d" % (found.st_mode, found.st_uid, found.st_gid)
    if stat.S_ISREG(found.st_mode):
        with open(path, "rb") as file:
            state += " " + hashlib.sha256(file.read()).hexdigest()
    return state


def paths_in(watched, left_out):
    """Yield watched files and folders, with all that is in them."""
    for path in watched:
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in left_out):
            continue
        yield path
        if os.path.isdir(path) and not os.path.islink(path):
            inside = [os.path.join(path, name) for name in os.listdir(path)]
            for found in paths_in(inside, left_out):
                yield found


def units_now(units):
    """Return the state of each unit: one that is not there is `inactive`."""
    command = ["systemctl", "is-active"]
    asked = subprocess.Popen(command + units, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return dict(zip(units, asked.communicate()[0].decode("utf-8", "replace").split()))


def machine(asked):
    """Return how the machine is: the state of what is watched."""
    paths, units = {}, {}
    for path in paths_in(asked["watched"], asked["left_out"]):
        state = state_of(path)
        if state is not None:
            paths[path] = state
    if asked["booted"] and asked["units"]:
        units = units_now(asked["units"])
    return {"paths": paths, "units": units}


def read(path):
    """Return what was kept: nothing where there is nothing, or nothing that could be read."""
    try:
        with open(path) as file:
            kept = json.load(file)
        if isinstance(kept["roles"], dict) and (
            kept["machine"] is None or kept["machine"]["paths"]
        ):
            return kept
    except (EnvironmentError, ValueError, KeyError, TypeError):
        pass
    return {"roles": {}, "machine": None}


def write(path, kept):
    """Put it in its place, whole or not at all; what it says of secrets is for root alone."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
    handle, beside = tempfile.mkstemp(dir=folder, prefix=".gardeligne-")
    with os.fdopen(handle, "w") as file:
        json.dump(kept, file, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    os.rename(beside, path)


def differences(then, now):
    """Return the names whose states are not the same."""
    return sorted(name for name in set(then) | set(now) if then.get(name) != now.get(name))


def changed_by_others(then, asked):
    """Return what is not as the last run that came to its end has left it."""
    now = machine(asked)
    found = differences(then["paths"], now["paths"])
    # An image that was never booted had no states.
    if then["units"] and now["units"]:
        found += differences(then["units"], now["units"])
    return found


def holds(role, kept, asked):
    """Say whether what a role did is what it would do now, and not too long ago.

    After a time that the clock says is to come, nobody knows how long ago it was.
    """
    if role not in kept or kept[role]["given"] != asked["roles"][role]:
        return False
    if role not in asked["oldest"]:
        return True
    return 0 <= time.time() - kept[role]["at"] <= int(asked["oldest"][role])


def begin(asked, dry):
    """Return which roles have something to do, and what is not as it was left."""
    kept, differs = read(asked["path"]), []
    ended = kept["machine"] is not None
    if ended and not asked["full"]:
        differs = changed_by_others(kept["machine"], asked)
    holding = [
        role
        for role in asked["roles"]
        if ended and not differs and not asked["full"] and holds(role, kept["roles"], asked)
    ]
    due = sorted(set(asked["roles"]) - set(holding))
    if due and not dry:
        roles = {role: kept["roles"][role] for role in holding}
        write(asked["path"], {"roles": roles, "machine": None})
    return due, differs


def keep(asked):
    """Keep what each role was told, when it was done, and how the machine is.

    In an image, which is the same whenever it is made, that was at no time: long ago.
    """
    before, now = read(asked["path"])["roles"], time.time() if asked["booted"] else 0
    roles = {
        role: before.get(role) or {"given": given, "at": now}
        for role, given in asked["roles"].items()
    }
    write(asked["path"], {"roles": roles, "machine": machine(asked)})


def work(module):
    """Do what the arguments say."""
    asked, due, differs = module.params, [], []
    try:
        if asked["state"] == "begin":
            due, differs = begin(asked, module.check_mode)
        elif not module.check_mode:
            keep(asked)
    except EnvironmentError as error:
        module.fail_json(msg="%s" % error)
    module.exit_json(changed=False, due=due, differs=differs)


if __name__ == "__main__":
    work(AnsibleModule(ARGUMENTS, supports_check_mode=True))
