"""Both SIP drivers get the same household, and nobody gets in without a password."""

from typing import Any

import pytest
from asterisk_drivers.chan_pjsip import asterisk_chan_pjsip
from asterisk_drivers.chan_sip import asterisk_chan_sip
from asterisk_sip import asterisk_trunk_hosts
from support.sip import HANDSETS, TRUNK, TRUNKS

Section = dict[str, Any]


def options(sections: list[Section], name: str, kind: str = "") -> list[tuple[str, str]]:
    """Return the options of the section of that name (and type)."""
    for section in sections:
        pairs = [(key, value) for key, value in section["options"]]
        if section["name"] == name and (not kind or ("type", kind) in pairs):
            return pairs
    raise AssertionError(f"no section [{name}] {kind}")


@pytest.mark.parametrize("render", [asterisk_chan_sip, asterisk_chan_pjsip])
def test_trunks_and_handsets_end_in_contexts_of_their_own(render: Any) -> None:
    sections = render(TRUNKS, HANDSETS[:1], "fr")
    kind = "endpoint" if render is asterisk_chan_pjsip else ""
    assert ("context", "from-trunk") in options(sections, "free", kind)
    assert ("context", "from-handset") in options(sections, "001", kind)


def test_chan_sip_takes_no_guests() -> None:
    general = options(asterisk_chan_sip(TRUNKS, HANDSETS, "fr"), "general")
    assert ("allowguest", "no") in general
    assert ("context", "refused") in general


def test_a_line_neither_transfers_nor_sends_messages() -> None:
    chan_sip = asterisk_chan_sip(TRUNKS, HANDSETS, "fr")
    for name in ("free", "ovh", "ovh-in1"):
        assert ("allowtransfer", "no") in options(chan_sip, name)
    assert ("accept_outofcall_message", "no") in options(chan_sip, "general")
    pjsip = asterisk_chan_pjsip(TRUNKS, HANDSETS, "fr")
    assert ("allow_transfer", "no") in options(pjsip, "free", "endpoint")
    assert "allow_transfer" not in dict(options(pjsip, "001", "endpoint"))


def test_a_line_is_known_by_no_name_that_anybody_can_write() -> None:
    """By its address, and in PJSIP by its registration's token: res_pjsip_endpoint_identifier_*."""
    pjsip = asterisk_chan_pjsip(TRUNKS, HANDSETS, "fr")
    chan_sip = asterisk_chan_sip(TRUNKS, HANDSETS, "fr")
    for name in ("free", "ovh"):
        assert dict(options(pjsip, name, "endpoint"))["identify_by"].strip(",") == ""
        assert ("line", "yes") in options(pjsip, name, "registration")
        assert ("type", "peer") in options(chan_sip, name)
        assert ("allowsubscribe", "no") in options(chan_sip, name)


@pytest.mark.parametrize("render", [asterisk_chan_sip, asterisk_chan_pjsip])
def test_strangers_are_told_no_version(render: Any) -> None:
    """What these say by default holds Asterisk's version, or its name."""
    spoken = {"useragent", "sdpsession", "realm"}
    section = "general"
    if render is asterisk_chan_pjsip:
        spoken, section = {"user_agent", "default_realm"}, "global"
    said = dict(options(render(TRUNKS, HANDSETS, "fr"), section))
    assert {said[key] for key in spoken} == {"gardeligne"}


def test_every_handset_must_authenticate() -> None:
    chan_sip = asterisk_chan_sip([TRUNK], HANDSETS[:1], "fr")
    pjsip = asterisk_chan_pjsip([TRUNK], HANDSETS[:1], "fr")
    assert ("secret", "a-secret-of-001") in options(chan_sip, "001")
    assert ("auth", "001-auth") in options(pjsip, "001", "endpoint")
    assert ("password", "a-secret-of-001") in options(pjsip, "001-auth")


def test_chan_sip_registers_like_the_article() -> None:
    general = options(asterisk_chan_sip([TRUNK], [], "fr"), "general")
    expected = "0987654321:a-secret-of-free@freephonie.net:5060/free~1800"
    assert ("register", expected) in general


def test_chan_sip_registers_a_domain_by_its_proxy() -> None:
    general = options(asterisk_chan_sip([TRUNKS[1]], [], "fr"), "general")
    expected = "0987654321@sip.io:a-secret-of-free:0987654321@proxy.example.net:5061/ovh~1800"
    assert ("register", expected) in general


def test_pjsip_registers_the_same() -> None:
    registration = options(asterisk_chan_pjsip([TRUNK], [], "fr"), "free", "registration")
    assert ("server_uri", "sip:freephonie.net:5060") in registration
    assert ("client_uri", "sip:0987654321@freephonie.net") in registration
    assert ("contact_user", "free") in registration


def test_calls_of_a_proxied_trunk_come_from_its_proxy() -> None:
    pjsip = asterisk_chan_pjsip([TRUNKS[1]], [], "fr")
    assert ("match", "proxy.example.net") in options(pjsip, "ovh", "identify")
    chan_sip = asterisk_chan_sip([TRUNKS[1]], [], "fr")
    assert ("host", "192.0.2.1") in options(chan_sip, "ovh-in1")
    assert ("host", "proxy.example.net") in options(chan_sip, "ovh-in2")


@pytest.mark.parametrize(("driver", "proxy"), [("chan_sip", "ovh-in2"), ("chan_pjsip", "ovh")])
def test_the_peer_that_has_the_address_is_watched(driver: str, proxy: str) -> None:
    watched = ["free=freephonie.net", f"{proxy}=proxy.example.net"]
    assert asterisk_trunk_hosts(TRUNKS, driver) == watched


def test_a_handset_without_a_mailbox_announces_none() -> None:
    pjsip = options(asterisk_chan_pjsip([], HANDSETS[1:], "fr"), "001", "endpoint")
    assert "mailboxes" not in dict(pjsip)


def test_whether_a_handset_answers_is_found_out_by_ringing_it() -> None:
    assert "qualify_frequency" not in dict(
        options(asterisk_chan_pjsip([TRUNK], HANDSETS[:1], "fr"), "001", "aor")
    )


@pytest.mark.parametrize("render", [asterisk_chan_sip, asterisk_chan_pjsip])
def test_whom_a_handset_transfers_stays_inside(render: Any) -> None:
    kind = "endpoint" if render is asterisk_chan_pjsip else ""
    known = {value for _, value in options(render(TRUNKS, HANDSETS[:1], "fr"), "001", kind)}
    assert "TRANSFER_CONTEXT=inside" in known


def test_a_second_phone_replaces_is_refused_or_accepted() -> None:
    replace, refuse, accept = (
        dict(options(asterisk_chan_pjsip([], [handset], "fr"), "001", "aor"))
        for handset in HANDSETS
    )
    assert (replace["max_contacts"], replace["remove_existing"]) == ("1", "yes")
    assert (refuse["max_contacts"], refuse["remove_existing"]) == ("1", "no")
    assert int(refuse["maximum_expiration"]) <= 300, "who comes back waits for minutes"
    assert int(accept["max_contacts"]) > 1
