"""What a card makes of a Pi at its first start, without a keyboard."""

from __future__ import annotations

import json
import subprocess

import pytest
from lab.emulated import READY, Pi
from lab.parts import Mailsink
from lab.world import eventually
from testinfra.host import Host

CARD = 4 << 30  # bytes


def test_the_first_start_is_finished(host: Host) -> None:
    done = "test -e /var/lib/gardeligne/first-boot-done && echo done"
    assert eventually(lambda: host.run(done).stdout, "the first start is finished", 900)


def test_its_report_on_the_boot_partition_says_so_to_any_pc(host: Host) -> None:
    boot = json.loads(host.file("/etc/gardeligne-card").content_string)["boot"]
    assert host.mount_point(boot).filesystem == "vfat"
    report = host.file(f"{boot}/gardeligne.txt").content
    assert report.startswith(b"\xef\xbb\xbf")
    assert report.count(b"\r\n") == report.count(b"\n")
    text = report.decode("utf-8-sig")
    assert READY in text
    assert "[--]" not in text


def test_its_console_says_so() -> None:
    assert READY in Pi().console.read_text(errors="replace")


def test_a_mail_says_so(host: Host) -> None:
    # It may have waited until the relay's certificate was trusted.
    host.run("postqueue -f")
    mails = eventually(lambda: Mailsink().to("famille.martin@example.org"), "a mail arrives", 60)
    assert any(READY in mail.message["Subject"] for mail in mails)


def test_the_root_has_grown_to_the_size_of_the_card(host: Host) -> None:
    assert int(host.check_output("df --output=size --block-size=1 / | tail -n 1")) > 0.8 * CARD


def test_keys_and_identity_were_made_here(host: Host) -> None:
    """Nothing of it is in the image that the card was written from."""
    assert len(host.file("/etc/machine-id").content_string.strip()) == 32
    assert host.run("ls /etc/ssh/ssh_host_ed25519_key").rc == 0
    born = int(host.check_output("stat --format %Y /etc/ssh/ssh_host_ed25519_key"))
    assert born > int(host.check_output("stat --format %Y /etc/fstab"))


@pytest.mark.parametrize("user", ["pi", "root"])
def test_no_password_opens_it(host: Host, user: str) -> None:
    assert host.check_output(f"passwd --status {user}").split()[1] == "L"
    tried = subprocess.run(
        ["ssh", "-F", Pi().ssh_config, "-o", "ControlPath=none", "-o", "PubkeyAuthentication=no",
         "-o", "BatchMode=yes", "-l", user, "pi", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Permission denied (publickey)" in tried.stderr


def test_the_card_is_spared(host: Host) -> None:
    options = host.check_output("findmnt --noheadings --output OPTIONS /")
    assert "noatime" in options.split(",")
    assert host.check_output("swapon --show --noheadings") == ""
    assert host.check_output("findmnt --noheadings --output FSTYPE /tmp") == "tmpfs"
