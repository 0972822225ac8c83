"""Which disks are cards, and which of them may be written."""

from __future__ import annotations

import json
import plistlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image import words
from image.errors import ImageError

COLUMNS = "NAME,PATH,KNAME,TYPE,SIZE,RO,RM,TRAN,VENDOR,MODEL,LABEL,FSTYPE,LOG-SEC,MOUNTPOINTS"
LSBLK = ["lsblk", "--json", "--bytes", "--output", COLUMNS]
# Not `external`: the slot that is built into a Mac counts as internal.
DISKUTIL = ["diskutil", "list", "-plist", "physical"]
BUS = {"Secure Digital": "SD"}
SECTOR = 512  # what the image's partition table counts in
# Whatever is mounted at or below one of these belongs to the running system.
SYSTEM = re.compile(r"/$|/(System|boot|efi|etc|home|nix|opt|root|srv|usr|var)(/|$)")


@dataclass(frozen=True)
class Disk:
    """A disk as the system describes it."""

    path: str
    size: int
    kind: str = "disk"
    bus: str = ""
    model: str = ""
    removable: bool = False
    read_only: bool = False
    sector: int = SECTOR
    content: tuple[str, ...] = ()
    mounted: tuple[tuple[str, str], ...] = ()  # (partition, where)
    held: tuple[str, ...] = ()  # what the system made of it: LVM, RAID, an opened container

    @property
    def name(self) -> str:
        """What somebody types: sdb, mmcblk0, disk4."""
        return Path(self.path).name

    @property
    def raw(self) -> str:
        """Where it is written: on macOS, /dev/rdisk4 goes past the system's buffers."""
        return self.path.replace("/dev/disk", "/dev/rdisk")

    @property
    def is_card(self) -> bool:
        """Whether it is an SD card or a USB stick."""
        return self.removable and self.kind == "disk" and self.size > 0

    def __str__(self) -> str:
        """Describe it so that its owner knows it again."""
        content = f"on it: {', '.join(self.content)}" if self.content else "nothing known on it"
        about = (self.path, words.size(self.size), self.bus, self.model, content)
        return "  ".join(text for text in about if text)

    def objections(self, needed: int, fixed: bool = False) -> list[str]:
        """Say why it must not be written, with the cure; nothing if it may be."""
        if self.kind not in ("disk", "loop"):
            return [f"it is no disk of its own (lsblk calls it '{self.kind}'): name the whole disk"]
        if self.size == 0:
            return ["there is no card in it"]
        found = []
        if system := [where for _, where in self.mounted if SYSTEM.match(where)]:
            return [f"it holds this computer's running system ({', '.join(system)})"]
        if swap := [part for part, where in self.mounted if where == "[SWAP]"]:
            found.append(f"this computer swaps to it: sudo swapoff {' '.join(swap)}")
        if mounts := [(part, where) for part, where in self.mounted if where != "[SWAP]"]:
            found.append(
                f"it is mounted on {', '.join(where for _, where in mounts)}; if it is the right "
                f"one: {_unmount(self, [part for part, _ in mounts])}"
            )
        if self.held:
            found.append(f"the system uses it for {', '.join(self.held)}: close that first")
        if self.read_only:
            found.append("it is write-protected: push the little lock on the card's side up")
        if self.sector != SECTOR:
            found.append(f"it has sectors of {self.sector} bytes, a card has {SECTOR}")
        if self.size < needed:
            found.append(
                f"it is too small: the image needs {words.exact(needed)}, "
                f"it has {words.exact(self.size)}"
            )
        if not (self.removable or fixed):
            found.append(
                "it is not removable, so it is hardly a card; if it is the right one, "
                "add --fixed-disk"
            )
        return found


def disks() -> list[Disk]:
    """List this computer's disks."""
    if sys.platform == "darwin":
        listed = _run(DISKUTIL)
        names = [disk["DeviceIdentifier"] for disk in _plist(listed)["AllDisksAndPartitions"]]
        return from_diskutil(
            listed, {name: _run(["diskutil", "info", "-plist", name]) for name in names}
        )
    if sys.platform != "linux":
        raise ImageError(f"cards are written on Linux and macOS, not on {sys.platform}")
    return from_lsblk(_run(LSBLK), _sd_cards())


def find(name: str) -> Disk:
    """Find the disk that somebody named: sdb, /dev/sdb, or a link to it."""
    path = Path("/dev", name).resolve()  # an absolute name stays as it is
    listed = disks()
    wanted = str(path).replace("/dev/rdisk", "/dev/disk")
    for disk in listed:
        if disk.path == wanted:
            return disk
    for disk in listed:
        between = "[ps]" if disk.path[-1].isdigit() else ""
        if re.fullmatch(f"{disk.path}{between}[0-9]+", wanted):
            raise ImageError(f"{path}: it is a partition of {disk.path}; name the whole disk")
    if path.is_block_device():
        raise ImageError(f"{path}: it is not a disk, or nothing is in it")
    known = ", ".join(disk.path for disk in listed if disk.is_card) or "none"
    raise ImageError(f"{path}: {'not a' if path.exists() else 'no such'} disk; cards here: {known}")


def from_lsblk(text: bytes, sd_cards: Sequence[str]) -> list[Disk]:
    """Read lsblk's JSON; `sd_cards` names the disks that the kernel knows as SD cards."""
    try:
        return [_linux_disk(node, sd_cards) for node in json.loads(text)["blockdevices"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ImageError(f"lsblk: its answer makes no sense ({error!r})") from None


def from_diskutil(listed: bytes, infos: Mapping[str, bytes]) -> list[Disk]:
    """Read the property lists of `diskutil list` and, for each whole disk, `diskutil info`."""
    found = []
    for node in _plist(listed)["AllDisksAndPartitions"]:
        name = node["DeviceIdentifier"]
        info = _plist(infos[name])
        parts = list(_below(node, ("Partitions", "APFSVolumes")))
        names = (part.get("VolumeName") or part.get("Content", "") for part in parts)
        found.append(
            Disk(
                path=f"/dev/{name}",
                size=int(info.get("TotalSize", info.get("Size", 0))),
                bus=BUS.get(info.get("BusProtocol", ""), info.get("BusProtocol", "")),
                model=info.get("MediaName", "").strip(),
                removable=bool(info.get("RemovableMedia", False)),
                read_only=not info.get("WritableMedia", True),
                sector=int(info.get("DeviceBlockSize", SECTOR)),
                content=tuple(text for text in names if text),
                mounted=tuple(
                    (f"/dev/{part['DeviceIdentifier']}", part["MountPoint"])
                    for part in (node, *parts)
                    if part.get("MountPoint")
                ),
            )
        )
    return found


def _linux_disk(node: dict[str, Any], sd_cards: Sequence[str]) -> Disk:
    parts = [node, *_below(node, ("children",))]
    names = (" ".join(filter(None, (part["label"], part["fstype"]))) for part in parts)
    about = (node["vendor"], node["model"])
    is_sd = node["kname"] in sd_cards
    return Disk(
        path=node["path"],
        size=int(node["size"] or 0),
        kind=node["type"],
        bus="SD" if is_sd else (node["tran"] or "").upper(),
        model=" ".join(text.strip() for text in about if text and text.strip()),
        # A slot on the computer's own board calls its card fixed, as it does the board's memory.
        removable=node["rm"] or is_sd,
        read_only=node["ro"],
        sector=int(node["log-sec"]),
        content=tuple(text for text in names if text),
        mounted=tuple(
            (part["path"], where) for part in parts for where in part["mountpoints"] if where
        ),
        held=tuple(
            f"{part['path']} ({part['type']})"
            for part in parts[1:]
            if part["type"] not in ("part", node["type"])
        ),
    )


def _below(node: dict[str, Any], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    for key in keys:
        for child in node.get(key, []):
            yield child
            yield from _below(child, keys)


def _sd_cards() -> list[str]:
    # What is soldered to the board calls itself MMC.
    kinds = {path.parts[-3]: path for path in Path("/sys/block").glob("mmcblk*/device/type")}
    return [name for name, path in kinds.items() if path.read_text().strip() == "SD"]


def _unmount(disk: Disk, parts: Sequence[str]) -> str:
    if disk.path.startswith("/dev/disk"):
        return f"diskutil unmountDisk {disk.path}"
    return f"sudo umount {' '.join(dict.fromkeys(parts))}"


def _plist(data: bytes) -> dict[str, Any]:
    try:
        return dict(plistlib.loads(data))
    except (plistlib.InvalidFileException, ValueError, TypeError) as error:
        raise ImageError(f"diskutil: its answer makes no sense ({error!r})") from None


def _run(command: Sequence[str]) -> bytes:
    try:
        return subprocess.run(command, check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise ImageError(f"{command[0]}: not found; on Debian it is in util-linux") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise ImageError(f"{' '.join(command)}: failed: {said}") from None
