"""The board's green light: it blinks evenly while something is wrong."""

import os
import re

LEDS = "/sys/class/leds"
# What kernels call it on a Pi.
NAMES = ("ACT", "led0")
# What it shows on a Pi by itself: that the card is at work.
USUAL = "mmc0"
# Milliseconds: one second on, one second off.
BLINK = 1000


def show(wrong: bool, before: str, folder: str = LEDS) -> str:
    """Let it blink, or show what it showed before; return what that is, "" while it is not ours.

    A board without one is no fault.
    """
    for name in NAMES:
        led = os.path.join(folder, name)
        try:
            with open(os.path.join(led, "trigger")) as text:
                # `none [mmc0] timer heartbeat`
                shown = "".join(re.findall(r"\[(\S+)\]", text.read()))
            if wrong and (not before or shown != "timer"):
                ours = shown in ("", "timer")
                before = (before or USUAL) if ours else shown
                put(led, "trigger", "timer")
                put(led, "delay_on", str(BLINK))
                put(led, "delay_off", str(BLINK))
            elif not wrong and before:
                put(led, "trigger", before)
                before = ""
            return before
        except OSError:
            continue
    return before


def put(led: str, name: str, text: str) -> None:
    """Write one of its settings. Raises OSError."""
    with open(os.path.join(led, name), "w") as file:
        file.write(text)
