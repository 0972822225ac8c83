"""Find tones and spoken prompts in what a telephone has heard."""

from __future__ import annotations

import io
import itertools
import math
import wave
from array import array
from collections.abc import Sequence

WINDOWS = 20  # a second: each is 50 ms long
SILENCE = 100**2  # what is less loud is as good as silent: energy of a sample


def seconds_of(recording: bytes, frequency: float) -> float:
    """Return for how long a WAV holds this tone: windows of 50 ms in which it prevails."""
    samples, rate = _samples(recording)
    return sum(_prevails(window, frequency / rate) for window in _windows(samples, rate)) / WINDOWS


def seconds_heard(recording: bytes) -> float:
    """Return for how long a WAV is not as good as silent."""
    windows = _windows(*_samples(recording))
    return sum(_energy(window) >= len(window) * SILENCE for window in windows) / WINDOWS


def said(recording: bytes, prompts: Sequence[bytes]) -> bool:
    """Tell whether a WAV holds these prompts (8 kHz A-law), in this order.

    Loudness over time is compared, window by window: it is a voice's fingerprint. The last tenth
    of a second of a prompt is not missed: who is hung up on may not get its last packets.
    """
    heard = _envelope(*_samples(recording))
    start = 0
    for prompt in prompts:
        wanted = _envelope(array("h", (ALAW[code] for code in prompt[:-800])), 8000)
        found = [
            at
            for at in range(start, len(heard) - len(wanted) + 1)
            if _alike(heard[at : at + len(wanted)], wanted) > 0.8
        ]
        if not found:
            return False
        start = found[0] + len(wanted) // 2
    return True


def _samples(recording: bytes) -> tuple[array[int], int]:
    with wave.open(io.BytesIO(recording)) as wav:
        rate, channels = wav.getframerate(), wav.getnchannels()
        return array("h", wav.readframes(wav.getnframes()))[::channels], rate


def _windows(samples: array[int], rate: int) -> list[array[int]]:
    size = rate // WINDOWS
    return [samples[start : start + size] for start in range(0, len(samples) - size + 1, size)]


def _energy(window: array[int]) -> int:
    return sum(sample * sample for sample in window)


def _prevails(window: array[int], cycles: float) -> bool:
    """Goertzel: has this frequency (in cycles per sample) most of the window's energy?"""
    energy = _energy(window)
    if energy < len(window) * SILENCE:
        return False
    coefficient, before, last = 2 * math.cos(2 * math.pi * cycles), 0.0, 0.0
    for sample in window:
        before, last = last, sample + coefficient * last - before
    power = before**2 + last**2 - coefficient * before * last
    return 2 * power / len(window) > 0.5 * energy


def _envelope(samples: array[int], rate: int) -> list[float]:
    """Return the loudness of each window; windows overlap by a half, to fit at any offset."""
    half = rate // WINDOWS // 2
    parts = [
        sum(abs(sample) for sample in samples[start : start + half])
        for start in range(0, len(samples) - half + 1, half)
    ]
    return [one + other for one, other in itertools.pairwise(parts)]


def _alike(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the correlation of two envelopes, from -1 to 1."""
    count = len(one)
    mean, other_mean = sum(one) / count, sum(other) / count
    covariance = sum((a - mean) * (b - other_mean) for a, b in zip(one, other, strict=True))
    spread = math.sqrt(
        sum((a - mean) ** 2 for a in one) * sum((b - other_mean) ** 2 for b in other)
    )
    return covariance / spread if spread else 0.0


def _alaw(code: int) -> int:
    """Return the sample of a code: ITU-T G.711."""
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = (mantissa << 4) + (8 if exponent == 0 else 0x108)
    return (1 if code & 0x80 else -1) * (size << max(exponent - 1, 0))


ALAW = [_alaw(code) for code in range(256)]
