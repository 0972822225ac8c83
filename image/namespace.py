"""Namespaces of our own: we are root in them without being it, and foreign programs run.

Everything is mounted in here, so nothing is left behind however the work ends. A kernel from 6.7
on lets a user namespace say by itself what runs foreign programs; an older one has one table for
the whole machine, which the package qemu-user-static fills.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from image import tools
from image.errors import ImageError

MARK = "GARDELIGNE_IMAGE_NAMESPACE"
TABLE = Path("/proc/sys/fs/binfmt_misc")
# What systemd registers: the line that says which programs are foreign, and what runs them.
REGISTRATIONS = Path("/usr/lib/binfmt.d")
# Debian architecture: QEMU's name for it.
QEMU = {"arm64": "aarch64", "armhf": "arm"}
# The Pi's own processor, and no newer one, which would sign every return address: QEMU does that
# by software, and Perl then takes ten times as long. 32 bits: what QEMU has next to it.
PROCESSOR = {"arm64": "cortex-a53", "armhf": "cortex-a7"}
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def inside() -> bool:
    """Say whether this process is in its own namespaces already."""
    return MARK in os.environ


def enter() -> None:
    """Run this same command in namespaces of its own, and end as it ends."""
    tools.need("unshare", "newuidmap", "qemu-aarch64-static", "qemu-arm-static")
    _check_allowed()
    namespaces = ["--user", "--mount", "--uts", "--pid"]
    users = ["--map-root-user", "--map-auto", "--setuid=0", "--setgid=0"]
    lifetime = ["--fork", "--kill-child", "--mount-proc"]
    command = [sys.executable, *sys.orig_argv[1:]]
    paths = [str(tools.PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        ["setpriv", "--pdeathsig=KILL", "unshare", *namespaces, *users, *lifetime, *command],
        env={**os.environ, MARK: "1", "PYTHONPATH": os.pathsep.join(paths)},
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # unshare itself waits for its child and hears no signal.
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children")
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGINT)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the child as well
    signal.signal(signal.SIGTERM, stop)
    sys.exit(child.wait())


def prepare(architecture: str) -> None:
    """Let programs of another architecture run in these namespaces (by qemu-user)."""
    tools.let_stop()
    # Ansible takes the name of the first process for the service manager's, unless it is this.
    Path("/proc/self/comm").write_text("init")
    os.environ["QEMU_CPU"] = PROCESSOR[architecture]
    own = subprocess.run(
        ["mount", "-t", "binfmt_misc", "binfmt_misc", TABLE], stderr=subprocess.DEVNULL, check=False
    )
    if own.returncode == 0:
        for name in QEMU.values():
            line = (REGISTRATIONS / f"qemu-{name}.conf").read_text().strip()
            if not (TABLE / f"qemu-{name}").exists():
                (TABLE / "register").write_text(line)
    entry = TABLE / f"qemu-{QEMU[architecture]}"
    if not entry.exists() or "enabled" not in entry.read_text():
        raise ImageError(
            f"programs for {architecture} do not run on this machine: its kernel is older than 6.7 "
            "and has no entry for them. As root: apt-get install --reinstall qemu-user-static && "
            "systemctl restart systemd-binfmt"
        )


def end_all() -> None:
    """End every program of our namespaces but this one, which is the first in there."""
    if inside() and os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)


def mount(kind: str, target: Path, *options: str, source: str | Path = "none") -> None:
    """Mount a file system in here."""
    command = ["mount", "-t", kind, *(["-o", ",".join(options)] if options else [])]
    subprocess.run([*command, source, target], check=True)


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    """Show a folder or a file at another place, with all that is mounted below it."""
    subprocess.run(["mount", "--rbind", source, target], check=True)
    if read_only:
        subprocess.run(["mount", "-o", "remount,bind,ro", target], check=True)


def detach(target: Path) -> None:
    """Unmount a path with all that is mounted below it, even if it is in use."""
    subprocess.run(["umount", "--lazy", target], check=True)


@contextmanager
def system_folders(root: Path) -> Iterator[None]:
    """Give a root what programs expect of a running machine, but not the machine's own disks."""
    mount("proc", root / "proc")
    with contextlib.suppress(subprocess.CalledProcessError):
        bind(Path("/sys"), root / "sys", read_only=True)
    device = root / "dev"
    mount("tmpfs", device, "mode=755", "nosuid")
    for name in DEVICES:
        (device / name).touch()
        bind(Path("/dev") / name, device / name)
    for name in ("pts", "shm"):
        (device / name).mkdir()
    mount("devpts", device / "pts", "newinstance", "ptmxmode=0666", "mode=620")
    mount("tmpfs", device / "shm", "mode=1777")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1"}
    for name, to in {**links, "stderr": "fd/2"}.items():
        (device / name).symlink_to(to)
    mount("tmpfs", root / "run", "mode=755", "nosuid")
    mount("tmpfs", root / "tmp", "mode=1777", "nosuid")
    yield
    for name in ("proc", "sys", "dev", "run", "tmp"):
        with contextlib.suppress(subprocess.CalledProcessError):
            detach(root / name)


def _check_allowed() -> None:
    """Raise ImageError with the cure where this user may not make namespaces."""
    user = Path("~").expanduser().owner() if os.geteuid() else "root"
    for file in (Path("/etc/subuid"), Path("/etc/subgid")):
        lines = file.read_text().splitlines() if file.exists() else []
        if not any(line.split(":")[0] in (user, str(os.geteuid())) for line in lines):
            raise ImageError(
                f"{file}: has no line for {user}, so other users' files cannot be made. "
                f"`make setup-image` adds it, or as root: usermod --add-subuids 100000-165535 "
                f"--add-subgids 100000-165535 {user}"
            )
    namespaces = ["--user", "--map-root-user", "--map-auto", "--mount", "--pid", "--fork"]
    trial = subprocess.run(
        ["unshare", *namespaces, "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if trial.returncode:
        raise ImageError(
            f"this machine does not let {user} make user namespaces ({trial.stderr.strip()}). In a "
            "container: start it with more rights, or build outside. Else as root, whichever "
            "exists: sysctl kernel.unprivileged_userns_clone=1, sysctl "
            "kernel.apparmor_restrict_unprivileged_userns=0"
        )
