"""What the role's files are made of, worked out here and only printed by its templates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

# By mount point or type: options that are added, and those that would say the opposite.
ROOT_OPTIONS = {
    # No write for each read. (Not nodelalloc, which would keep more through a power cut: ext4
    # refuses it in the remount that fstab's options for the root are used for, and then the root
    # may stay read-only. It can be a default of the filesystem itself: tune2fs -o nodelalloc.)
    "noatime": {"atime", "relatime", "strictatime", "lazytime"},
}
FAT_OPTIONS = {
    # Written at once: no PC that the card is put into finds half a file.
    "flush": {"async"},
    "noatime": {"atime", "relatime", "strictatime"},
    # A damaged one is no reason not to start: the firmware has read what it needs.
    "nofail": set[str](),
}
TMP = "tmpfs\t/tmp\ttmpfs\tnosuid,nodev,mode=1777\t0\t0"


def sdcard_fstab(text: str) -> str:
    """Return /etc/fstab with the options of an appliance, the rest of it as it was."""
    lines = [_line(line) for line in text.splitlines()]
    if not any(_fields(line)[1:2] == ["/tmp"] for line in lines):  # noqa: S108
        lines.append(TMP)
    return "\n".join(lines) + "\n"


def sdcard_boot(text: str) -> str:
    """Return where the partition is mounted that any PC can read, "" if there is none."""
    entries = [_fields(line) for line in text.splitlines()]
    return next((entry[1] for entry in entries if entry[2:3] == ["vfat"]), "")


def _fields(line: str) -> list[str]:
    return [] if line.lstrip().startswith("#") else line.split()


def _line(line: str) -> str:
    fields = _fields(line)
    if len(fields) < 4:
        return line
    if fields[2] == "swap":
        return f"# Not on the card: {line}"
    wanted = ROOT_OPTIONS if fields[1:3] == ["/", "ext4"] else {}
    wanted = FAT_OPTIONS if fields[2] == "vfat" else wanted
    against = set().union(*wanted.values(), {"defaults"}) if wanted else set()
    kept = [option for option in fields[3].split(",") if option not in against]
    options = ",".join([*kept, *(option for option in wanted if option not in kept)])
    return line if options == fields[3] else "\t".join([*fields[:3], options, *fields[4:]])


def sdcard_hex(text: str) -> str:
    """Return a text as the hexadecimal digits of its bytes."""
    return text.encode().hex()


def sdcard_psk(password: str, ssid: str) -> str:
    """Return the key that a pass phrase stands for in a network of this name (IEEE 802.11)."""
    if re.fullmatch(r"[0-9A-Fa-f]{64}", password):
        return password.lower()
    return hashlib.pbkdf2_hmac("sha1", password.encode(), ssid.encode(), 4096, 32).hex()


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "sdcard_boot": sdcard_boot,
            "sdcard_fstab": sdcard_fstab,
            "sdcard_hex": sdcard_hex,
            "sdcard_psk": sdcard_psk,
        }
