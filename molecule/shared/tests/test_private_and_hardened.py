"""Who else is on the machine finds nothing of the calls, and what watches has no rights."""

from __future__ import annotations

import pytest
from testinfra.host import Host

# Not of those that set the machine up, as root: gardeligne-setup, gardeligne-first-boot.
RIGHTS = {
    "asterisk": 4.5,
    "asterisk-memory": 2.5,
    "asterisk-trunk-watch": 2.5,
    "gardeligne-backup": 2.5,
    "gardeligne-backup-mend": 2.5,
    "gardeligne-databases": 2.5,
    "gardeligne-databases-start": 2.5,
    "gardeligne-firewall": 2.5,
    "gardeligne-firewall-news": 2.5,
    "gardeligne-handover": 2.5,
    "gardeligne-journal": 2.5,
    "gardeligne-messages": 2.5,
    "gardeligne-numbers": 2.5,
    "gardeligne-phones-mail": 2.5,
    "gardeligne-updates": 2.5,
    "gardeligne-watch": 2.5,
}
SOMETIMES = "gardeligne-phones-mail", "gardeligne-updates"  # with its mail; on Debian 13
PRIVATE = "/var/lib/asterisk", "/var/log/asterisk", "/var/spool/asterisk"


def test_what_asterisk_keeps_is_nobody_else_s_to_read(host: Host) -> None:
    for folder in PRIVATE:
        assert host.run(f"runuser -u nobody -- ls {folder}").rc != 0
    # Not only because of the folder.
    # (But for what Asterisk opens itself, by chmod, with each message.)
    files = "-user asterisk -perm /007 ! -type l ! -name 'msg[0-9]*.txt'"
    found = host.check_output(f"find {' '.join(PRIVATE)} {files}")
    assert found == ""
    assert host.check_output(f"find {' '.join(PRIVATE)} -name astdb.sqlite3")


def test_copies_of_the_databases_are_for_root_alone(host: Host) -> None:
    folder = host.file("/var/lib/gardeligne/databases")
    assert (folder.user, folder.mode) == ("root", 0o700)
    assert host.file("/var/lib/gardeligne/databases/astdb.sqlite3").exists
    assert host.check_output("systemctl is-active gardeligne-databases.timer") == "active"


def test_the_watch_over_the_trunks_is_nobody_special(host: Host) -> None:
    who = host.check_output(
        "ps -o user= -p $(systemctl show -p MainPID asterisk-trunk-watch | cut -d= -f2)"
    )
    assert who.strip() == "asterisk"


@pytest.mark.parametrize("unit", RIGHTS)
def test_nothing_has_more_rights_than_it_needs(host: Host, unit: str) -> None:
    """By systemd's own measure: 0 is no right at all, 10 is every one."""
    if unit in SOMETIMES and host.run("systemctl cat %s.service", unit).rc != 0:
        pytest.skip(f"not run, this exchange has no {unit}")
    said = host.check_output("systemd-analyze --no-pager security %s.service", unit)
    exposure = float(said.rpartition(f"{unit}.service: ")[2].split()[0])
    assert exposure <= RIGHTS[unit]
