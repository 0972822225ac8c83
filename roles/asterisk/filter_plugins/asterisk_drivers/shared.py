"""What the files of both drivers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Section = dict[str, Any]
Device = dict[str, Any]
Options = Mapping[str, object]

# Seconds between two questions to a trunk whether it is there: asterisk-trunk-watch counts on it.
# A router forgets after half a minute, at the earliest, where an answer belongs.
QUALIFY = 30

# How long a call waits for a trunk's first word (100 Trying) until the next trunk is tried, in
# milliseconds; the RFC's 32 s are too long for an emergency. T1, after which a message is sent
# again, cannot be shorter than 100 ms, and B not than 64 T1 (13.14 to 22, both drivers).
TIMER_B = 6400
TIMER_T1 = 100

# What strangers are told of who answers, and what a password is for: no product, no version.
BANNER = "gardeligne"


def make_section(
    name: str, *options: tuple[str, object], codecs: list[str] | None = None
) -> Section:
    """Return a section, without the options that are empty."""
    pairs = [[key, str(value)] for key, value in options if value not in ("", None)]
    if codecs is not None:
        pairs += [["disallow", "all"], *(["allow", codec] for codec in codecs)]
    return {"name": name, "options": pairs}


def callerid(handset: Device) -> str:
    """Return what the other phones of the house show of a handset."""
    return f'"{handset["name"]}" <{handset["extension"]}>'


def variables(handset: Device) -> list[str]:
    """Return the channel variables of a phone.

    Whom it transfers (REFER) comes to the house's phones and no further.
    """
    return [f"MAILBOX={handset['mailbox']}", "TRANSFER_CONTEXT=inside"]


def split_host(value: str) -> str:
    """Return the host of ``host[:port]``."""
    return value.rsplit(":", 1)[0] if value.count(":") == 1 else value


def peer_host(trunk: Device) -> str:
    """Return the host that a trunk's calls come from: its proxy's, else the registrar's."""
    return split_host(trunk["proxy"] or trunk["host"])
