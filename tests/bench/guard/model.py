"""What Asterisk's AMD() makes of a sound, computed: only to search; calls have the last word.

From the source of apps/app_amd.c and main/dsp.c, 16.28.0 (22.10.0 decides alike).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from .data import BATTERY, profiles

FRAME = 20  # ms; a telephone sends 50 packets a second
TONE_LEVEL = 4596  # mean of |sample| of Playtones' default, a sine of 7219


@dataclass(frozen=True)
class Arguments:
    """AMD()'s arguments in their order: ms, but ``words`` and ``threshold`` (mean of |sample|)."""

    initial_silence: int = 2500
    greeting: int = 1500
    after_greeting: int = 800
    total: int = 5000
    shortest_word: int = 100
    between_words: int = 50
    words: int = 2
    threshold: int = 256

    @classmethod
    def of(cls, arguments: str) -> Arguments:
        """Return the profile that AMD() makes of its argument string."""
        return cls(*(int(argument) for argument in arguments.split(",")))


@dataclass(frozen=True)
class Decision:
    """AMD()'s status and cause, and after how many ms of sound."""

    status: str
    cause: str
    at: int


def levels(cadence: str, length: int, shift: int = 0) -> list[float]:
    """Return the mean of |sample| of each frame of a Playtones cadence.

    ``length`` in ms; ``shift`` in ms is how far the listener's frames begin before the player's.
    A part lasts whole frames, as the player changes tones between two of them only.
    """
    parts = _parts(cadence)
    sound: list[float] = []  # of one ms each
    sound += [0.0] * shift
    for duration, level in parts:
        sound += [level] * (-(-duration // FRAME) * FRAME)
        if len(sound) > length:
            break
    edges = pairwise(range(0, length + 1, FRAME))
    return [sum(sound[start:end]) / FRAME for start, end in edges]


def _parts(cadence: str) -> Iterator[tuple[int, float]]:
    """Yield duration in ms and level, for ever, or until what is played once has ended."""
    parts = [part.strip() for part in cadence.split(",") if part.strip()]
    once = 0
    while once < len(parts) and parts[once].startswith("!"):
        once += 1
    yield from map(_part, parts[:once])
    while parts[once:]:
        yield from map(_part, parts[once:])


def _part(part: str) -> tuple[int, float]:
    tone, _, duration = part.lstrip("!").partition("/")
    voices = [frequency for frequency in tone.split("+") if frequency != "0"]
    # Two tones together: as loud as their powers, near enough.
    return int(duration or 10**6), TONE_LEVEL * len(voices) ** 0.5


def amd(frames: Sequence[float], profile: Arguments) -> Decision:
    """Return what AMD() decides on frames of 20 ms (mean of |sample|)."""
    silence = spoken = word = words = 0
    in_silence = greeted = False
    for index, level in enumerate(frames):
        at = (index + 1) * FRAME
        if at >= profile.total:
            return Decision("NOTSURE", "TOOLONG", at)
        if level < profile.threshold:
            silence += FRAME
            if silence >= profile.between_words:
                in_silence, word = True, 0
            if not greeted and silence >= profile.initial_silence:
                return Decision("MACHINE", "INITIALSILENCE", at)
            if greeted and silence >= profile.after_greeting:
                return Decision("HUMAN", "HUMAN", at)
            continue
        silence = 0
        word += FRAME
        spoken += FRAME
        if word >= profile.shortest_word and in_silence:
            words, in_silence = words + 1, False
        if words > profile.words:
            return Decision("MACHINE", "MAXWORDS", at)
        if greeted and spoken >= profile.greeting:
            return Decision("MACHINE", "LONGGREETING", at)
        greeted = greeted or word >= profile.shortest_word
    return Decision("NOTSURE", "TOOLONG", len(frames) * FRAME)


ECHO = 120  # ms for which a GSM line fills the gap after a burst of Playtones; measured
SETTLES = 100  # ms from the answer to the first tone: see extensions.conf
CHANCES = 40  # random lines that are tried for what chance has a part in


def heard(frames: Sequence[float], condition: dict[str, Any], chance: int = 0) -> list[float]:
    """Return the frames that come out of a line of battery.yml's ``conditions``.

    Late packets that keep their order change nothing; those that do not are not modelled.
    """
    line = condition.get("line", {})
    first = max(0, round(float(line.get("DEAF", 0)) * 1000) - SETTLES) // FRAME
    lots = random.Random(chance)  # noqa: S311
    kept = [frame for frame in frames[first:] if lots.random() >= condition.get("loss", 0)]
    if condition.get("codec") == "gsm":
        kept = _echoing(kept)
    return [frame / (10 if "GAIN" in line else 1) for frame in kept]


def _echoing(frames: Sequence[float]) -> list[float]:
    """Return the frames with what a GSM line adds after each burst."""
    left, result = 0, []
    for frame in frames:
        left = ECHO // FRAME if frame else left - 1
        result.append(frame or (TONE_LEVEL / 2 if left >= 0 else 0.0))
    return result


def predicted(cadence: str | None, profile: str, condition: str) -> dict[str, Any]:
    """Return what AMD() should conclude, and after how many ms from the answer; {} if unknown.

    Where chance has a part: what it concludes mostly, and the median.
    """
    line = BATTERY["conditions"][condition]
    if cadence is None or "overtaking" in line:
        return {}
    # A robot that is deaf at first misses the silence before the first tone, too.
    deaf = round(float(line.get("line", {}).get("DEAF", 0)) * 1000)
    frames = levels(cadence, 16_000)
    arguments = Arguments.of(next(p.arguments for p in profiles() if p.name == profile))
    chances = range(CHANCES if "loss" in line else 1)
    decisions = [amd(heard(frames, line, chance), arguments) for chance in chances]
    statuses = [decision.status for decision in decisions]
    return {
        "predicted": max(set(statuses), key=statuses.count),
        "predicted_ms": median(decision.at for decision in decisions) + max(deaf, SETTLES),
    }
