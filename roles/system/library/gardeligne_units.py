#!/usr/bin/python
"""Ansible module: units of systemd enabled and started, all of them in one go.

Of Ansible's own, one module a unit is started, and each takes a Pi three seconds. Runs on the host:
on Python 2.7 too.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: gardeligne_units
short_description: Units of systemd enabled and started, all of them in one go
description: Enables and starts units, or disables and stops them. Supports check mode.
author: gardeligne
options:
  names:
    description: Names of the units, with their endings.
    type: list
    elements: str
    required: true
  enabled:
    description: Whether they are started by each start of the machine.
    type: bool
    required: true
  started:
    description: Whether they run now; left as it is where it is not said, as where nothing runs.
    type: bool
  daemon_reload:
    description: Whether systemd reads its units anew first, if any of these is another on the disk.
    type: bool
    default: false
"""
EXAMPLES = """
- gardeligne_units:
    names: [asterisk.service, gardeligne-databases.timer]
    enabled: true
    started: true
"""
RETURN = """
units:
  description: The units that were changed, or would be.
  type: list
  elements: str
  returned: always
"""
ARGUMENTS = {
    "names": {"type": "list", "elements": "str", "required": True},
    "enabled": {"type": "bool", "required": True},
    "started": {"type": "bool"},
    "daemon_reload": {"type": "bool", "default": False},
}
# What systemd says of a unit that needs no start.
RUNNING = ("active", "activating", "reloading")
# What `systemctl is-enabled` says of a unit that each start starts.
ENABLED = ("enabled", "enabled-runtime")


def known(module, names):
    """Return what systemd knows of each unit, by property."""
    asked = ["systemctl", "show", "--property=LoadState,ActiveState,NeedDaemonReload"]
    told = module.run_command(asked + names)[1].strip().split("\n\n")
    properties = [dict(line.split("=", 1) for line in unit.splitlines()) for unit in told]
    return dict(zip(names, properties + [{}] * len(names)))


def is_another(unit):
    """Say whether a unit may not be the one on the disk."""
    return unit.get("LoadState") != "loaded" or unit.get("NeedDaemonReload") != "no"


def enabled(module, names):
    """Return what systemctl finds on the disk of each unit; "" for one that is not there."""
    # One of them that is unknown would leave its line out.
    answers = module.run_command(["systemctl", "is-enabled"] + names)[1].split()
    if len(answers) != len(names):
        alone = ["systemctl", "is-enabled"]
        answers = [module.run_command(alone + [name])[1].strip() for name in names]
    return dict(zip(names, answers))


def work(module):
    """Do what the arguments say."""
    asked, names = module.params, module.params["names"]

    def systemctl(verb, units):
        code, _, errors = module.run_command(["systemctl", verb] + units)
        if code:
            said = (verb, " ".join(units), errors.strip())
            module.fail_json(msg="systemctl %s %s: %s" % said)

    # Where nothing is booted, there is nobody to ask what runs.
    units = known(module, names) if asked["started"] is not None else {}
    another = any(is_another(unit) for unit in units.values())
    if asked["daemon_reload"] and another and not module.check_mode:
        systemctl("daemon-reload", [])
    now = enabled(module, names)
    wrong = [name for name in names if (now[name] in ENABLED) != asked["enabled"]]
    steps = [("enable" if asked["enabled"] else "disable", wrong)]
    if asked["started"] is not None:
        runs = [name for name in names if units[name].get("ActiveState") in RUNNING]
        wrong = [name for name in names if (name in runs) != asked["started"]]
        steps.append(("start" if asked["started"] else "stop", wrong))
    if not module.check_mode:
        for verb, units in steps:
            if units:
                systemctl(verb, units)
    changed = [name for name in names if any(name in units for _, units in steps)]
    module.exit_json(changed=bool(changed), units=changed)


if __name__ == "__main__":
    work(AnsibleModule(ARGUMENTS, supports_check_mode=True))
