"""A box that sets itself up: what it takes from the card, what it leaves, whatever happens."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from example import ROOT
from gardeligne_setup import forget
from gardeligne_setup.card import Card
from gardeligne_setup.foyer import seal, template
from gardeligne_setup.playbook import STEPS, failed_step
from gardeligne_setup.store import State, Store, digest
from selfsetup import FILLED, MAIL, SECRETS, SIP, Box, partition

pytestmark = pytest.mark.slow

OTHER = FILLED.replace("09 87 65 43 21", "09 11 22 33 44").replace("Famille Martin", "Les Durand")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    root = tmp_path / "box"
    root.mkdir()
    with partition(root / "boot/firmware", tmp_path / "boot.ext4"):
        yield Box(root)


def assert_sealed(box: Box) -> None:
    text = box.foyer.read_text(encoding="utf-8")
    assert text.count("(enregistré)") == len(SECRETS)
    for path in box.places.boot.iterdir():
        if path.is_file():
            assert not any(secret.encode() in path.read_bytes() for secret in SECRETS), path


def test_a_file_not_filled_in_changes_nothing_and_is_told(box: Box) -> None:
    box.foyer.write_bytes(template())
    said = box.start()
    assert box.runs == 0
    assert "foyer.txt n'est pas encore rempli" in said
    told = box.errors.read_bytes()
    assert told.startswith(b"\xef\xbb\xbf")
    assert told.count(b"\n") == told.count(b"\r\n") > 4
    assert "« ligne > numéro »" in told.decode("utf-8-sig")
    assert box.status["good"] is False
    assert "remplissez foyer.txt" in box.status["cure"]
    assert box.foyer.read_bytes() == template()


def test_a_good_file_takes_effect_once_and_its_secrets_leave_the_card(box: Box) -> None:
    box.write(FILLED)
    box.errors.write_text("of before")
    box.places.reported.parent.mkdir(parents=True)
    box.places.reported.touch()
    box.start()
    assert (box.runs, box.effect) == (1, f"Famille Martin 4 {MAIL}")
    assert_sealed(box)
    assert not box.errors.exists()
    assert box.status == {"good": True, "what": "ceux de foyer.txt sont en service", "cure": ""}
    assert not box.places.reported.exists(), "nobody would be told"
    box.places.reported.touch()
    box.start()
    assert box.runs == 1
    assert box.places.reported.exists()


def test_what_it_keeps_is_for_root_alone(box: Box) -> None:
    box.write(FILLED)
    box.start()
    holders = [
        path
        for path in box.root.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in SECRETS)
    ]
    assert {path.name for path in holders} == {"foyer.yml", "secrets.json", "effect"}
    for path in holders:
        assert path.stat().st_mode & 0o077 == 0, path
    assert box.places.log.stat().st_mode & 0o077 == 0
    assert box.places.kept.stat().st_mode & 0o077 == 0


def test_a_change_takes_effect_with_the_secrets_of_before(box: Box) -> None:
    box.write(FILLED)
    box.start()
    made = (box.places.inventory / "secrets/gardeligne/handset-001").read_text()
    box.edit("attente: 4", "attente: 9")
    box.start()
    assert (box.runs, box.effect) == (2, f"Famille Martin 9 {MAIL}")
    assert (box.places.inventory / "secrets/gardeligne/handset-001").read_text() == made
    assert_sealed(box)


def test_a_bad_change_changes_nothing_and_is_forgotten_once_it_is_undone(box: Box) -> None:
    box.write(FILLED)
    box.start()
    sealed = box.foyer.read_text()
    box.edit("attente: 4", "attente: jamais")
    said = box.start()
    assert (box.runs, box.effect) == (1, f"Famille Martin 4 {MAIL}")
    assert "les réglages d'avant restent en service" in said
    assert "attente" in box.errors.read_text("utf-8-sig")
    box.write(sealed)
    box.start()
    assert (box.runs, box.status["good"]) == (1, True)
    assert not box.errors.exists()


def test_a_playbook_that_fails_is_told_and_tried_again(box: Box) -> None:
    box.write(FILLED)
    (box.root / "broken").touch()
    said = box.start()
    assert box.runs == 1
    assert "« préparation »" in box.status["what"]
    assert not any(secret in said + str(box.status) for secret in SECRETS)
    assert box.foyer.read_text() == FILLED, "the next start would have no secrets"
    (box.root / "broken").unlink()
    box.start()
    assert (box.runs, box.effect) == (2, f"Famille Martin 4 {MAIL}")
    assert_sealed(box)


def test_after_a_change_that_failed_the_file_of_before_is_applied_again(box: Box) -> None:
    box.write(FILLED)
    box.start()
    sealed = box.foyer.read_text()
    changed = sealed.replace("attente: 4", "attente: 9").replace("(enregistré)", "Autre-test-3")
    assert "Autre-test-3" in changed
    for back in (sealed, None):
        box.write(changed)
        (box.root / "broken").touch()
        box.start()
        (box.root / "effect").write_text("half of the change")
        (box.root / "broken").unlink()
        box.foyer.unlink() if back is None else box.write(back)
        box.start()
        assert box.effect == f"Famille Martin 4 {MAIL}"
        assert box.status["good"] is True
        assert_sealed(box)
    box.write(changed)
    (box.root / "broken").touch()
    box.start()
    box.edit("attente: 9", "attente: jamais")
    assert "restent en service" not in box.start(), "they may not be, after half of a change"


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


def test_only_a_change_of_the_network_asks_for_another_start(box: Box) -> None:
    (box.root / "etc").mkdir()
    (box.root / "etc/hostname").write_text("by the router")
    box.write(FILLED)
    assert "redémarrage" not in box.start()
    fixed = "adresse fixe:\n  adresse: 192.168.1.10\n  routeur: 192.168.1.1\n"
    box.write(box.foyer.read_text() + fixed)
    assert "redémarrage" in box.start()
    assert "redémarrage" not in box.start()


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


def test_a_file_that_is_gone_is_put_there_again(box: Box) -> None:
    box.start()
    assert box.foyer.read_bytes() == template()
    box.write(FILLED)
    box.start()
    box.foyer.unlink()
    box.start()
    assert box.runs == 1
    assert_sealed(box)


@pytest.mark.parametrize("left", ["whole", "torn", "gone", "sealed"])
def test_a_cut_before_the_file_was_sealed_leaves_only_that_to_be_done(box: Box, left: str) -> None:
    box.write(FILLED)
    box.start()
    sealed = seal(FILLED.encode())
    store = Store(box.places.kept)
    store.state = State(digest(sealed), digest(FILLED.encode()), store.state.lines)
    store.save()
    remains = {
        "whole": FILLED.encode(),
        "torn": bytes(200) + FILLED.encode()[200:],
        "gone": None,
        "sealed": sealed,
    }[left]
    box.foyer.unlink()
    if remains is not None:
        box.foyer.write_bytes(remains)
    box.start()
    assert (box.runs, box.foyer.read_bytes()) == (1, sealed)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_is_killed_at_any_moment_is_finished_later(box: Box, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    box.write(FILLED)
    for _ in range(4):
        process = box.process()
        time.sleep(dice.uniform(0.1, 4))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    box.start()
    assert box.effect == f"Famille Martin 4 {MAIL}"
    assert_sealed(box)
    runs = box.runs
    box.start()
    assert box.runs == runs


def test_only_a_small_partition_is_ever_filled(tmp_path: Path) -> None:
    """Where the partition is not mounted, the folder is one of the root."""
    size = os.statvfs(tmp_path)
    if size.f_blocks * size.f_frsize <= 1 << 30:
        pytest.skip("this disk is as small as a card's partition")
    with pytest.raises(OSError, match="no partition of a card"):
        Card(tmp_path).seal(b"")
    assert [path.name for path in tmp_path.iterdir()] == ["foyer.txt"]


def test_the_secrets_are_overwritten_before_another_file_takes_the_name(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut then may leave their clusters to no file and not free: nobody would fill them."""
    box.write(FILLED)
    replace, before = Path.replace, []

    def look(path: Path, target: Path) -> Path:
        before.append(target.read_bytes())
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", look)
    Card(box.places.boot).seal(b"sealed")
    assert before == [bytes(len(FILLED.encode()))]
    assert box.foyer.read_bytes() == b"sealed"


def test_what_is_forgotten_leaves_the_folders_that_services_need(tmp_path: Path) -> None:
    inbox = tmp_path / "var/spool/asterisk/voicemail/default/001"
    inbox.mkdir(parents=True)
    (inbox / "greet.wav").touch()
    forget.former_household(tmp_path, tmp_path / "none")
    assert list((tmp_path / "var/spool/asterisk/voicemail").iterdir()) == []


@pytest.mark.parametrize(
    ("title", "step"),
    [
        ("TASK [mail : Write the account]", "courrier"),
        ("RUNNING HANDLER [asterisk : Restart Asterisk]", "central téléphonique"),
        ("TASK [Gathering Facts]", "préparation"),
    ],
)
def test_a_step_that_failed_is_told_in_french(title: str, step: str) -> None:
    said = (
        "TASK [system : Install] ****\nok: [gardeligne]\n\n"
        f"{title} ****\nfatal: [gardeligne]: FAILED! => {SIP}\n"
        "RUNNING HANDLER [dialplan : x] ***\n"
    )
    assert failed_step(said) == step
    assert failed_step("ERROR! nothing ran") == "préparation"


def test_every_role_has_french_words() -> None:
    assert set(STEPS) == {role.name for role in (ROOT / "roles").iterdir()}
