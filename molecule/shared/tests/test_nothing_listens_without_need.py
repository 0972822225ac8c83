"""What the machine offers to the network."""

from __future__ import annotations

from testinfra.host import Host

SIP = 5060


def test_nothing_but_asterisk_listens_beyond_the_machine(host: Host) -> None:
    for line in host.check_output("ss -Hlntup").splitlines():
        address, port = line.split()[4].rsplit(":", 1)
        beyond = not address.strip("[]").startswith(("127.", "::1"))
        assert not beyond or "asterisk" in line, line
        assert not beyond or int(port) == SIP, line


def test_sip_is_offered_over_udp_only(host: Host) -> None:
    assert host.check_output(f"ss -Hlnu 'sport = :{SIP}'")
    assert host.check_output(f"ss -Hlnt 'sport = :{SIP}'") == ""


def test_nobody_hands_mail_in_over_the_network(host: Host) -> None:
    assert host.check_output("ss -Hlnt 'sport = :25 or sport = :465 or sport = :587'") == ""
