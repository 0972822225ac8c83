"""A disk, read and written past the system's caches: what is read comes from the card."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from image import words
from image.errors import ImageError
from image.manifest import BLOCK
from image.progress import Advance

CDROMEJECT = 0x5309  # <linux/cdrom.h>; card readers understand it too
GONE = (
    (errno.EIO, errno.ENXIO, errno.ENODEV, errno.EREMOTEIO, errno.ETIMEDOUT, errno.ENOMEDIUM)
    if (sys.platform == "linux")
    else (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT)
)


class Device:
    """One disk, locked by this program while it is open for writing."""

    def __init__(self, path: str, *, writing: bool = False) -> None:
        """Open the disk, or raise ImageError with the reason."""
        self.path = path
        flags = os.O_RDWR if writing else os.O_RDONLY
        try:
            if sys.platform == "linux" and Path(path).is_block_device():
                flags |= os.O_DIRECT | (os.O_EXCL if writing else 0)
            self._file = os.fdopen(os.open(path, flags), "r+b" if writing else "rb", buffering=0)
        except OSError as error:
            raise self._refused(error) from None
        # What goes past the caches must lie at the start of a page.
        self._page = mmap.mmap(-1, BLOCK)

    def __enter__(self) -> Device:
        """Use it in a with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self._file.close()

    def write(self, offset: int, block: bytes) -> None:
        """Write a block (at most BLOCK bytes, whole sectors)."""
        self._page[: len(block)] = block
        done = 0
        with memoryview(self._page) as page:
            while done < len(block):
                try:
                    self._file.seek(offset + done)
                    count = self._file.write(page[done : len(block)])
                    if not count:
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                except OSError as error:
                    raise self._failed("write", offset + done, error) from None
                done += count

    def read(self, offset: int, length: int) -> bytes:
        """Read that many bytes (at most BLOCK, whole sectors)."""
        done = 0
        with memoryview(self._page) as page:
            while done < length:
                try:
                    self._file.seek(offset + done)
                    count = self._file.readinto(page[done:length])
                except OSError as error:
                    raise self._failed("read", offset + done, error) from None
                if not count:
                    raise ImageError(f"{self.path}: ends at byte {offset + done:,}")
                done += count
            return bytes(page[:length])

    def blocks(self, size: int, advance: Advance) -> Iterator[bytes]:
        """Yield the disk's content in blocks, from its start."""
        for offset in range(0, size, BLOCK):
            block = self.read(offset, min(BLOCK, size - offset))
            advance(len(block))
            yield block

    def sync(self) -> None:
        """Wait until the card itself has what was written."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            # macOS's unbuffered devices have nothing to flush.
            if sys.platform == "linux" or error.errno not in (errno.EINVAL, errno.ENOTTY):
                raise self._failed("write", None, error) from None

    def eject(self) -> bool:
        """Let the reader put the card out of use; not every reader can."""
        try:
            fcntl.ioctl(self._file, CDROMEJECT)
        except OSError:
            return False
        return True

    def _refused(self, error: OSError) -> ImageError:
        if error.errno in (errno.EACCES, errno.EPERM) and os.geteuid() != 0:
            return ImageError(f"{self.path}: only root may open it: {words.same_as_root()}")
        if error.errno == errno.EBUSY:
            return ImageError(
                f"{self.path}: something uses it, perhaps in a container or another session "
                "(mounted, swap, LVM, RAID, another `flash`): find it with `sudo lsblk` or "
                "`sudo fuser -v`, and close it"
            )
        return ImageError(f"{self.path}: cannot be opened: {error.strerror}")

    def _failed(self, verb: str, offset: int | None, error: OSError) -> ImageError:
        at = "while its own memory was flushed" if offset is None else f"at byte {offset:,}"
        if error.errno in GONE:
            why = "it was pulled out, or it is defective: put it in again, or take another"
        elif error.errno == errno.ENOSPC:
            why = "it has no room there, whatever size it claims: take another"
        elif error.errno in (errno.EPERM, errno.EROFS, errno.EACCES):
            why = "it is write-protected: push the little lock on the card's side up"
        else:
            why = "take another card, or another reader"
        return ImageError(f"{self.path}: {verb} failed {at} ({error.strerror}): {why}")
