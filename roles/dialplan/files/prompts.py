"""Speak the French prompts: `make prompts`, on the builder's machine, when a text has changed.

SVOX Pico speaks the same everywhere, so its sounds are kept in git beside their texts, and no Pi
has to make them. The record `prompts.sha256` says which text each sound was made from.
"""

from __future__ import annotations

import hashlib
import math
import subprocess
import tempfile
from array import array
from pathlib import Path

import yaml

HERE = Path(__file__).parent
SOUNDS = HERE / "prompts"
RECORD = HERE / "prompts.sha256"
TEXTS: dict[str, str] = yaml.safe_load((HERE / "prompts.yml").read_text())

RATE = 8000  # samples per second; A-law has a byte for each
LEVEL = -20.0  # dBFS, RMS
PEAK = -3.0  # dBFS, at most
EDGE = 0.1  # seconds of silence at both ends
SPEED = 85  # percent of Pico's own haste
SILENT = -65.0  # dBFS, RMS in windows of 10 ms, before the gain: a final r is as faint as -50

PCM = ("--type=raw", "--encoding=signed", "--bits=16", f"--rate={RATE}", "--channels=1")
ALAW = ("--type=raw", "--encoding=a-law", "--bits=8", f"--rate={RATE}", "--channels=1")
TELEPHONE_BAND = ("sinc", "250-3400")  # Hz


def decibels(samples: array[int]) -> float:
    """Return the RMS level of 16-bit samples in dBFS (0 = a square wave at full scale)."""
    energy = sum(sample * sample for sample in samples) / len(samples)
    return 10 * math.log10(max(energy, 1) / 32768**2)


def peak(samples: array[int]) -> float:
    """Return the highest sample's level in dBFS."""
    return 20 * math.log10(max(abs(sample) for sample in samples) / 32768)


def edges(samples: array[int]) -> tuple[int, int]:
    """Return where the first window that is not silent begins, and where the last one ends."""
    size = RATE // 100
    starts = range(0, len(samples) - size + 1, size)
    loud = [start for start in starts if decibels(samples[start : start + size]) > SILENT]
    return loud[0], loud[-1] + size


def trim(samples: array[int]) -> array[int]:
    """Return the samples with EDGE seconds of silence at both ends."""
    begin, end = edges(samples)
    silence = array("h", [0] * round(EDGE * RATE))
    return silence + samples[begin:end] + silence


def speak(text: str) -> bytes:
    """Return the text as raw A-law at 8 kHz: telephone band, trimmed, at LEVEL."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        slowly = f'<speed level="{SPEED}">{text}</speed>'
        _run(b"", "pico2wave", "--lang=fr-FR", f"--wave={wav.name}", slowly)
        spoken = _run(b"", "sox", "-D", wav.name, *PCM, "-", *TELEPHONE_BAND)
    samples = trim(array("h", spoken))
    gain = min(LEVEL - decibels(samples), PEAK - peak(samples))
    return _run(samples.tobytes(), "sox", "-D", *PCM, "-", *ALAW, "-", "gain", f"{gain:.2f}")


def record() -> str:
    """Return a line for each text: its hash, its sound's hash, its name."""
    return "".join(
        f"{_hash(text.encode())} {_hash((SOUNDS / f'{name}.alaw').read_bytes())} {name}\n"
        for name, text in TEXTS.items()
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _run(data: bytes, *command: str) -> bytes:
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def main() -> None:
    """Speak every text, and forget the sounds that have none."""
    SOUNDS.mkdir(exist_ok=True)
    for sound in SOUNDS.glob("*.alaw"):
        sound.unlink()
    for name, text in TEXTS.items():
        (SOUNDS / f"{name}.alaw").write_bytes(speak(text))
    RECORD.write_text(record())


if __name__ == "__main__":
    main()
