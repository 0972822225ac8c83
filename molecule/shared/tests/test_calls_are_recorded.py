"""The record of calls, and the household's command, on a fresh host."""

from testinfra.host import Host


def test_asterisk_writes_its_records_to_the_table(host: Host) -> None:
    shown = host.check_output("asterisk -rx 'cdr show status'")
    assert "sqlite3" in shown.split("Registered Backends")[1]
    assert "Log unanswered calls:       Yes" in shown


def test_a_reload_keeps_the_record(host: Host) -> None:
    host.check_output("asterisk -rx 'module reload cdr_sqlite3_custom.so'")
    test_asterisk_writes_its_records_to_the_table(host)


def test_the_record_is_private(host: Host) -> None:
    file = host.file("/var/log/asterisk/master.db")
    assert (file.user, file.mode) == ("asterisk", 0o640)
    said = host.run("runuser -u nobody -- gardeligne appels")
    assert (said.rc, said.stdout) == (1, "")
    assert "sudo gardeligne appels" in said.stderr


def test_the_command_says_in_french_that_nobody_has_called(host: Host) -> None:
    assert host.check_output("LC_ALL=C gardeligne appels") == "Aucun appel pour l'instant."


def test_what_the_keypad_made_known_is_listed_and_forgotten(host: Host) -> None:
    host.check_output("asterisk -rx 'database put known 0699999999 \"1700000000 keypad\"'")
    assert "06 99 99 99 99    14/11/2023" in host.check_output("gardeligne connus")
    assert "est oublié." in host.check_output("gardeligne oublier +33 6 99 99 99 99")
    assert "ni connu ni bloqué." in host.check_output("gardeligne oublier 0699999999")
    assert "06 99 99 99 99" not in host.check_output("gardeligne connus")
