"""Copies of a backup elsewhere: on a USB stick, in a folder, on another machine by SSH.

Each is written beside its name and then given it, and the oldest beyond KEPT are removed: of ours
alone, by their names. What fails is Trouble, and the other places are tried all the same.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from typing import Any, Dict, Iterator, List

from .cipher import sync_folder
from .trouble import Trouble

LABEL = "GARDELIGNE"
STICK = "/dev/disk/by-label/" + LABEL
KEPT = 10
NAME = re.compile(r"gardeligne-\d{8}-\d{6}(-avant)?\.sauvegarde$")
PATIENCE = 600  # seconds for a copy over the network
# user@host[:port]/folder, as the household's model lets it through; twice `/`: from the root.
REMOTE = re.compile(r"([^@/]+@[^:/@]+)(?::(\d+))?/(.*)$")


def copy(kind: str, settings: Dict[str, Any], path: str, key: str) -> None:
    """Copy a backup to `usb`, `folder` or `ssh`. Raises Trouble, OSError."""
    if kind == "usb":
        to_stick(path, STICK)
    elif kind == "folder":
        to_folder(path, settings["folder"])
    else:
        to_machine(path, settings["ssh"], settings["ssh_host_key"], key)


def old(names: List[str], kept: int) -> List[str]:
    """Return which of these files are backups beyond the newest ones."""
    return sorted(name for name in names if NAME.match(name))[:-kept]


def to_stick(path: str, device: str) -> None:
    """Copy to a stick that is mounted for no longer than that."""
    if not os.path.exists(device):
        raise Trouble(
            "aucune clé USB nommée {} n'est branchée : branchez-la, ou donnez-lui ce nom sur un "
            "ordinateur.".format(LABEL)
        )
    with tempfile.TemporaryDirectory(prefix="gardeligne-backup-") as folder:
        run(["mount", "-o", "nosuid,nodev,noexec", device, folder], "la clé USB n'est pas lisible")
        try:
            put(path, folder)
        finally:
            run(["umount", folder], "la clé USB n'a pas pu être libérée")


def to_folder(path: str, folder: str) -> None:
    """Copy to a folder of another disk: never of the card, which it would fill."""
    if not os.path.isdir(folder):
        raise Trouble("{} n'existe pas : montez ce dossier.".format(folder))
    if os.stat(folder).st_dev == os.stat(os.path.dirname(path)).st_dev:
        raise Trouble("{} est sur la carte : montez-y le dossier du réseau.".format(folder))
    put(path, folder)


def put(path: str, folder: str) -> None:
    """Put a copy into a folder, whole or not at all."""
    name = os.path.basename(path)
    part = os.path.join(folder, name + ".part")
    try:
        with open(path, "rb") as source, open(part, "wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        os.rename(part, os.path.join(folder, name))
        sync_folder(part)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)
    for each in old(os.listdir(folder), KEPT):
        os.unlink(os.path.join(folder, each))


def to_machine(path: str, target: str, host_key: str, key: str) -> None:
    """Copy by SFTP to a machine that is recognised by its key."""
    found = REMOTE.match(target)
    if not found:
        raise Trouble("ssh : {} n'est pas utilisateur@machine/dossier.".format(target))
    login, port, folder = found.group(1), found.group(2) or "22", found.group(3) or "."
    make_key(key)
    name = os.path.basename(path)
    with _known(login.partition("@")[2], port, host_key) as known:
        command = ["sftp", "-F", "/dev/null", "-b", "-", "-P", port, "-i", key]
        command += ["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]
        command += ["-o", "StrictHostKeyChecking=yes"]
        command += ["-o", "UserKnownHostsFile=" + known, "-o", "GlobalKnownHostsFile=/dev/null"]
        command += ["-o", "ConnectTimeout=30", login]
        inside = "-mkdir {0}\ncd {0}\n".format(_quoted(folder))
        told = _sftp(
            command,
            inside
            + "put {0} {1}\nrename {1} {2}\nls -1\n".format(
                _quoted(path), _quoted(name + ".part"), _quoted(name)
            ),
            key,
        )
        removed = old([line.strip() for line in told.splitlines()], KEPT)
        if removed:
            _sftp(command, inside + "".join("rm {}\n".format(each) for each in removed), key)


def make_key(key: str) -> None:
    """Make this machine's own key, if there is none."""
    if not os.path.exists(key):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "gardeligne", "-f", key]
        run(make, "la clé SSH n'a pas pu être faite")


def _sftp(command: List[str], batch: str, key: str) -> str:
    try:
        done = subprocess.run(
            command,
            input=batch.encode("utf-8"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise Trouble("{} ne répond pas.".format(command[-1])) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = [line for line in lines if line != "Connection closed"] or ["?"]
        with open(key + ".pub") as public:
            raise Trouble(
                "{} : {}. Sa clé est-elle celle de household_backup.ssh_host_key, et a-t-elle "
                "celle de ce boîtier dans authorized_keys : {}".format(
                    command[-1], said[-1].rstrip("."), public.read().strip()
                )
            )
    return done.stdout.decode("utf-8", "replace")


@contextlib.contextmanager
def _known(host: str, port: str, host_key: str) -> Iterator[str]:
    """Yield a file that says which key the machine has."""
    name = host if port == "22" else "[{}]:{}".format(host, port)
    with tempfile.NamedTemporaryFile("w", prefix="gardeligne-backup-") as file:
        file.write("{} {}\n".format(name, host_key))
        file.flush()
        yield file.name


def _quoted(text: str) -> str:
    """Return a text as sftp reads it."""
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def run(command: List[str], wrong: str) -> None:
    """Run a command; what it says is Trouble if it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip()
        raise Trouble("{} : {}".format(wrong, said))
