"""Which disks are cards: by what lsblk and diskutil print.

The loop devices of test_image_flash.py are asked for real. What cannot be plugged in here is in
the shape that util-linux 2.38 prints, and that macOS 12 to 15 print.
"""

from __future__ import annotations

import io
import json
import plistlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.card import MIB, loop, needs_loop

from image import cards, flash
from image.cards import Disk
from image.errors import ImageError

GB = 10**9


def part(path: str, *mounts: str, **more: Any) -> dict[str, Any]:
    return {"type": "part", **node(path, **more), "mountpoints": list(mounts) or [None]}


def node(path: str, **more: Any) -> dict[str, Any]:
    name = Path(path).name
    return {
        "name": name,
        "path": path,
        "kname": name,
        "type": "disk",
        "size": 32 * GB,
        "ro": False,
        "rm": False,
        "tran": None,
        "vendor": None,
        "model": None,
        "label": None,
        "fstype": None,
        "log-sec": 512,
        "mountpoints": [None],
        **more,
    }


READER = {"rm": True, "tran": "usb", "vendor": "Generic-", "model": "SD/MMC          "}
COMPUTER = [
    node(
        "/dev/nvme0n1",
        tran="nvme",
        model="WDC WDS200T2B0B",
        children=[
            part("/dev/nvme0n1p1", "/boot/efi", fstype="vfat"),
            part(
                "/dev/nvme0n1p2",
                fstype="crypto_LUKS",
                children=[
                    node(
                        "/dev/mapper/crypt",
                        type="crypt",
                        children=[
                            node("/dev/mapper/vg-root", type="lvm", mountpoints=["/"]),
                            node("/dev/mapper/vg-swap", type="lvm", mountpoints=["[SWAP]"]),
                        ],
                    )
                ],
            ),
        ],
    ),
    node(
        "/dev/sda",
        **READER,
        children=[
            part("/dev/sda1", "/media/anne/boot", label="boot", fstype="vfat", size=GB),
            part("/dev/sda2", "/media/anne/rootfs", label="rootfs", fstype="ext4"),
        ],
    ),
    node("/dev/sdb", **READER, children=[part("/dev/sdb1", fstype="exfat")]),
    node("/dev/sdc", rm=True, tran="usb", size=0),  # a reader's empty slot
    node("/dev/sdd", tran="usb", model="Portable SSD T3", size=500 * GB),
    node("/dev/sde", **(READER | {"ro": True})),
    node("/dev/sdf", **READER, children=[node("/dev/md0", type="raid1")]),
    node("/dev/sdg", **READER, children=[part("/dev/sdg1", "[SWAP]", fstype="swap")]),
    node("/dev/sdh", **(READER | {"log-sec": 4096})),
    node("/dev/sr0", type="rom", rm=True, tran="sata", size=4 * GB),
    node("/dev/mmcblk0", size=64 * GB),  # soldered to the board
    node("/dev/mmcblk1", size=16 * GB, children=[part("/dev/mmcblk1p1", label="EOS")]),
]


@pytest.fixture
def computer() -> dict[str, Disk]:
    text = json.dumps({"blockdevices": COMPUTER}).encode()
    return {disk.name: disk for disk in cards.from_lsblk(text, ["mmcblk1"])}


def test_cards_are_what_can_be_taken_out(computer: dict[str, Disk]) -> None:
    found = {name for name, disk in computer.items() if disk.is_card}
    assert found == {"sda", "sdb", "sde", "sdf", "sdg", "sdh", "mmcblk1"}


def test_a_card_is_described_so_that_its_owner_knows_it(computer: dict[str, Disk]) -> None:
    assert str(computer["sda"]) == (
        "/dev/sda  32.0 GB  USB  Generic- SD/MMC  on it: boot vfat, rootfs ext4"
    )
    assert str(computer["mmcblk1"]) == "/dev/mmcblk1  16.0 GB  SD  on it: EOS"


@pytest.mark.parametrize(
    ("name", "objection"),
    [
        ("nvme0n1", "it holds this computer's running system (/boot/efi, /)"),
        ("sda", "mounted on /media/anne/boot, /media/anne/rootfs; if it is the right one: "
                "sudo umount /dev/sda1 /dev/sda2"),
        ("sdc", "there is no card in it"),
        ("sdd", "it is not removable, so it is hardly a card"),
        ("sde", "it is write-protected"),
        ("sdf", "the system uses it for /dev/md0 (raid1): close that first"),
        ("sdg", "this computer swaps to it: sudo swapoff /dev/sdg1"),
        ("sdh", "it has sectors of 4096 bytes, a card has 512"),
        ("sr0", "it is no disk of its own (lsblk calls it 'rom')"),
        ("mmcblk0", "it is not removable"),
    ],
)  # fmt: skip
def test_what_must_not_be_written_is_said_with_the_cure(
    computer: dict[str, Disk], name: str, objection: str
) -> None:
    (found,) = computer[name].objections(2 * GB)
    assert objection in found


def test_a_free_card_is_written(computer: dict[str, Disk]) -> None:
    assert computer["sdb"].objections(32 * GB) == []
    assert computer["mmcblk1"].objections(16 * GB) == []
    (found,) = computer["mmcblk1"].objections(16 * GB + 1)
    assert "the image needs 16,000,000,001 bytes (16.0 GB), it has 16,000,000,000" in found


def test_consent_to_a_fixed_disk_is_consent_to_nothing_else(computer: dict[str, Disk]) -> None:
    assert computer["sdd"].objections(2 * GB, fixed=True) == []
    for name in ("nvme0n1", "sda", "sde", "sdf", "sdg", "sdh", "sr0"):
        assert computer[name].objections(2 * GB, fixed=True) == computer[name].objections(2 * GB)


def choose(disks: dict[str, Disk], names: str, typed: str, monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return flash.choose([disks[name] for name in names.split()], 2 * GB)


@pytest.mark.parametrize("typed", ["mmcblk1\n", " /dev/mmcblk1 \n"])
def test_of_several_cards_the_one_whose_name_is_typed_is_written(
    computer: dict[str, Disk],
    typed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = choose(computer, "nvme0n1 sda sdb mmcblk0 mmcblk1", typed, monkeypatch)
    assert chosen is computer["mmcblk1"]
    said = capsys.readouterr().out
    assert "Type sdb or mmcblk1 to go on" in said
    # A card that cannot be written is listed with the reason; the computer's own disks are not.
    assert "/dev/sda  32.0 GB" in said and "      it is mounted on /media/anne/boot" in said
    assert "nvme0n1" not in said and "mmcblk0" not in said


@pytest.mark.parametrize(
    ("names", "typed", "words"),
    [
        ("sdb mmcblk1", "sda\n", "'sda' is not sdb or mmcblk1: nothing was written"),
        ("sdb", "\n", "'' is not sdb: nothing was written"),
        ("sdb", "", "nobody answered; without a keyboard: --disk NAME --yes"),
        ("sda sde", "sda\n", "none of these cards can be written"),
        ("nvme0n1 sdc", "nvme0n1\n", "no card found: put one in"),
    ],
)
def test_no_other_answer_chooses_a_card(
    computer: dict[str, Disk],
    names: str,
    typed: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ImageError, match=words):
        choose(computer, names, typed, monkeypatch)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"blockdevices": [{"path": "/dev/sda"}]}'])
def test_an_answer_of_lsblk_that_makes_no_sense_is_said(text: bytes) -> None:
    with pytest.raises(ImageError, match="lsblk: its answer makes no sense"):
        cards.from_lsblk(text, [])


@needs_loop
def test_the_partition_of_a_disk_is_no_disk(tmp_path: Path) -> None:
    backing = tmp_path / "card"
    backing.write_bytes(bytes(8 * MIB))
    with loop(backing, "--partscan") as disk:
        table = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk]
        subprocess.run(table, input=b"2048,4096\n", check=True)
        subprocess.run(["partx", "--add", "--nr=1", disk], check=True)
        with pytest.raises(ImageError, match=f"p1: it is a partition of {disk}; name the whole"):
            cards.find(f"{disk}p1")
        assert cards.find(Path(disk).name) == Disk(disk, 8 * MIB, kind="loop")
        link = tmp_path / "by-id"
        link.symlink_to(disk)
        assert cards.find(str(link)).path == disk
        subprocess.run(["partx", "--delete", "--nr=1", disk], check=True)


def test_the_disk_this_computer_runs_from_is_refused() -> None:
    """Asked for real, and never handed to `flash`: a fault in that would cost the computer."""
    system = [disk for disk in cards.disks() if "/" in (where for _, where in disk.mounted)]
    if not system:
        pytest.skip("lsblk sees no disk under / here")
    (objection,) = system[0].objections(0, fixed=True)
    assert objection.startswith("it holds this computer's running system (/")


def mac(name: str, parts: list[dict[str, Any]], **info: Any) -> tuple[Any, bytes]:
    listed = {"Content": "FDisk_partition_scheme", "DeviceIdentifier": name, "Partitions": parts}
    more = {"DeviceIdentifier": name, "DeviceBlockSize": 512, "WritableMedia": True, **info}
    return listed, plistlib.dumps(more)


def test_a_macs_cards_are_found_in_either_slot() -> None:
    macs = {
        "disk0": mac("disk0", [{"Content": "Apple_APFS", "DeviceIdentifier": "disk0s2"}],
                     BusProtocol="Apple Fabric", Internal=True, RemovableMedia=False,
                     MediaName="APPLE SSD AP0512Q", TotalSize=500 * GB),
        "disk4": mac("disk4", [{"Content": "DOS_FAT_32", "DeviceIdentifier": "disk4s1",
                                "MountPoint": "/Volumes/EOS", "VolumeName": "EOS"},
                               {"Content": "Linux", "DeviceIdentifier": "disk4s2"}],
                     BusProtocol="Secure Digital", Internal=True, RemovableMedia=True,
                     MediaName="Built In SDXC Reader", TotalSize=31_914_983_424),
        "disk5": mac("disk5", [], BusProtocol="USB", Internal=False, RemovableMedia=True,
                     MediaName="STORAGE DEVICE ", TotalSize=8 * GB, WritableMedia=False),
    }  # fmt: skip
    listed = plistlib.dumps({"AllDisksAndPartitions": [entry for entry, _ in macs.values()]})
    inner, slot, reader = cards.from_diskutil(
        listed, {name: info for name, (_, info) in macs.items()}
    )
    assert [inner.is_card, slot.is_card, reader.is_card] == [False, True, True]
    assert str(slot) == "/dev/disk4  31.9 GB  SD  Built In SDXC Reader  on it: EOS, Linux"
    (mounted,) = slot.objections(GB)
    assert mounted.endswith("/Volumes/EOS; if it is the right one: diskutil unmountDisk /dev/disk4")
    assert ["write-protected" in text for text in reader.objections(GB)] == [True]
    assert slot.raw == "/dev/rdisk4"
    with pytest.raises(ImageError, match="diskutil: its answer makes no sense"):
        cards.from_diskutil(b"Could not find disk", {})
