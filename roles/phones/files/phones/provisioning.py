"""The files that telephones read their account from."""

from typing import List, NamedTuple
from xml.sax.saxutils import escape, quoteattr

SIP_PORT = 5060

# One telephone's account, as the role writes it. `codecs` are Asterisk's names, best first.
Account = NamedTuple(
    "Account",
    [
        ("extension", str),
        ("name", str),
        ("password", str),
        ("transports", List[str]),
        ("codecs", List[str]),
    ],
)

# A file to hand over, in XML: whom it is for, the names that it is asked for by (an expression),
# the one to show, and what is in it.
File = NamedTuple("File", [("kind", str), ("names", str), ("name", str), ("body", str)])

# Asterisk's names in SDP's words, and their clock (RFC 3551: G.722's is 8000 by an old mistake).
MIME = {"alaw": "PCMA", "ulaw": "PCMU", "g722": "G722", "gsm": "GSM"}


def linphone(account: Account, server: str) -> File:
    """Return the file for Linphone's remote provisioning (lpconfig.xsd of liblinphone).

    It takes the place of the first account that Linphone has, and of no other setting but the order
    of the codecs. `transient_provisioning` makes Linphone forget where it had the file from: it
    would ask again at every start.
    """
    transport = account.transports[0]
    proxy = "<sip:{}:{};transport={}>".format(server, SIP_PORT, transport)
    shown = account.name.replace("\\", "").replace('"', "")
    sections = [
        ("misc", [("transient_provisioning", "1")]),
        ("sip", [("default_proxy", "0")]),
        (
            "proxy_0",
            [
                ("reg_proxy", proxy),
                ("reg_route", proxy),
                ("reg_identity", '"{}" <sip:{}@{}>'.format(shown, account.extension, server)),
                ("reg_expires", "3600"),
                ("reg_sendregister", "1"),
                ("publish", "0"),
            ],
        ),
        (
            "auth_info_0",
            [
                ("username", account.extension),
                ("userid", account.extension),
                ("passwd", account.password),
                ("domain", server),
            ],
        ),
    ]
    for position, codec in enumerate(account.codecs):
        entries = [("mime", MIME[codec]), ("rate", "8000"), ("channels", "1"), ("enabled", "1")]
        sections.append(("audio_codec_{}".format(position), entries))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">',
    ]
    for section, entries in sections:
        lines.append("  <section name={}>".format(quoteattr(section)))
        lines += [
            '    <entry name={} overwrite="true">{}</entry>'.format(quoteattr(name), escape(value))
            for name, value in entries
        ]
        lines.append("  </section>")
    lines.append("</config>")
    return File("linphone", r"linphone\.xml", "linphone.xml", "\n".join(lines) + "\n")


# Grandstream's "Preferred Vocoder", choices 1 to 8, and what they may be.
VOCODERS = ("P57", "P58", "P59", "P60", "P61", "P62", "P46", "P98")
VOCODER = {"alaw": "8", "ulaw": "0", "g722": "9"}
TRANSPORT = {"udp": "0", "tcp": "1", "tls": "2"}


def grandstream(account: Account, server: str) -> File:
    """Return the file for an adapter Grandstream HT801 or HT802, of its first socket (FXS 1).

    Names and values of the settings: Grandstream's "Configuration template for HT80x firmware
    version 1.0.19.11", kept in github.com/wazo-platform/wazo-provd-plugins as plugins/
    wazo-grandstream/docs/config-template/ht80x_config_1.0.19.11.txt. The names of the file, and
    that it needs no <mac>: the HT801/HT802 manual, "Configuration File Download". Not tried on a
    device: nothing of it, so neither whether the dial plan lets `**1` through as that syntax says.
    """
    settings = [
        ("P271", "1"),  # account active
        ("P47", "{}:{}".format(server, SIP_PORT)),  # primary SIP server
        ("P130", TRANSPORT[account.transports[0]]),  # SIP transport
        ("P35", account.extension),  # SIP user ID
        ("P36", account.extension),  # authentication ID
        ("P34", account.password),  # authentication password
        ("P3", account.name),  # name
        ("P31", "1"),  # SIP registration
        ("P32", "60"),  # its life in minutes
        ("P850", "101"),  # DTMF as RFC 2833 first
        ("P851", "102"),
        ("P852", "100"),
        # The exchange has codes of its own: the box's (*78 would be "do not disturb") are off, and
        # its dial plan knows two stars too (default: `{ x+ | \+x+ | *x+ | *xx*x+ }`).
        ("P191", "0"),
        ("P4200", "{ x+ | \\+x+ | *x+ | **x+ | *xx*x+ }"),
        # French telephones show a caller's number that is sent as ETSI says, while they ring.
        ("P853", "1"),
        ("P854", "4"),  # European line (CTR 21)
    ]
    wanted = [VOCODER[codec] for codec in account.codecs if codec in VOCODER]
    # A choice that is left as it was could come before those that the exchange speaks.
    wanted += [wanted[-1]] * (len(VOCODERS) - len(wanted)) if wanted else []
    settings += [(choice, wanted[position]) for position, choice in enumerate(VOCODERS) if wanted]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<gs_provision version="1">',
        '  <config version="1">',
        *["    <{0}>{1}</{0}>".format(name, escape(value)) for name, value in settings],
        "  </config>",
        "</gs_provision>",
    ]
    # It asks for cfgMAC.xml, then for cfg.xml.
    return File("grandstream", r"cfg(?:[0-9a-f]{12})?\.xml", "cfg.xml", "\n".join(lines) + "\n")


def files(account: Account, server: str) -> List[File]:
    """Return the files for a telephone."""
    return [linphone(account, server), grandstream(account, server)]
