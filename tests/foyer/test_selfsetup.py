"""A box that sets itself up: what it takes from the card, what it leaves, whatever happens."""

from __future__ import annotations

import pytest
from gardeligne_setup.foyer import template
from gardeligne_setup.playbook import STEPS, failed_step
from support.example import ROOT
from support.selfsetup import FILLED, MAIL, SECRETS, SIP, Box, assert_sealed

pytestmark = pytest.mark.slow


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


def test_what_something_else_has_changed_is_mended(box: Box) -> None:
    """Once a week, whatever foyer.txt says by then."""
    box.write(FILLED)
    assert (box.process("--whole").wait(), box.runs) == (0, 0), "it is nobody's yet"
    box.start()
    good, told = box.effect, box.status
    (box.root / "effect").write_text("spoilt")
    box.edit("attente: 4", "attente: 9")
    assert (box.process("--whole").wait(), box.runs) == (0, 2)
    assert (box.effect, box.status) == (good, told)
    (box.root / "broken").touch()
    whole = box.process("--whole")
    said, _ = whole.communicate()
    assert (whole.returncode, box.status) == (1, told)
    assert "vérification arrêtée" in said
    assert box.process("--all").wait() == 2


def test_only_a_change_of_the_network_asks_for_another_start(box: Box) -> None:
    (box.root / "etc").mkdir()
    (box.root / "etc/hostname").write_text("by the router")
    box.write(FILLED)
    assert "redémarrage" not in box.start()
    fixed = "adresse fixe:\n  adresse: 192.168.1.10\n  routeur: 192.168.1.1\n"
    box.write(box.foyer.read_text() + fixed)
    assert "redémarrage" in box.start()
    assert "redémarrage" not in box.start()


def test_a_file_that_is_gone_is_put_there_again(box: Box) -> None:
    box.start()
    assert box.foyer.read_bytes() == template()
    box.write(FILLED)
    box.start()
    box.foyer.unlink()
    box.start()
    assert box.runs == 1
    assert_sealed(box)


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
