"""What the dialplan's template prints: dial strings and a decoy's steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

# A sound is followed by the French ring: silence would be taken for a dead line.
FRENCH_RING = "440/1500,0/3500"


def dialplan_phones(extensions: Iterable[str], technology: str) -> str:
    """Return Dial()'s argument that rings all these handsets together."""
    return "&".join(f"{technology}/{extension}" for extension in extensions)


def dialplan_decoy_call(seconds: int) -> list[str]:
    """Return the application that lets a caller hear the decoy for so long, none for 0.

    It is played from the other end of a Local channel. Answer() waits up to 0.5 s for the
    caller's first packet, and stops every tone (main/channel.c, Asterisk 13 to 22): a robot that
    only listens would hear silence meanwhile. The end of a Local channel keeps its tones, and
    Dial() answers the caller without waiting.

    g: the dialplan goes on after it; I: no news of the connected line for the caller;
    S: seconds from the answer.
    """
    return [f"Dial(Local/play@decoy/n,,gIS({seconds}))"] if seconds else []


def dialplan_decoy_steps(decoy: dict[str, str]) -> list[str]:
    """Return the applications that play a decoy, for longer than anybody listens to it.

    A decoy is ``{"cadence": Playtones notation}``, ``{"sound": name of a prompt}``, or silent.
    """
    tones = [f"Playtones({decoy['cadence']})"] if "cadence" in decoy else []
    # Tones before the answer: they have begun when it comes.
    steps = [*tones, "Answer()"]
    if "sound" in decoy:
        steps += [f"Playback({decoy['sound']})", f"Playtones({FRENCH_RING})"]
    return [*steps, "Wait(600)"]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "dialplan_phones": dialplan_phones,
            "dialplan_decoy_call": dialplan_decoy_call,
            "dialplan_decoy_steps": dialplan_decoy_steps,
        }
