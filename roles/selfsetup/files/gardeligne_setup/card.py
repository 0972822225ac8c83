"""The partition that any PC reads: foyer.txt, what was wrong with it, and its secrets' removal.

Deleting a file on FAT leaves its bytes where they were, and so do the programs that people edit
with, which often write a new file and delete the old one. So sealing is more than replacing:

1. the sealed text is written beside the old one (`foyer.txt.new`), to its end;
2. the old one's clusters are overwritten in place, up to the end of the last;
3. the new one takes its name;
4. the ends of the other texts' last clusters are overwritten, then all that is free.

A cut after 2 leaves zeros for a text; the box has the sealed one too, and does all of it once
more (`store.py`). What the card's own controller keeps of cells that it has exchanged nobody can
overwrite from here.
"""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

from . import files

NAME = "foyer.txt"
ERRORS = "foyer-erreurs.txt"
FILLING = "foyer-vide.tmp"
MOST = 1 << 20  # bytes: no foyer.txt is as long
LARGEST = 1 << 30  # bytes: a larger file system is no such partition, and never filled
BLOCK = 1 << 20
# So many zeros are in no text, in whatever encoding.
ZEROS = bytes(64)


class Card:
    """The partition, mounted."""

    def __init__(self, folder: Path) -> None:
        """Take what an interrupted run has left away."""
        self.folder = folder
        files.remove(folder / FILLING)

    def read(self) -> bytes | None:
        """Return foyer.txt as it is, None if there is none."""
        try:
            with (self.folder / NAME).open("rb") as stream:
                return stream.read(MOST)
        except FileNotFoundError:
            return None

    def offer(self, content: bytes) -> None:
        """Put a foyer.txt there that can be filled in."""
        files.write(self.folder / NAME, content)

    def tell(self, problems: list[str]) -> None:
        """Write foyer-erreurs.txt for any PC's editor: UTF-8 with its mark (BOM), and CRLF."""
        text = "\r\n".join(problems) + "\r\n"
        files.write(self.folder / ERRORS, text.encode("utf-8-sig"))

    def forget_errors(self) -> None:
        """Take away what was wrong."""
        files.remove(self.folder / ERRORS)

    def seal(self, sealed: bytes) -> None:
        """Replace foyer.txt by a text without secrets, and leave none of the old one's bytes."""
        path = self.folder / NAME
        new = path.with_name(f"{NAME}.new")
        with new.open("wb") as stream:
            stream.write(sealed)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            self._overwrite(path, 0)
        new.replace(path)
        files.sync_folder(self.folder)
        for text in sorted(self.folder.glob("*.txt")):
            self._overwrite(text, text.stat().st_size)
        self._overwrite_free()
        os.sync()

    def _overwrite(self, path: Path, start: int) -> None:
        """Overwrite a file from there to the end of its last cluster; its size stays."""
        cluster = os.statvfs(path).f_frsize
        size = path.stat().st_size
        end = -(-size // cluster) * cluster
        with path.open("r+b") as stream:
            stream.seek(start)
            stream.write(bytes(end - start))
            stream.flush()
            os.fsync(stream.fileno())
            stream.truncate(size)
            os.fsync(stream.fileno())

    def _overwrite_free(self) -> None:
        """Overwrite the free space with zeros, and free it again."""
        partition = os.statvfs(self.folder)
        if partition.f_blocks * partition.f_frsize > LARGEST:
            raise OSError(errno.EFBIG, "no partition of a card", str(self.folder))
        path = self.folder / FILLING
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            block = bytes(BLOCK)
            while block:
                try:
                    os.write(handle, block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    # A smaller one may fit still, down to a sector.
                    block = block[: len(block) // 2] if len(block) > 512 else b""
            os.fsync(handle)
        finally:
            os.close(handle)
            files.remove(path)


def is_torn(raw: bytes) -> bool:
    """Tell whether it was being overwritten when the power was cut."""
    return ZEROS in raw


def mounted(folder: Path) -> bool:
    """Mount the partition if it is not; tell whether it is there."""
    if not os.path.ismount(folder):
        subprocess.run(["mount", folder], capture_output=True, check=False)
    return os.path.ismount(folder)
