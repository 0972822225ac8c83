"""The program that finishes the first start: what it finds out, and what it says of it."""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import exchange
import pytest
from gardeligne_first_boot import asterisk as asterisk_steps
from gardeligne_first_boot import card as card_steps
from gardeligne_first_boot import mail as mail_steps
from gardeligne_first_boot import tools
from gardeligne_first_boot.report import READY, Report
from support.first_boot import CARD, FILES
from support.shown import PJSIP


def test_a_command_that_is_not_there_has_failed() -> None:
    said, good = tools.run("/usr/bin/gardeligne-there-is-no-such-program")
    assert not good
    assert "No such file" in said


def test_a_command_that_hangs_is_left() -> None:
    began = time.monotonic()
    _, good = tools.run("sleep", "600", timeout=0.2)
    assert not good
    assert time.monotonic() - began < 60


def test_a_command_says_what_it_says_to_the_terminal_too() -> None:
    assert tools.run("sh", "-c", "echo out; echo err >&2; exit 3") == ("out\nerr", False)


@pytest.mark.slow
def test_waiting_ends_with_the_answer(tmp_path: Path) -> None:
    there = tmp_path / "there"
    with subprocess.Popen(["sh", "-c", f"sleep 1; echo yes >{there}"]):
        assert tools.wait(30, there.exists)


@pytest.mark.slow
def test_waiting_ends_without_an_answer() -> None:
    began = time.monotonic()
    assert not tools.wait(1, lambda: False)
    assert time.monotonic() - began < 60


def test_the_room_behind_a_partition_is_what_growing_takes(tmp_path: Path) -> None:
    """Real partitions in a file: what sfdisk is told takes all of the room, and moves nothing."""
    disk = tmp_path / "disk"
    with disk.open("wb") as image:
        image.truncate(256 << 20)
    table = "label: dos\nstart=8192, size=65536, type=c\nstart=73728, size=131072, type=83\n"
    subprocess.run(["sfdisk", disk], input=table.encode(), check=True, capture_output=True)

    def partition() -> Path:
        """Lay the table out as sysfs does."""
        shown = subprocess.run(["sfdisk", "--json", disk], check=True, capture_output=True)
        root = json.loads(shown.stdout)["partitiontable"]["partitions"][1]
        folder = tmp_path / "sys/disk2"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "size").write_text(f"{(256 << 20) // 512}\n")
        (folder / "start").write_text(f"{root['start']}\n")
        (folder / "size").write_text(f"{root['size']}\n")
        return folder

    assert card_steps.room(str(partition())) == (256 << 11) - 73728 - 131072
    _, good = tools.run(*card_steps.larger("2", str(disk)), input=card_steps.ALL_OF_IT)
    assert good
    assert card_steps.room(str(partition())) < card_steps.LITTLE
    assert (partition() / "start").read_text() == "73728\n"


def test_the_report_is_a_text_for_any_pc(tmp_path: Path) -> None:
    """In a mount of its own, as the partition is one: hence the namespace."""
    code = f"""
import sys
sys.dont_write_bytecode = True
sys.path.append({str(FILES)!r})
from gardeligne_first_boot.report import Report
report = Report(dict({CARD!r}, boot={str(tmp_path)!r}))
report.step("Réseau", lambda card: "192.168.1.10")
sys.stdout.buffer.write(open({str(tmp_path / "gardeligne.txt")!r}, "rb").read())
"""
    script = f"mount -t tmpfs none {tmp_path} && exec {sys.executable} -"
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        input=code.encode(),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(b"\xef\xbb\xbf")
    lines = run.stdout.decode("utf-8-sig").split("\r\n")
    assert "[ok] Réseau : 192.168.1.10" in lines
    assert "\n" not in "".join(lines)


def test_the_report_is_not_written_under_a_partition_that_is_not_mounted(tmp_path: Path) -> None:
    report = Report({**CARD, "boot": str(tmp_path)})
    report.step("Réseau", lambda card: "192.168.1.10")
    assert list(tmp_path.iterdir()) == []


def fails(card: Any) -> str:
    raise tools.Missing("n'est pas là", "Branchez-le.")


def breaks(card: Any) -> str:
    return str(card["there is no such thing"])


def test_what_is_missing_is_said_with_its_cure_and_the_rest_is_looked_at() -> None:
    report = Report(CARD)
    report.step("Réseau", fails)
    report.step("Heure", lambda card: "12:00", ["Réseau"])
    report.step("Asterisk", breaks)
    report.step("Mail", lambda card: "prêt")
    assert not report.ready()
    assert report.text("pas prêt").splitlines()[2:] == [
        "[--] Réseau : n'est pas là",
        "     Que faire : Branchez-le.",
        "[--] Heure : pas vérifié",
        "     Que faire : D'abord : Réseau.",
        "[--] Asterisk : erreur de ce programme",
        "     Que faire : KeyError('there is no such thing')",
        "[ok] Mail : prêt",
    ]


def test_a_line_is_called_by_who_carries_it() -> None:
    line = {"name": "ligne", "operator": "sip.exemple.fr", "number": "0987654321", "user": "x"}
    assert asterisk_steps.title(line) == "Ligne sip.exemple.fr (0987654321)"


def test_the_lines_are_those_that_gardeligne_etat_looks_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "exchange.json"
    monkeypatch.setattr(tools.shared("checks"), "EXCHANGE", str(told))
    told.write_text(json.dumps({"driver": "chan_sip", "lines": [{"name": "été"}]}))
    assert tools.exchange() == {"driver": "chan_sip", "lines": [{"name": "été"}]}
    told.write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        tools.exchange()
    report = Report(CARD)
    report.step("Lignes", asterisk_steps.unknown)
    assert report.text("").splitlines()[2].startswith("[--] Lignes : illisibles")


def test_the_mail_says_the_same_to_a_person() -> None:
    report = Report(CARD)
    report.step("Ligne été (09 87 65 43 21)", lambda card: "enregistrée")
    text = report.text(READY)
    sent = mail_steps.message(CARD["admin"], READY, text)
    mail = email.message_from_bytes(sent, policy=email.policy.default)
    assert mail["Subject"] == "Votre standard téléphonique est prêt"
    assert mail["To"] == CARD["admin"]
    assert mail.get_content() == text
    sent.decode("ascii")  # no relay has to know SMTPUTF8 or 8BITMIME


def test_a_line_is_waited_for_by_the_check_that_gardeligne_etat_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = [exchange.Stopped(), "", PJSIP.replace("Registered  ", "Unregistered"), PJSIP]
    answers = iter(shown)

    def asterisk(command: str) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(exchange, "asterisk", asterisk)
    monkeypatch.setattr(tools, "PAUSE", 0)
    line = {"name": "free", "number": "0987654321", "user": "0987654321"}
    step = asterisk_steps.registered(line)
    assert step({**CARD, "patience": 30}) == "enregistrée"
    answers = iter(["No objects found."])
    with pytest.raises(tools.Missing, match="pas enregistrée chez l'opérateur") as missing:
        step(CARD)
    assert "(trunks.yml, vault.yml)" in missing.value.cure


def test_what_became_of_the_settings_on_the_card_is_reported(tmp_path: Path) -> None:
    told = tmp_path / "setup.json"
    report = Report({**CARD, "settings": str(told)})
    told.write_text(json.dumps({"good": True, "what": "en service", "cure": ""}))
    report.step("Réglages", card_steps.settings)
    assert "[ok] Réglages : en service" in report.text("").splitlines()
    told.write_text(json.dumps({"good": False, "what": "à corriger", "cure": "Corrigez."}))
    report = Report(report.card)
    report.step("Réglages", card_steps.settings)
    # Of nobody yet: Asterisk is not meant to run.
    report.step("Asterisk", breaks, ["Réglages"])
    assert report.text("").splitlines()[2:] == [
        "[--] Réglages : à corriger",
        "     Que faire : Corrigez.",
        "[--] Asterisk : pas vérifié",
        "     Que faire : D'abord : Réglages.",
    ]


def test_a_household_is_told_of_the_file_that_it_has() -> None:
    assert tools.where(CARD, "card.yml", "vault.yml") == "card.yml, vault.yml"
    assert tools.where({**CARD, "settings": "/x"}, "card.yml") == "foyer.txt"
