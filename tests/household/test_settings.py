"""Each setting is declared once: what else tells of one is read from there, or held against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from gardeligne_setup.foyer import FoyerError, offered, read
from household.formats import FORMATS, format_problems
from household.settings import OPTIONS, SETTINGS, Option, options, paragraphs
from household.structure import TYPES
from support.example import ROLE, ROOT

EXAMPLE = ROOT / "inventory/example/host_vars/pi"
FILES = {path.name.removesuffix(".example"): path for path in EXAMPLE.iterdir()}
# What Ansible knows of an option, and what is ours: see the head of the file.
ANSIBLES = {
    "choices", "default", "description", "elements", "mutually_exclusive", "no_log", "options",
    "required", "required_one_of", "type",
}  # fmt: skip
OURS = {"example", "format", "length", "range", "topic", "unit"}
# How foyer.txt begins to say what is counted.
FRENCH = {"seconds": "Secondes"}

each_setting = pytest.mark.parametrize("setting", SETTINGS)


def _opened(text: str) -> str:
    """Return a file of the example in which what is commented out counts, and remarks stay."""
    block = re.sub(r"(?m)^# (household_\w+:$|  )", r"\1", text)
    return re.sub(r"(?m)^( +)# ((?:- )?[a-z_]+:(?: |$))", r"\1\2", block)


def _shown(node: yaml.Node, at: str = "") -> Iterator[tuple[str, int, Any]]:
    """Yield each setting that is written, with its line and its value."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _shown(item, at)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            setting = f"{at}.{key.value}" if at else key.value
            loader = yaml.SafeLoader("")
            yield setting, key.start_mark.line, loader.construct_object(value, deep=True)
            yield from _shown(value, setting)


def _remarks(lines: list[str], number: int) -> Iterator[str]:
    """Yield what stands behind a setting on its line, and what stands right above it."""
    behind = re.search(r" # (.+)$", lines[number])
    if behind:
        yield behind[1]
    above = number
    while lines[above - 1].lstrip().startswith("#"):
        above -= 1
    if above < number:
        yield " ".join(line.lstrip(" #") for line in lines[above:number])


def _is_named_by_the_household(setting: str) -> bool:
    """Tell whether a key is none of ours: a class of numbers, whose password it is."""
    block = setting.rpartition(".")[0]
    return block in SETTINGS and "options" not in SETTINGS[block]


def _written() -> dict[str, tuple[str, Any, list[str]]]:
    """Return what the example says of each setting: the file, the first value, all remarks."""
    found: dict[str, tuple[str, Any, list[str]]] = {}
    for topic, path in FILES.items():
        text = _opened(path.read_text())
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        assert root is not None
        for setting, number, value in _shown(root):
            if not _is_named_by_the_household(setting):
                _, _, remarks = found.setdefault(setting, (topic, value, []))
                remarks += _remarks(text.splitlines(), number)
    return found


WRITTEN = _written()


def _values(option: Option, key: str) -> list[Any]:
    value = option.get(key, [])
    return value if isinstance(value, list) else [value]


# The declaration itself, which ansible-lint does not look at.


@each_setting
def test_a_setting_is_declared_in_words_that_are_known(setting: str) -> None:
    option = SETTINGS[setting]
    assert option.keys() <= ANSIBLES | OURS
    assert option["type"] in TYPES and option.get("elements", "str") in TYPES
    assert option.keys() & {"required", "default"} != {"required", "default"}
    assert "topic" not in option or (option["topic"] in FILES and "." not in setting)
    assert ("range" in option) == (option["type"] == "int")
    assert "unit" not in option or "range" in option


@each_setting
def test_default_and_example_are_values_that_the_setting_takes(setting: str) -> None:
    option = SETTINGS[setting]
    for key in ("default", "example"):
        if key in option:
            assert TYPES[option["type"]][0](option[key])
        for value in _values(option, key):
            if "range" in option:
                least, most = option["range"]
                assert least <= value <= most
            if "choices" in option:
                assert value in option["choices"]
            # "" is nobody's; the example's key is a sketch of one.
            if "format" in option and value and option["format"] != "ssh_key":
                assert FORMATS[option["format"]](value) == ""


@each_setting
def test_what_a_number_counts_is_said(setting: str) -> None:
    option = SETTINGS[setting]
    assert option.get("unit", "") in " ".join(paragraphs(option)).casefold()


def test_every_format_is_of_some_setting() -> None:
    assert {option["format"] for option in SETTINGS.values() if "format" in option} == set(FORMATS)


# The example.


def test_the_example_says_nothing_that_is_not_declared() -> None:
    assert WRITTEN.keys() <= SETTINGS.keys()


@each_setting
def test_the_example_shows_what_is_declared(setting: str) -> None:
    option = SETTINGS[setting]
    if "options" in option:
        return  # what is in it is looked at
    if setting not in WRITTEN:
        assert "example" not in option
        return
    topic, value, _ = WRITTEN[setting]
    assert topic == SETTINGS[setting.partition(".")[0]]["topic"]
    if option["type"] != "dict":
        assert value == option.get("example", option.get("default"))
    assert "default" not in option or option.get("example") != option["default"]


@pytest.mark.parametrize("setting", WRITTEN)
def test_what_the_example_explains_is_in_the_description(setting: str) -> None:
    told = " ".join(paragraphs(SETTINGS[setting])).casefold()
    for remark in WRITTEN[setting][2]:
        assert remark.rstrip(".:").casefold() in told


def test_the_example_explains_its_settings() -> None:
    """The remarks are found at all, those that are behind a setting and those above one."""
    remarks = [remark for *_, found in WRITTEN.values() for remark in found]
    assert len(remarks) > 30
    assert "hours that strangers ring at once after 'expecting a call' on the keypad" in remarks
    assert "Which phones ring, if not all of them:" in remarks
    assert "the network does not show its name" in remarks


# Other roles are given what the household wrote.


@pytest.mark.parametrize("role", sorted(ROLE.parent.iterdir()), ids=lambda role: role.name)
def test_a_role_takes_what_a_household_may_choose(role: Any) -> None:
    for name, option in options(role).items():
        ours = OPTIONS.get(name.replace(role.name, "household", 1), {}).get("options", {})
        for inner, taken in option.get("options", {}).items():
            if "choices" in taken and inner in ours:
                assert taken["choices"] == ours[inner]["choices"], (name, inner)


# foyer.txt.


def test_foyer_txt_offers_what_is_declared() -> None:
    wait = SETTINGS["household_guard.wait"]
    assert f"# {FRENCH[wait['unit']]} qu'un inconnu attend" in offered()
    assert f"\nattente: {wait['default']}\n" in offered()
    least, most = SETTINGS["household_secrets.mailboxes"]["length"]
    assert f"\n# Des codes de {least} à {most} chiffres : " in offered()
    assert SETTINGS["household_secrets.outgoing"]["length"] == [least, most]


def test_a_range_holds_at_both_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = SETTINGS["household_guard.wait"]
    monkeypatch.setitem(wait, "range", [1, 7])
    [problem] = format_problems({"household_guard": {"wait": 8}})
    assert problem.text == "is 8, but must be from 1 to 7."
    with pytest.raises(FoyerError) as refused:
        read(offered().replace(f"attente: {wait['default']}", "attente: 8").encode())
    assert any("il faut un nombre entier de 1 à 7." in said for said in refused.value.problems)
