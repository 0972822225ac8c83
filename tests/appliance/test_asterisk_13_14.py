"""Stretch's Asterisk cannot be run here: what is rendered for it is held against its source.

And against what was seen when it was run for once (docs/verified.md).
"""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from asterisk_drivers.chan_pjsip import asterisk_chan_pjsip
from asterisk_drivers.chan_sip import asterisk_chan_sip
from support.example import example_files
from support.rendered import Household, render, with_setting
from support.sip import HANDSETS, TRUNKS

ROOT = Path(__file__).parents[2]
KNOWN: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("asterisk-13.14-options.yml").read_text()
)
LOADED = yaml.safe_load((ROOT / "roles/asterisk/vars/main.yml").read_text())
MODULES = LOADED["__asterisk_modules"]
PRESENCE = LOADED["__asterisk_presence_modules"]
RELEASES = yaml.safe_load((ROOT / "group_vars/all/releases.yml").read_text())
VERDICTS = yaml.safe_load((ROOT / "group_vars/all/verdicts.yml").read_text())
VOICEMAIL = (ROOT / "roles/voicemail/templates/voicemail.conf.j2").read_text()


def test_chan_sip_uses_only_options_of_13_14() -> None:
    for section in asterisk_chan_sip(TRUNKS, HANDSETS, "fr"):
        kind = "general" if section["name"] == "general" else "peer"
        used = {key for key, _ in section["options"]}
        # `register` and codecs are read by loops of their own; `permit` and its like too.
        unknown = used - set(KNOWN["sip.conf"][kind]) - {"register"}
        assert not unknown, f"[{section['name']}] {sorted(unknown)}"


def test_chan_pjsip_uses_only_options_of_13_14() -> None:
    for section in asterisk_chan_pjsip(TRUNKS, HANDSETS, "fr", removes_all=True):
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


@pytest.mark.parametrize("file", ["files/cdr.conf", "templates/cdr_sqlite3_custom.conf.j2"])
def test_the_record_of_calls_uses_only_options_of_13_14(file: str) -> None:
    path = ROOT / "roles/journal" / file
    used = set(re.findall(r"^(\w+)=", path.read_text(), re.M))
    assert used and used <= set(KNOWN[path.name.removesuffix(".j2")])


@pytest.mark.parametrize("driver", ["chan_sip", "chan_pjsip"])
def test_every_module_exists_in_13_14(driver: str) -> None:
    extra = RELEASES["gardeligne_releases"]["stretch"]["asterisk_modules"]
    loaded = {*MODULES["common"], *MODULES[driver], *PRESENCE[driver], *extra}
    missing = loaded - set(KNOWN["modules"])
    assert not missing


PHONES: list[dict[str, Any]] = [
    {"extension": "001", "name": "Salon", "mailbox": "001", "second_phone": "accept"},
    {"extension": "002", "name": "Cuisine", "codecs": ["g722", "gsm"]},
    {"extension": "003", "name": "Bureau", "codecs": ["gsm", "ulaw", "alaw"]},
]


@pytest.fixture(scope="module")
def pjsip(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What is written for the same phones on Stretch, and on the next release."""
    files = with_setting(example_files(), "household_handsets", PHONES)
    households = {
        release: Household(files, release, "chan_pjsip") for release in ("stretch", "bullseye")
    }
    return render(households, tmp_path_factory.mktemp("13.14"))


def _options(files: dict[str, str], name: str, kind: str) -> list[tuple[str, str]]:
    """Return the options of the section of pjsip.conf with that name and type."""
    for section in files["pjsip.conf"].split("\n\n"):
        pairs = re.findall(r"^(\w+)=(.*)$", section, re.M)
        if section.startswith(f"[{name}]") and ("type", kind) in pairs:
            return pairs
    raise AssertionError(f"no {kind} {name}")


def _codecs(files: dict[str, str], name: str) -> list[str]:
    return [value for key, value in _options(files, name, "endpoint") if key == "allow"]


@pytest.mark.slow
def test_no_phone_is_deaf_on_13_14(pjsip: dict[str, dict[str, str]]) -> None:
    """It would be if it had two codecs, of which the line's is not the one that it takes."""
    stretch, bullseye = pjsip["stretch"], pjsip["bullseye"]
    # What a line speaks, if the phone may; else the phone's best.
    assert [_codecs(stretch, phone["extension"]) for phone in PHONES] == [
        ["alaw"],
        ["g722"],
        ["alaw"],
    ]
    assert "bridge_native_rtp" not in stretch["modules.conf"]
    assert _codecs(bullseye, "001") == ["g722", "alaw"]
    assert "load=bridge_native_rtp.so" in bullseye["modules.conf"]
    assert "load=bridge_simple.so" in stretch["modules.conf"]


@pytest.mark.slow
def test_a_second_phone_rings_beside_the_first_on_13_14(pjsip: dict[str, dict[str, str]]) -> None:
    """Any remove_existing removes all the others there."""
    aor = dict(_options(pjsip["stretch"], "001", "aor"))
    assert (aor["max_contacts"], aor["remove_existing"]) == ("4", "no")
    assert aor["maximum_expiration"] == "120"  # or four that went away would lock the fifth out
    assert dict(_options(pjsip["bullseye"], "001", "aor"))["remove_existing"] == "yes"
    replacing = dict(_options(pjsip["stretch"], "002", "aor"))
    assert (replacing["max_contacts"], replacing["remove_existing"]) == ("1", "yes")


@pytest.mark.slow
def test_what_a_call_has_nothing_of_is_not_recorded_as_empty(
    pjsip: dict[str, dict[str, str]],
) -> None:
    """13.14 warns of each `Set(CDR(x)=)`."""
    ended = pjsip["stretch"]["extensions.conf"].split("[ended]")[1].split("\n[")[0]
    lines = [line.strip() for line in ended.splitlines()]
    columns = {}
    for before, line in itertools.pairwise(lines):
        if found := re.search(r"Set\(CDR\((\w+)\)", line):
            columns[found[1]] = f"GotoIf($[${{LEN(${{{found[1].upper()}}})}} = 0]" in before
    assert list(columns) == VERDICTS["gardeligne_record"]
    assert all(columns.values())


@pytest.mark.parametrize("host", ["stretch", "bullseye"])
@pytest.mark.slow
def test_what_is_recorded_is_what_asterisk_writes(
    pjsip: dict[str, dict[str, str]], host: str
) -> None:
    written = pjsip[host]["cdr_sqlite3_custom.conf"]
    columns = [*VERDICTS["gardeligne_record"], "uniqueid"]
    assert re.findall(r"^columns=(.*)$", written, re.M) == [", ".join(columns)]
    assert re.findall(r"'\$\{CDR\((\w+)\)\}'", written) == columns


def test_what_the_releases_data_leave_out_is_a_module_that_is_else_loaded() -> None:
    for release in RELEASES["gardeligne_releases"].values():
        assert set(release.get("asterisk_modules_left_out", [])) <= set(MODULES["common"])
