"""The playbook, run into an image: what a household's Pi becomes, before it is ever switched on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from image import debian, disk, finish, namespace, tools
from image.bases import Base
from image.errors import ImageError
from image.stamp import Stamp, newest_package
from image.steps import Steps

SETUP = tools.PROJECT / "roles/selfsetup/files"
sys.path.append(str(SETUP))
from gardeligne_setup import modules  # noqa: E402 - a box does the same with its own Python

TOOLS = (*disk.FILES, *finish.TOOLS)
ROOM = 2 << 30  # bytes that the root partition gets while it is filled; unused ones cost nothing
MARGIN = 256 << 20  # and what is left in the image, until the card's own size is taken
ANSIBLE = tools.PROJECT / ".venv/bin"
# What goes into a root while it is filled, and comes out again.
ARCHIVES = tools.CACHE / "apt-image"  # packages, for the next image
# Not in /etc or /usr/local, where a box takes it for a change by another hand.
CARD = "var/lib/gardeligne/card.json"  # read by roles/updates
POLICY = "usr/sbin/policy-rc.d"
TEMPORARY: dict[str, Callable[[], str]] = {
    "etc/apt/apt.conf.d/zz-image": debian.apt_settings,
    "etc/dpkg/dpkg.cfg.d/zz-image": lambda: "force-unsafe-io\n",
    POLICY: lambda: "#!/bin/sh\nexit 101\n",
}
# Where systemd-resolved keeps what /etc/resolv.conf then links to.
RESOLVED = ("run/systemd/resolve/resolv.conf", "run/systemd/resolve/stub-resolv.conf")
KEPT = ("QEMU_CPU", "HOME", "USER", "LOGNAME", "TERM", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True)
class Household:
    """The household that the image is made for."""

    inventory: Path
    host: str
    vault_password: str = ""
    ansible: Sequence[str] = ()
    newest: str = ""  # where the manifest of its maker's newest card will be


def check(base: Base, house: Household, work: Path, steps: Steps) -> None:
    """Check the household's data first: that takes seconds, a base takes minutes."""
    with _secret(house.vault_password, work / "vault") as secret, steps.step("household's data"):
        # What reaches the host's Python is chosen here, whatever the household says of it.
        known = {"household_release": base.suite, "ansible_python_interpreter": "auto"}
        _playbook("check.yml", house, known, secret, steps)


def fill(parts: disk.Parts, base: Base, house: Household, work: Path, steps: Steps) -> Stamp:
    """Run the playbook into an image's partitions, and make both anew of what they then hold."""
    with steps.step("room for the exchange"):
        disk.grow(parts, ROOM, steps)
    root = work / "root"
    root.mkdir()
    socket.sethostname(house.host)
    with disk.mounted(parts, root):
        boot = root / base.boot.lstrip("/")
        boot.mkdir(parents=True, exist_ok=True)
        namespace.mount("tmpfs", boot, "mode=755")
        disk.read_boot(parts, boot, steps)
        vault = _secret(house.vault_password, work / "vault")
        running = namespace.system_folders(root)
        with running, _prepared(root), vault as secret, steps.step(f"playbook for {house.host}"):
            with _python(root, base) as python:
                # Roles see by the fact is_chroot that nothing runs.
                there = {
                    "ansible_connection": "community.general.chroot",
                    "ansible_host": str(root),
                    "ansible_python_interpreter": python,
                }
                _playbook(
                    "playbook.yml", house, there, secret, steps,
                    ansible=tools.PROJECT / base.venv / "bin", when=newest_package(root),
                )  # fmt: skip
            _end_programs(root)
            leave_address(root, house.newest)
        shutil.copytree(boot, work / "boot")
        namespace.detach(boot)
    return finish.finish(parts, base, house.host, work / "boot", work, MARGIN, steps)


@contextmanager
def _python(root: Path, base: Base) -> Iterator[str]:
    """Say which Python of a root runs Ansible's modules: one that has loaded their code, if it can.

    What it needs lies in the root's /dev, which is the run's own.
    """
    if base.python != "/usr/bin/python3":
        yield base.python
        return
    there = Path("/dev/gardeligne")
    here = root / there.relative_to("/")
    (found,) = ANSIBLE.parent.glob("lib/python3*/site-packages/ansible")
    for source, name in (
        (found, "packages/ansible"),
        (tools.PROJECT / "roles", "project/roles"),
    ):
        (here / name).mkdir(parents=True)
        namespace.bind(source, here / name, read_only=True)
    files = there / "project" / SETUP.relative_to(tools.PROJECT)
    python = [base.python, "-X", f"pycache_prefix={there / 'compiled'}", "-I"]
    with modules.ready(
        here / "modules",
        ["chroot", root, *python, files / "gardeligne_setup/modules.py"],
        there / "project",
        there / "packages",
    ):
        yield str(files / "python")


def leave_address(root: Path, newest: str) -> None:
    """Leave on a card where the manifest of its maker's newest one will be, if he has said it."""
    if newest:
        (root / CARD).write_text(json.dumps({"newest": newest}) + "\n")


@contextmanager
def _secret(password: str, folder: Path) -> Iterator[list[str]]:
    """Hand the vault's password to Ansible without writing it to a disk."""
    if not password:
        yield []
        return
    folder.mkdir()
    namespace.mount("tmpfs", folder, "mode=700")
    try:
        (folder / "password").write_text(password)
        yield [f"--vault-password-file={folder / 'password'}"]
    finally:
        namespace.detach(folder)


def _playbook(
    name: str,
    house: Household,
    where: dict[str, str],
    secret: Sequence[str],
    steps: Steps,
    *,
    ansible: Path = ANSIBLE,
    when: int | None = None,
) -> None:
    """Run ansible-playbook; what packages write of their own keeps to a date, `when`."""
    variables = {**where, "ansible_become": False, "household_for_card": True}
    # Little of the builder's environment: TMPDIR, say, would name a folder that the root lacks.
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    settings = {
        "PATH": f"{ansible}:{tools.PATH}",
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": str(tools.PROJECT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        modules.VARIABLE: "/dev/gardeligne/modules",
    }
    if when is not None:  # initramfs-tools and others know it
        settings["SOURCE_DATE_EPOCH"] = str(when)
    steps.run(
        ansible / "ansible-playbook",
        f"--inventory={house.inventory}",
        f"--limit={house.host}",
        f"--extra-vars={json.dumps(variables)}",
        *secret,
        *house.ansible,
        tools.PROJECT / name,
        env={**kept, **settings},
        cwd=tools.PROJECT,
    )


@contextmanager
def _prepared(root: Path) -> Iterator[None]:
    """Give a root the builder's apt settings, and let no service start in it."""
    policy = root / POLICY
    if policy.exists():
        raise ImageError(f"{POLICY} is in the base image: it would keep services from starting")
    resolv = root / "etc/resolv.conf"
    link = resolv.readlink() if resolv.is_symlink() else None
    text = resolv.read_text() if link is None and resolv.exists() else None
    ours = Path("/etc/resolv.conf").read_text()
    for name in RESOLVED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(ours)
    resolv.unlink(missing_ok=True)
    resolv.write_text(ours)
    for name, content in TEMPORARY.items():
        (root / name).write_text(content())
    policy.chmod(0o755)
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    archives = root / "var/cache/apt/archives"
    namespace.bind(ARCHIVES, archives)
    try:
        yield
    finally:
        namespace.detach(archives)
        for name in TEMPORARY:
            (root / name).unlink(missing_ok=True)
        shutil.rmtree(root / "root/.ansible", ignore_errors=True)
        # Unless the playbook has its own mind about it.
        if not resolv.is_symlink() and resolv.exists() and resolv.read_text() == ours:
            resolv.unlink()
            if link is not None:
                resolv.symlink_to(link)
            elif text is not None:
                resolv.write_text(text)


def _end_programs(root: Path) -> None:
    """End programs that still run in the root, since they keep it from being unmounted."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = list(_programs(root))
        for pid in running:
            os.kill(pid, number)
        for _ in range(50):
            if not list(_programs(root)):
                return
            time.sleep(0.1)


def _programs(root: Path) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != "1":
            try:
                zombie = "Z" in (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if not zombie and (entry / "root").readlink() == root:
                    yield int(entry.name)
            except OSError:  # it has ended
                continue
