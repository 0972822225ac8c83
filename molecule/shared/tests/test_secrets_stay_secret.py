"""The household's secrets, all of which the tests know by a word in them."""

from __future__ import annotations

from testinfra.host import Host

# A word in every secret of the scenarios, and the PIN of the household's mailbox: by itself, since
# six digits of a longer number are no PIN.
WORD, PIN = "ecret-of-a-test", "739152"
MARK = rf"{WORD}|(^|[^0-9]){PIN}([^0-9]|$)"
# What the archive says of its packages: sizes and hexadecimal sums, which may well be such digits.
# A word cannot be there by chance, and is looked for there too.
INDEXES = "/var/lib/apt/", "/var/lib/dpkg/", "/var/cache/apt/"


def test_the_secrets_are_where_they_belong(host: Host) -> None:
    """Without this the other tests here could not fail."""
    assert host.run(f"grep -rl {WORD} /etc/asterisk").stdout
    # Not every scenario's household has a mailbox.
    mailboxes = host.run("grep -E '^[0-9]+ *=' /etc/asterisk/voicemail.conf").stdout.splitlines()
    assert not mailboxes or any(PIN in line for line in mailboxes)


def test_no_file_with_a_secret_is_readable_by_others(host: Host) -> None:
    files = host.run(f"grep -rlsE '{MARK}' /etc /var /usr/local /root /tmp").stdout.splitlines()
    words = host.run(f"grep -rls {WORD} {' '.join(INDEXES)}").stdout.splitlines()
    for name in {*words, *(name for name in files if not name.startswith(INDEXES))}:
        assert host.file(name).mode & 0o007 == 0, name


def test_no_secret_is_in_the_log(host: Host) -> None:
    found = host.run(f"journalctl --no-pager | grep -E '{MARK}'").stdout.splitlines()
    # But for the questions of these tests, which sudo writes down.
    assert [line for line in found if "COMMAND=/bin/sh -c" not in line] == []


def test_no_secret_is_on_a_command_line(host: Host) -> None:
    assert host.run(f"ps -eo args | grep -E '{MARK}' | grep -v grep").stdout == ""
