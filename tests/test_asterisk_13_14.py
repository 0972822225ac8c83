"""Stretch's Asterisk cannot be run here: what is rendered for it is held against its source."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from asterisk_drivers.chan_pjsip import asterisk_chan_pjsip
from asterisk_drivers.chan_sip import asterisk_chan_sip

ROOT = Path(__file__).parents[1]
KNOWN: dict[str, Any] = yaml.safe_load((ROOT / "tests/asterisk-13.14-options.yml").read_text())
LOADED = yaml.safe_load((ROOT / "roles/asterisk/vars/main.yml").read_text())
MODULES = LOADED["__asterisk_modules"]
PRESENCE = LOADED["__asterisk_presence_modules"]
RELEASES = yaml.safe_load((ROOT / "group_vars/all/releases.yml").read_text())
VOICEMAIL = (ROOT / "roles/voicemail/templates/voicemail.conf.j2").read_text()

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


def test_chan_sip_uses_only_options_of_13_14() -> None:
    for section in asterisk_chan_sip(TRUNKS, HANDSETS, "fr"):
        kind = "general" if section["name"] == "general" else "peer"
        used = {key for key, _ in section["options"]}
        # `register` and codecs are read by loops of their own; `permit` and its like too.
        unknown = used - set(KNOWN["sip.conf"][kind]) - {"register"}
        assert not unknown, f"[{section['name']}] {sorted(unknown)}"


def test_chan_pjsip_uses_only_options_of_13_14() -> None:
    for section in asterisk_chan_pjsip(TRUNKS, HANDSETS, "fr"):
        options = dict(section["options"])
        unknown = set(options) - set(KNOWN["pjsip.conf"][options["type"]])
        assert not unknown, f"[{section['name']}] {options['type']}: {sorted(unknown)}"


def test_chan_pjsip_identifies_only_by_what_13_14_knows() -> None:
    """It drops an endpoint that names another method: a line without calls."""
    known = {"", "username", "auth_username"}
    for section in asterisk_chan_pjsip(TRUNKS, HANDSETS, "fr"):
        assert set(dict(section["options"]).get("identify_by", "").split(",")) <= known


def test_voicemail_uses_only_options_of_13_14() -> None:
    general = VOICEMAIL.split("[general]")[1].split("[zonemessages]")[0]
    used = set(re.findall(r"^(\w+)=", general, re.M))
    assert used, "the template has no options: has it changed its form?"
    assert used <= set(KNOWN["voicemail.conf"]["general"])


@pytest.mark.parametrize("file", ["cdr.conf", "cdr_sqlite3_custom.conf"])
def test_the_record_of_calls_uses_only_options_of_13_14(file: str) -> None:
    template = (ROOT / f"roles/journal/templates/{file}.j2").read_text()
    used = set(re.findall(r"^(\w+)=", template, re.M))
    assert used and used <= set(KNOWN[file])


@pytest.mark.parametrize("driver", ["chan_sip", "chan_pjsip"])
def test_every_module_exists_in_13_14(driver: str) -> None:
    extra = RELEASES["gardeligne_releases"]["stretch"]["asterisk_modules"]
    loaded = {*MODULES["common"], *MODULES[driver], *PRESENCE[driver], *extra}
    missing = loaded - set(KNOWN["modules"])
    assert not missing
