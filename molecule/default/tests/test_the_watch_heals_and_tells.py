"""Faults made on purpose: noticed, healed, told once by mail, and told again when they are over.

This household has no relay: its mails stay in /var/mail/root. Lines that come and go are tested by
the scenario calls, where there is an operator.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

import pytest
from testinfra.host import Host

Figures = dict[str, dict[str, str]]
MAILS = "/var/mail/root"
RESTARTED = "le central a été redémarré"
RECORD = "/var/log/asterisk/master.db"
# A small disk for what callers leave.
SPOOL = "/var/spool/asterisk"
SMALL = f"""
mkdir -p /small && mount -t tmpfs -o size=4m tmpfs /small && cp -a {SPOOL}/. /small
mount -t tmpfs tmpfs /var/cache/apt/archives # it is emptied, and the builder's own
mount --bind /small {SPOOL} && head -c 3900000 /dev/zero >{SPOOL}/outgoing/full
"""
LARGE = f"umount {SPOOL} /small /var/cache/apt/archives"


def eventually(look: Callable[[], object], what: str, timeout: float) -> float:
    """Wait until something is so; return how many seconds that took."""
    began = time.monotonic()
    while not look():
        assert time.monotonic() - began < timeout, f"not within {timeout:g} s: {what}"
        time.sleep(0.5)
    return time.monotonic() - began


def unfolded(host: Host) -> str:
    """Return what was mailed since the test began, as it reads."""
    script = (
        "import mailbox, email.policy as p, email\n"
        f"for m in mailbox.mbox('{MAILS}'):\n"
        "    m = email.message_from_bytes(m.as_bytes(), policy=p.default)\n"
        "    print('SUBJECT', m['Subject']); print(' '.join(m.get_content().split()))\n"
    )
    return str(host.check_output("PYTHONIOENCODING=utf-8 python3 -c %s", script))


def said(host: Host) -> str:
    """Return what the household's command says."""
    return str(host.run("gardeligne etat").stdout)


def answers(host: Host) -> bool:
    """Tell whether Asterisk has started and answers."""
    return "fully booted" in str(host.run("timeout 5 asterisk -rx 'core waitfullybooted'").stdout)


def note(figures: Figures, host: Host, what: str, seconds: float) -> None:
    """Keep how long something took."""
    name = str(host.backend.get_hostname()).split("-", 2)[2]
    figures.setdefault(what, {})[name] = f"{seconds:.0f} s"


@pytest.fixture(autouse=True)
def watch_anew(host: Host) -> None:
    """Begin with nothing wrong that anybody knows, and with a watch that answers for itself."""
    host.check_output("systemctl stop gardeligne-watch")
    host.check_output("gardeligne vu")
    host.check_output("rm -f /run/gardeligne-watch/* /var/lib/gardeligne/watch.json; : >%s", MAILS)
    eventually(lambda: answers(host), "Asterisk answers", 60)
    host.check_output("systemctl start gardeligne-watch")
    state = "/run/gardeligne-watch/state.json"
    eventually(lambda: host.file(state).exists, "it has looked", 60)


def test_an_asterisk_that_hangs_is_restarted_within_a_minute_and_that_is_told_once(
    host: Host, figures: Figures
) -> None:
    time.sleep(6)  # it must have answered once
    began = time.monotonic()
    host.check_output("systemctl kill --kill-who=main --signal=STOP asterisk")
    noticed = "journalctl --no-pager -u gardeligne-watch --since=-1min | grep -q 'not answered for'"
    eventually(lambda: host.run(noticed).rc == 0, "it is noticed", 60)
    note(figures, host, "Asterisk hangs: restarted", time.monotonic() - began)
    eventually(lambda: answers(host), "Asterisk answers again", 60 - (time.monotonic() - began))
    note(figures, host, "Asterisk hangs: answers again", time.monotonic() - began)
    eventually(lambda: RESTARTED in unfolded(host), "it is told", 60)
    note(figures, host, "Asterisk hangs: told by mail", time.monotonic() - began)
    assert "central redémarré le" in said(host)
    # A second time within ten minutes it is not restarted, nor told.
    time.sleep(6)
    before = host.check_output("systemctl show -p MainPID asterisk")
    host.check_output("systemctl kill --kill-who=main --signal=STOP asterisk")
    try:
        time.sleep(60)
        assert host.check_output("systemctl show -p MainPID asterisk") == before
        assert unfolded(host).count(RESTARTED) == 1
    finally:
        host.check_output("systemctl kill -s KILL asterisk")


def test_an_asterisk_that_dies_is_started_by_systemd(host: Host, figures: Figures) -> None:
    host.check_output("systemctl kill -s KILL asterisk")
    took = eventually(lambda: answers(host), "Asterisk answers again", 60)
    note(figures, host, "Asterisk dies: answers again", took)


def test_what_stands_still_is_started(host: Host, figures: Figures) -> None:
    """What fails by itself is started by systemd: test_mail of the scenario calls."""
    host.check_output("systemctl stop asterisk postfix")
    took = eventually(lambda: host.run("postfix status").rc == 0, "postfix runs", 150)
    note(figures, host, "postfix is stopped: runs again", took)
    took += eventually(lambda: answers(host), "Asterisk answers again", 60)
    note(figures, host, "Asterisk is stopped: answers again", took)


@pytest.fixture
def small_disk(host: Host) -> Generator[None]:
    """Give what callers leave a small disk that is full."""
    host.check_output("sh -c %s", SMALL)
    # A container hands no mount on to a service that runs already.
    host.check_output("systemctl restart gardeligne-watch")
    yield
    host.run("sh -c %s", LARGE)


def test_a_full_disk_is_told_and_lists_that_are_gone_are_loaded_again(
    host: Host, figures: Figures, small_disk: None
) -> None:
    host.check_output("rm /run/gardeligne/numbers.sqlite3")
    assert "Carte : pleine à" in said(host)
    took = eventually(lambda: "[ok] Filtrage" in said(host), "the guard is back", 180)
    note(figures, host, "lists gone: loaded again", took)
    took += eventually(lambda: "Carte : pleine à" in unfolded(host), "it is told", 300)
    note(figures, host, "disk full: told by mail", took)
    assert "Que faire : Effacez des messages" in unfolded(host)
    assert "signalé par mail : Carte depuis le" in said(host)
    assert unfolded(host).count("SUBJECT") == 1


def test_a_disk_that_takes_no_more_and_a_database_that_was_damaged_are_told(
    host: Host, figures: Figures, small_disk: None
) -> None:
    host.check_output(f"rm {SPOOL}/outgoing/full && mount -o remount,ro /small")
    damage = f"dd if=/dev/urandom of={RECORD} bs=100 count=1 conv=notrunc status=none"
    host.check_output(f"systemctl stop asterisk && {damage} && systemctl start asterisk")
    try:
        told = "le journal des appels était abîmé"
        took = eventually(lambda: told in unfolded(host), "it is told", 150)
        note(figures, host, "database damaged: told by mail", took)
        took += eventually(lambda: "plus rien ne s'écrit" in unfolded(host), "it is told", 240)
        note(figures, host, "disk read-only: told by mail", took)
    finally:
        host.check_output("gardeligne vu")


def test_a_watch_that_dies_is_started_again_and_costs_little(host: Host) -> None:
    """One that hangs is killed by systemd, after three minutes: that is not waited for here."""
    died = host.check_output("systemctl show -p MainPID --value gardeligne-watch")
    host.check_output("systemctl kill --signal=KILL gardeligne-watch")
    runs = "systemctl is-active gardeligne-watch"
    eventually(lambda: host.run(runs).stdout.strip() == "active", "it runs again", 60)
    pid = host.check_output("systemctl show -p MainPID --value gardeligne-watch")
    assert pid != died
    anonymous = host.check_output(f"grep ^Anonymous: /proc/{pid}/smaps_rollup").split()[1]
    assert int(anonymous) < 6000, "KiB of its own, all the time"
    assert host.check_output("systemctl show -p WatchdogUSec --value gardeligne-watch") == "3min"
