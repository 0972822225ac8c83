"""Find tones in what a telephone has heard."""

from __future__ import annotations

import io
import math
import wave
from array import array


def seconds_of(recording: bytes, frequency: float) -> float:
    """Return for how long a WAV holds this tone: windows of 50 ms in which it prevails."""
    with wave.open(io.BytesIO(recording)) as wav:
        rate, channels = wav.getframerate(), wav.getnchannels()
        samples = array("h", wav.readframes(wav.getnframes()))[::channels]
    size = rate // 20
    windows = (samples[start : start + size] for start in range(0, len(samples) - size, size))
    return sum(_prevails(window, frequency / rate) for window in windows) / 20


def _prevails(window: array[int], cycles: float) -> bool:
    """Goertzel: has this frequency (in cycles per sample) most of the window's energy?"""
    energy = sum(sample * sample for sample in window)
    if energy < len(window) * 100**2:  # as good as silence
        return False
    coefficient, before, last = 2 * math.cos(2 * math.pi * cycles), 0.0, 0.0
    for sample in window:
        before, last = last, sample + coefficient * last - before
    power = before**2 + last**2 - coefficient * before * last
    return 2 * power / len(window) > 0.5 * energy
