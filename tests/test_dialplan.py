"""The dialplan as it is rendered: which line carries what."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from dialplan import (
    FilterModule,
    dialplan_decoy_steps,
    dialplan_forms,
    dialplan_limit,
    dialplan_pattern,
    dialplan_phones,
    dialplan_waits,
)
from household.phone import matches

ROOT = Path(__file__).parents[1]
PLAN = yaml.safe_load((ROOT / "group_vars/all/number_plan.yml").read_text())
VERDICTS = yaml.safe_load((ROOT / "group_vars/all/verdicts.yml").read_text())
RESCUE = PLAN["gardeligne_rescue_callers"]
TRUNKS = [
    {
        "name": "free",
        "caller_id": "0987654321",
        "channels": 1,
        "rings": ["001", "002"],
        "mailbox": "001",
    },
    {
        "name": "ovh",
        "caller_id": "0972654321",
        "channels": 0,
        "rings": ["001"],
        "mailbox": "",
    },
]
GUARD = {
    "decoy": "trill",
    "wait": 5,
    "ring": 30,
    "hidden": "stranger",
    "blocked": "refuse",
    "learn": True,
    "expect": 4,
    "after_emergency": 4,
    "quiet": "22:00-07:00",
    "challenge": True,
}


def render(**changes: Any) -> dict[str, str]:
    """Return the rendered dialplan's contexts and their lines."""
    environment = jinja2.Environment(  # noqa: S701
        loader=jinja2.FileSystemLoader(ROOT / "roles/dialplan/templates"),
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= FilterModule().filters() | {"comment": lambda text, **_: f"; {text}"}
    template = environment.get_template("extensions.conf.j2")
    variables: dict[str, Any] = {
        "ansible_managed": "Ansible managed",
        "dialplan_technology": "PJSIP",
        "dialplan_trunks": TRUNKS,
        "dialplan_handsets": [
            {"extension": "001", "name": "Salon", "only": [], "second_phone": "replace"},
            {
                "extension": "002",
                "name": "Enfant",
                "only": ["0612345678", "0142*"],
                "second_phone": "replace",
            },
        ],
        "dialplan_presence": False,
        "dialplan_no_room": "",
        "dialplan_guard": GUARD,
        "dialplan_decoy": {"cadence": "440/1500,0/3500"},
        "dialplan_spelling": {
            "codes": ["33"],
            "rules": [
                {"pattern": "+Z.", "put": "00", "keep": 0, "skip": 1},
                {"pattern": "00[17]0.", "put": "", "keep": 3, "skip": 4},
            ],
        },
        "dialplan_outgoing": {
            "open": ["0032*"],
            "costly_calls": 10,
            "costly_minutes": 30,
            "drop_for_emergency": True,
        },
        "dialplan_pin": "4826",
        "dialplan_record": VERDICTS["gardeligne_record"],
        "__dialplan_prompts": "/prompts",
        "__dialplan_pin": "/pin",
        "__dialplan_privacy": {"PJSIP": "Set(PJSIP_HEADER(add,Privacy)=id)"},
        "dialplan_emergency_numbers": ["15", "112"],
        "dialplan_rescue_callers": ["0800112112", "112"],
        "dialplan_routes": [
            {
                "name": "mobile",
                "patterns": ["_0[67]XXXXXXXX"],
                "trunks": ["ovh"],
                "checks": ["phone"],
            },
            {
                "name": "premium",
                "patterns": ["_089XXXXXXX"],
                "trunks": ["free"],
                "checks": ["phone", "barred", "costly"],
            },
        ],
    }
    text = template.render(**variables | changes)
    parts = re.split(r"^\[([\w-]+)\]\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_phones_are_watched_only_if_the_household_says_so() -> None:
    assert "hint" not in render()["inside"]
    assert "exten => 001,hint,PJSIP/001" in render(dialplan_presence=True)["inside"]


def test_emergency_calls_may_take_every_line() -> None:
    emergency = render()["emergency"]
    assert re.findall(r"Gosub\((\w+),(\w+),", emergency)[1:] == [
        ("help", "called"),  # before all else: also if no line works
        ("carry", "free"),
        ("carry", "ovh"),
        # And again, when room has been made.
        ("clear", "free"),
        ("carry", "free"),
        ("clear", "ovh"),
        ("carry", "ovh"),
    ]


def test_rescue_services_and_who_calls_after_them_come_before_all_that_may_be_set() -> None:
    arrival = render()["guard"].split("exten => broken")[0]
    asked = re.findall(r"Gosub\((rescue|help|listed)|(num-pres|REALTIME_FIELD|DB_EXISTS)", arrival)
    order = ["rescue", "num-pres", "help", "REALTIME_FIELD", "listed", "DB_EXISTS"]
    assert [first or second for first, second in asked][:6] == order


def test_every_phone_rings_for_rescue_services_and_long_enough() -> None:
    for ring, seconds in ((5, 30), (60, 60)):
        guard = render(dialplan_guard={**GUARD, "ring": ring})["guard"]
        everywhere = guard.split("exten => everywhere,1,")[1]
        assert everywhere.startswith(
            f"Set(PHONES=PJSIP/001&PJSIP/002)\n same => n,Set(RING={seconds})\n"
        )


@pytest.mark.parametrize("shown", ["0800112112", "+33800112112", "0033800112112", "33800112112"])
def test_rescue_services_are_recognised_in_every_form(shown: str) -> None:
    rescue = render(dialplan_rescue_callers=RESCUE)["rescue"]
    assert f"exten => n{shown},1,Return(0800112112)\n" in rescue


@pytest.mark.parametrize("shown", ["112", "+33112", "0033112", "33112"])
def test_rescue_services_are_recognised_as_they_were_shown_until_2024(shown: str) -> None:
    rescue = render(dialplan_rescue_callers=RESCUE)["rescue"]
    assert f"exten => n{shown},1,Return(112)\n" in rescue


def test_no_form_of_a_rescue_number_is_somebody_elses() -> None:
    """As 3315 would be. Foreign forms are none of the plan's: 0033… is written nationally there."""
    forms = [form for number in RESCUE for form in dialplan_forms(number)]
    assert len(forms) == len(set(forms))
    french = [form for form in forms if not form.startswith(("00", "+"))]
    for name, numbers in PLAN["gardeligne_number_classes"].items():
        for form in set(french) - set(RESCUE):
            assert not any(matches(pattern, form) for pattern in numbers["patterns"]), (name, form)


def test_what_costs_more_is_checked_before_a_line_is_taken() -> None:
    premium = render()["route-premium"]
    steps = re.findall(r"Gosub\((may|carry),(\w+),", premium)
    assert steps == [("may", "phone"), ("may", "barred"), ("may", "costly"), ("carry", "free")]


def test_what_a_child_may_dial_is_an_extension_of_its_phones_own_context() -> None:
    contexts = render()
    assert re.findall(r"exten => (\S+),1", contexts["only-002"]) == ["0612345678", "_0142."]
    assert "only-001" not in contexts


def test_mobiles_take_the_line_that_carries_them() -> None:
    assert re.findall(r"Gosub\(carry,(\w+),", render()["route-mobile"]) == ["ovh"]


def test_a_tone_goes_on_and_a_sound_is_followed_by_a_ring() -> None:
    assert dialplan_decoy_steps({"cadence": "440/100"}) == ["Playtones(440/100)"]
    assert dialplan_decoy_steps({"sound": "hello"}) == [
        "Playback(hello)",
        "Playtones(440/1500,0/3500)",
    ]
    assert dialplan_decoy_steps({}) == []


def test_the_wait_is_the_decoy_and_then_an_ordinary_ring() -> None:
    bell = {"cadence": "!0/80,!440/3020,440/1500,0/3500"}
    assert dialplan_waits(bell, 4) == (3.1, 0.9)
    assert dialplan_waits(bell, 2) == (2, 0)
    assert dialplan_waits({"cadence": "440/1500,0/3500"}, 4) == (4, 0)
    assert dialplan_waits({"sound": "hello"}, 4) == dialplan_waits({}, 4) == (4, 0)


def test_all_phones_of_a_trunk_ring_together() -> None:
    handsets = [
        {"extension": extension, "second_phone": second}
        for extension, second in (("001", "replace"), ("002", "refuse"), ("003", "accept"))
    ]
    assert dialplan_phones(["001", "002"], handsets, "SIP") == "SIP/001&SIP/002"
    assert dialplan_phones(["001", "003"], handsets, "PJSIP") == (
        "PJSIP/001&${IF($[${LEN(${PJSIP_DIAL_CONTACTS(003)})} = 0]"
        "?PJSIP/003:${PJSIP_DIAL_CONTACTS(003)})}"
    )


def test_a_spelling_is_rewritten_where_it_is_looked_up() -> None:
    contexts = render()
    for context, before, sign in (("national", "_[n]", "n"), ("outside", "_", "")):
        found = re.findall(rf"exten => (\S+),1,Goto\({context},(\S+),1\)", contexts[context])
        at = len(sign)
        assert found[:2] == [
            (f"{before}+Z.", f"{sign}00${{EXTEN:{at + 1}}}"),
            (f"{before}00[17]0.", f"{sign}${{EXTEN:{at}:3}}${{EXTEN:{at + 4}}}"),
        ]


def test_a_limit_of_none_is_no_limit() -> None:
    assert dialplan_limit(0) == ""
    assert dialplan_limit(30) == "L(1800000:60000)"


def test_a_prefix_is_a_pattern_and_a_number_is_not() -> None:
    assert dialplan_pattern("0142*") == "_0142."
    assert dialplan_pattern("0612345678") == "0612345678"
