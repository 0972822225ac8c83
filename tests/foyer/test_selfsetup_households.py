"""A box that gets another household's file: what of the former one's is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from gardeligne_setup import forget
from gardeligne_setup.foyer import template
from support.selfsetup import FILLED, Box

pytestmark = pytest.mark.slow
OTHER = FILLED.replace("09 87 65 43 21", "09 11 22 33 44").replace("Famille Martin", "Les Durand")


def test_another_household_that_fails_leaves_nothing_of_the_former(box: Box) -> None:
    box.write(FILLED)
    box.start()
    sealed = box.foyer.read_text()
    (box.root / "broken").touch()
    box.write(OTHER)
    box.start()
    (box.root / "broken").unlink()
    box.write(sealed)
    box.start()
    assert "rien n'est enregistré ici" in box.errors.read_text("utf-8-sig")
    box.foyer.unlink()
    box.start()
    assert box.foyer.read_bytes() == template()


def test_another_household_replaces_all(box: Box) -> None:
    box.write(FILLED)
    box.start()
    made = box.places.inventory / "secrets/gardeligne/handset-001"
    before = made.read_text()
    message = box.root / "var/spool/asterisk/voicemail/default/001/INBOX/msg0000.wav"
    learned = box.root / "var/lib/asterisk/astdb.sqlite3"
    record = box.root / "var/log/asterisk/master.db"
    copy = box.root / "var/lib/gardeligne/databases/astdb.sqlite3"
    in_memory = box.root / "run/asterisk-memory/astdb.sqlite3"
    refused = box.root / "var/mail/refused"
    private = (message, learned, in_memory, record, copy, refused)
    for path in private:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    box.write(OTHER.replace("attente: 4", "attente: nie"))
    box.start()
    assert message.exists(), "it was removed for a file that is not accepted"
    box.write(OTHER)
    said = box.start()
    assert "les données de l'ancien sont effacées" in said
    assert box.effect.startswith("Les Durand")
    assert not any(path.exists() for path in private)
    assert record.parent.is_dir()
    assert made.read_text() != before
    message.parent.mkdir(parents=True)
    message.touch()
    box.edit("attente: 4", "attente: 5")
    box.start()
    assert message.exists(), "it is the new household's"


def test_another_household_cannot_use_the_secrets_of_the_former(box: Box) -> None:
    box.write(FILLED)
    box.start()
    box.edit("09 87 65 43 21", "09 11 22 33 44")
    box.start()
    assert box.runs == 1
    assert "rien n'est enregistré ici" in box.errors.read_text("utf-8-sig")


def test_the_same_line_written_otherwise_is_the_same_household(box: Box) -> None:
    box.write(FILLED)
    box.start()
    message = box.root / "var/spool/asterisk/voicemail/message"
    message.parent.mkdir(parents=True)
    message.touch()
    box.edit("09 87 65 43 21", "+33 9 87 65 43 21")
    box.start()
    assert (box.runs, message.exists()) == (2, True)


def test_what_is_forgotten_leaves_the_folders_that_services_need(tmp_path: Path) -> None:
    inbox = tmp_path / "var/spool/asterisk/voicemail/default/001"
    inbox.mkdir(parents=True)
    (inbox / "greet.wav").touch()
    forget.former_household(tmp_path, tmp_path / "none")
    assert list((tmp_path / "var/spool/asterisk/voicemail").iterdir()) == []
