"""The dialplan as it is rendered: which line carries what."""

import re

import pytest
from dialplan import (
    dialplan_bell,
    dialplan_decoy_steps,
    dialplan_forms,
    dialplan_limit,
    dialplan_pattern,
    dialplan_phones,
)
from household.phone import matches
from support.dialplan import GUARD, PLAN, RESCUE, render


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
    assert dialplan_bell({"cadence": "!0/80,!440/3020,440/1500,0/3500"}) == 3.1
    assert dialplan_bell({"cadence": "440/1500,0/3500"}) == 0
    assert dialplan_bell({"sound": "hello"}) == dialplan_bell({}) == 0


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
