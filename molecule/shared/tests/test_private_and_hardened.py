"""Who else is on the machine finds nothing of the calls, and what watches has no rights."""

from __future__ import annotations

from testinfra.host import Host

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


def test_the_watch_over_the_trunks_has_no_rights(host: Host) -> None:
    who = host.check_output(
        "ps -o user= -p $(systemctl show -p MainPID asterisk-trunk-watch | cut -d= -f2)"
    )
    assert who.strip() == "asterisk"
    said = host.check_output("systemd-analyze --no-pager security asterisk-trunk-watch")
    exposure = float(said.rpartition("trunk-watch.service: ")[2].split()[0])
    assert exposure < 3
