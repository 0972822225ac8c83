"""Render the household for PJSIP: pjsip.conf."""

from __future__ import annotations

from collections.abc import Mapping

from asterisk_drivers.shared import (
    BANNER,
    QUALIFY,
    TIMER_B,
    TIMER_T1,
    Device,
    Options,
    Section,
    callerid,
    make_section,
    peer_host,
    variables,
)

# The household's word -> the driver's.
PJSIP_DTMF = {"rfc4733": "rfc4733", "inband": "inband", "info": "info", "auto": "auto"}

# What a second phone that registers with a handset's account meets. The newest takes its place;
# or it is refused, where a phone that comes back under another address is locked out until its
# last registration expires: hence the short life; or all of them ring.
PJSIP_SECOND_PHONE: Mapping[str, Options] = {
    "replace": {"max_contacts": 1, "remove_existing": "yes"},
    "refuse": {"max_contacts": 1, "remove_existing": "no", "maximum_expiration": 120},
    "accept": {"max_contacts": 4, "remove_existing": "yes"},
}
# Where remove_existing removes all the others: what was left behind makes room by its short life.
PJSIP_ACCEPT_BESIDE: Options = {**PJSIP_SECOND_PHONE["refuse"], "max_contacts": 4}

# A line gives no password: it is known by its address (`identify`) and by the token of its
# registration (`line`), which work whatever is said here. By default its name in From would do,
# too, which anybody can write. An empty list: 13.14 has no `ip`, and drops who says it.
NO_NAME = ","


def asterisk_chan_pjsip(
    trunks: list[Device], handsets: list[Device], language: str, removes_all: bool = False
) -> list[Section]:
    """Return pjsip.conf for the same household as :func:`asterisk_chan_sip`.

    ``removes_all`` tells whether remove_existing removes all other contacts (13.14).
    """
    second_phone = {
        **PJSIP_SECOND_PHONE,
        **({"accept": PJSIP_ACCEPT_BESIDE} if removes_all else {}),
    }
    return [
        # For all messages, as PJSIP has no timers of a trunk. Read at the start only.
        make_section("system", ("type", "system"), ("timer_t1", TIMER_T1), ("timer_b", TIMER_B)),
        make_section(
            "global",
            ("type", "global"),
            ("endpoint_identifier_order", "ip,username"),
            ("user_agent", BANNER),
            ("default_realm", BANNER),
        ),
        make_section(
            "transport-udp",
            ("type", "transport"),
            ("protocol", "udp"),
            ("bind", "0.0.0.0:5060"),
        ),
        *(section for trunk in trunks for section in _pjsip_trunk(trunk, language)),
        *(
            section
            for handset in handsets
            for section in _pjsip_handset(handset, language, second_phone)
        ),
    ]


def _uri(trunk: Device, user: str = "") -> str:
    host = trunk["domain"] if trunk["proxy"] else f"{trunk['host']}:{trunk['port']}"
    return f"sip:{user}@{host}" if user else f"sip:{host}"


def _pjsip_endpoint(
    device: Device, name: str, language: str, *options: tuple[str, object]
) -> Section:
    return make_section(
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
            ("identify_by", NO_NAME),
            ("allow_transfer", "no"),
            ("outbound_auth", f"{name}-auth"),
            ("outbound_proxy", proxy),
            ("from_user", trunk["user"]),
            ("from_domain", trunk["domain"]),
            ("dtmf_mode", PJSIP_DTMF[trunk["dtmf"]]),
            ("allow_subscribe", "no"),
            ("send_pai", "yes" if trunk["send_pai"] else ""),
        ),
        make_section(
            f"{name}-auth",
            ("type", "auth"),
            ("auth_type", "userpass"),
            ("username", trunk["user"]),
            ("password", trunk["secret"]),
        ),
        make_section(
            name,
            ("type", "aor"),
            ("contact", _uri(trunk)),
            ("outbound_proxy", proxy),
            ("qualify_frequency", QUALIFY),
        ),
        make_section(
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
        make_section(
            name,
            ("type", "identify"),
            ("endpoint", name),
            ("match", peer_host(trunk)),
        ),
    ]
    # Apart from the name: where that does not resolve, Asterisk drops the whole section.
    addresses = make_section(f"{name}-addresses", ("type", "identify"), ("endpoint", name))
    addresses["options"] += [["match", address] for address in trunk["addresses"]]
    return [*sections, *([addresses] if trunk["addresses"] else [])]


def _pjsip_handset(
    handset: Device, language: str, second_phone: Mapping[str, Options]
) -> list[Section]:
    extension, mailbox = handset["extension"], handset["mailbox"]
    return [
        _pjsip_endpoint(
            handset,
            extension,
            language,
            ("context", "from-handset"),
            ("auth", f"{extension}-auth"),
            ("callerid", callerid(handset)),
            ("mailboxes", f"{mailbox}@default" if mailbox else ""),
            # A phone may also ask for it.
            ("mwi_subscribe_replaces_unsolicited", "yes"),
            *(("set_var", variable) for variable in variables(handset)),
            ("call_group", 1),
            ("pickup_group", 1),
            ("dtmf_mode", "rfc4733"),
            ("device_state_busy_at", 1),
        ),
        make_section(
            f"{extension}-auth",
            ("type", "auth"),
            ("auth_type", "userpass"),
            ("username", extension),
            ("password", handset["secret"]),
        ),
        make_section(
            extension,
            ("type", "aor"),
            ("mailboxes", f"{mailbox}@default" if mailbox else ""),
            # Not qualified: who does not answer a question is not rung until he is asked again, and
            # Asterisk does not hear the answers to those that it asks while it is starting. To ring
            # a telephone that is away costs nothing; not to ring one that is there costs a call.
            *second_phone[handset["second_phone"]].items(),
        ),
    ]
