"""A machine that has nothing: mmdebstrap's minbase, in namespaces of its own.

Nothing stays mounted and nothing runs on, however it ends. Of the builder's machine it gets the
kernel with its devices, the network (names, apt's and pip's own settings, certificates), and a
copy of the working tree to clone.
"""

from __future__ import annotations

import ast
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fresh.readme import ROOT

from image.debian import apt_settings

CACHE = ROOT / ".cache/fresh"
REPOSITORY = "/srv/gardeligne"
# pip's settings that are about the way, not about what is installed.
PIP = ("index-url", "extra-index-url", "proxy", "trusted-host", "timeout", "default-timeout",
       "retries")  # fmt: skip
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
CERTIFICATES = "usr/local/share/ca-certificates"
# What apt, dpkg and git say of every package and file.
NOISE = ("(Reading", "Get:", "Selecting", "Preparing", "Unpacking", "Setting up", "debconf: ",
         "Updating files")  # fmt: skip
ENTER = """\
set -eu
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" fresh "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
# Containers have an overlay of their own, which cannot lie on this one.
mkdir -p var/lib/containers
mount --bind "$1/containers" var/lib/containers
pivot_root . mnt
umount --lazy /mnt
shift 2
exec env --ignore-environment "$@"
"""


class Failed(Exception):
    """A line that was typed has failed."""

    def __init__(self, line: str, how: str, said: list[str]) -> None:
        """Keep what it said as well."""
        super().__init__(f"`{line}` {how}")
        self.said = said


@dataclass
class Machine:
    """A machine: what is below it, and the folder of all that is its own."""

    release: str
    lower: str
    own: Path
    folder: str = "/root"
    # Of each line: its seconds, and those of the processors.
    times: list[tuple[str, float, float]] = field(default_factory=list)

    def prepare(self) -> None:
        """Give it the network of this one, and a repository to clone."""
        upper = self.own / "upper"
        for name in ("etc/apt/apt.conf.d", "srv", "usr/local/share"):
            (upper / name).mkdir(parents=True)
        for name in ("etc/hosts", "etc/resolv.conf"):
            (upper / name).write_text(Path("/", name).read_text())
        apt = 'APT::Get::Assume-Yes "true";\n' + apt_settings()
        (upper / "etc/apt/apt.conf.d/90fresh").write_text(apt)
        (upper / "etc/pip.conf").touch(0o600)
        (upper / "etc/pip.conf").write_text(_pip_settings())
        if Path("/", CERTIFICATES).is_dir():
            shutil.copytree(Path("/", CERTIFICATES), upper / CERTIFICATES)
        _snapshot(upper / REPOSITORY.lstrip("/"))
        self.type("apt-get --quiet=2 update")

    def type(self, line: str) -> list[str]:
        """Type a line; return what it said."""
        print(f"{self.release}# {line}", flush=True)
        wanted = {key: os.environ.get(key) or os.environ.get(key.upper()) for key in PROXIES}
        environment = {
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            **{key: value for key, value in wanted.items() if value},
        }
        script = f"cd {shlex.quote(self.folder)}\n{line}\npwd >/root/.folder"
        namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--propagation=private"]
        begin, used = time.monotonic(), _processors()
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "unshare", *namespaces, "sh", "-c", ENTER, "fresh",
             self.own, self.lower, *(f"{key}={value}" for key, value in environment.items()),
             "bash", "-ec", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
        said = []
        for output in process.stdout or ():
            if not output.startswith(NOISE):
                print(output, end="", flush=True)
            said.append(output)
        ended = process.wait()
        self.times.append((line, time.monotonic() - begin, _processors() - used))
        if ended:
            raise Failed(line, f"ended with {ended}", said)
        self.folder = (self.own / "upper/root/.folder").read_text().strip()
        return said


@contextmanager
def machine(release: str, *lower: Path) -> Iterator[Machine]:
    """Have a machine for a while: a bare one, or what another one has become."""
    own = CACHE / f"{release}-{os.getpid()}-{len(lower)}"
    for name in ("upper", "work", "root", "containers"):
        (own / name).mkdir(parents=True)
    try:
        yield Machine(release, ":".join(map(str, (*lower, _bare(release)))), own)
    finally:
        shutil.rmtree(own)


def _processors() -> float:
    """Return what the processors have worked for programs that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _bare(release: str) -> Path:
    """Return the bare root of a release, made once."""
    root = CACHE / release
    if not root.exists():
        print(f"{release}: making a bare root", flush=True)
        settings, part = CACHE / f"{release}.conf", CACHE / f"{release}.part"
        shutil.rmtree(part, ignore_errors=True)
        settings.write_text(apt_settings())
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory",
             f"--aptopt={settings}", release, part],
            check=True,
        )  # fmt: skip
        (part / "etc/apt/apt.conf.d/99mmdebstrap").unlink()
        part.replace(root)
    return root


def _pip_settings() -> str:
    """Give the builder's own settings of pip that matter for downloads."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    kept = {}
    for name, quoted in re.findall(r"^\S+\.([^.=]+)=(.*)$", listed, re.M):
        words = [word for word in str(ast.literal_eval(quoted)).split() if "file:" not in word]
        if words and name in PIP:
            kept[name] = "\n    ".join(words)
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in kept.items())


def _snapshot(target: Path) -> None:
    """Make a repository of the working tree as it is, what is not committed included."""
    ours = {"GIT_INDEX_FILE": str(target.with_suffix(".index"))}
    for role in ("AUTHOR", "COMMITTER"):
        ours |= {f"GIT_{role}_NAME": "fresh", f"GIT_{role}_EMAIL": "fresh"}

    def git(*arguments: str | Path) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, env={**os.environ, **ours}, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    git("read-tree", "HEAD")
    git("add", "--all")
    commit = git("commit-tree", git("write-tree"), "-m", "The working tree")
    git("init", "--quiet", "--bare", "--initial-branch=main", target)
    git("push", "--quiet", target, f"{commit}:refs/heads/main")
