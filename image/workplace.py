"""The folder that the work is done in, and what only one process at a time makes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from image import namespace, tools

FOLDER = tools.CACHE / "work"


@contextmanager
def folder() -> Iterator[Path]:
    """Make a temporary folder, and remove it at the end with those of earlier runs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        handle = os.open(old, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old)
        except BlockingIOError:  # somebody is at work there
            pass
        finally:
            os.close(handle)
    work = Path(tempfile.mkdtemp(dir=FOLDER))
    work.chmod(0o711)  # programs of other users go through it to their files
    handle = os.open(work, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield work
    except BaseException:
        namespace.end_all()  # they would go on writing there
        raise
    finally:
        # Never through a mount that is still there: the next build removes the folder.
        if f" {work}/" not in Path("/proc/self/mounts").read_text():
            shutil.rmtree(work, ignore_errors=True)
        os.close(handle)


@contextmanager
def alone(result: Path) -> Iterator[None]:
    """Let one process at a time make something; the lock lies beside it."""
    result.parent.mkdir(parents=True, exist_ok=True)
    with result.with_name(f"{result.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
