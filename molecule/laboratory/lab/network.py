"""What may go wrong between a house and its operator: made with the builder's own tools."""

from __future__ import annotations

import subprocess

from .world import PIDS, Machine

SIP = ("--protocol", "udp", "--destination-port", "5060")


class Network:
    """The network namespace of a machine."""

    def __init__(self, machine: Machine) -> None:
        """Find it."""
        process = (PIDS / machine.container).read_text()
        self._enter = ["nsenter", f"--net=/proc/{process}/ns/net"]

    def ip(self, *arguments: str) -> None:
        """Change its addresses and routes."""
        subprocess.run([*self._enter, "ip", *arguments], check=True)

    def rule(self, table: str, chain: str, *rule: str, target: str = "DROP") -> None:
        """Treat packets in some way: lose them, unless said otherwise."""
        self._iptables(table, "--append", chain, *rule, "--jump", *target.split())

    def packets(self, chain: str) -> int:
        """Return how many packets the first rule of the table `filter` has met there."""
        shown = subprocess.run(
            [*self._enter, "iptables", "--wait", "--list", chain, "1", "--verbose", "--exact"],
            check=True,
            capture_output=True,
            text=True,
        )
        return int(shown.stdout.split()[0])

    def forget_rules(self) -> None:
        """Remove all rules, so that every packet passes."""
        for table in "raw", "nat", "filter":
            self._iptables(table, "--flush")

    def _iptables(self, table: str, *change: str) -> None:
        subprocess.run([*self._enter, "iptables", "--wait", "--table", table, *change], check=True)


class Router:
    """Stands between a house and its operator: loses packets, and changes ports."""

    def __init__(self, house: Machine, operator: Machine) -> None:
        """Look where it stands; nothing is lost yet."""
        self._here, self._there = house.address(), operator.address()
        # Packets are lost where they arrive: who sends must not be told.
        self._house, self._operator = Network(house), Network(operator)
        self._restarts = 0

    def switch_off(self) -> None:
        """Lose whatever goes to or comes from the operator, its name server included."""
        self._operator.rule("raw", "PREROUTING", "--source", self._here)
        self._house.rule("raw", "PREROUTING", "--source", self._there)

    def switch_on(self) -> None:
        """Start with an empty table of connections and another port: the old port is closed."""
        self.remove()
        self._restarts += 1
        to, by = ("--destination", self._there), ("--source", self._there)
        # Connections of a new zone know nothing of those before.
        self._house.rule("raw", "OUTPUT", *to, target=f"CT --zone {self._restarts}")
        self._house.rule("raw", "PREROUTING", *by, target=f"CT --zone {self._restarts}")
        port = f"SNAT --to-source {self._here}:{6000 + self._restarts}"
        ours = ("--protocol", "udp", "--source-port", "5060")
        self._house.rule("nat", "POSTROUTING", *to, *ours, target=port)
        uninvited = ("--match", "conntrack", "--ctstate", "NEW")
        self._house.rule("filter", "INPUT", *by, *SIP, *uninvited)

    def lose(self, text: str) -> None:
        """Lose every SIP message to the operator that contains this text."""
        contains = ("--match", "string", "--algo", "bm", "--string", text)
        self._operator.rule("filter", "INPUT", "--source", self._here, *SIP, *contains)

    def redirect(self, old: str, new: str) -> None:
        """Give the operator a new address for this house; the old one does not answer."""
        self._operator.ip("route", "replace", self._here, "dev", "eth0", "src", new)
        self._operator.rule("filter", "INPUT", "--source", self._here, "--destination", old, *SIP)

    def find(self) -> None:
        """Stop losing packets to the operator."""
        self._operator.forget_rules()

    def remove(self) -> None:
        """Remove the router and all its effects."""
        self.find()
        self._house.forget_rules()
