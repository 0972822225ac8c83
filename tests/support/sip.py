"""Lines and phones as the SIP drivers get them."""

# Every option that a household can cause: a proxy, networks and addresses, no mailbox.
TRUNK = {
    "name": "free",
    "number": "0987654321",
    "user": "0987654321",
    "secret": "a-secret-of-free",
    "host": "freephonie.net",
    "port": 5060,
    "domain": "freephonie.net",
    "proxy": "",
    "codecs": ["alaw"],
    "dtmf": "auto",
    "expiry": 1800,
    "addresses": ["192.0.2.1", "198.51.100.0/24"],
    "send_pai": True,
}
TRUNKS = [TRUNK, {**TRUNK, "name": "ovh", "proxy": "proxy.example.net:5061", "domain": "sip.io"}]
HANDSETS = [
    {
        "extension": "001",
        "name": "Salon",
        "secret": "a-secret-of-001",
        "mailbox": mailbox,
        "codecs": ["g722", "alaw"],
        "second_phone": second,
    }
    for mailbox, second in (("001", "replace"), ("", "refuse"), ("", "accept"))
]
