"""The dialplan as it is rendered: what can be reached from where."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from dialplan import (
    FilterModule,
    dialplan_decoy_steps,
    dialplan_phones,
    dialplan_waits,
)

ROOT = Path(__file__).parents[1]
TRUNKS = [
    {"name": "free", "number": "0987654321", "rings": ["001", "002"], "mailbox": "001"},
    {"name": "ovh", "number": "0972654321", "rings": ["001"], "mailbox": ""},
]
GUARD = {
    "decoy": "trill",
    "wait": 5,
    "ring": 30,
    "hidden": "stranger",
    "blocked": "refuse",
    "learn": True,
    "expect": 4,
    "quiet": "22:00-07:00",
    "challenge": True,
}
RECORD = {"begin", "answered", "ended"}
# The first argument of what jumps. Whether it names a context or an extension of this one, any
# context of that name counts as reachable: rather one too many.
JUMPS = (
    re.compile(r"(?:\bGoto\(|\bGosub\(|\bU\(|handler_push\)=|Dial\(Local/\w+@)([^,()/\n]+)"),
    re.compile(r"GotoIf(?:Time)?\([^?\n]*\?([^,:()\n]+)"),
    re.compile(r"GotoIf(?:Time)?\([^?\n]*\?[^:\n]*:([^,()\n]+)"),
)
VALUE = re.compile(r"\$(\{[^{}]*\}|\[[^\[\]]*\])")


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
        "dialplan_handsets": [{"extension": "001", "name": "Salon", "second_phone": "replace"}],
        "dialplan_presence": False,
        "dialplan_guard": GUARD,
        "dialplan_decoy": {"cadence": "440/1500,0/3500"},
        "__dialplan_prompts": "/prompts",
        "dialplan_emergency_numbers": ["15", "112"],
        "dialplan_routes": [
            {"name": "mobile", "patterns": ["_0[67]XXXXXXXX"], "trunks": ["ovh"]},
        ],
    }
    text = template.render(**variables | changes)
    parts = re.split(r"^\[([\w-]+)\]\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def reachable(contexts: dict[str, str], start: str) -> set[str]:
    """Return the contexts that a call which begins in `start` can come to."""
    found, todo = set(), {start}
    while todo:
        name = todo.pop()
        found.add(name)
        lines = re.sub(r"^;.*$", "", contexts[name], flags=re.M)
        nexts = set(re.findall(r"^include => ([\w-]+)", lines, re.M))
        while VALUE.search(lines):
            lines = VALUE.sub("$", lines)
        targets = {target for jump in JUMPS for target in jump.findall(lines)}
        assert not any("$" in target for target in targets), f"a computed jump in [{name}]"
        nexts |= targets & set(contexts)
        todo |= nexts - found
    return found


@pytest.mark.parametrize("choice", ["stranger", "known", "voicemail"])
def test_a_trunks_call_reaches_no_outgoing_route(choice: str) -> None:
    contexts = render(dialplan_guard={**GUARD, "hidden": choice, "blocked": "decoy"})
    found = reachable(contexts, "from-trunk")
    assert found == {"from-trunk", "guard", "national", "listed", "at-once", *RECORD}
    trunks = re.compile(r"Dial\((?!Local/)[^)]*@")
    assert not any(trunks.search(contexts[name]) for name in found)


def test_a_handset_reaches_the_outside_and_not_the_guard() -> None:
    contexts = render()
    # The voicemail of a caller from outside who has been transferred, and of nobody else.
    transferred = 'GotoIf($["${LINE}" != ""]?guard,voicemail,1)'
    assert transferred in contexts["inside"]
    contexts["inside"] = contexts["inside"].replace(transferred, "")
    found = reachable(contexts, "from-handset")
    assert {"outside", "carry", "emergency", "services"} <= found
    assert not found & {"guard", "from-trunk"}


def test_phones_are_watched_only_if_the_household_says_so() -> None:
    assert "hint" not in render()["inside"]
    assert "exten => 001,hint,PJSIP/001" in render(dialplan_presence=True)["inside"]


def test_whom_a_phone_transfers_reaches_no_outgoing_route() -> None:
    found = reachable(render(), "inside")
    assert not found & {"outside", "carry", "emergency", "services", "from-handset"}


def test_emergency_calls_may_take_every_line() -> None:
    emergency = render()["emergency"]
    assert re.findall(r"Gosub\(carry,(\w+),", emergency) == ["free", "ovh"]


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
