"""A file that a passphrase opens: OpenPGP, by gpg.

Each release has gpg, each opens what any other has written, and so does any PC, without us. What it
writes with a passphrase is AES-256 with a check of its own against changes (MDC).
"""

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
from typing import Any, Iterator, List

from .trouble import Trouble

GZIP = b"\x1f\x8b"  # how a file begins that no passphrase closes
# 65 million rounds of SHA-512: a second or so on a Pi, and for each guess.
CLOSE = ["--symmetric", "--cipher-algo", "AES256", "--s2k-mode", "3", "--s2k-digest-algo", "SHA512"]
CLOSE += ["--s2k-count", "65011712", "--compress-algo", "none"]
SHUT = (
    "{} ne s'ouvre pas : ce n'est pas son mot de passe, ou ce n'est pas une sauvegarde de "
    "Gardeligne. Vérifiez le mot de passe, majuscules comprises."
)
LOCKED = "{} est chiffrée, ou n'est pas une sauvegarde : il faut son mot de passe."


class Shut(Trouble):
    """This passphrase does not open it."""


@contextlib.contextmanager
def closed(path: str, passphrase: str) -> Iterator[Any]:
    """Yield what writes a new file, whole or not at all; closed by a passphrase if there is one."""
    part = path + ".part"
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            if passphrase:
                with _Gpg(CLOSE, passphrase, stdin=subprocess.PIPE, stdout=file) as gpg:
                    yield gpg.pipe
                    wrong = gpg.end()
                if wrong:
                    raise Trouble("gpg n'a pas pu chiffrer la sauvegarde : " + wrong)
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, path)
        sync_folder(path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


@contextlib.contextmanager
def opened(path: str, passphrase: str) -> Iterator[Any]:
    """Yield what is in a file. What was read counts only if this ends without Trouble."""
    name = os.path.basename(path)
    with open(path, "rb", buffering=0) as file:  # gpg goes on where it stands
        begins = file.read(2)
        file.seek(0)
        if begins == GZIP:
            yield file
            return
        if not passphrase:
            raise Shut(LOCKED.format(name))
        with _Gpg(["--decrypt"], passphrase, stdin=file, stdout=subprocess.PIPE) as gpg:
            content = io.BufferedReader(gpg.pipe)
            if not content.peek(1):
                raise Shut(SHUT.format(name))
            yield content
            while content.read(65536):
                pass
            wrong = gpg.end()
            if wrong:
                raise Trouble("{} est abîmée, ou coupée : {}".format(name, wrong))


class _Gpg:
    """gpg at work, with a home of its own, and the passphrase where nobody else sees it."""

    def __init__(self, arguments: List[str], passphrase: str, **streams: Any) -> None:
        self.home = tempfile.mkdtemp(prefix="gardeligne-backup-")
        self.said = os.path.join(self.home, "said")
        command = ["gpg", "--homedir", self.home, "--no-options", "--batch", "--quiet", "--no-tty"]
        reader, writer = os.pipe()
        try:
            os.write(writer, passphrase.encode("utf-8", "surrogateescape") + b"\n")
            os.close(writer)
            command += ["--pinentry-mode", "loopback", "--passphrase-fd", str(reader), *arguments]
            with open(self.said, "wb") as said:
                self.process = subprocess.Popen(
                    command,
                    bufsize=0,
                    stderr=said,
                    pass_fds=[reader],
                    env=dict(os.environ, LC_ALL="C.UTF-8"),
                    **streams,
                )
        except BaseException:
            shutil.rmtree(self.home, ignore_errors=True)
            raise
        finally:
            os.close(reader)
        self.pipe = self.process.stdin or self.process.stdout  # type: Any

    def end(self) -> str:
        """Wait for its end; return the last thing that it said if it failed, "" if it did not."""
        self.pipe.close()
        if not self.process.wait():
            return ""
        with open(self.said, encoding="utf-8", errors="replace") as said:
            return (said.read().strip().splitlines() or ["?"])[-1]

    def __enter__(self) -> "_Gpg":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.pipe.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def sync_folder(path: str) -> None:
    """Wait until the name of a file is on the disk."""
    handle = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
