"""Toll fraud is impossible by construction: proved over what every example household is given."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from support.example import PRODUCT, ROLE, example_files
from support.reach import Exchange, let_in_by_name, redirects, ways_out
from support.rendered import Files, Household, molecule, render, with_setting

HOSTS = {"chan_sip": "bullseye", "chan_pjsip": "forky"}
OPENED = {"open": ["premium", "+32 *"], "costly_calls": 0, "drop_for_emergency": False}
PROXIED = [
    {"name": "free", "provider": "free", "number": "0987654321", "rings": ["002"]},
    {
        "name": "ovh",
        "provider": "ovh_proxy",
        "number": "0972654321",
        "proxy": "proxy.example.net:5061",
        "addresses": ["192.0.2.1", "198.51.100.0/24"],
    },
]


def guards() -> list[dict[str, Any]]:
    """Return settings of the guard in which each choice that a household has is taken."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]["household_guard"]["options"]
    choices = {name: option["choices"] for name, option in options.items() if "choices" in option}
    choices |= {name: [True, False] for name, option in options.items() if option["type"] == "bool"}
    choices |= {"decoy": list(PRODUCT["household_decoys"]), "quiet": ["22:00-07:00", ""]}
    endless = {name: itertools.cycle(values) for name, values in choices.items()}
    rounds = max(map(len, choices.values()))
    return [{name: next(values) for name, values in endless.items()} for _ in range(rounds)]


def households() -> dict[str, Household]:
    """Return all that are rendered. The scenario `household` is the example, by symlinks."""
    example = example_files()
    opened = with_setting(example, "household_outgoing", OPENED)
    proxied = with_setting(example, "household_trunks", PROXIED)
    found = {}
    for driver, release in HOSTS.items():
        found[f"example-{driver}"] = Household(example, release, driver)
        found[f"default-{driver}"] = Household(molecule("default"), release, driver)
        found[f"calls-{driver}"] = Household(molecule("calls"), release, driver)
    for number, guard in enumerate(guards(), 1):
        driver = list(HOSTS)[number // 2 % 2]
        files = with_setting((opened, proxied)[number % 2], "household_guard", guard)
        found[f"guard{number}-{driver}"] = Household(files, "stretch", driver)
    return found


HOUSEHOLDS = households()
pytestmark = pytest.mark.slow
EVERY = pytest.mark.parametrize("name", HOUSEHOLDS)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Files]:
    """Return what Ansible writes to /etc/asterisk for each household."""
    return render(HOUSEHOLDS, tmp_path_factory.mktemp("rendered"))


@EVERY
def test_nobody_phones_at_the_households_cost(rendered: Mapping[str, Files], name: str) -> None:
    assert not ways_out(rendered[name])


@EVERY
def test_nobody_is_let_in_for_the_name_that_he_writes(
    rendered: Mapping[str, Files], name: str
) -> None:
    assert not let_in_by_name(rendered[name])


@EVERY
def test_nobody_who_is_called_sends_the_call_on(rendered: Mapping[str, Files], name: str) -> None:
    assert not redirects(rendered[name])


@EVERY
def test_the_proof_begins_at_each_line_and_sees_the_way_out_of_a_handset(
    rendered: Mapping[str, Files], name: str
) -> None:
    exchange = Exchange(rendered[name])
    values = [yaml.safe_load(text) for text in HOUSEHOLDS[name].files.values() if "trunks:" in text]
    trunks = {trunk["name"] for value in values for trunk in value.get("household_trunks", [])}
    assert trunks <= {door.split()[0] for door, _ in exchange.doors}
    assert {start for _, start in exchange.doors} == {"from-trunk"}

    ways, reached = exchange.ways_from("a handset", "from-handset")
    assert any(way.why.startswith("dials ") for way in ways)
    assert "from-trunk" not in reached


@EVERY
def test_whom_a_phone_transfers_comes_to_no_line(rendered: Mapping[str, Files], name: str) -> None:
    ways, reached = Exchange(rendered[name]).ways_from("whom a phone transfers", "inside")
    assert not ways
    assert "guard" in reached, "a caller whom nobody answers there leaves a message"


# A file, what stands there (a regular expression), what stands there instead.
Edit = tuple[str, str, str]
DIALPLAN, SIP, PJSIP, VOICEMAIL = "extensions.conf", "sip.conf", "pjsip.conf", "voicemail.conf"


def after(file: str, section: str, more: str) -> Edit:
    """Return a line more at the top of a section."""
    return (file, rf"(?m)^\[{section}\]\n", f"[{section}]\n{more}\n")


def line(file: str, section: str, old: str, new: str) -> Edit:
    """Return a section with another line."""
    return (file, rf"(?m)(^\[{section}\]\n(?:.+\n)*?){old}\n", rf"\g<1>{new}")


# Steps more in the context where strangers are.
STEPS = {
    "goto": "Goto(from-handset,${EXTEN},1)",
    "goto-in-capitals": "GOTO(from-handset,${EXTEN},1)",
    "goto-computed-context": "Goto(${WHERE},15,1)",
    "goto-computed-extension": "Goto(${NUMBER},1)",
    "goto-computed-altogether": "Goto(${NUMBER})",
    "goto-unbalanced": "Goto(${X(,outside,1)",
    "goto-on-a-second-line": "NoOp()\n same => n(x),Goto(outside,15,1)",
    "gosub": "Gosub(carry,free,1(0612345678))",
    "gotoif": 'GotoIf($["${NUMBER}" = ""]?outside,15,1)',
    "gotoif-else": 'GotoIf($["${NUMBER}" = ""]?ring,1:outside,15,1)',
    "gotoif-what-the-caller-says": "GotoIf(${CALLERID(name)}?ring,1)",
    "gotoiftime": "GotoIfTime(22:00-07:00,*,*,*?outside,15,1)",
    "gosubif": 'GosubIf($["${NUMBER}" = ""]?carry,free,1(0612345678))',
    "execif": 'ExecIf($["${NUMBER}" = ""]?Goto(outside,15,1))',
    "execif-else": 'ExecIf($["${NUMBER}" = ""]?NoOp():Dial(PJSIP/15@free,,i))',
    "execiftime": "ExecIfTime(22:00-07:00,*,*,*?Goto(outside,15,1))",
    "hangup-handler": "Set(CHANNEL(hangup_handler_push)=outside,15,1)",
    "voicemail-that-hears-digits": "VoiceMail(001@default,d(outside))",
    "macro": "Macro(outside)",
    "originate": "Originate(PJSIP/15@free,exten,guard,s,1)",
    "queue": "Queue(lines)",
    "page": "Page(PJSIP/15@free)",
    "followme": "FollowMe(001)",
    "disa": "DISA(no-password,outside)",
    "directory": "Directory(default,outside)",
    "transfer": "Transfer(0612345678)",
    "background": "Background(hello,,,outside)",
    "program": "System(asterisk -rx 'channel originate PJSIP/15@free')",
    "program-in-a-function": "Set(X=${SHELL(/usr/local/bin/call)})",
    "agi": "AGI(call.py)",
    "exec": "Exec(${WHAT})",
    "application-computed": "${WHAT}(outside,15,1)",
    "dial-a-line": "Dial(PJSIP/15@free,,i)",
    "dial-a-line-by-its-address": "Dial(PJSIP/free/sip:15@freephonie.net,,i)",
    "dial-another-technology": "Dial(DAHDI/1/15,,i)",
    "dial-what-the-caller-says": "Dial(PJSIP/${EXTEN},,i)",
    "dial-what-a-key-says": "Read(PHONES)",
    "dial-a-phone-or-a-line": "Set(PHONES=PJSIP/001&PJSIP/15@free)",
    "dial-local": "Dial(Local/15@outside/n,,i)",
    "dial-local-computed": "Dial(Local/${EXTEN}@guard,,i)",
    "transfer-context": "Set(TRANSFER_CONTEXT=outside)",
    "transfer-context-if": "ExecIf($[1 = 1]?Set(__TRANSFER_CONTEXT=outside))",
    "transfer-context-of-the-caller": "Set(MASTER_CHANNEL(TRANSFER_CONTEXT)=outside)",
    "forward-context": "Set(_FORWARD_CONTEXT=outside)",
    "goto-after-a-transfer": "Set(GOTO_ON_BLINDXFR=outside^15^1)",
    "features-of-our-own": "Set(__DYNAMIC_FEATURES=call)",
}
# Lines more in that context.
LINES = {
    "include": "include => outside",
    "include-in-hours": "include => outside,9:00-17:00,mon-fri,*,*",
    "include-in-capitals": "Include => outside",
    "include-of-an-include": "include => from-handset",
    "switch": "switch => Loopback/${EXTEN}@outside",
    "switch-to-a-database": "switch => Realtime/outside@numbers",
    "file-included": "#include more.conf",
    "program-included": '#exec "/usr/local/bin/dialplan"',
    "comment-of-several-lines": ";-- ha --; include => outside",
    "extension-for-the-operator": "exten => o,1,Goto(outside,15,1)",
    "extension-for-the-star": "exten => a,1,Goto(from-handset,15,1)",
    "extension-for-the-end": "exten => h,1,Goto(outside,15,1)",
}
# Other options for the Dial() that rings the phones.
DIAL = {
    "dial-lets-the-caller-transfer": "iTU(answered)",
    "dial-lets-the-called-transfer": "itU(answered)",
    "dial-lets-the-called-park": "ikU(answered)",
    "dial-then-the-caller-goes-on": "iG(outside^15^1)U(answered)",
    "dial-then-the-called-goes-on": "iF(outside^15^1)U(answered)",
    "dial-then-a-subroutine": "iU(carry^free)",
    "dial-after-a-subroutine": "ib(carry^free^1)U(answered)",
    "dial-then-a-macro": "iM(outside)",
    "dial-options-computed": "iU(answered)${MORE}",
    "dial-follows-a-redirection": "U(answered)",
}
# Lines more at the top of other sections: file, section, line.
MORE = {
    "goto-of-a-line": (DIALPLAN, "from-trunk", "exten => 9,1,Goto(outside,15,1)"),
    "global-variable": (DIALPLAN, "general", "[globals]\nPHONES=PJSIP/15@free"),
    "transfer-context-inherited": (
        DIALPLAN,
        "from-handset",
        "exten => 9,1,Set(__TRANSFER_CONTEXT=outside)",
    ),
    "voicemail-dials-out": (VOICEMAIL, "general", "dialout=outside"),
    "voicemail-calls-back": (VOICEMAIL, "general", "callback=from-handset"),
    "voicemail-is-left": (VOICEMAIL, "general", "exitcontext=outside"),
    "a-box-dials-out": (VOICEMAIL, "default", "9 => 4711,X,,,attach=no|dialout=outside"),
    "messages-of-a-line": (PJSIP, "free", "message_context=outside"),
    "transfer-by-a-line": (PJSIP, "free", "set_var=TRANSFER_CONTEXT=outside"),
    "transfer-context-of-a-phone": (PJSIP, "001", "set_var=__TRANSFER_CONTEXT=outside"),
    "variable-of-a-phone": (PJSIP, "001", "set_var=PHONES=PJSIP/15@free"),
    "redirection-that-dial-cannot-see": (PJSIP, "001", "redirect_method=uri_pjsip"),
    "anonymous": (PJSIP, "global", "[anonymous]\ntype=endpoint\ncontext=from-handset\n[global]"),
    "wizard": (PJSIP, "global", "[lines]\ntype=wizard\n[global]"),
    "sip-context-by-domain": (SIP, "general", "domain=example.org,outside"),
    "sip-messages": (SIP, "general", "outofcall_message_context=outside"),
    "sip-subscriptions": (SIP, "free", "subscribecontext=outside"),
    "sip-transfer-by-a-line": (SIP, "free", "setvar=TRANSFER_CONTEXT=outside"),
    "sip-phone-not-asked-for-its-password": (SIP, "001", "insecure=invite"),
    "another-channel": ("modules.conf", "modules", "load=chan_iax2.so"),
    "calls-from-the-spool": ("modules.conf", "modules", "load=pbx_spool.so"),
    "all-modules": ("modules.conf", "modules", "autoload=yes"),
    "manager-for-somebody": ("manager.conf", "general", "[somebody]\nsecret=x"),
    "dialplan-in-a-database": ("extconfig.conf", "settings", "extensions => sqlite3,x"),
}
OUTSIDE_BY_DEFAULT = line(SIP, "general", "context=refused", "context=outside\n")
HOLES: dict[str, list[Edit]] = {
    **{name: [after(DIALPLAN, "guard", f"exten => 9,1,{it}")] for name, it in STEPS.items()},
    **{name: [after(DIALPLAN, "guard", it)] for name, it in LINES.items()},
    **{name: [(DIALPLAN, r"iU\(answered\)", it)] for name, it in DIAL.items()},
    **{name: [after(*it)] for name, it in MORE.items()},
    "template": [(DIALPLAN, r"(?m)^\[guard\]$", "[guard](outside)")],
    "line-in-another-context": [line(PJSIP, "free", "context=.*", "context=from-handset\n")],
    "phone-without-a-password": [line(PJSIP, "001", "auth=.*", "")],
    "phone-with-an-empty-password": [line(PJSIP, "001-auth", "password=.*", "password=\n")],
    "sip-line-in-another-context": [line(SIP, "free", "context=.*", "context=from-handset\n")],
    "sip-line-without-a-context": [OUTSIDE_BY_DEFAULT, line(SIP, "free", "context=.*", "")],
    "sip-guests": [OUTSIDE_BY_DEFAULT, line(SIP, "general", "allowguest=no", "allowguest=yes\n")],
    "sip-guests-by-default": [OUTSIDE_BY_DEFAULT, line(SIP, "general", "allowguest=no", "")],
    "sip-peers-by-themselves": [OUTSIDE_BY_DEFAULT, after(SIP, "general", "autocreatepeer=yes")],
    "sip-phone-without-a-password": [line(SIP, "001", "secret=.*", "")],
    "manager": [line("manager.conf", "general", "enabled=no", "enabled=yes\n")],
    "features-file": [
        ("features.conf", "$", "[applicationmap]\ncall => 9,peer,Goto(outside,15,1)")
    ],
}


# Whom his name lets in: a line that is known by it, a phone that need not prove that it is his.
NAMED: dict[str, list[Edit]] = {
    "line-known-by-what-is-the-default": [line(PJSIP, "free", "identify_by=.*", "")],
    **{
        f"line-known-by-its-{method}": [
            line(PJSIP, "free", "identify_by=.*", f"identify_by=ip, {method}\n")
        ]
        for method in ("username", "auth_username", "header", "request_uri")
    },
    "line-known-by-a-header": [line(PJSIP, "free", "match=.*", "match_header=X-Line: free\n")],
    "line-known-by-whom-it-calls": [line(PJSIP, "free", "match=.*", "match_request_uri=/free@/\n")],
    "known-phone-without-a-password": [line(PJSIP, "001", "auth=.*", "")],
    "sip-line-that-is-a-friend": [line(SIP, "free", "type=.*", "type=friend\n")],
    "sip-line-that-is-a-user": [line(SIP, "free", "type=.*", "type=user\n")],
    "sip-line-that-is-nothing": [line(SIP, "free", "type=.*", "")],
    "sip-line-that-registers": [line(SIP, "free", "host=.*", "host=dynamic\n")],
    "sip-phone-without-a-known-password": [line(SIP, "001", "secret=.*", "")],
    "sip-phone-whose-calls-are-not-asked": [after(SIP, "001", "insecure=invite")],
}


def pierced(rendered: Mapping[str, Files], hole: list[Edit]) -> Files:
    """Return what the example household is given, with a hole in it."""
    files = dict(rendered["example-chan_sip" if hole[0][0] == SIP else "example-chan_pjsip"])
    for file, old, new in hole:
        files[file], times = re.subn(old, new, files.get(file, ""), count=1)
        assert times, f"{file} has no {old!r} any more: the hole is not made"
    return files


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_found(rendered: Mapping[str, Files], hole: str) -> None:
    assert ways_out(pierced(rendered, HOLES[hole]))


@pytest.mark.parametrize("hole", NAMED)
def test_a_name_that_lets_somebody_in_is_found(rendered: Mapping[str, Files], hole: str) -> None:
    assert let_in_by_name(pierced(rendered, NAMED[hole]))
