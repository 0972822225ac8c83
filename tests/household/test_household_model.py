"""What a household leaves unsaid is made complete for the roles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from household.model import household_model, household_pick
from household.secrets import household_missing, household_secret_files, household_written
from support.example import PRODUCT, example_files, values_of

CLASSES = PRODUCT["household_number_classes"]


def _model(values: dict[str, Any], generated: dict[str, Any] | None = None) -> dict[str, Any]:
    return household_model(values, generated or {})


def _minimal(**more: Any) -> dict[str, Any]:
    return {
        **PRODUCT,
        "household_trunks": [
            {"name": "free", "provider": "free", "number": "09 87 65 43 21"},
            {"name": "ovh", "provider": "ovh", "number": "+33 9 72 65 43 21"},
        ],
        "household_handsets": [{"extension": "001", "name": "Salon"}],
        "household_secrets": {"trunks": {"free": "a", "ovh": "b"}},
        **more,
    }


def test_a_line_at_free_is_registered_with_its_number() -> None:
    trunk = _model(_minimal())["trunks"][0]
    assert trunk == {
        "name": "free",
        "operator": "free",
        "number": "0987654321",
        "caller_id": "0987654321",
        "send_pai": False,
        "channels": 0,
        "user": "0987654321",
        "secret": "a",
        "host": "freephonie.net",
        "port": 5060,
        "domain": "freephonie.net",
        "proxy": "",
        "codecs": ["alaw"],
        "dtmf": "auto",
        "expiry": 1800,
        "addresses": [],
        "rings": ["001"],
        "mailbox": "",
    }


def test_a_line_at_ovh_is_registered_with_its_international_number() -> None:
    trunk = _model(_minimal())["trunks"][1]
    assert (trunk["number"], trunk["user"]) == ("0972654321", "0033972654321")


def test_a_line_says_what_its_preset_does_not_know() -> None:
    own: dict[str, Any] = {"name": "box", "provider": "generic", "number": "0123456789"}
    own |= {"host": "192.168.1.20", "user": "gateway", "port": 5061, "codecs": ["g722"]}
    secrets = {"trunks": {"box": "c"}}
    trunk = _model(_minimal(household_trunks=[own], household_secrets=secrets))["trunks"][0]
    assert {key: trunk[key] for key in ("host", "domain", "user", "port", "codecs")} == {
        "host": "192.168.1.20",
        "domain": "192.168.1.20",
        "user": "gateway",
        "port": 5061,
        "codecs": ["g722"],
    }


def test_messages_go_to_the_first_mailbox() -> None:
    boxes = [{"number": number, "name": "Nous"} for number in ("001", "002")]
    house = _model(_minimal(household_mailboxes=boxes))
    assert [trunk["mailbox"] for trunk in house["trunks"]] == ["001", "001"]


def test_a_phone_speaks_g722_first_and_the_newest_of_two_counts() -> None:
    values = _minimal(household_handsets=[{"extension": "001", "name": "Salon"}])
    assert _model(values)["handsets"] == [
        {
            "extension": "001",
            "name": "Salon",
            "secret": "",
            "mailbox": "",
            "codecs": ["g722", "alaw"],
            "only": [],
            "second_phone": "replace",
        }
    ]


def test_secrets_are_the_households_own_before_generated_ones() -> None:
    values = values_of(example_files())
    values["household_secrets"] = {
        "trunks": {"free": "a", "ovh": "b"},
        "mail": "m",
        "handsets": {"001": "mine", "002": ""},
    }
    generated = {"handsets": {"001": "made", "002": "made"}, "mailboxes": {"001": "730152"}}
    house = _model(values, generated)
    assert [handset["secret"] for handset in house["handsets"]] == ["mine", "made"]
    assert house["mailboxes"][0]["pin"] == "730152"
    assert "m" in house["mail"]["relay"].values()


def test_free_carries_no_mobile_numbers_unless_the_household_says_so() -> None:
    assert _trunks_by_class(_minimal())["landline"] == ["free", "ovh"]
    assert _trunks_by_class(_minimal())["mobile"] == ["ovh"]
    own = {"mobile": ["free"], "landline": []}
    found = _trunks_by_class(_minimal(household_routes=own))
    assert found == {name: own.get(name, []) for name in CLASSES}


def _trunks_by_class(values: dict[str, Any]) -> dict[str, list[str]]:
    return {route["name"]: route["trunks"] for route in _model(values)["routes"]}


def _checks(**outgoing: Any) -> dict[str, list[str]]:
    routes = _model(_minimal(household_outgoing=outgoing))["routes"]
    return {route["name"]: route["checks"] for route in routes}


def test_a_class_that_costs_more_is_barred_and_counted_until_it_is_opened() -> None:
    assert _checks()["landline"] == ["phone"]
    assert _checks()["premium"] == ["phone", "barred", "costly"]
    assert _checks(open=["premium"])["premium"] == ["phone", "costly"]
    assert _checks(open=["premium"])["international"] == ["phone", "barred", "costly"]


def test_a_class_without_a_line_is_not_checked() -> None:
    house = _model(_minimal(household_routes={"mobile": ["ovh"]}))
    premium = next(route for route in house["routes"] if route["name"] == "premium")
    assert (premium["trunks"], premium["checks"]) == ([], [])


def test_what_is_opened_is_a_class_or_numbers() -> None:
    house = _model(
        _minimal(household_outgoing={"open": ["premium", "+32 *", "08 92 12 34 56"]}),
    )
    assert house["outgoing"]["open"] == ["0032*", "0892123456"]


def test_a_childs_phone_has_numbers_of_its_own() -> None:
    handsets = [{"extension": "001", "name": "Enfant", "only": ["06 12 34 56 7?", "+33 1 42 *"]}]
    only = _model(_minimal(household_handsets=handsets))["handsets"][0]["only"]
    assert (len(only), only[0], only[-1]) == (11, "0612345670", "0142*")


def test_a_line_without_a_name_of_its_own_is_its_server_s() -> None:
    own = {"name": "ligne", "provider": "generic", "number": "0123456789", "host": "sip.exemple.fr"}
    values = _minimal(household_trunks=[own, *_minimal()["household_trunks"]])
    named = _model(values)["trunks"]
    assert [trunk["operator"] for trunk in named] == ["ligne", "free", "ovh"]
    unnamed = _model({**values, "household_self_setup": True})["trunks"]
    assert [trunk["operator"] for trunk in unnamed] == ["sip.exemple.fr", "free", "ovh"]


def test_a_line_shows_its_own_number_unless_told_otherwise() -> None:
    free, ovh = _model(_minimal())["trunks"]
    assert (free["caller_id"], free["send_pai"]) == (free["number"], False)
    trunks = [{**_minimal()["household_trunks"][0], "caller_id": "+33 1 42 00 00 00"}]
    line = _model(_minimal(household_trunks=trunks))["trunks"][0]
    assert (line["caller_id"], line["send_pai"], ovh["channels"]) == ("0142000000", True, 0)


def test_the_guard_has_a_default_for_each_setting() -> None:
    assert _model(_minimal(household_guard={"wait": "10"}))["guard"] == {
        "decoy": "trill",
        "wait": 10,
        "ring": 30,
        "hidden": "stranger",
        "blocked": "refuse",
        "learn": True,
        "expect": 4,
        "after_emergency": 4,
        "quiet": "",
        "challenge": False,
    }


@pytest.mark.parametrize("quiet", ["22:00-07:00", "22:00-7:00", " 22:00 - 07:00 "])
def test_quiet_hours_are_asterisks(quiet: str) -> None:
    guard = _model(_minimal(household_guard={"quiet": quiet, "learn": False}))["guard"]
    assert (guard["quiet"], guard["learn"]) == ("22:00-07:00", False)


def test_where_backups_go_is_said_or_nowhere() -> None:
    nowhere = {"usb": False, "folder": "", "ssh": "", "ssh_host_key": "", "passphrase": ""}
    assert _model(_minimal())["backup"] == nowhere
    minimal = _minimal(household_backup={"usb": True})
    minimal["household_secrets"]["backup"] = "Cheval pile agrafe 5"
    assert _model(minimal)["backup"] == {
        **nowhere,
        "usb": True,
        "passphrase": "Cheval pile agrafe 5",
    }


def test_a_household_that_lost_its_files_finds_them_in_a_backup() -> None:
    """With the secrets that were made for it; and without what it has never said."""
    minimal = _minimal()
    made = {"handsets": {"001": "made for it", "002": "of before"}, "mailboxes": {"001": "4711"}}
    written = household_written(minimal, made)
    secrets = written.pop("household_secrets")
    assert secrets["handsets"]["001"] == minimal["household_secrets"].get("handsets", {}).get(
        "001", "made for it"
    )
    assert secrets["mailboxes"] == {"001": "4711"}
    assert secrets["trunks"] == minimal["household_secrets"]["trunks"]
    assert written.keys() == {"household_trunks", "household_handsets"}


def test_there_is_a_firewall_for_the_house_alone_unless_it_says_otherwise() -> None:
    usual = {"enabled": True, "networks": [], "outside": False, "ports": []}
    assert _model(_minimal())["firewall"] == usual
    said = {"networks": ["192.168.2.0/24"], "outside": True, "ports": ["445"]}
    assert _model(_minimal(household_firewall=said))["firewall"] == {**usual, **said}


def test_what_the_watch_tells_is_said_or_the_default() -> None:
    assert _model(_minimal())["watch"] == {"line_minutes": 10, "mails": True}
    watch = {"line_minutes": "30", "mails": False}
    assert _model(_minimal(household_watch=watch))["watch"] == {"line_minutes": 30, "mails": False}


def test_without_mail_settings_no_mail_is_sent() -> None:
    assert _model(_minimal())["mail"] == {"sender": "", "admin": "", "relay": {}}


def test_a_role_gets_no_password_that_it_does_not_ask_for() -> None:
    trunks = _model(_minimal())["trunks"]
    assert household_pick(trunks, "name", "number")[0] == {"name": "free", "number": "0987654321"}


@pytest.mark.parametrize("given", [{}, None, {"001": ""}, {"002": "x"}])
def test_a_secret_that_is_not_there_is_missing(given: object) -> None:
    assert household_missing([{"extension": "001"}], "extension", given) == ["001"]


def test_a_dry_run_makes_no_new_secret_file(tmp_path: Path) -> None:
    prefix = str(tmp_path / "handset-")
    Path(f"{prefix}001").touch()
    assert household_secret_files(["001", "002"], prefix, True) == [f"{prefix}001", os.devnull]
    assert household_secret_files(["002"], prefix, False) == [f"{prefix}002"]
