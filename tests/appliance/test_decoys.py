"""The model of AMD() against its source by hand, and the product's decoy against the model."""

from __future__ import annotations

import pytest
import yaml
from bench.guard.data import BATTERY, DECOYS, PRODUCT_DEFAULT, profiles
from bench.guard.model import FRAME, Arguments, amd, heard, levels, predicted
from household.model import GUARD
from support.example import ROOT

LOUD, QUIET = 4000.0, 0.0
STOCK = Arguments()
ROBOTS = [profile for profile in profiles() if not profile.elsewhere]
PATIENCE = 1000 * GUARD["wait"]  # ms: the default wait


def sound(*parts: tuple[float, int]) -> list[float]:
    """Return frames of (level, ms)."""
    return [level for level, ms in parts for _ in range(ms // FRAME)]


@pytest.mark.parametrize(
    ("frames", "status", "cause", "at"),
    [
        # It begins inside a word: the first burst is none, so three need four.
        (sound(*[(LOUD, 100), (QUIET, 60)] * 5), "MACHINE", "MAXWORDS", 580),
        # After 60 ms of silence the first burst is a word.
        (sound((QUIET, 60), *[(LOUD, 100), (QUIET, 60)] * 5), "MACHINE", "MAXWORDS", 480),
        # 40 ms between words are none.
        (sound((QUIET, 60), *[(LOUD, 100), (QUIET, 40)] * 20), "MACHINE", "LONGGREETING", 2120),
        (sound((LOUD, 2000)), "MACHINE", "LONGGREETING", 1500),
        (sound((LOUD, 300), (QUIET, 2000)), "HUMAN", "HUMAN", 1100),
        (sound((QUIET, 3000)), "MACHINE", "INITIALSILENCE", 2500),
        # Clicks are neither words nor a greeting.
        (sound(*[(LOUD, 80), (QUIET, 60)] * 60), "NOTSURE", "TOOLONG", 5000),
        (sound((255.0, 2500)), "MACHINE", "INITIALSILENCE", 2500),
    ],
)
def test_the_model_decides_as_the_source_says(
    frames: list[float], status: str, cause: str, at: int
) -> None:
    decision = amd(frames, STOCK)
    assert (decision.status, decision.cause, decision.at) == (status, cause, at)


def test_a_cadence_becomes_frames_as_playtones_plays_it() -> None:
    frames = levels("!440/30,!0/20,440/20,0/40", 200)
    # A part lasts whole frames; what has no `!` repeats.
    assert [level > 0 for level in frames] == [1, 1, 0, 1, 0, 0, 1, 0, 0, 1]
    shifted = levels("440/20,0/20", 80, shift=10)
    assert shifted[0] == shifted[1] == frames[0] / 2


@pytest.mark.parametrize("condition", BATTERY["conditions"])
@pytest.mark.parametrize("profile", ROBOTS, ids=lambda profile: profile.name)
def test_the_decoy_is_a_machine_to_every_robot_on_every_line(profile, condition) -> None:  # type: ignore[no-untyped-def]
    found = predicted(DECOYS[PRODUCT_DEFAULT]["cadence"], profile.name, condition)
    if "overtaking" in BATTERY["conditions"][condition]:
        assert not found, "not modelled"
        return
    assert found["predicted"] == "MACHINE"
    assert found["predicted_ms"] < PATIENCE


@pytest.mark.parametrize("shift", [0, 5, 10, 15])
@pytest.mark.parametrize("deaf", ["0", "0.2", "0.5"])
def test_the_decoy_survives_all_at_once(shift: int, deaf: str) -> None:
    """Check packets that begin elsewhere, a lost beginning and one packet in 33 lost after it."""
    frames = levels(DECOYS[PRODUCT_DEFAULT]["cadence"], 8000, shift)
    for chance in range(10):
        left = heard(frames, {"line": {"DEAF": deaf}, "loss": 0.03}, chance)
        for profile in ROBOTS:
            decision = amd(left, Arguments.of(profile.arguments))
            assert decision.status == "MACHINE", (profile, chance)


@pytest.mark.parametrize("decoy", ["ring", "american-ring", "first-trill"])
def test_the_others_fail_somewhere(decoy: str) -> None:
    statuses = {
        predicted(DECOYS[decoy]["cadence"], profile.name, condition)["predicted"]
        for profile in ROBOTS
        for condition in BATTERY["short"]
    }
    assert statuses > {"MACHINE"}


def test_the_battery_is_large_enough_and_every_profile_has_a_reason() -> None:
    assert len(ROBOTS) >= 20
    battery = yaml.safe_load((ROOT / "tests/bench/guard/battery.yml").read_text())
    assert all({"published", "why"} & set(each) for each in battery["profiles"].values())
    assert all(len(profile.arguments.split(",")) in (7, 8) for profile in ROBOTS)
