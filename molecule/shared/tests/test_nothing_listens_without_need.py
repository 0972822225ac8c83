"""What the machine offers to the network."""

from __future__ import annotations

from testinfra.host import Host

SIP = 5060
# What a written card offers besides: SSH, its name (mDNS), and the port that its router answers.
CARD = {("tcp", 22), ("udp", 5353), ("udp", 68)}
# Where a program's own questions (to a name server) come from, and their answers go to.
FIRST_EPHEMERAL = 32768


def test_nothing_but_sip_is_offered_beyond_the_machine(host: Host) -> None:
    offered = {("udp", SIP), *(CARD if host.file("/etc/gardeligne-card").exists else ())}
    for line in host.check_output("ss -Hlntu").splitlines():
        protocol, *_, local, _ = line.split()
        address, port = local.rsplit(":", 1)
        if address.strip("[]").startswith(("127.", "::1")):
            continue
        own_question = protocol == "udp" and int(port) >= FIRST_EPHEMERAL
        assert (protocol, int(port)) in offered or own_question, line


def test_sip_is_offered_over_udp_only(host: Host) -> None:
    assert host.check_output(f"ss -Hlnu 'sport = :{SIP}'")
    assert host.check_output(f"ss -Hlnt 'sport = :{SIP}'") == ""


def test_nobody_hands_mail_in_over_the_network(host: Host) -> None:
    assert host.check_output("ss -Hlnt 'sport = :25 or sport = :465 or sport = :587'") == ""


def test_nobody_steers_asterisk_over_the_network(host: Host) -> None:
    assert host.check_output("ss -Hlnt 'sport = :5038 or sport = :8088'") == ""
