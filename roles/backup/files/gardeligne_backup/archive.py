"""The form of a backup: a tar, packed by gzip, that says at its end what must be in it.

First comes `format`, so that an older Gardeligne knows that it does not know a newer one's, last
`manifest.json`: when it was made, by which version, whose lines, and of each file its SHA-256. What
has no manifest is cut; what differs from it is damaged.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import zlib
from typing import IO, Any, Dict, NamedTuple

from gardeligne_databases.damage import look

from . import content
from .trouble import Trouble

FORMAT = 1
MOST = 200000  # files: no household has as many messages
LEFT = 64 << 20  # bytes that must stay free
SINGLE = ("record.sqlite3", "memory.json", "household.json")
FOLDERS = ("messages", "setup")
FOREIGN = "ce n'est pas une sauvegarde de Gardeligne"
NEWER = (
    "elle vient d'un Gardeligne plus récent (format {} ; celui-ci connaît {}). Mettez celui-ci à "
    "jour, puis recommencez."
)
BROKEN = "elle est abîmée, ou coupée ({}). Prenez-en une autre, ou copiez-la de nouveau."
# Whatever a damaged file makes Python's readers say.
UNREADABLE = (OSError, EOFError, ValueError, LookupError, TypeError, tarfile.TarError, zlib.error)

Backup = NamedTuple("Backup", [("folder", str), ("about", Dict[str, Any])])


def write(out: IO[bytes], root: str, about: Dict[str, Any]) -> None:
    """Write a backup. Raises content.Moved, Trouble, OSError."""
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as packed:
        _fill(packed, root, about)


def _fill(packed: Any, root: str, about: Dict[str, Any]) -> None:
    files = {}
    with tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, content.Entry("format", "{}\n".format(FORMAT).encode("ascii"), 0o600, 0))
        for entry in content.entries(root):
            _add(tar, entry)
            sha256 = hashlib.sha256(entry.content).hexdigest()
            files[entry.name] = {"sha256": sha256, "mode": entry.mode}
        text = json.dumps(dict(about, format=FORMAT, files=files), sort_keys=True)
        _add(tar, content.Entry("manifest.json", text.encode("utf-8"), 0o600, 0))


def _add(tar: tarfile.TarFile, entry: content.Entry) -> None:
    member = tarfile.TarInfo(entry.name)
    member.size, member.mode, member.mtime = len(entry.content), entry.mode, entry.mtime
    tar.addfile(member, io.BytesIO(entry.content))


def unpack(stream: IO[bytes], name: str, folder: str) -> Backup:
    """Put what is in a backup into an empty folder, when all of it is right. Raises Trouble."""
    try:
        with gzip.GzipFile(fileobj=stream, mode="rb") as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                hashes = _extract(tar, folder)
            for rest in iter(lambda: packed.read(65536), b""):  # to its end, where its sum is
                if rest.strip(b"\0"):
                    raise ValueError("suite")
        about = manifest(folder)
        _compare(about["files"], hashes)
        _look(folder)
    except Trouble as error:
        raise Trouble("{} : {}".format(name, error)) from error
    except UNREADABLE as error:
        if not os.listdir(folder):
            raise Trouble("{} : {}.".format(name, FOREIGN)) from error
        raise Trouble("{} : {}".format(name, BROKEN.format(error))) from error
    return Backup(folder, about)


def _extract(tar: tarfile.TarFile, folder: str) -> Dict[str, str]:
    """Write the files into the folder; return their sums."""
    hashes = {}  # type: Dict[str, str]
    free = shutil.disk_usage(folder).free - LEFT
    for number, member in enumerate(tar):
        name = member.name
        if not member.isreg() or name in hashes or number > MOST or not _is_ours(name, number):
            raise Trouble(FOREIGN + ".")
        free -= member.size
        if free < 0:
            raise Trouble("la carte n'a pas assez de place pour la reprendre.")
        file = tar.extractfile(member)
        data = file.read() if file else b""
        if number == 0 and data != "{}\n".format(FORMAT).encode("ascii"):
            found = data.decode("ascii", "replace").strip()[:20]
            raise Trouble(NEWER.format(found, FORMAT) if found.isdigit() else FOREIGN + ".")
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as new:
            new.write(data)
        os.utime(path, (member.mtime, member.mtime))
        hashes[name] = hashlib.sha256(data).hexdigest()
    return hashes


def _is_ours(name: str, number: int) -> bool:
    """Tell whether a file may have this name, in this place."""
    if number == 0:
        return name == "format"
    parts = name.split("/")
    inside = parts[0] in FOLDERS and len(parts) > 1 and not {"", ".", ".."} & set(parts)
    return inside or name in SINGLE or name == "manifest.json"


def _compare(wanted: Dict[str, Any], hashes: Dict[str, str]) -> None:
    """Hold what was found against the manifest."""
    for name in ("format", "manifest.json"):
        hashes.pop(name)
    told = {name: about["sha256"] for name, about in wanted.items()}
    for name in sorted(set(told) | set(hashes)):
        if told.get(name) != hashes.get(name):
            raise ValueError(name)


def _look(folder: str) -> None:
    """Look whether the databases in there can be used."""
    found = loaded(os.path.join(folder, "memory.json"))
    for family, keys in found.items():
        if family not in content.FAMILIES or not all(isinstance(v, str) for v in keys.values()):
            raise ValueError("memory.json")
    record = os.path.join(folder, "record.sqlite3")
    if os.path.exists(record):
        wrong = look(record, "calls", "AcctId")
        if wrong:
            raise ValueError("record.sqlite3 : " + wrong)


def manifest(folder: str) -> Dict[str, Any]:
    """Return what an unpacked backup says of itself."""
    return loaded(os.path.join(folder, "manifest.json"))


def loaded(path: str) -> Dict[str, Any]:
    """Return what is in a file of an unpacked backup."""
    with open(path, encoding="utf-8") as text:
        return dict(json.load(text))


def counts(folder: str) -> Dict[str, int]:
    """Return how much of what is in an unpacked backup."""
    found = loaded(os.path.join(folder, "memory.json"))
    record, calls = os.path.join(folder, "record.sqlite3"), 0
    if os.path.exists(record):
        connection = sqlite3.connect(record)
        try:
            (calls,) = connection.execute("SELECT COUNT(*) FROM calls").fetchone()
        finally:
            connection.close()
    texts = [
        name
        for _, _, names in os.walk(os.path.join(folder, "messages"))
        for name in names
        if name.startswith("msg") and name.endswith(".txt")
    ]
    return {
        "calls": calls,
        "messages": len(texts),
        "known": len(found.get("known", {})),
        "blocked": len(found.get("blocked", {})),
    }
