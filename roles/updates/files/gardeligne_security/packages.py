"""Debian's packages: what is installed, made again, put back, and not taken again."""

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
from typing import Dict, Iterator, List

# By path: the numbers of user and group, and the permissions.
Owners = Dict[str, List[int]]
# By name, of the packages that were built with Asterisk: the version, and in what state it is.
Versions = Dict[str, str]
# What package managers ask whether they may start a service, and what makes ours say no.
POLICY = "/usr/sbin/policy-rc.d"
QUIET = "/run/gardeligne-security.quiet"
ANSWER = """\
#!/bin/sh
# Written by gardeligne-security, which restarts Asterisk itself, when nobody talks.
set -eu
[ -e {} ] || exit 0
case " $* " in *" asterisk "* | *" asterisk.service "*) exit 101 ;; esac
""".format(QUIET)
REFUSED = "/etc/apt/preferences.d/gardeligne-refused"
# Configuration stays as it is: most of it is ours, and Asterisk's packages give it all to Asterisk.
CONFIGURATION = "/etc/asterisk"
DPKG = ["dpkg", "--force-confdef", "--force-confold"]
# What dpkg adds to what a package says of itself.
ADDED = ("Status:", "Conffiles:", "Config-Version:")


class Failed(Exception):
    """Packages could not be installed: words for the household."""


def said(*command: str) -> str:
    """Return what a command says. Raises CalledProcessError."""
    here = dict(os.environ, LC_ALL="C.UTF-8")
    return subprocess.check_output(command, env=here).decode("utf-8", "replace")


def done(*command: str) -> bool:
    """Run a command, which asks nothing; tell whether it was right."""
    here = dict(os.environ, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
    return subprocess.call(command, env=here, stdin=subprocess.DEVNULL) == 0


def asterisk() -> Versions:
    """Return what there is of Asterisk's source."""
    form = "${source:Package} ${db:Status-Abbrev} ${Package} ${Version}\n"
    fields = (line.split() for line in said("dpkg-query", "-W", "-f", form).splitlines())
    return {
        each[2]: each[3] + ("" if each[1] == "ii" else " " + each[1])
        for each in fields
        if len(each) == 4 and each[0] == "asterisk" and each[1] not in ("rc", "un")
    }


def whole(versions: Versions) -> bool:
    """Tell whether all of it is installed, and none half."""
    return bool(versions) and not any(" " in version for version in versions.values())


def candidate(name: str) -> str:
    """Return which version apt would install."""
    found = re.search(r"^  Candidate: (\S+)", said("apt-cache", "policy", name), re.M)
    return found.group(1) if found else ""


def short(version: str) -> str:
    """Return the version as people know it: 22.10.1-1."""
    return re.sub(r"^\d+:|[+~][^-]*", "", version.split(" ")[0])


def make_again(name: str, folder: str) -> None:
    """Make a package of what is installed of it, but for its configuration.

    dpkg keeps that where it is, and remembers what the package had there: if this one had the
    household's, the next version would take it for unchanged, and replace it.
    """
    root = os.path.join(folder, name)
    control = said("dpkg-query", "--control-path", name).split()
    configuration = set()
    os.makedirs(root + "/DEBIAN")
    for path in control:
        kind = path.rpartition(".")[2]
        if kind == "conffiles":
            with open(path) as file:
                configuration = {line.split()[-1] for line in file if line.strip()}
        elif kind != "md5sums":
            shutil.copy2(path, "{}/DEBIAN/{}".format(root, kind))
    about, skipped = [], False
    for line in said("dpkg-query", "--status", name).splitlines():
        skipped = line.startswith(ADDED) or (skipped and line.startswith(" "))
        about += [] if skipped else [line]
    with open(root + "/DEBIAN/control", "w", encoding="utf-8") as file:
        file.write("\n".join(about).strip() + "\n")
    for path in said("dpkg-query", "--listfiles", name).splitlines():
        if path.startswith("/") and path not in configuration and os.path.lexists(path):
            take(path, root)
    # Packed little: a Pi takes a minute for it otherwise.
    subprocess.check_call(
        ["dpkg-deb", "-Zgzip", "-z1", "--build", root, root + ".deb"], stdout=subprocess.DEVNULL
    )
    shutil.rmtree(root)


def take(path: str, root: str) -> None:
    """Put a file beside its place, without a copy of what is in it; or an empty folder."""
    about, to = os.lstat(path), root + path
    os.makedirs(os.path.dirname(to), exist_ok=True)
    if os.path.isdir(path):
        # A link to one, as /lib, is not the package's.
        about = os.stat(path)
        os.makedirs(to, exist_ok=True)
        os.chown(to, about.st_uid, about.st_gid)
        os.chmod(to, stat.S_IMODE(about.st_mode))
        return
    try:
        os.link(path, to, follow_symlinks=False)
    except OSError:  # on another disk
        shutil.copy2(path, to, follow_symlinks=False)
        os.chown(to, about.st_uid, about.st_gid, follow_symlinks=False)


def owners() -> Owners:
    """Return whose Asterisk's configuration is."""
    inside = (os.path.join(CONFIGURATION, name) for name in sorted(os.listdir(CONFIGURATION)))
    found = {path: os.lstat(path) for path in [CONFIGURATION, *inside]}
    return {
        path: [about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)]
        for path, about in found.items()
        if not stat.S_ISLNK(about.st_mode)
    }


def give_back(theirs: Owners) -> None:
    """Make Asterisk's configuration theirs again, the folder first."""
    for path, (user, group, mode) in sorted(theirs.items()):
        if os.path.exists(path) and not os.path.islink(path):
            os.chown(path, user, group, follow_symlinks=False)
            os.chmod(path, mode)


def put_back(folder: str) -> None:
    """Install the packages in a folder in the place of whatever is there."""
    files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    former = [path for path in files if path.endswith(".deb")]
    # Not in the middle of it, when the machine is switched off by a command.
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        if not done(*DPKG, "--install", *former):
            raise Failed("l'ancien Asterisk n'a pas pu être remis")
    finally:
        signal.signal(signal.SIGTERM, before)


def refuse(versions: Versions) -> None:
    """Have apt take these versions no more, and others again."""
    pins = [
        "Package: {}\nPin: version {}\nPin-Priority: -1\n".format(name, version.split(" ")[0])
        for name, version in sorted(versions.items())
    ]
    if pins:
        with open(REFUSED + ".part", "w") as file:
            file.write("\n".join(["# Written by gardeligne-security: did not work here.", *pins]))
            file.flush()
            os.fsync(file.fileno())
        os.replace(REFUSED + ".part", REFUSED)
    elif os.path.exists(REFUSED):
        os.unlink(REFUSED)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep packages from restarting Asterisk; a start of the machine ends that."""
    theirs = os.path.lexists(POLICY)
    if theirs:
        with open(POLICY, "rb") as file:
            theirs = file.read() != ANSWER.encode()
    open(QUIET, "w").close()
    try:
        if not theirs:
            with open(POLICY, "w") as file:
                os.fchmod(file.fileno(), 0o755)
                file.write(ANSWER)
        yield
    finally:
        if not theirs:
            os.unlink(POLICY)
        os.unlink(QUIET)


def finish() -> None:
    """Finish what was cut off. Its failure is found by who looks at what came of it."""
    with undisturbed():
        done(*DPKG, "--configure", "-a")


def read_lists() -> None:
    """Read anew what the archives have. Raises Failed."""
    # A list that did not come is no list of before.
    if not done("apt-get", "--quiet=2", "-o", "APT::Update::Error-Mode=any", "update"):
        raise Failed("les listes de Debian ne se téléchargent pas")


def upgrade() -> None:
    """Install what unattended-upgrade finds. Raises Failed."""
    here = dict(os.environ, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
    child = subprocess.Popen(["unattended-upgrade"], env=here, stdin=subprocess.DEVNULL)
    # Of several packages it ends after the one that it is at.
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        if child.wait():
            raise Failed("les mises à jour ne s'installent pas")
    finally:
        signal.signal(signal.SIGTERM, before)
