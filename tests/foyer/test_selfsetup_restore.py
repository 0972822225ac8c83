"""A new card with a backup beside foyer.txt becomes what the old was; a bad one does nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gardeligne_setup.foyer import template
from support.backup import PHRASE, Machine
from support.databases import KNOWN
from support.selfsetup import FILLED, MAIL, SECRETS, Box, partition

pytestmark = pytest.mark.slow
BACKED_UP = f"{FILLED}sauvegarde:\n  mot de passe: {PHRASE}\n"
# All that has to be typed on the new card.
ONLY = (
    template()
    .decode("utf-8-sig")
    .replace("#sauvegarde:\r\n#  mot de passe: ''", f"sauvegarde:\r\n  mot de passe: '{PHRASE}'")
)
OTHER = "Une autre phrase 7"
NAME = "gardeligne-20261130-031000.sauvegarde"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A household's own: its box is gone."""
    root = tmp_path / "old"
    machine = Machine(root)
    with partition(root / "boot/firmware", tmp_path / "old.ext4"):
        old = Box(root)
        old.write(BACKED_UP)
        old.start()
        assert old.effect == f"Famille Martin 4 {MAIL}"
        made = (old.places.inventory / "secrets/gardeligne/handset-001").read_text()
        path = shutil.copy(machine.makes(), tmp_path / NAME)
    shutil.rmtree(root)
    (tmp_path / "made").write_text(made)
    return Path(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "box", passphrase="")
    machine.loses_all()
    return machine


@pytest.fixture
def box(machine: Machine, tmp_path: Path) -> Iterator[Box]:
    with partition(machine.root / "boot/firmware", tmp_path / "boot.ext4"):
        yield Box(machine.root)


def is_restored(box: Box, machine: Machine, made: str) -> None:
    assert machine.rows()[KNOWN] == "1 keypad"
    assert machine.calls() == 400
    assert machine.text.read_text() == "[message]\n"
    assert machine.sound.stat().st_size == 100000
    assert (box.places.inventory / "secrets/gardeligne/handset-001").read_text() == made
    assert box.status["good"] is True
    assert not (box.places.boot / NAME).exists()
    assert (box.places.boot / (NAME + ".reprise")).exists()
    assert not (machine.folder / "open").exists()
    on_card = b"".join(p.read_bytes() for p in box.places.boot.iterdir() if p.is_file())
    assert not any(secret.encode() in on_card for secret in (*SECRETS, PHRASE))


def test_the_passphrase_alone_is_typed_and_all_is_back(
    box: Box, machine: Machine, backup: Path, tmp_path: Path
) -> None:
    box.write(ONLY)
    shutil.copy(backup, box.places.boot)
    box.start()
    assert (box.runs, box.effect) == (1, f"Famille Martin 4 {MAIL}")
    is_restored(box, machine, (tmp_path / "made").read_text())
    assert box.foyer.read_text().count("(enregistré)") == 3
    box.start()
    assert box.runs == 1
    box.edit("attente: 4", "attente: 7")
    box.start()
    assert box.effect == f"Famille Martin 7 {MAIL}"


def test_a_file_that_is_filled_in_has_the_last_word(
    box: Box, machine: Machine, backup: Path, tmp_path: Path
) -> None:
    box.write(BACKED_UP.replace("attente: 4", "attente: 9").replace(MAIL, "(enregistré)"))
    shutil.copy(backup, box.places.boot)
    box.start()
    assert box.effect == f"Famille Martin 9 {MAIL}"
    is_restored(box, machine, (tmp_path / "made").read_text())


def test_a_run_that_fails_is_taken_up_by_the_next_start(
    box: Box, machine: Machine, backup: Path, tmp_path: Path
) -> None:
    box.write(ONLY)
    shutil.copy(backup, box.places.boot)
    (box.root / "broken").touch()
    box.start()
    assert box.status["good"] is False
    assert (box.places.boot / NAME).exists()
    (box.root / "broken").unlink()
    box.start()
    is_restored(box, machine, (tmp_path / "made").read_text())


BAD: dict[str, tuple[Callable[[str], str], Callable[[bytes], bytes], str]] = {
    "damaged": (str, lambda content: content[:5000] + b"x" + content[5001:], "abîmée, ou coupée"),
    "cut": (str, lambda content: content[:-100], "abîmée, ou coupée"),
    "foreign": (str, lambda _: b"a photo" * 100, "ce n'est pas une sauvegarde"),
    "empty": (str, lambda _: b"", "n'est pas une sauvegarde"),
    "without a passphrase": (
        lambda _: template().decode("utf-8-sig"), bytes, "il faut son mot de passe",
    ),
    "by another passphrase": (
        lambda text: text.replace(PHRASE, OTHER), bytes, "ce n'est pas son mot de passe",
    ),
    "of another line": (
        lambda _: BACKED_UP.replace("09 87 65 43 21", "09 11 22 33 44"), bytes, "d'une autre ligne",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_one_changes_nothing_and_is_told(
    box: Box, machine: Machine, backup: Path, bad: str
) -> None:
    text, content, told = BAD[bad]
    written = text(ONLY)
    box.write(written)
    (box.places.boot / NAME).write_bytes(content(backup.read_bytes()))
    before = machine.state()
    said = box.start()
    assert (box.runs, machine.state()) == (0, before)
    assert not (box.places.kept / "state.json").exists()
    assert told in box.errors.read_text("utf-8-sig")
    assert f"{NAME} n'est pas reprise" in box.status["what"]
    assert "ôtez cette sauvegarde" in box.status["cure"]
    assert PHRASE not in said + str(box.status)
    assert box.foyer.read_text(encoding="utf-8") == written.replace("\r\n", "\n")
    # It is the way out that was told.
    (box.places.boot / NAME).unlink()
    box.write(BACKED_UP)
    box.start()
    assert box.status["good"] is True
    assert not box.errors.exists()


def test_two_of_them_are_one_too_many(box: Box, machine: Machine, backup: Path) -> None:
    box.write(ONLY)
    for name in NAME, "b.Sauvegarde":
        shutil.copy(backup, box.places.boot / name)
    box.start()
    assert box.runs == 0
    assert "il y en a plusieurs" in box.errors.read_text("utf-8-sig")


def test_a_household_that_goes_on_can_go_back(
    box: Box, machine: Machine, backup: Path, tmp_path: Path
) -> None:
    box.write(BACKED_UP)
    box.start()
    shutil.copy(backup, box.places.boot)
    box.start()
    assert box.effect == f"Famille Martin 4 {MAIL}"
    is_restored(box, machine, (tmp_path / "made").read_text())


def test_another_household_s_card_is_not_mixed_with_it(
    box: Box, machine: Machine, backup: Path
) -> None:
    box.write(BACKED_UP.replace("09 87 65 43 21", "09 11 22 33 44"))
    box.start()
    before, effect = machine.state(), box.effect
    box.write(ONLY)
    shutil.copy(backup, box.places.boot)
    box.start()
    assert (machine.state(), box.effect) == (before, effect)
    assert "celle d'un autre foyer" in box.errors.read_text("utf-8-sig")
    assert "les réglages d'avant restent en service" in box.status["what"]
