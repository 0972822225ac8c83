"""The dialplan as it is rendered, without a household: its templates, and made-up values."""

from __future__ import annotations

import re
from typing import Any

import jinja2
import yaml
from dialplan import FilterModule

from support.example import ROOT

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
