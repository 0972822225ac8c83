"""The night's backup, and the way back: on each exchange its own, and then the other one's."""

from __future__ import annotations

import base64
import re
import time

import pytest
import testinfra
from testinfra.host import Host

FOLDER = "/var/lib/gardeligne/backup"
MESSAGE = "/var/spool/asterisk/voicemail/default/001/INBOX/msg0000"
CARRIED = "/root/carried.sauvegarde"
KNOWN, SINCE = "0612345678", "0699999999"


def asterisk(host: Host, command: str) -> str:
    return str(host.check_output("asterisk -rx %s", command))


def sql(host: Host, statement: str) -> None:
    """Let Asterisk's user change the record of calls."""
    script = (
        "import sqlite3, sys, time; c = sqlite3.connect('/var/log/asterisk/master.db', timeout=10);"
        "c.execute(sys.argv[1], [str(int(time.time()))] * sys.argv[1].count('?')); c.commit()"
    )
    host.check_output("runuser -u asterisk -- python3 -c %s %s", script, statement)


def begin(host: Host) -> None:
    """Let the household have something."""
    host.check_output("install -d -o asterisk -g asterisk -m 0770 %s", MESSAGE.rpartition("/")[0])
    for end, content in ("txt", "message of a test"), ("wav", "RIFF of a test"):
        host.check_output(f"runuser -u asterisk -- sh -c 'echo {content} >{MESSAGE}.{end}'")
    asterisk(host, f'database put known {KNOWN} "1700000000 dialled"')
    asterisk(host, 'database put blocked 0948123456 "1700000000 keypad"')
    sql(host, "DELETE FROM calls WHERE number = '0145678901'")
    sql(host, "INSERT INTO calls (started, number, rule) VALUES (?, '0145678901', 'known')")


def newest(host: Host) -> str:
    return str(host.check_output(f"ls {FOLDER}/gardeligne-*.sauvegarde | tail -1"))


def loses_all(host: Host) -> None:
    host.check_output(f"rm -r {MESSAGE.rpartition('/')[0]}")
    for command in "database deltree known", "database deltree blocked":
        asterisk(host, command)
    asterisk(host, f'database put known {SINCE} "1700000000 dialled"')
    sql(host, "DELETE FROM calls")


def has_all(host: Host) -> None:
    """Hold that all is back, and that the exchange works as before."""
    for _ in range(60):  # to start it takes a while
        if "fully booted" in host.run("asterisk -rx 'core waitfullybooted'").stdout:
            break
        time.sleep(0.5)
    assert KNOWN in asterisk(host, "database show known")
    assert SINCE not in asterisk(host, "database show known")
    assert "0948123456" in asterisk(host, "database show blocked")
    assert "01 45 67 89 01" in host.check_output("gardeligne appels")
    message = host.file(f"{MESSAGE}.txt")
    assert message.content_string == "message of a test\n"
    assert (message.user, message.group) == ("asterisk", "asterisk")
    record = host.file("/var/log/asterisk/master.db")
    assert (record.user, record.mode) == ("asterisk", 0o640)
    assert host.service("gardeligne-watch").is_running
    assert host.service("asterisk-memory").is_running
    assert "[ok] Bases de données : en bon état" in host.run("gardeligne etat").stdout


def test_the_night_makes_one_for_root_alone(host: Host, figures: dict[str, dict[str, str]]) -> None:
    assert host.check_output("systemctl is-active gardeligne-backup.timer") == "active"
    begin(host)
    host.run(f"rm -rf {FOLDER}")
    assert "[ok] Sauvegarde : la première se fait cette nuit" in host.run("gardeligne etat").stdout
    began = time.monotonic()
    host.check_output("systemctl start gardeligne-backup.service")
    name = str(host.backend.get_hostname()).split("-", 2)[2]
    figures.setdefault("a backup takes", {})[name] = f"{time.monotonic() - began:.1f} s"
    figures.setdefault("a backup's size", {})[name] = f"{host.file(newest(host)).size} bytes"
    assert host.check_output(f"find {FOLDER} ! -user root -o -perm /077") == ""
    assert re.search(
        r"\[ok\] Sauvegarde : le .*, sur la carte\n", host.run("gardeligne etat").stdout
    )
    host.check_output(f"cp {newest(host)} {CARRIED}")


def test_what_was_lost_is_back(host: Host, figures: dict[str, dict[str, str]]) -> None:
    loses_all(host)
    began = time.monotonic()
    told = host.check_output(f"gardeligne restaurer {CARRIED} --oui")
    name = str(host.backend.get_hostname()).split("-", 2)[2]
    figures.setdefault("taken back in", {})[name] = f"{time.monotonic() - began:.1f} s"
    assert "1 messages, 1 numéros connus, 1 bloqués" in told
    has_all(host)


def test_a_damaged_one_changes_nothing(host: Host) -> None:
    host.check_output(f"head -c 900 {CARRIED} >/root/cut.sauvegarde")
    before = host.check_output("systemctl show -p MainPID asterisk")
    refused = host.run("gardeligne restaurer /root/cut.sauvegarde --oui")
    assert refused.rc == 3
    assert "cut.sauvegarde : elle est abîmée, ou coupée" in refused.stderr
    assert host.check_output("systemctl show -p MainPID asterisk") == before
    has_all(host)


def test_a_restore_that_a_power_cut_ended_is_taken_back_by_the_next_start(host: Host) -> None:
    """The old record has lost its name, and the new one has not got it."""
    host.check_output("systemctl stop gardeligne-watch asterisk asterisk-memory")
    record = "/var/log/asterisk/master.db"
    host.check_output(f"mv {record} {record}.before-restore && echo half >{record}.restored")
    host.check_output("systemctl start gardeligne-backup-mend.service")
    host.check_output("systemctl start asterisk-memory asterisk gardeligne-watch")
    has_all(host)
    assert not host.file(record + ".restored").exists
    # Where there is nothing to do, it is not even started.
    host.check_output("systemctl start gardeligne-backup-mend.service")
    said = host.check_output("systemctl show -p ConditionResult gardeligne-backup-mend.service")
    assert said == "ConditionResult=no"


def test_another_release_takes_it_back(host: Host, request: pytest.FixtureRequest) -> None:
    names = request.config.option.hosts.split(",")
    others = [name for name in names if not name.endswith(str(host.backend.get_hostname()))]
    if not others:
        pytest.skip("one exchange alone was asked for")
    other = testinfra.get_host(others[0])
    if not other.file(CARRIED).exists:
        begin(other)
        other.check_output("gardeligne sauvegarder")
        other.check_output(f"cp {newest(other)} {CARRIED}")
    content = base64.b64encode(other.file(CARRIED).content).decode()
    host.check_output("echo %s | base64 -d >/root/other.sauvegarde", content)
    loses_all(host)
    host.check_output("gardeligne restaurer /root/other.sauvegarde --oui")
    has_all(host)


def test_a_backup_that_is_too_old_is_told(host: Host) -> None:
    state = f"{FOLDER}/state.json"
    host.check_output('sed -i \'s/"made": [0-9]*/"made": 1700000000/\' %s', state)
    said = host.run("gardeligne etat").stdout
    assert "[--] Sauvegarde : pas faite depuis le 14/11/2023" in said
    assert "gardeligne sauvegarder" in said
    assert "Sauvegarde faite" in host.check_output("gardeligne sauvegarder")
    assert "[ok] Sauvegarde" in host.run("gardeligne etat").stdout
