"""A box that loses power while it sets itself up, and its passwords on the card."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from gardeligne_setup.card import Card
from gardeligne_setup.foyer import seal
from gardeligne_setup.store import State, Store, digest
from support.selfsetup import FILLED, MAIL, Box, assert_sealed

pytestmark = pytest.mark.slow


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
