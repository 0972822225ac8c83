"""What is Raspbian's own in an official image, and what has become of it."""

from __future__ import annotations

import re

import pytest
from lab.emulated import Pi
from testinfra.host import Host

# What tests/support/official.py gives to the image, and init_resize replaces by another.
LABEL_ID = "ee397c53"


def test_it_was_started_by_init_resize_once_and_then_as_usual(host: Host) -> None:
    console = Pi().console.read_text(errors="replace")
    assert len(re.findall(r"init_resize: the id of /dev/vda was", console)) == 1
    assert "init=" not in host.file("/boot/cmdline.txt").content_string
    assert host.file("/proc/1/comm").content_string == "systemd\n"


def test_card_fstab_and_kernel_agree_on_the_cards_new_id(host: Host) -> None:
    new = host.check_output("sfdisk --disk-id /dev/vda").removeprefix("0x")
    assert new != LABEL_ID
    assert f"root=PARTUUID={new}-02" in host.file("/boot/cmdline.txt").content_string
    assert f"PARTUUID={new}-01\t/boot" in host.file("/etc/fstab").content_string
    assert host.check_output("findmnt --noheadings --output PARTUUID /") == f"{new}-02"
    assert host.check_output("findmnt --noheadings --output LABEL /") == "rootfs"


def test_what_grew_the_file_system_has_taken_itself_away(host: Host) -> None:
    assert not host.file("/etc/init.d/resize2fs_once").exists


@pytest.mark.parametrize("service", ["dhcpcd", "dphys-swapfile", "rsyslog", "networking"])
def test_its_own_services_do_not_interfere(host: Host, service: str) -> None:
    assert host.run("systemctl is-enabled %s", service).stdout.strip() == "masked"
    assert host.run("systemctl is-active %s", service).stdout.strip() == "inactive"


def test_the_playbook_brought_what_its_apt_needs(host: Host) -> None:
    # Nothing else asks for it: the role `system` does, in words that no module of Ansible needs.
    assert host.package("python3-apt").is_installed
    assert host.check_output("/usr/bin/python2.7 --version 2>&1").startswith("Python 2.7")


def test_it_is_a_system_of_32_bits(host: Host) -> None:
    assert host.check_output("dpkg --print-architecture") == "armhf"
    assert host.check_output("uname -m") == "armv7l"
