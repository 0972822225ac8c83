"""What the dialplan's template prints: dial strings and a decoy's steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

# A sound is followed by the French ring: silence would be taken for a dead line.
FRENCH_RING = "440/1500,0/3500"


def dialplan_phones(
    extensions: Iterable[str], handsets: Iterable[dict[str, str]], technology: str
) -> str:
    """Return Dial()'s argument that rings all these handsets together."""
    many = {each["extension"] for each in handsets if each["second_phone"] == "accept"}
    return "&".join(
        _all_contacts(extension) if extension in many else f"{technology}/{extension}"
        for extension in extensions
    )


def _all_contacts(extension: str) -> str:
    """Return what rings all phones with this account: chan_pjsip rings one of them by itself.

    As long as there is none, it is the account: Dial() of 13.14 refuses an empty name.
    """
    contacts = f"${{PJSIP_DIAL_CONTACTS({extension})}}"
    return f"${{IF($[${{LEN({contacts})}} = 0]?PJSIP/{extension}:{contacts})}}"


def dialplan_decoy_steps(decoy: dict[str, str]) -> list[str]:
    """Return the applications that begin a decoy: tones go on while the dialplan waits.

    A decoy is ``{"cadence": Playtones notation}``, ``{"sound": name of a prompt}``, or silent.
    """
    if "sound" in decoy:
        return [f"Playback({decoy['sound']})", f"Playtones({FRENCH_RING})"]
    return [f"Playtones({decoy['cadence']})"] if "cadence" in decoy else []


def dialplan_bell(decoy: dict[str, str]) -> float:
    """Return after how many seconds a decoy becomes an ordinary ring.

    0: one whose tones are not played once goes on until the phones ring.
    """
    once = [tone for tone in decoy.get("cadence", "").split(",") if tone.startswith("!")]
    return sum(int(tone.split("/")[1]) for tone in once) / 1000


def dialplan_pattern(caller: str) -> str:
    """Return the extension that matches a caller of a list: a number, or a prefix with a star.

    >>> dialplan_pattern("0612345678"), dialplan_pattern("0032*")
    ('0612345678', '_0032.')
    """
    return f"_{caller[:-1]}." if caller.endswith("*") else caller


def dialplan_forms(number: str) -> list[str]:
    """Return how an operator may show a French number: with or without +, 00, 33 and its 0.

    A short number with 33 before it, but not +, may be another short one: 3315 is.

    >>> dialplan_forms("112")
    ['112', '+112', '00112', '33112', '+33112', '0033112']
    """
    bare = dict.fromkeys([number, number.removeprefix("0")])
    return [
        prefix + digits
        for prefix in ("", "+", "00", "33", "+33", "0033")
        for digits in bare
        if len(prefix + digits) != 4 or prefix != "33"
    ]


def dialplan_rewritten(rule: Mapping[str, Any], before: str = "") -> str:
    """Return the extension that a rule of spelling makes of the one that its pattern takes.

    >>> dialplan_rewritten({"put": "00", "keep": 0, "skip": 1}, "n")
    'n00${EXTEN:2}'
    """
    at, keep = len(before), rule["keep"]
    kept = f"${{EXTEN:{at}:{keep}}}" if keep else ""
    return f"{before}{rule['put']}{kept}${{EXTEN:{at + rule['skip']}}}"


def dialplan_limit(minutes: int) -> str:
    """Return Dial()'s option that ends a call after so long, and says so a minute before."""
    return f"L({minutes * 60_000}:60000)" if minutes else ""


def dialplan_prompts(hashes: str, folder: str) -> dict[str, str]:
    """Return the hashes of the prompts' sounds, by their paths in a folder.

    A line of prompts.sha256 is the hash of a text, that of its sound, its name.

    >>> dialplan_prompts("aa bb hour\\n", "/prompts")
    {'/prompts/hour.alaw': 'bb'}
    """
    lines = (line.split() for line in hashes.splitlines())
    return {f"{folder}/{name}.alaw": sound for _, sound, name in lines}


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "dialplan_bell": dialplan_bell,
            "dialplan_forms": dialplan_forms,
            "dialplan_limit": dialplan_limit,
            "dialplan_pattern": dialplan_pattern,
            "dialplan_phones": dialplan_phones,
            "dialplan_prompts": dialplan_prompts,
            "dialplan_rewritten": dialplan_rewritten,
            "dialplan_decoy_steps": dialplan_decoy_steps,
        }
