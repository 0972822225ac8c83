"""What is Raspberry Pi OS's own in an official image, and what has become of it."""

from __future__ import annotations

import re

import pytest
from lab.emulated import Pi
from testinfra.host import Host

# What tests/support/official.py gives to the image, and its initramfs replaces by another.
LABEL_ID = "ee397c53"
FIRMWARE = "/boot/firmware"


def test_its_initramfs_gave_the_card_an_id_of_its_own_once(host: Host) -> None:
    console = Pi().console.read_text(errors="replace")
    assert len(re.findall(r"set_partuuid: the id of /dev/vda was", console)) == 1
    assert "resize" not in host.file(f"{FIRMWARE}/cmdline.txt").content_string.split()


def test_card_fstab_and_kernel_agree_on_the_cards_new_id(host: Host) -> None:
    new = host.check_output("sfdisk --disk-id /dev/vda").removeprefix("0x")
    assert new != LABEL_ID
    assert f"root=PARTUUID={new}-02" in host.file(f"{FIRMWARE}/cmdline.txt").content_string
    assert f"PARTUUID={new}-01\t{FIRMWARE}" in host.file("/etc/fstab").content_string
    assert host.check_output("findmnt --noheadings --output PARTUUID /") == f"{new}-02"


@pytest.mark.parametrize("service", ["NetworkManager", "userconfig"])
def test_its_own_services_do_not_interfere(host: Host, service: str) -> None:
    assert host.run("systemctl is-enabled %s", service).stdout.strip() == "masked"
    assert host.run("systemctl is-active %s", service).stdout.strip() == "inactive"


def test_what_imager_writes_is_not_followed(host: Host) -> None:
    """Name, network and accounts are those of the household's files."""
    assert host.check_output("cloud-init status") == "status: disabled"


def test_there_is_a_login_on_the_screen(host: Host) -> None:
    assert host.service("getty@tty1").is_running


def test_the_account_lets_its_key_in(host: Host) -> None:
    assert host.user("pi").shell == "/bin/bash"


def test_its_asterisk_is_the_one_that_was_built(host: Host) -> None:
    assert "~gardeligne13" in host.package("asterisk").version
