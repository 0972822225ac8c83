"""What `gardeligne etat` finds, its words, and that it ends in time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import disk_checks
import exchange
import pytest
from support.answering import Box
from support.journal import main
from support.shown import ENDPOINTS, MAIL_DOWN, PJSIP


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
    lines = lines[: len(lines) // 2]
    (clock,) = (line for line in lines if line.startswith("[ok] Heure : "))
    lines.remove(clock)
    assert lines == [
        "Tout va bien.",
        "[ok] Central : en marche",
        "[ok] Ligne free (09 87 65 43 21) : enregistrée",
        "[ok] Téléphones : 1 sur 2 (éteint ou débranché : Cuisine)",
        "[ok] Filtrage : en service",
        "[ok] Mail : rien n'attend",
        "[ok] Mails refusés : aucun",
        "[ok] Carte : occupée à 50 %",
        "[ok] Erreurs de la carte : aucune",
        "[ok] Bases de données : en bon état",
        "[ok] Noms (DNS) : trouvés",
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
    box.says("queue-j", MAIL_DOWN)
    assert wrong(capsys) == ["Mail : le service de mail ne fonctionne pas"]


@pytest.mark.parametrize(("taken", "told"), [(89, []), (90, ["Carte : pleine à 90 %"])])
def test_a_disk_is_full_at_nine_tenths(
    box: Box, capsys: Said, monkeypatch: pytest.MonkeyPatch, taken: int, told: list[str]
) -> None:
    monkeypatch.setattr(disk_checks, "used", lambda *size: taken)
    assert wrong(capsys) == told


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
    assert time.monotonic() - began < 30
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
    monkeypatch.setattr(disk_checks, "disk", lambda: str(vars()["x"]))
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
