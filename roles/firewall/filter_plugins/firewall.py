"""What nftables is told of a packet's text, which it has no words for."""

from __future__ import annotations

from collections.abc import Callable

# Where the text begins in a datagram of UDP, in bits.
HEADER = 64


def firewall_begins(text: str, after: str = "") -> str:
    """Return the match of datagrams that begin with ``after`` and ``text``, looking at ``text``."""
    raw = text.encode("ascii")
    return f"@th,{HEADER + 8 * len(after)},{8 * len(raw)} 0x{raw.hex()}"


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return the filters by name."""
        return {"firewall_begins": firewall_begins}
