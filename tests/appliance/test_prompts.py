"""The French prompts, as they are kept: every text has its sound, fit for a telephone."""

from __future__ import annotations

from array import array

import prompts
import pytest

# Letters per second: from keys that are dictated one by one to a hurried sentence.
PACE = (7, 19)


def decode(alaw: bytes) -> array[int]:
    """Return A-law as 16-bit samples (ITU-T G.711)."""

    def sample(code: int) -> int:
        code ^= 0x55
        segment, mantissa = code >> 4 & 7, (code & 15) << 4 | 8
        level = mantissa + 256 << segment - 1 if segment else mantissa
        return level if code & 128 else -level

    levels = [sample(code) for code in range(256)]
    return array("h", (levels[code] for code in alaw))


def test_every_text_has_its_sound_made_from_it_and_every_sound_its_text() -> None:
    assert prompts.RECORD.read_text() == prompts.record(), "run: make prompts"
    names = {path.name for path in prompts.SOUNDS.iterdir()}
    assert names == {f"{name}.alaw" for name in prompts.TEXTS}


@pytest.mark.parametrize("name", prompts.TEXTS)
def test_a_sound_has_its_text_s_length_and_a_telephone_s_level(name: str) -> None:
    samples = decode((prompts.SOUNDS / f"{name}.alaw").read_bytes())
    begin, end = prompts.edges(samples)
    spoken = (end - begin) / prompts.RATE
    letters = sum(letter.isalpha() for letter in prompts.TEXTS[name])
    assert PACE[0] < letters / spoken < PACE[1]
    for silence in (begin, len(samples) - end):
        assert silence / prompts.RATE == pytest.approx(prompts.EDGE, abs=0.02)
    assert prompts.peak(samples) < prompts.PEAK + 0.2  # A-law's steps are coarse
    quiet = prompts.peak(samples) < prompts.PEAK - 0.2
    assert not quiet or prompts.decibels(samples) == pytest.approx(prompts.LEVEL, abs=0.2)
