"""Render the household's trunks and handsets for either of Asterisk's SIP drivers.

Both functions return the same shape, which one template prints: a list of
sections ``{"name": str, "options": [[key, value], ...]}`` in file order. A key may
stand more than once (``register``, ``match``).

Options are chosen among those that Asterisk 13.14 (Stretch) knows already; the table
with their source is tests/asterisk-13.14-options.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Section = dict[str, Any]
Device = dict[str, Any]
Options = Mapping[str, object]


# The household's word -> the driver's. Both drivers call the rest the same.
PJSIP_DTMF = {"rfc4733": "rfc4733", "inband": "inband", "info": "info", "auto": "auto"}
CHAN_SIP_DTMF = {"rfc4733": "rfc2833", "inband": "inband", "info": "info", "auto": "auto"}

# Seconds between two questions to a trunk whether it is there: asterisk-trunk-watch counts on it.
# A router forgets after half a minute, at the earliest, where an answer belongs.
QUALIFY = 30

# How long a call waits for a trunk's first word (100 Trying) until the next trunk is tried, in
# milliseconds; the RFC's 32 s are too long for an emergency. T1, after which a message is sent
# again, cannot be shorter than 100 ms, and B not than 64 T1 (13.14 to 22, both drivers).
TIMER_B = 6400
TIMER_T1 = 100

# What a second phone that registers with a handset's account meets. The newest takes its place;
# or it is refused, where a phone that comes back under another address is locked out until its
# last registration expires: hence the short life; or all of them ring.
PJSIP_SECOND_PHONE: Mapping[str, Options] = {
    "replace": {"max_contacts": 1, "remove_existing": "yes"},
    "refuse": {"max_contacts": 1, "remove_existing": "no", "maximum_expiration": 120},
    "accept": {"max_contacts": 4, "remove_existing": "yes"},
}


def _section(name: str, *options: tuple[str, object], codecs: list[str] | None = None) -> Section:
    pairs = [[key, str(value)] for key, value in options if value not in ("", None)]
    if codecs is not None:
        pairs += [["disallow", "all"], *(["allow", codec] for codec in codecs)]
    return {"name": name, "options": pairs}


def _callerid(handset: Device) -> str:
    return f'"{handset["name"]}" <{handset["extension"]}>'


def _variables(handset: Device) -> list[str]:
    """Return what its channels know.

    Whom it transfers (REFER) comes to the house's phones and no further.
    """
    return [f"MAILBOX={handset['mailbox']}", "TRANSFER_CONTEXT=inside"]


def _split_host(value: str) -> str:
    """Return the host of ``host[:port]``."""
    return value.rsplit(":", 1)[0] if value.count(":") == 1 else value


def asterisk_peer_host(trunk: Device) -> str:
    """Return the host that a trunk's calls come from: its proxy's, else the registrar's."""
    return _split_host(trunk["proxy"] or trunk["host"])


def asterisk_trunk_hosts(trunks: list[Device], driver: str) -> list[str]:
    """Return ``peer=host`` for every trunk: the peer that has the address of that host."""
    return [f"{_peer(trunk, driver)}={asterisk_peer_host(trunk)}" for trunk in trunks]


def _peer(trunk: Device, driver: str) -> str:
    """Return the trunk's name, or of chan_sip's peers the one that stands for its proxy."""
    if driver == "chan_sip" and trunk["proxy"]:
        return str(_chan_sip_addresses(trunk)[-1]["name"])
    return str(trunk["name"])


def asterisk_chan_sip(trunks: list[Device], handsets: list[Device], language: str) -> list[Section]:
    """Return sip.conf: the article's configuration, without what has been deprecated since.

    ``canreinvite`` is ``directmedia``, ``username`` is ``defaultuser``, a trunk's
    ``secret`` is ``remotesecret``; ``allowguest`` is no, its default being yes.
    """
    general = _section(
        "general",
        ("language", language),
        ("tonezone", language),
        # Nothing is dialled from here: who is neither a trunk nor a handset ends here.
        ("context", "refused"),
        ("allowguest", "no"),
        # A text message would run through the dialplan as a call does.
        ("accept_outofcall_message", "no"),
        ("alwaysauthreject", "yes"),
        ("allowoverlap", "no"),
        ("udpbindaddr", "0.0.0.0"),  # noqa: S104 - the phones are on the LAN
        ("tcpenable", "no"),
        ("transport", "udp"),
        ("srvlookup", "yes"),
        ("defaultexpiry", 1800),
        ("dtmfmode", "auto"),
        ("qualify", "yes"),
        # Here, not per peer: a difference would tell a stranger which names exist.
        ("nat", "force_rport,comedia"),
        ("callcounter", "yes"),
        # An operator that is away for a day must not end the attempts (0 = never give up).
        ("registerattempts", 0),
        ("registertimeout", 20),
    )
    general["options"] += [["register", _register(trunk)] for trunk in trunks]
    return [
        general,
        *(_chan_sip_trunk(trunk) for trunk in trunks),
        *(section for trunk in trunks for section in _chan_sip_addresses(trunk)),
        *(_chan_sip_handset(handset) for handset in handsets),
    ]


def _register(trunk: Device) -> str:
    """Return ``user[@domain]:secret[:user]@host[:port]/extension~expiry``."""
    user, secret = trunk["user"], trunk["secret"]
    via = trunk["proxy"] or f"{trunk['host']}:{trunk['port']}"
    login = f"{user}:{secret}"
    if trunk["proxy"] or trunk["domain"] != trunk["host"]:
        login = f"{user}@{trunk['domain']}:{secret}:{user}"
    return f"{login}@{via}/{trunk['name']}~{trunk['expiry']}"


def _chan_sip_peer(trunk: Device, name: str, host: str) -> Section:
    return _section(
        name,
        ("type", "peer"),
        ("context", "from-trunk"),
        ("host", host),
        ("port", trunk["port"]),
        ("insecure", "port,invite"),
        # Who is put through to whom, the house decides, not its operator.
        ("allowtransfer", "no"),
        ("dtmfmode", CHAN_SIP_DTMF[trunk["dtmf"]]),
        ("directmedia", "no"),
        ("mohsuggest", "freephonie"),
        ("qualifyfreq", QUALIFY),
        ("timerb", TIMER_B),
        codecs=trunk["codecs"],
    )


def _chan_sip_trunk(trunk: Device) -> Section:
    section = _chan_sip_peer(trunk, trunk["name"], trunk["host"])
    section["options"] += [
        ["defaultuser", trunk["user"]],
        ["fromuser", trunk["user"]],
        ["fromdomain", trunk["domain"]],
        ["remotesecret", trunk["secret"]],
        *([["outboundproxy", trunk["proxy"]]] if trunk["proxy"] else []),
        *([["sendrpid", "pai"]] if trunk["send_pai"] else []),
    ]
    return section


def _chan_sip_addresses(trunk: Device) -> list[Section]:
    """Return a peer per further address: chan_sip matches one host a peer, never a range."""
    hosts = [*trunk["addresses"]]
    if trunk["proxy"]:
        hosts.append(_split_host(trunk["proxy"]))
    singles = [host for host in hosts if "/" not in host]
    return [
        _chan_sip_peer(trunk, f"{trunk['name']}-in{index}", host)
        for index, host in enumerate(singles, 1)
    ]


def _chan_sip_handset(handset: Device) -> Section:
    mailbox = handset["mailbox"]
    return _section(
        handset["extension"],
        ("type", "friend"),
        ("context", "from-handset"),
        ("host", "dynamic"),
        ("secret", handset["secret"]),
        ("callerid", _callerid(handset)),
        ("mailbox", f"{mailbox}@default" if mailbox else ""),
        *(("setvar", variable) for variable in _variables(handset)),
        ("callgroup", 1),
        ("pickupgroup", 1),
        ("directmedia", "no"),
        ("mohsuggest", "freephonie"),
        codecs=handset["codecs"],
    )


def asterisk_chan_pjsip(
    trunks: list[Device], handsets: list[Device], language: str
) -> list[Section]:
    """Return pjsip.conf for the same household as :func:`asterisk_chan_sip`."""
    return [
        # For all messages, as PJSIP has no timers of a trunk. Read at the start only.
        _section("system", ("type", "system"), ("timer_t1", TIMER_T1), ("timer_b", TIMER_B)),
        _section("global", ("type", "global"), ("endpoint_identifier_order", "ip,username")),
        _section(
            "transport-udp",
            ("type", "transport"),
            ("protocol", "udp"),
            ("bind", "0.0.0.0:5060"),
        ),
        *(section for trunk in trunks for section in _pjsip_trunk(trunk, language)),
        *(section for handset in handsets for section in _pjsip_handset(handset, language)),
    ]


def _uri(trunk: Device, user: str = "") -> str:
    host = trunk["domain"] if trunk["proxy"] else f"{trunk['host']}:{trunk['port']}"
    return f"sip:{user}@{host}" if user else f"sip:{host}"


def _pjsip_endpoint(
    device: Device, name: str, language: str, *options: tuple[str, object]
) -> Section:
    return _section(
        name,
        ("type", "endpoint"),
        ("transport", "transport-udp"),
        *options,
        ("language", language),
        ("tone_zone", language),
        ("aors", name),
        ("direct_media", "no"),
        ("force_rport", "yes"),
        ("rewrite_contact", "yes"),
        ("rtp_symmetric", "yes"),
        ("moh_suggest", "freephonie"),
        codecs=device["codecs"],
    )


def _pjsip_trunk(trunk: Device, language: str) -> list[Section]:
    name = trunk["name"]
    # `;` would begin a comment, hence the backslash.
    proxy = f"sip:{trunk['proxy']}\\;lr" if trunk["proxy"] else ""
    sections = [
        _pjsip_endpoint(
            trunk,
            name,
            language,
            ("context", "from-trunk"),
            ("allow_transfer", "no"),
            ("outbound_auth", f"{name}-auth"),
            ("outbound_proxy", proxy),
            ("from_user", trunk["user"]),
            ("from_domain", trunk["domain"]),
            ("dtmf_mode", PJSIP_DTMF[trunk["dtmf"]]),
            ("allow_subscribe", "no"),
            ("send_pai", "yes" if trunk["send_pai"] else ""),
        ),
        _section(
            f"{name}-auth",
            ("type", "auth"),
            ("auth_type", "userpass"),
            ("username", trunk["user"]),
            ("password", trunk["secret"]),
        ),
        _section(
            name,
            ("type", "aor"),
            ("contact", _uri(trunk)),
            ("outbound_proxy", proxy),
            ("qualify_frequency", QUALIFY),
        ),
        _section(
            name,
            ("type", "registration"),
            ("transport", "transport-udp"),
            ("server_uri", _uri(trunk)),
            ("client_uri", f"sip:{trunk['user']}@{trunk['domain']}"),
            ("contact_user", name),
            ("outbound_auth", f"{name}-auth"),
            ("outbound_proxy", proxy),
            ("expiration", trunk["expiry"]),
            # Calls are recognised by the registration too, whatever address they come from.
            ("line", "yes"),
            ("endpoint", name),
            # An operator that is away, or refuses for a while, must not end the attempts.
            ("retry_interval", 30),
            ("max_retries", 10000),
            ("forbidden_retry_interval", 600),
            ("fatal_retry_interval", 600),
            ("auth_rejection_permanent", "no"),
        ),
        _section(
            name,
            ("type", "identify"),
            ("endpoint", name),
            ("match", asterisk_peer_host(trunk)),
        ),
    ]
    # Apart from the name: where that does not resolve, Asterisk drops the whole section.
    addresses = _section(f"{name}-addresses", ("type", "identify"), ("endpoint", name))
    addresses["options"] += [["match", address] for address in trunk["addresses"]]
    return [*sections, *([addresses] if trunk["addresses"] else [])]


def _pjsip_handset(handset: Device, language: str) -> list[Section]:
    extension, mailbox = handset["extension"], handset["mailbox"]
    return [
        _pjsip_endpoint(
            handset,
            extension,
            language,
            ("context", "from-handset"),
            ("auth", f"{extension}-auth"),
            ("callerid", _callerid(handset)),
            ("mailboxes", f"{mailbox}@default" if mailbox else ""),
            # A phone may also ask for it.
            ("mwi_subscribe_replaces_unsolicited", "yes"),
            *(("set_var", variable) for variable in _variables(handset)),
            ("call_group", 1),
            ("pickup_group", 1),
            ("dtmf_mode", "rfc4733"),
            ("device_state_busy_at", 1),
        ),
        _section(
            f"{extension}-auth",
            ("type", "auth"),
            ("auth_type", "userpass"),
            ("username", extension),
            ("password", handset["secret"]),
        ),
        _section(
            extension,
            ("type", "aor"),
            ("mailboxes", f"{mailbox}@default" if mailbox else ""),
            # Not qualified: who does not answer a question is not rung until he is asked again, and
            # Asterisk does not hear the answers to those that it asks while it is starting. To ring
            # a telephone that is away costs nothing; not to ring one that is there costs a call.
            *PJSIP_SECOND_PHONE[handset["second_phone"]].items(),
        ),
    ]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "asterisk_chan_sip": asterisk_chan_sip,
            "asterisk_chan_pjsip": asterisk_chan_pjsip,
            "asterisk_trunk_hosts": asterisk_trunk_hosts,
        }
