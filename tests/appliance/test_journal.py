"""The household's command, on a record of calls as Asterisk writes it."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from pathlib import Path

import calls
import exchange
import french
import pytest
from support.journal import COLUMNS, NOW, WORDS, Console, Journal, main, make_table


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    made = Journal(tmp_path)
    handsets = tmp_path / "handsets.json"
    handsets.write_text(json.dumps({"001": "Salon", "002": "Cuisine"}))
    monkeypatch.setattr(main, "HANDSETS", str(handsets))
    monkeypatch.setattr(calls.read, "__defaults__", (str(made.database), 0))
    return made


@pytest.fixture(autouse=True)
def vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the French words, as the role does."""
    file = tmp_path / "verdicts.json"
    file.write_text(json.dumps(WORDS))
    monkeypatch.setattr(calls.vocabulary, "__defaults__", (str(file),))


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    made = Console()
    monkeypatch.setattr(exchange, "asterisk", made)
    monkeypatch.setattr(main.os, "geteuid", lambda: 0)
    lists = tmp_path / "numbers.sqlite3"
    with sqlite3.connect(lists) as connection:
        connection.execute("CREATE TABLE numbers (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO numbers VALUES ('loaded', '7')")
    monkeypatch.setattr(exchange.lists, "__defaults__", (str(lists),))
    monkeypatch.setattr(exchange.listed, "__defaults__", (str(lists),))
    settings = tmp_path / "exchange.json"
    settings.write_text(json.dumps({"rescue": ["0800112112", "112"], "wait": [0, 60]}))
    monkeypatch.setattr(main.checks, "EXCHANGE", str(settings))
    return made


Said = pytest.CaptureFixture[str]


# ------------------------------------------------------------------------------ the record


def test_one_row_is_kept_of_each_call(journal: Journal) -> None:
    journal.write(uniqueid="1.0")  # a phone that rang along
    journal.write(uniqueid="1.0", started=NOW - 60, ended=NOW, stage="ringing", line="free")
    assert [call.stage for call in calls.read(str(journal.database))] == ["ringing"]
    assert journal.rows() == 1


def test_a_call_is_kept_for_two_years(journal: Journal) -> None:
    journal.write(started=NOW - 731 * 86400, stage="ringing")
    journal.write(started=NOW - 729 * 86400, stage="ringing")
    journal.write(started=NOW, stage="ringing")
    assert journal.rows() == 2


def test_a_table_with_other_columns_is_made_anew_and_loses_nothing(tmp_path: Path) -> None:
    configuration, database = tmp_path / "cdr.conf", tmp_path / "master.db"
    assert make_table(configuration, database, ["old", "started", "stage"]) == "made\n"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO calls VALUES (NULL, 'x', ?, 'wait')", (str(NOW),))
    assert make_table(configuration, database) == "made\n"
    assert make_table(configuration, database) == ""
    with sqlite3.connect(database) as connection:
        cursor = connection.execute("SELECT * FROM calls")
        assert [column[0] for column in cursor.description] == ["AcctId", *COLUMNS]
    assert [(call.stage, call.handset) for call in calls.read(str(database))] == [("wait", "")]


def test_the_record_is_nobody_else_s_to_read(journal: Journal) -> None:
    assert journal.database.stat().st_mode & 0o777 == 0o640


def test_reading_keeps_no_call_from_being_recorded(journal: Journal) -> None:
    """Asterisk gives up after a millisecond."""
    for _ in range(30):
        journal.write(**STRANGER, stage="wait")
    reading = calls.read(str(journal.database))
    next(reading)
    with sqlite3.connect(journal.database, timeout=0) as asterisk:
        asterisk.execute("INSERT INTO calls (started) VALUES ('1')")


def test_reading_makes_no_record(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        list(calls.read(str(tmp_path / "master.db")))
    assert not (tmp_path / "master.db").exists()


# ------------------------------------------------------------------------------ the verdicts

STRANGER = {"line": "free", "number": "0698765432", "started": NOW - 300.0}
TOLD = [
    ({"stage": "decoy", "ended": NOW - 298.8}, "robot, a raccroché après 1,2 s pendant le leurre"),
    ({"stage": "wait", "ended": NOW - 295.9},
     "inconnu, a raccroché après 4,1 s pendant l'attente"),
    ({"stage": "answered", "rule": "known", "detail": "named", "which": "Mamie", "handset": "001",
      "picked_up": NOW - 292, "ended": NOW - 100},
     "connu (liste : Mamie), décroché par Salon après 8 s, 3 min 12 s"),
    ({"stage": "refused", "rule": "blocked", "detail": "demarchage", "ended": NOW - 300},
     "bloqué (démarchage (Arcep)), refusé"),
    ({"stage": "voicemail", "ended": NOW - 260}, "inconnu, messagerie, sans message"),
    ({"stage": "message", "ended": NOW - 260}, "inconnu, messagerie, a laissé un message"),
    ({"stage": "tea", "ended": NOW - 260}, "inconnu, tea"),
    ({"line": "", "stage": "answered", "handset": "002", "picked_up": NOW - 290,
      "ended": NOW - 200},
     "appel sortant de Cuisine, 1 min 30 s"),
    ({"line": "", "stage": "dialled", "handset": "009", "ended": NOW - 200},
     "appel sortant de 009, sans réponse"),
    # What this version has no words for, or what an older one kept in words.
    ({"line": "", "stage": "tea", "handset": "001", "ended": NOW - 200},
     "appel sortant de Salon, tea"),
    ({"stage": "refused", "rule": "bloqué (thé)"}, "bloqué (thé), refusé"),
    ({"stage": "refused", "rule": "blocked", "detail": "thé"}, "bloqué (thé), refusé"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "words"), TOLD, ids=[words for _, words in TOLD])
def test_a_call_is_told_in_words(
    journal: Journal, console: Console, capsys: Said, fields: dict[str, object], words: str
) -> None:
    journal.write(**(STRANGER | fields))
    assert main.main(["appels"]) == 0
    told = capsys.readouterr().out.rstrip("\n")
    assert told.endswith(f"  {words}")
    assert told.split("  ")[1] == "06 98 76 54 32"


def test_every_stage_has_its_words() -> None:
    one = calls.Call(NOW, 0, NOW + 1, "", "", "", "", "", "", "", "")
    for line, stages in (("free", WORDS["stages"]), ("", WORDS["outgoing"])):
        call = one._replace(line=line)
        told = {calls.verdict(call._replace(stage=stage), WORDS, {}) for stage in stages}
        assert len(told) == len(stages)
        assert all("{" not in words for words in told)


def test_the_command_reads_the_columns_that_are_kept() -> None:
    assert [*calls.Call._fields, "uniqueid"] == COLUMNS
    assert set(calls.STAYED) <= set(WORDS["stages"])


def test_the_last_calls_are_listed_the_newest_at_the_bottom(
    journal: Journal, console: Console, capsys: Said
) -> None:
    for age in 10, 30, 20:
        journal.write(**(STRANGER | {"started": NOW - age, "ended": NOW - age, "name": f"n{age}"}))
    assert main.main(["appels", "2"]) == 0
    assert [line.split()[7] for line in capsys.readouterr().out.splitlines()] == ["n20", "n10"]


def test_a_hidden_caller_and_an_empty_record_are_told(
    journal: Journal, console: Console, capsys: Said
) -> None:
    assert main.main(["appels"]) == main.main(["bilan"]) == 0
    assert capsys.readouterr().out == "Aucun appel pour l'instant.\n" * 2
    journal.write(**(STRANGER | {"number": "", "stage": "wait"}))
    assert main.main(["appels"]) == 0
    assert "  masqué  " in capsys.readouterr().out


def test_the_summary_counts_what_came_in(journal: Journal, console: Console, capsys: Said) -> None:
    for patience in 1.0, 1.5, 4.0:
        journal.write(**(STRANGER | {"stage": "decoy", "ended": STRANGER["started"] + patience}))  # type: ignore[operator]
    for fields in (
        {"stage": "wait"},
        {"stage": "ringing"},
        {"stage": "answered"},
        {"stage": "answered", "rule": "known", "detail": "list"},
        {"stage": "message"},
        {"stage": "refused", "rule": "blocked", "detail": "demarchage"},
        {"stage": "answered", "line": ""},
        {"stage": "answered", "started": NOW - 31 * 86400},
    ):
        journal.write(**(STRANGER | fields))
    assert main.main(["bilan"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in told[1:-1]] == [9, 1, 3, 3, 1, 1, 1, 1]
    assert told[-1] == (
        "Pendant le leurre, la moitié raccroche avant 1,5 s, le plus patient après 4,0 s."
    )


# ------------------------------------------------------------------------------ the numbers


def test_numbers_are_listed_with_date_and_origin(console: Console, capsys: Said) -> None:
    console.entries = {
        "/known/0612345678": f"{NOW} keypad",
        "/known/003221234567": f"{NOW - 86400} dialled",
        "/blocked/0948123456": f"{NOW} keypad",
    }
    day = french.moment
    assert main.main(["connus"]) == main.main(["bloques"]) == main.main(["bloqués"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"003221234567      {day(NOW - 86400)}  vous l'avez appelé",
        f"06 12 34 56 78    {day(NOW)}  au clavier",
        *[f"09 48 12 34 56    {day(NOW)}  au clavier"] * 2,
    ]


@pytest.mark.parametrize("is_13_14", [False, True])
def test_a_number_is_forgotten_and_no_other(console: Console, capsys: Said, is_13_14: bool) -> None:
    console.is_13_14 = is_13_14
    console.entries = {"/known/0612345678": f"{NOW} keypad", "/known/0612345679": f"{NOW} keypad"}
    assert main.main(["oublier", "+33", "6.12.34.56.78"]) == 0
    assert list(console.entries) == ["/known/0612345679"]
    assert main.main(["oublier", "0612345678"]) == 0
    assert capsys.readouterr().out == (
        "06 12 34 56 78 est oublié.\n06 12 34 56 78 n'était ni connu ni bloqué.\n"
    )
    assert main.main(["oublier", "Mamie"]) == main.main(["oublier"]) == 2


def test_all_are_forgotten_only_for_a_yes(
    console: Console, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = {"/known/0612345678": f"{NOW} keypad", "/blocked/0948123456": f"{NOW} keypad"}
    console.entries = dict(everything, **{"/guard/last": "0612345678"})
    for answer in "non\n", "":
        monkeypatch.setattr(main.sys.stdin, "readline", lambda answer=answer: answer)
        assert main.main(["oublier", "tout"]) == 0
        assert len(console.entries) == 3
    assert main.main(["oublier", "tout", "--oui"]) == 0
    assert list(console.entries) == ["/guard/last"]


def test_a_number_is_let_through_or_blocked_at_once(console: Console, capsys: Said) -> None:
    console.entries = {"/blocked/0612345678": f"{NOW} keypad", "/guard/last": "0612345678"}
    assert main.main(["laisser", "+33", "6 12 34 56 78"]) == 0
    assert list(console.entries) == ["/guard/last", "/known/0612345678"]
    assert re.fullmatch(r"\d{10} command", console.entries["/known/0612345678"])
    assert main.main(["bloquer", "0612345678"]) == 0
    assert list(console.entries) == ["/guard/last", "/blocked/0612345678"]
    assert capsys.readouterr().out == (
        "06 12 34 56 78 sonne tout de suite à partir de maintenant.\n"
        "06 12 34 56 78 est bloqué à partir de maintenant.\n"
    )
    assert main.main(["bloques"]) == 0
    assert capsys.readouterr().out.endswith("  par la commande gardeligne\n")
    assert main.main(["bloquer", "Mamie"]) == main.main(["laisser"]) == 2


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("0800 112 112", "secours"),
        ("06 12 34 56 78", "liste de numéros à laisser passer"),
        ("+33 1 42 00 00 07", "liste de numéros à laisser passer"),
    ],
)
def test_what_would_not_be_blocked_is_not_said_to_be(
    console: Console, capsys: Said, number: str, why: str
) -> None:
    (database,) = exchange.lists.__defaults__ or ()
    with sqlite3.connect(database) as connection:
        for key in "allow0612345678", "allow014200*", "block0699999999":
            connection.execute("INSERT INTO numbers VALUES (?, 'ring|||')", (key,))
    assert main.main(["bloquer", number]) == 2
    assert console.entries == {}
    assert why in capsys.readouterr().err
    assert main.main(["bloquer", "0142010000"]) == main.main(["bloquer", "0699999999"]) == 0


def test_a_call_is_awaited_for_some_hours(console: Console, capsys: Said) -> None:
    assert main.main(["attendre", "2"]) == 0
    assert abs(int(console.entries["/guard/expecting"]) - time.time() - 7200) < 60
    assert main.main(["attendre", "0"]) == 0
    assert console.entries == {}
    assert capsys.readouterr().out == (
        "Tout le monde sonne tout de suite pendant 2 heures.\n"
        "C'est fini : les inconnus attendent de nouveau.\n"
    )
    for wrong in [], ["25"], ["-1"], ["deux"], ["²"], ["1", "2"]:
        assert main.main(["attendre", *wrong]) == 2


def test_the_wait_and_the_quiet_hours_are_changed_at_once(console: Console, capsys: Said) -> None:
    assert main.main(["regler", "attente", "06"]) == 0
    assert console.entries == {"/guard/wait": "6 4"}
    assert main.main(["régler", "calme", "22:00 - 7:00"]) == 0
    assert main.main(["regler"]) == 0
    console.files["wait"] = "9"  # the files have the last word
    assert main.main(["regler"]) == 0
    assert main.main(["regler", "calme", "jamais"]) == 0
    assert main.main(["regler", "calme", "fichier"]) == 0
    assert list(console.entries) == ["/guard/wait"]
    six = "Attente des inconnus : 6 s (par cette commande ; les fichiers disent : 4 s).\n"
    night = "Heures calmes : 22:00-07:00 (par cette commande ; les fichiers disent : jamais).\n"
    never = "Heures calmes : jamais.\n"
    assert capsys.readouterr().out == (
        six + night + six + night + "Attente des inconnus : 9 s.\n" + night + never + never
    )


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["attente", "61"], "un nombre de secondes, de 0 à 60"),
        (["attente", "-1"], "un nombre de secondes"),
        (["attente", "²"], "un nombre de secondes"),
        (["calme", "25:00-07:00"], "des heures comme 22:00-07:00"),
        (["calme", "22:00-22:00"], "des heures comme"),
        (["calme", "none"], "des heures comme"),
        (["calme"], "Usage"),
        (["décor", "x"], "Usage"),
    ],
)
def test_what_is_no_setting_changes_nothing(
    console: Console, capsys: Said, asked: list[str], why: str
) -> None:
    assert main.main(["regler", *asked]) == 2
    assert console.entries == {}
    assert why in capsys.readouterr().err


# ------------------------------------------------------------------------------ what is broken


def test_what_is_broken_is_said_whatever_was_asked(
    journal: Journal, console: Console, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange.lists, "__defaults__", (str(journal.database.parent / "none"),))
    for command in "appels", "bilan", "connus":
        assert main.main([command]) == 0
        assert capsys.readouterr().err.startswith("ATTENTION : La liste des numéros est illisible")
    console.running = False
    assert main.main(["appels"]) == 0  # the record can be read without Asterisk
    assert main.main(["connus"]) == 1
    assert capsys.readouterr().err.count("ATTENTION : Le central est arrêté") == 2


def test_calls_are_private(console: Console, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main.os, "geteuid", lambda: 1000)
    assert main.main(["appels", "3"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Les appels sont privés : sudo gardeligne appels 3\n")


def test_telephones_are_another_programs(
    tmp_path: Path, capfd: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "gardeligne-telephone"
    monkeypatch.setattr(main, "TELEPHONE", str(program))
    assert main.main(["telephone"]) == 1
    assert capfd.readouterr().err.startswith("Les téléphones ne sont pas réglés ici")
    program.write_text('#!/bin/sh\necho "$@"\nexit 2\n')
    program.chmod(0o755)
    assert main.main(["téléphone", "00 1"]) == 2
    assert capfd.readouterr().out == "00 1\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["thé"],
        ["appels", "0"],
        ["appels", "x"],
        ["appels", "²"],
        ["appels", "9" * 20],
        ["etat", "1"],
    ],
)
def test_nonsense_is_answered_by_what_there_is(
    journal: Journal, console: Console, capsys: Said, words: list[str]
) -> None:
    assert main.main(words) == 2
    assert capsys.readouterr().err.startswith("Usage : gardeligne")
