"""A look of the watch: what it keeps, what mails it writes, its light and its report."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import watch_checks
from finding import Missing
from gardeligne_watch import light, look, pulse, state
from support.answering import Box
from support.shown import MAIL_DOWN, PJSIP

LINE = "Ligne free (09 87 65 43 21)"
SETTINGS = {"mails": True, "mail_to": "famille.martin@example.org"}
REJECTED = PJSIP.replace("Registered  ", "Rejected    ")


class Watched:
    """An exchange that is looked at, with a clock that the test sets."""

    def __init__(self, box: Box, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.box, self.mails, self.now = box, folder / "mails", 10_000.0
        self.mails.mkdir()
        self.sendmail = folder / "sendmail"
        self.sendmail.write_text(f'#!/bin/sh\ncat >"{self.mails}/$(date +%s%N)"\n')
        self.sendmail.chmod(0o755)
        self.patch = monkeypatch
        run = subprocess.run

        def hand_over(command: list[str], **options: Any) -> Any:
            if command[0] == "/usr/sbin/sendmail":
                command = [str(self.sendmail), *command[1:]]
            return run(command, **options)

        monkeypatch.setattr(subprocess, "run", hand_over)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(state, "NOW", str(folder / "now.json"))
        monkeypatch.setattr(state, "KEPT", str(folder / "kept.json"))
        monkeypatch.setattr(pulse.last_restart, "__defaults__", (str(folder / "restarted"),))
        monkeypatch.setattr(pulse.note_restart, "__defaults__", (str(folder / "restarted"),))
        monkeypatch.setattr(watch_checks.watching, "__defaults__", (str(folder / "now.json"),))
        self.led = folder / "leds/ACT"
        monkeypatch.setattr(light.show, "__defaults__", (str(folder / "leds"),))
        self.boot = folder / "boot"
        self.boot.mkdir()
        card = folder / "card"
        card.write_text(json.dumps({"boot": str(self.boot)}))
        monkeypatch.setattr(look.report, "__defaults__", (str(card),))
        monkeypatch.setattr(os.path, "ismount", lambda path: path == str(self.boot))

    def looks(self, minutes: int = 1, **settings: object) -> None:
        """Look every minute."""
        for _ in range(minutes):
            assert look.look({**SETTINGS, **settings}) == 0
            self.now += 60

    def told(self) -> list[tuple[str, str]]:
        """Return subject and text of each mail, the oldest first."""
        read = [
            email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
            for mail in sorted(self.mails.iterdir())
        ]
        assert all(mail["To"] == SETTINGS["mail_to"] for mail in read)
        return [(mail["Subject"], mail.get_content()) for mail in read]

    def report(self) -> str:
        """Return what a PC reads on the card."""
        content = (self.boot / look.REPORT).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\n") == content.count(b"\r\n")
        return content.decode("utf-8-sig")


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(Box(tmp_path, monkeypatch), tmp_path, monkeypatch)


def test_a_line_that_is_down_is_told_with_the_cure_and_so_is_its_end(watched: Watched) -> None:
    watched.looks(3)
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(5)
    assert watched.told() == []
    watched.looks(10)
    ((subject, text),) = watched.told()
    assert subject == f"Votre standard : {LINE} : pas enregistrée chez l'opérateur (Rejected)"
    assert "(depuis le " in text
    assert "\nQue faire : Vérifiez chez l'opérateur que le compte SIP est activé" in text
    assert f"[--] {LINE} : pas enregistrée" in watched.report()
    assert f"signalé par mail : {LINE} depuis le" in watch_checks.watching()
    watched.box.says("pjsip show registrations", PJSIP)
    watched.looks(7)
    assert [subject for subject, _ in watched.told()][1:] == [f"Votre standard : {LINE} : rétabli"]
    assert "c'est rétabli. Depuis le " in watched.told()[1][1]
    assert "Tout va bien." in watched.report()
    assert watch_checks.watching() == "en marche"


def test_who_wants_no_mails_gets_none_and_sees_it_on_the_card(watched: Watched) -> None:
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10, mails=False)
    assert watched.told() == []
    assert LINE in watched.report()


@pytest.mark.slow
def test_an_outage_of_the_box_is_one_mail(watched: Watched) -> None:
    """Lines, names and mail fail at the same time, each with a patience of its own."""
    watched.looks(2)
    watched.box.says("pjsip show registrations", REJECTED)
    (watched.box.said / "names").unlink()
    arrived = time.time() - 7200
    watched.box.says("queue-j", json.dumps({"arrival_time": int(arrived)}))
    watched.looks(40)
    ((subject, text),) = watched.told()
    assert subject == "Votre standard : 2 points à corriger"
    assert LINE in text and "Noms (DNS)" in text


def test_a_mail_that_nobody_takes_is_written_later(watched: Watched) -> None:
    watched.sendmail.chmod(0)
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10)
    assert watched.told() == []
    watched.sendmail.chmod(0o755)
    watched.looks(2)
    assert len(watched.told()) == 1


@pytest.mark.slow
def test_an_asterisk_that_was_restarted_is_told_once_a_day(watched: Watched) -> None:
    watched.looks()
    for _ in range(3):
        pulse.note_restart(watched.now)
        watched.looks(20)
    ((subject, text),) = watched.told()
    assert subject == "Votre standard : le central a été redémarré"
    assert "Que faire : rien, s'il marche de nouveau" in text
    assert "central redémarré le" in watch_checks.watching()
    watched.now += 86400
    pulse.note_restart(watched.now)
    watched.looks(2)
    assert len(watched.told()) == 2


@pytest.mark.slow
def test_what_was_told_is_told_once_over_a_start_of_the_machine(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10)
    Path(state.NOW).unlink()
    monkeypatch.setattr(state, "boot", lambda: "another")
    watched.now = 20.0
    watched.looks(30)
    assert len(watched.told()) == 1
    watched.box.says("pjsip show registrations", PJSIP)
    watched.looks(8)
    assert watched.told()[1:][0][0].endswith("rétabli")


def test_what_it_knows_is_written_to_the_card_only_when_something_is_told(
    watched: Watched,
) -> None:
    watched.looks(3)
    kept = Path(state.KEPT)
    before = kept.stat().st_mtime_ns
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(3)
    assert kept.stat().st_mtime_ns == before
    watched.looks(5)
    assert kept.stat().st_mtime_ns > before


def test_a_card_that_takes_no_notes_is_tried_again(watched: Watched) -> None:
    kept = Path(state.KEPT)
    kept.mkdir()
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10)
    assert len(watched.told()) == 1
    assert LINE in watched.report()
    kept.rmdir()
    watched.looks()
    assert json.loads(kept.read_text())["faults"][LINE]["told"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"boot": "x", "faults": 3, "wall": 1}'])
def test_notes_that_are_damaged_are_made_anew(watched: Watched, text: str) -> None:
    for path in state.NOW, state.KEPT:
        Path(path).write_text(text)
    watched.looks()
    assert json.loads(Path(state.NOW).read_text())["faults"][LINE]["seen"]


def test_what_is_no_more_is_forgotten(watched: Watched) -> None:
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10)
    here = json.loads(watched.box.exchange.read_text())
    watched.box.exchange.write_text(json.dumps(dict(here, lines=[])))
    watched.looks(3)
    assert "Tout va bien." in watched.report()
    assert LINE not in json.loads(Path(state.NOW).read_text())["faults"]


def test_a_cure_is_tried_before_anybody_is_told(watched: Watched, tmp_path: Path) -> None:
    tried, queue = tmp_path / "tried", watched.box.said / "queue-j"
    systemctl = tmp_path / "bin/systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >>{tried}\n: >{queue}\n')
    systemctl.chmod(0o755)
    watched.box.says("queue-j", MAIL_DOWN)
    watched.looks(8)
    assert tried.read_text() == "--no-block restart postfix.service\n"
    assert watched.told() == []


def test_what_cannot_be_asked_is_neither_right_nor_wrong(watched: Watched) -> None:
    (watched.box.said / "core show uptime seconds").unlink()
    watched.looks(11)
    ((subject, _),) = watched.told()
    assert subject == "Votre standard : Central : arrêté"


def trigger(led: Path, text: str) -> None:
    led.mkdir(parents=True, exist_ok=True)
    (led / "trigger").write_text(text)
    for name in ("delay_on", "delay_off"):
        (led / name).write_text("0")


def test_the_green_light_blinks_while_something_is_wrong(watched: Watched) -> None:
    trigger(watched.led, "none kbd-scrolllock [mmc0] timer heartbeat\n")
    watched.looks(2)
    assert (watched.led / "trigger").read_text().startswith("none")
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10)
    assert (watched.led / "trigger").read_text() == "timer"
    assert (watched.led / "delay_on").read_text() == "1000"
    # As the kernel shows it.
    trigger(watched.led, "none kbd-scrolllock mmc0 [timer] heartbeat\n")
    watched.box.says("pjsip show registrations", PJSIP)
    watched.looks(7)
    assert (watched.led / "trigger").read_text() == "mmc0"


def test_the_light_does_not_blink_for_ever(watched: Watched) -> None:
    trigger(watched.led, "none [mmc0] timer\n")
    watched.box.says("pjsip show registrations", REJECTED)
    watched.looks(10)
    trigger(watched.led, "none mmc0 [timer]\n")
    watched.now += look.BLINKS
    watched.looks()
    assert (watched.led / "trigger").read_text() == "mmc0"
    assert len(watched.told()) == 1


@pytest.mark.parametrize(
    ("wrong", "before", "shown", "after", "written"),
    [
        (True, "", "none [timer]\n", "mmc0", "timer"),  # ours, of a watch that was killed
        (True, "cpu", "none [cpu] timer\n", "cpu", "timer"),  # somebody else has set it since
        (True, "cpu", "cpu [timer]\n", "cpu", None),
        (False, "", "[mmc0] timer\n", "", None),
        (False, "heartbeat", "mmc0 [timer]\n", "", "heartbeat"),
    ],
)
def test_the_light_shows_then_what_it_showed_before(
    tmp_path: Path, wrong: bool, before: str, shown: str, after: str, written: str | None
) -> None:
    led = tmp_path / "led0"
    trigger(led, shown)
    assert light.show(wrong, before, str(tmp_path)) == after
    assert (led / "trigger").read_text() == (written or shown)


def test_a_board_without_a_light_is_no_fault(tmp_path: Path) -> None:
    assert light.show(True, "", str(tmp_path)) == ""


def test_a_watch_that_looks_no_more_is_told(watched: Watched) -> None:
    watched.looks()
    watched.now += 1200
    with pytest.raises(Missing, match="ne regarde plus depuis le") as stopped:
        watch_checks.watching()
    assert "systemctl restart gardeligne-watch" in stopped.value.cure
