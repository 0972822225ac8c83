"""What the role sdcard writes: which filesystems, and the key of the wireless network."""

from __future__ import annotations

import pytest
from sdcard_files import sdcard_boot, sdcard_fstab, sdcard_hex, sdcard_psk

# As image/debian has it, and as Raspbian Stretch comes.
DEBIAN = """\
LABEL=RASPIROOT / ext4 noatime 0 1
LABEL=RASPIFIRM /boot/firmware vfat noatime 0 2
"""
RASPBIAN = """\
proc            /proc           proc    defaults          0       0
PARTUUID=37665771-01  /boot           vfat    defaults          0       2
PARTUUID=37665771-02  /               ext4    defaults,noatime  0       1
# a swapfile is not a swap partition, no line here
#   use  dphys-swapfile swap[on|off]  for that
"""
each_fstab = pytest.mark.parametrize("fstab", [DEBIAN, RASPBIAN], ids=["debian", "raspbian"])


def options(fstab: str, mounted: str) -> set[str]:
    (found,) = [
        line.split()[3]
        for line in fstab.splitlines()
        if not line.startswith("#") and line.split()[1] == mounted
    ]
    return set(found.split(","))


@each_fstab
def test_the_root_is_spared_by_an_option_that_a_remount_takes(fstab: str) -> None:
    assert options(sdcard_fstab(fstab), "/") == {"noatime"}


@each_fstab
def test_the_boot_partition_is_written_at_once_and_hinders_no_start(fstab: str) -> None:
    assert options(sdcard_fstab(fstab), sdcard_boot(fstab)) == {"flush", "noatime", "nofail"}


@each_fstab
def test_temporary_files_are_in_memory(fstab: str) -> None:
    assert "tmpfs\t/tmp\ttmpfs" in sdcard_fstab(fstab)


@each_fstab
def test_a_second_look_changes_nothing(fstab: str) -> None:
    assert sdcard_fstab(sdcard_fstab(fstab)) == sdcard_fstab(fstab)


def test_what_is_not_ours_stays_as_it_was() -> None:
    lines = sdcard_fstab(RASPBIAN).splitlines()
    others = [line for line in RASPBIAN.splitlines() if "PARTUUID" not in line]
    assert [line for line in others if line not in lines] == []
    assert [line.split()[0] for line in lines if "PARTUUID" in line] == [
        "PARTUUID=37665771-01",
        "PARTUUID=37665771-02",
    ]


def test_options_that_say_the_opposite_go() -> None:
    fstab = sdcard_fstab("/dev/sda2 / ext4 relatime,errors=remount-ro 0 1\n")
    assert options(fstab, "/") == {"noatime", "errors=remount-ro"}


def test_nothing_swaps_to_the_card() -> None:
    fstab = sdcard_fstab("/dev/sda3 none swap sw 0 0\n")
    assert fstab.splitlines()[0].startswith("# ")


def test_a_machine_without_such_a_partition_has_none() -> None:
    assert sdcard_boot("/dev/sda2 / ext4 defaults 0 1\n#/dev/sda1 /boot vfat defaults 0 2\n") == ""


@pytest.mark.parametrize(
    ("password", "ssid", "key"),
    [
        # The test vectors of IEEE 802.11i, H.4.3.
        ("password", "IEEE", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        (
            "ThisIsAPassword",
            "ThisIsASSID",
            "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af",
        ),
    ],
)
def test_a_pass_phrase_becomes_the_key_that_every_box_makes_of_it(
    password: str, ssid: str, key: str
) -> None:
    assert sdcard_psk(password, ssid) == key


def test_a_key_is_a_key_already() -> None:
    assert sdcard_psk("AB" * 32, "IEEE") == "ab" * 32


def test_a_name_is_its_bytes() -> None:
    assert sdcard_hex("Été") == "c38974c3a9"
