"""Render the household for chan_sip: sip.conf."""

from __future__ import annotations

from asterisk_drivers.shared import (
    BANNER,
    QUALIFY,
    TIMER_B,
    Device,
    Section,
    callerid,
    make_section,
    split_host,
    variables,
)

# The household's word -> the driver's.
CHAN_SIP_DTMF = {"rfc4733": "rfc2833", "inband": "inband", "info": "info", "auto": "auto"}


def asterisk_chan_sip(trunks: list[Device], handsets: list[Device], language: str) -> list[Section]:
    """Return sip.conf: the article's configuration, without what has been deprecated since.

    ``canreinvite`` is ``directmedia``, ``username`` is ``defaultuser``, a trunk's
    ``secret`` is ``remotesecret``; ``allowguest`` is no, its default being yes.
    """
    general = make_section(
        "general",
        ("language", language),
        ("tonezone", language),
        # Nothing is dialled from here: who is neither a trunk nor a handset ends here.
        ("context", "refused"),
        ("allowguest", "no"),
        # A text message would run through the dialplan as a call does.
        ("accept_outofcall_message", "no"),
        ("alwaysauthreject", "yes"),
        # Or the answer would tell which numbers exist.
        ("auth_options_requests", "yes"),
        ("useragent", BANNER),
        ("sdpsession", BANNER),
        ("realm", BANNER),
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
        *(section for trunk in trunks for section in chan_sip_addresses(trunk)),
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
    return make_section(
        name,
        ("type", "peer"),
        ("context", "from-trunk"),
        ("host", host),
        ("port", trunk["port"]),
        ("insecure", "port,invite"),
        # Who is put through to whom, the house decides, not its operator.
        ("allowtransfer", "no"),
        # The one request that chan_sip takes for a peer's by the name in From.
        ("allowsubscribe", "no"),
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


def chan_sip_addresses(trunk: Device) -> list[Section]:
    """Return a peer per further address: chan_sip matches one host a peer, never a range."""
    hosts = [*trunk["addresses"]]
    if trunk["proxy"]:
        hosts.append(split_host(trunk["proxy"]))
    singles = [host for host in hosts if "/" not in host]
    return [
        _chan_sip_peer(trunk, f"{trunk['name']}-in{index}", host)
        for index, host in enumerate(singles, 1)
    ]


def _chan_sip_handset(handset: Device) -> Section:
    mailbox = handset["mailbox"]
    return make_section(
        handset["extension"],
        ("type", "friend"),
        ("context", "from-handset"),
        ("host", "dynamic"),
        ("secret", handset["secret"]),
        ("callerid", callerid(handset)),
        ("mailbox", f"{mailbox}@default" if mailbox else ""),
        *(("setvar", variable) for variable in variables(handset)),
        ("callgroup", 1),
        ("pickupgroup", 1),
        ("directmedia", "no"),
        ("mohsuggest", "freephonie"),
        codecs=handset["codecs"],
    )
