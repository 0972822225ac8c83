"""What `gardeligne etat` finds, its words, and that it ends in time."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import checks
import exchange
import pytest
from test_journal import main

# In the form in which Asterisk 22 and 16 print it. PJSIP's `Rejected` and chan_sip's `Request Sent`
# were seen so; `Registered` is written after them.
PJSIP = """\

 <Registration/ServerURI..............................>  <Auth....................>  <Status.......>
==========================================================================================

 free/sip:freephonie.net:5060                            free-auth                   Registered        (exp. 1790s)
 ovh/sip:sip.ovh.fr:5060                                 ovh-auth                    Rejected          (exp. 25s)
 ovh2/sip:sip.ovh.fr:5060                                ovh2-auth                   Unregistered

Objects found: 3
"""  # noqa: E501
CHAN_SIP = """\
No ethernet interface found for seeding global EID. You will have to set it manually.
Host                                    dnsmgr Username       Refresh State                Reg.Time
freephonie.net:5060                     Y      0987654321        1785 Registered           Wed, 25 Nov 2026 01:30:25
sip.ovh.fr:5060                         Y      003397265432      1785 Registered           Wed, 25 Nov 2026 01:30:25
sip.ovh.fr:5060                         Y      003397265432      1800 No Authentication
3 SIP registrations.
"""  # noqa: E501


ENDPOINTS = """\

 Endpoint:  <Endpoint/CID.....................................>  <State.....>  <Channels.>
    I/OAuth:  <AuthId/UserName...........................................................>
        Aor:  <Aor............................................>  <MaxContact>
      Contact:  <Aor/ContactUri..........................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

 Endpoint:  001/001                                              Not in use    0 of inf
     InAuth:  001/001
        Aor:  001                                                1
      Contact:  001/sip:001@10.89.0.7:5070                 0123456789 Avail         0.9

 Endpoint:  002/002                                              Unavailable   0 of inf
     InAuth:  002/002
        Aor:  002                                                1

 Endpoint:  free                                                 Not in use    0 of inf

"""


@pytest.mark.parametrize(
    ("name", "state"),
    [("free", "Registered"), ("ovh", "Rejected"), ("ovh2", "Unregistered"), ("fre", "")],
)
def test_a_line_has_the_state_that_pjsip_shows(name: str, state: str) -> None:
    line = {"name": name, "user": "0987654321"}
    assert checks.line_state("chan_pjsip", line, PJSIP) == state


@pytest.mark.parametrize(
    ("user", "state"),
    [
        ("0987654321", "Registered"),
        # Both of these logins are shown as the same: who is not sure says no.
        ("0033972654321", "No Authentication"),
        ("0033972654322", "No Authentication"),
        ("0987654320", ""),
    ],
)
def test_a_line_has_the_state_that_chan_sip_shows(user: str, state: str) -> None:
    line = {"name": "free", "user": user}
    assert checks.line_state("chan_sip", line, CHAN_SIP) == state


def test_the_reason_why_mail_waits_is_postfixs_own() -> None:
    queue = """\
-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------
4C0F1C0A2B*    1234 Wed Nov 25 01:00:00  famille.martin@example.org
(SASL authentication failed; server smtp.example.org[192.0.2.1] said: 535 5.7.8 Error)
                                         famille.martin@example.org

-- 1 Kbytes in 1 Request.
"""
    reason = "SASL authentication failed; server smtp.example.org[192.0.2.1] said: 535 5.7.8 Error"
    assert checks.why_waiting(queue) == reason
    assert checks.why_waiting("Mail queue is empty\n") == ""


# As 16.28 prints it; a phone that is switched off is `UNREACHABLE` at first.
PEERS = """\
Name/username             Host                                    Dyn Forcerport Comedia    ACL Port     Status      Description
001/001                   10.89.2.20                               D  Yes        Yes            5060     OK (1 ms)
002                       (Unspecified)                            D  Yes        Yes            0        UNKNOWN
003/003                   10.89.2.20                               D  Yes        Yes            5060     UNREACHABLE
free/0987650001           10.89.2.10                                  Yes        Yes            5060     OK (1 ms)
4 sip peers [Monitored: 2 online, 2 offline Unmonitored: 0 online, 0 offline]
"""  # noqa: E501


@pytest.mark.parametrize(
    ("driver", "shown", "states"),
    [
        ("chan_sip", PEERS, ["there", "away", "away", "", ""]),
        ("chan_pjsip", ENDPOINTS, ["there", "away", "", "", ""]),
    ],
)
def test_a_phone_has_the_state_that_either_driver_shows(
    driver: str, shown: str, states: list[str]
) -> None:
    names = ["001", "002", "003", "00", "fre"]
    assert [checks.handset_state(driver, name, shown) for name in names] == states


class Box:
    """An exchange whose programs say what a test puts into files."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said = folder / "said"
        self.notes = folder / "notes.json"
        self.refused = folder / "refused"
        programs = folder / "bin"
        for made in self.said, programs:
            made.mkdir()
        for name, text in {
            "asterisk": f'[ ! -e "{self.said}/hangs" ] || exec sleep 60\ncat "{self.said}/$2"',
            "postfix": f'[ -e "{self.said}/postfix" ]',
            "postqueue": f'cat "{self.said}/queue$1"',
        }.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        self.numbers = folder / "numbers.sqlite3"
        with closing(sqlite3.connect(self.numbers)) as database, database:
            database.execute("CREATE TABLE numbers (key TEXT PRIMARY KEY, value TEXT)")
            database.execute("INSERT INTO numbers VALUES ('loaded', '7')")
        here = {
            "driver": "chan_pjsip",
            "lines": [
                {"name": "free", "number": "0987654321", "user": "0987654321"},
            ],
            "handsets": {"001": "Salon", "002": "Cuisine"},
            "lines_in": "trunks.yml, vault.yml",
            "mail_in": "mail.yml, vault.yml",
        }
        self.exchange = folder / "exchange.json"
        self.exchange.write_text(json.dumps(here))
        for command, text in {
            "core show uptime seconds": "System uptime: 12",
            "pjsip show registrations": PJSIP,
            "pjsip show endpoints": ENDPOINTS,
            "database show known": "0 results found.",
            "database show blocked": "0 results found.",
            "database show guard": "0 results found.",
            "postfix": "",
            "queue-j": "",
            "queue-p": "Mail queue is empty",
        }.items():
            (self.said / command).write_text(text)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        monkeypatch.setattr(checks, "EXCHANGE", str(self.exchange))
        monkeypatch.setattr(checks.databases, "__defaults__", (str(self.notes),))
        monkeypatch.setattr(checks.mail_refused, "__defaults__", (str(self.refused),))
        monkeypatch.setattr(checks, "FOLDERS", ("/",))
        monkeypatch.setattr(checks, "used", lambda *size: 50)
        monkeypatch.setattr(exchange.lists, "__defaults__", (str(self.numbers),))
        monkeypatch.setattr(main.os, "geteuid", lambda: 0)

    def says(self, what: str, text: str) -> None:
        (self.said / what).write_text(text)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


Said = pytest.CaptureFixture[str]


def wrong(capsys: Said) -> list[str]:
    """Ask for the state; return what is wrong, and hold the rest of what is said against it."""
    ended = main.main(["etat"])
    said = capsys.readouterr()
    lines = said.out.splitlines()
    found = [line for line in lines if line.startswith("[--] ")]
    assert ended == (1 if found else 0)
    assert (lines[0] == "Tout va bien.") == (not found)
    assert said.out.count("Que faire : ") == len(found), "each has its cure"
    return [line[5:] for line in found]


def test_all_is_well_when_all_is(box: Box, capsys: Said) -> None:
    assert main.main(["etat"]) == main.main(["état"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[: len(lines) // 2] == [
        "Tout va bien.",
        "[ok] Central : en marche",
        "[ok] Ligne free (09 87 65 43 21) : enregistrée",
        "[ok] Téléphones : 1 sur 2 (éteint ou débranché : Cuisine)",
        "[ok] Filtrage : en service",
        "[ok] Mail : rien n'attend",
        "[ok] Mails refusés : aucun",
        "[ok] Carte : occupée à 50 %",
        "[ok] Bases de données : en bon état",
        "Listes : 7 numéros.",
        "Devenus connus : 0 numéro.",
        "Bloqués au clavier : 0 numéro.",
    ]


def test_a_line_that_is_not_registered_is_told(box: Box, capsys: Said) -> None:
    box.says("pjsip show registrations", PJSIP.replace("Registered  ", "Rejected    "))
    free = "Ligne free (09 87 65 43 21) : pas enregistrée chez l'opérateur"
    assert wrong(capsys) == [f"{free} (Rejected)"]
    box.says("pjsip show registrations", "No objects found.\n")
    assert wrong(capsys) == [f"{free} (sans réponse)"]


def test_a_phone_that_is_not_loaded_is_told(box: Box, capsys: Said) -> None:
    box.says("pjsip show endpoints", ENDPOINTS.replace("  002", "  003"))
    assert wrong(capsys) == ["Téléphones : inconnus du central : Cuisine"]
    box.says("pjsip show endpoints", "No objects found.\n")
    assert wrong(capsys) == ["Téléphones : inconnus du central : Salon, Cuisine"]


def test_it_is_told_when_no_phone_can_ring(box: Box, capsys: Said) -> None:
    box.says("pjsip show endpoints", ENDPOINTS.replace("Not in use ", "Unavailable"))
    assert wrong(capsys) == ["Téléphones : aucun n'est joignable"]


def test_lists_that_cannot_be_read_are_told(box: Box, capsys: Said) -> None:
    box.numbers.unlink()
    assert wrong(capsys) == ["Filtrage : hors service : tous les appels sonnent"]


def test_a_guard_that_is_suspended_is_no_fault(box: Box, capsys: Said) -> None:
    until = int(time.time()) + 7200
    box.says("database show guard", f"/guard/expecting     : {until}\n")
    assert main.main(["etat"]) == 0
    assert f"suspendu jusqu'au {main.french.moment(until)}" in capsys.readouterr().out
    guard = f"/guard/expecting     : {until}\n/guard/help     : {until + 1800}\n"
    box.says("database show guard", guard)
    assert main.main(["etat"]) == 0
    said = f"suspendu après un appel d'urgence jusqu'au {main.french.moment(until + 1800)}"
    assert said in capsys.readouterr().out


def test_mail_that_waits_is_told_with_postfixs_own_reason(box: Box, capsys: Said) -> None:
    def queue(age: float) -> str:
        mail = {"queue_name": "deferred", "arrival_time": int(time.time() - age), "sender": "a@b.c"}
        return json.dumps(mail) + "\n"

    box.says("queue-j", queue(60))
    assert wrong(capsys) == [], "it may be on its way"
    box.says("queue-j", queue(60) + queue(7300))
    box.says("queue-p", "(connect to smtp.example.org: timed out)\n")
    assert wrong(capsys) == ["Mail : 2 messages attendent depuis 2 h 01 min"]
    assert main.main(["etat"]) == 1
    assert "(mail.yml, vault.yml). Le boîtier" in (said := capsys.readouterr().out)
    assert "Détail : connect to smtp.example.org: timed out" in said


def test_a_mail_server_that_is_down_is_told(box: Box, capsys: Said) -> None:
    (box.said / "postfix").unlink()
    assert wrong(capsys) == ["Mail : le service de mail ne fonctionne pas"]


@pytest.mark.parametrize(("taken", "told"), [(89, []), (90, ["Carte : pleine à 90 %"])])
def test_a_disk_is_full_at_nine_tenths(
    box: Box, capsys: Said, monkeypatch: pytest.MonkeyPatch, taken: int, told: list[str]
) -> None:
    monkeypatch.setattr(checks, "used", lambda *size: taken)
    assert wrong(capsys) == told


@pytest.mark.parametrize(
    ("of_all", "left", "to_us", "per_cent"),
    [(1000, 500, 450, 53), (1000, 50, 0, 100), (1000, 1000, 1000, 0), (0, 0, 0, 0)],
)
def test_per_cents_are_those_of_df(of_all: int, left: int, to_us: int, per_cent: int) -> None:
    assert checks.used(of_all, left, to_us) == per_cent


def test_databases_that_were_replaced_are_told_with_what_was_lost(box: Box, capsys: Said) -> None:
    at, copy = time.time() - 60, time.time() - 3600
    noted = {
        "damaged": {},
        "replaced": [
            {"database": "var/lib/asterisk/astdb.sqlite3", "at": at, "copy": copy},
            {"database": "var/log/asterisk/master.db", "at": at, "copy": None},
        ],
    }
    box.notes.write_text(json.dumps(noted))
    when, of = main.french.moment(at), main.french.moment(copy)
    assert wrong(capsys) == [
        f"Bases de données : le {when} la mémoire du central était abîmée, sa copie du {of} la"
        " remplace : les numéros devenus connus ou bloqués entre-temps sont perdus"
        f" ; le {when} le journal des appels était abîmé, sans copie : les appels d'avant sont"
        " perdus"
    ]


def test_a_database_that_is_damaged_now_is_told(box: Box, capsys: Said) -> None:
    noted = {"damaged": {"var/log/asterisk/master.db": time.time()}, "replaced": []}
    box.notes.write_text(json.dumps(noted))
    assert wrong(capsys) == ["Bases de données : à réparer : le journal des appels"]


def test_notes_that_cannot_be_read_are_no_fault(box: Box, capsys: Said) -> None:
    for text in ("", "[]", "{}", '{"replaced": 1, "damaged": 2}'):
        box.notes.write_text(text)
        assert wrong(capsys) == []


@pytest.mark.slow
def test_an_asterisk_that_hangs_is_told_in_time_with_a_cure_that_helps(
    box: Box, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PATIENCE", 1)
    box.says("hangs", "")
    began = time.monotonic()
    told = wrong(capsys)
    assert time.monotonic() - began < 5
    assert told[0] == "Central : ne répond pas"
    assert told[1:] == [
        "Ligne free (09 87 65 43 21) : pas vérifié",
        "Téléphones : pas vérifié",
        "Filtrage : pas vérifié",
    ]
    assert main.main(["appels"]) == 1
    assert "ATTENTION : Le central ne répond pas : sudo systemctl kill" in capsys.readouterr().err


def test_an_asterisk_that_is_stopped_is_told(box: Box, capsys: Said) -> None:
    (box.said / "core show uptime seconds").unlink()
    assert wrong(capsys)[0] == "Central : arrêté"


def test_mail_that_was_refused_for_good_is_told_with_the_servers_reason(
    box: Box, capsys: Said
) -> None:
    bounce = """\
From MAILER-DAEMON  Sat Nov 28 21:58:22 2026
Subject: Undelivered Mail Returned to Sender

Action: failed
Diagnostic-Code: smtp; 550 5.7.1 {}
    for this account

From: Maison
>From MAILER-DAEMON is what somebody wrote
"""
    box.refused.write_text(bounce.format("refused") + bounce.format("too many messages"))
    assert wrong(capsys) == ["Mails refusés : 2 messages refusés par le serveur de mail"]
    main.main(["etat"])
    assert "550 5.7.1 too many messages for this account." in capsys.readouterr().out
    box.refused.unlink()
    assert wrong(capsys) == []


def test_what_nobody_told_it_is_a_fault(box: Box, capsys: Said) -> None:
    box.exchange.unlink()
    assert "Réglages : illisibles" in wrong(capsys)


def test_a_mistake_of_ours_hides_nothing(
    box: Box, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "disk", lambda: str(vars()["x"]))
    box.numbers.unlink()
    assert wrong(capsys) == [
        "Filtrage : hors service : tous les appels sonnent",
        "Carte : erreur de ce programme",
    ]


def test_what_was_seen_is_the_databases_own_business(
    box: Box, capfd: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "gardeligne-databases"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(main, "DATABASES", str(program))
    assert main.main(["vu"]) == 0
    assert capfd.readouterr().out == "seen\n"
    assert main.main(["vu", "x"]) == main.main(["etat", "x"]) == 2
