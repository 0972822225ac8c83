"""The product's own playbook, run by the box on itself."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from . import files, lean, modules
from .places import Places

_TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:(\w+) : )?.*\] \*", re.M)
# What the roles do, in the household's words: the tasks' own names are for who wrote them.
STEPS = {
    "household": "vérification des réglages",
    "settled": "ce qui a changé",
    "system": "système",
    "sdcard": "carte et réseau",
    "mail": "courrier",
    "asterisk": "central téléphonique",
    "journal": "journal des appels",
    "phones": "réglage des téléphones",
    "updates": "mises à jour",
    "voicemail": "messagerie vocale",
    "numbers": "listes de numéros",
    "dialplan": "traitement des appels",
    "firewall": "pare-feu",
    "watch": "surveillance",
    "backup": "sauvegarde",
    "selfsetup": "lecture de foyer.txt",
}
BEFORE = "préparation"
_FAILED = re.compile(r"^(?:fatal|failed): \[", re.M)


def run(places: Places, *, whole: bool = False) -> str | None:
    """Run it; return None if all went well, else what failed, in French.

    Roles that have nothing to do since the last good run are left out, but not with ``whole``.
    What it says goes to a file that root alone reads, also if it should have a secret in it.
    """
    for folder in ("local", "remote"):
        files.make_folder(places.run / folder)
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(places.project / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        # Modules have the values of their task with them: not on the card.
        "ANSIBLE_LOCAL_TEMP": str(places.run / "local"),
        "ANSIBLE_REMOTE_TEMP": str(places.run / "remote"),
        "ANSIBLE_HOME": str(places.run),
        # What its modules are given is nothing for the journal either, and would wear the card out.
        "ANSIBLE_NO_TARGET_SYSLOG": "1",
        # What Ansible has asked the machine is not asked again while that is the same.
        "ANSIBLE_GATHERING": "smart",
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(_facts(places)),
        "ANSIBLE_CACHE_PLUGIN_TIMEOUT": "0",
        "ANSIBLE_ACTION_PLUGINS": str(places.project / "roles/selfsetup/files/actions"),
        "ANSIBLE_PYTHON_INTERPRETER": str(places.interpreter),
        modules.VARIABLE: str(places.run / "modules"),
    }
    command = [sys.executable, "-I", lean.__file__, places.ansible]
    command += [f"--inventory={places.inventory}", "playbook.yml"]
    if whole:
        command += ["--extra-vars=settled_full=true", "--flush-cache"]
    places.log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(places.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    program = [sys.executable, "-IB", modules.__file__]
    quick = modules.ready(places.run / "modules", program, places.project)
    with os.fdopen(handle, "wb") as log, quick:
        os.fchmod(log.fileno(), 0o600)
        done = subprocess.run(
            command,
            cwd=places.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return failed_step(places.log.read_text(errors="replace")) if done.returncode else None


def _facts(places: Places) -> Path:
    """Return the folder of Ansible's facts of this machine: of its name, kernel and release."""
    release = places.root / "etc/os-release"
    told = repr(tuple(os.uname())).encode() + (release.read_bytes() if release.exists() else b"")
    return places.facts / hashlib.sha256(told).hexdigest()[:16]


def failed_step(said: str) -> str:
    """Return in French what failed: no more of what Ansible says, as that may have a secret."""
    failed = _FAILED.search(said)
    roles = _TASK.findall(said[: failed.start()] if failed else said)
    return STEPS.get(roles[-1], BEFORE) if roles else BEFORE
