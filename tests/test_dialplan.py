"""The dialplan as it is rendered: what can be reached from where."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from dialplan import FilterModule, dialplan_decoy_steps, dialplan_phones

ROOT = Path(__file__).parents[1]
TRUNKS = [
    {"name": "free", "number": "0987654321", "rings": ["001", "002"], "mailbox": "001"},
    {"name": "ovh", "number": "0972654321", "rings": ["001"], "mailbox": ""},
]
# The first argument of what jumps. Whether it names a context or an extension of this one, any
# context of that name counts as reachable: rather one too many.
JUMP = re.compile(r"(?:(?:Goto|Gosub)\(|\?|Dial\(Local/\w+@)([^,:()/]+)")


def render(**changes: Any) -> dict[str, str]:
    """Return the rendered dialplan's contexts and their lines."""
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701
    environment.filters |= FilterModule().filters() | {"comment": lambda text, **_: f"; {text}"}
    template = ROOT / "roles/dialplan/templates/extensions.conf.j2"
    variables: dict[str, Any] = {
        "ansible_managed": "Ansible managed",
        "dialplan_technology": "PJSIP",
        "dialplan_trunks": TRUNKS,
        "dialplan_handsets": [{"extension": "001", "name": "Salon"}],
        "dialplan_guard": {
            "decoy": "trill",
            "wait": 5,
            "ring": 30,
            "hidden": "stranger",
            "blocked": "refuse",
        },
        "dialplan_decoy": {"cadence": "440/1500,0/3500"},
        "dialplan_allow": [{"pattern": "0612345678", "name": "Mamie"}],
        "dialplan_block": [{"pattern": "_0948.", "name": "Arcep"}],
        "dialplan_emergency_numbers": ["15", "112"],
        "dialplan_routes": [
            {"name": "mobile", "patterns": ["_0[67]XXXXXXXX"], "trunks": ["ovh"]},
        ],
    }
    text = environment.from_string(template.read_text()).render(**variables | changes)
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
        targets = set(JUMP.findall(lines))
        assert not any("$" in target for target in targets), f"a computed jump in [{name}]"
        nexts |= targets & set(contexts)
        todo |= nexts - found
    return found


@pytest.mark.parametrize("choice", ["stranger", "known", "voicemail"])
def test_a_trunks_call_reaches_no_outgoing_route(choice: str) -> None:
    guard = {"decoy": "trill", "wait": 5, "ring": 30, "hidden": choice, "blocked": "decoy"}
    contexts = render(dialplan_guard=guard)
    found = reachable(contexts, "from-trunk")
    assert found == {"from-trunk", "guard", "at-once", "national", "allowed"}
    trunks = re.compile(r"Dial\((?!Local/)[^)]*@")
    assert not any(trunks.search(contexts[name]) for name in found)


def test_a_handset_reaches_the_outside_and_not_the_guard() -> None:
    found = reachable(render(), "from-handset")
    assert {"outside", "carry", "emergency", "services"} <= found
    assert not found & {"guard", "from-trunk"}


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


def test_all_phones_of_a_trunk_ring_together() -> None:
    assert dialplan_phones(["001", "002"], "SIP") == "SIP/001&SIP/002"
