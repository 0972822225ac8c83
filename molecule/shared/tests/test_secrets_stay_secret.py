"""The household's secrets, all of which the tests know by a word in them."""

from __future__ import annotations

from testinfra.host import Host

# In every secret of the scenarios, beside the PIN of the household's mailbox.
MARK = "ecret-of-a-test|739152"


def test_the_secrets_are_where_they_belong(host: Host) -> None:
    """Without this the other tests here could not fail."""
    assert host.run(f"grep -rlE '{MARK}' /etc/asterisk").stdout


def test_no_file_with_a_secret_is_readable_by_others(host: Host) -> None:
    files = host.run(f"grep -rlsE '{MARK}' /etc /var /usr/local /root /tmp")
    for name in files.stdout.splitlines():
        assert host.file(name).mode & 0o007 == 0, name


def test_no_secret_is_in_the_log(host: Host) -> None:
    found = host.run(f"journalctl --no-pager | grep -E '{MARK}'").stdout.splitlines()
    # But for the questions of these tests, which sudo writes down.
    assert [line for line in found if "COMMAND=/bin/sh -c" not in line] == []


def test_no_secret_is_on_a_command_line(host: Host) -> None:
    assert host.run(f"ps -eo args | grep -E '{MARK}' | grep -v grep").stdout == ""
