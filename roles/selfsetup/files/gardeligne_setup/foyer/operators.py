"""The operators that the file offers: those of the project's providers that say how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .project import PROVIDERS

# Any other one: the word for it in the sentences here.
OTHER = "autre"


@dataclass(frozen=True)
class Operator:
    """What a line of this operator is to be, by default of one that is not known."""

    provider: str = ""  # of the project's
    trunk: str = ""  # the line's name, for who reads the machine's own words
    line: str = "votre ligne"  # what its households call it
    never: frozenset[str] = frozenset()  # what its number cannot be: mobile, foreign
    proxied: str = ""  # the provider instead, where a proxy is written
    needs_host: bool = False


def operators() -> Mapping[str, Operator]:
    """Return the operators by the words for them, in the order of the project's file."""
    return {
        offer["operator"]: Operator(
            provider,
            offer.get("trunk", offer["operator"]),
            offer.get("line", Operator.line),
            frozenset(offer.get("never", [])),
            offer.get("proxied", provider),
            "host" in preset.get("requires", []),
        )
        for provider, preset in PROVIDERS.items()
        if (offer := preset.get("foyer"))
    }


def named() -> str:
    """Return the words for those that are known by name: free, ovh."""
    return ", ".join(word for word in operators() if word != OTHER)
