"""A box to try gardeligne-setup on: real files, a real partition, a real, but short playbook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gardeligne_setup.places import Places

from support.backup import backup_program
from support.example import ROOT

PYTHON = ROOT / "roles/selfsetup/files/python"
SIP, MAIL = "Ligne-de-test-1", "Courrier-test-2"
SECRETS = (SIP, MAIL)
FILLED = f"""# Notre maison
nom: Famille Martin
ligne:
  opérateur: free
  numéro: 09 87 65 43 21
  mot de passe: {SIP}
courrier:
  adresse: camille.martin@free.fr
  mot de passe: {MAIL}
téléphones:
  - Salon
attente: 4
"""
# What a run leaves: a line in `runs`, the settings in `effect`, a password as the roles make one.
PLAYBOOK = """\
- hosts: exchange
  gather_facts: false
  tasks:
    - name: Count the run
      ansible.builtin.shell: echo run >>{root}/runs
    - name: Do what may fail
      ansible.builtin.command: test ! -e {root}/broken
    - name: Take effect
      ansible.builtin.copy:
        content: "{{{{ household_name }}}} {{{{ household_guard.wait }}}} {{{{ mail }}}}"
        dest: {root}/effect
        mode: "0600"
      vars:
        mail: "{{{{ household_secrets.mail }}}}"
    - name: Name the machine
      ansible.builtin.copy:
        content: "{{{{ household_card.network | default('by the router') }}}}"
        dest: {root}/etc/hostname
        mode: "0644"
    - name: Make a password
      ansible.builtin.set_fact:
        made: "{{{{ lookup('ansible.builtin.password', file) }}}}"
      vars:
        file: "{{{{ inventory_dir }}}}/secrets/gardeligne/handset-001"
      no_log: true
"""


class Box:
    """A box below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        project = root / "project"
        project.mkdir()
        (project / "playbook.yml").write_text(PLAYBOOK.format(root=root))
        (project / "ansible.cfg").write_text("")
        ansible = f"{sys.prefix}/bin/ansible-playbook"
        self.places = Places(root, project, ansible, PYTHON, backup_program(root))
        self.foyer = self.places.boot / "foyer.txt"
        self.errors = self.places.boot / "foyer-erreurs.txt"

    def write(self, text: str) -> None:
        """Write foyer.txt, as somebody at a PC does."""
        self.foyer.write_text(text, encoding="utf-8")

    def edit(self, old: str, new: str) -> None:
        """Change something in it."""
        text = self.foyer.read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new))

    def start(self) -> str:
        """Run the program as at a start; what it said on the console."""
        done = self.process()
        said, _ = done.communicate()
        assert done.returncode == 0, said
        return said

    def process(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin to run the program."""
        call = (
            "import sys; from pathlib import Path; from gardeligne_setup.__main__ import main;"
            "from gardeligne_setup.places import Places;"
            "places = Places(*map(Path, sys.argv[1:3]), sys.argv[3], *map(Path, sys.argv[4:6]));"
            "sys.exit(main(places, sys.argv[6:]))"
        )
        places = self.places
        where = places.root, places.project, places.ansible, places.interpreter, places.backup
        return subprocess.Popen(
            [sys.executable, "-c", call, *where, *arguments],
            env={"PYTHONPATH": ":".join(sys.path), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def runs(self) -> int:
        """How often the playbook has run."""
        counted = self.root / "runs"
        return len(counted.read_text().split()) if counted.exists() else 0

    @property
    def effect(self) -> str:
        """What is in effect."""
        return (self.root / "effect").read_text()

    @property
    def status(self) -> dict[str, Any]:
        """What the report on the start is told."""
        told: dict[str, Any] = json.loads(self.places.status.read_text())
        return told


def assert_sealed(box: Box) -> None:
    """Hold that the card has none of the passwords, and their mark in their place."""
    text = box.foyer.read_text(encoding="utf-8")
    assert text.count("(enregistré)") == len(SECRETS)
    for path in box.places.boot.iterdir():
        if path.is_file():
            assert not any(secret.encode() in path.read_bytes() for secret in SECRETS), path


@contextmanager
def partition(folder: Path, image: Path) -> Iterator[None]:
    """Mount a small file system of its own: as root by the kernel, which damages no file."""
    mount, unmount = ["mount", "-o", "loop"], ["umount"]
    if os.geteuid() or not Path("/dev/loop-control").exists():
        mount, unmount = ["fuse2fs", "-o", "fakeroot"], ["fusermount", "-u"]
    if not shutil.which(unmount[0]):
        pytest.skip("needs root and loop devices, or the package fuse3")
    with image.open("wb") as out:
        out.truncate(16 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", image], check=True)
    folder.mkdir(parents=True)
    subprocess.run([*mount, image, folder], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([*unmount, folder], check=True)
