"""Every code that the dialplan can write or say has its words, and all words are of such a code."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import calls
import pytest
import yaml
from household.numbers import household_numbers
from prompts import TEXTS
from support.configuration import closed, split
from support.dialplan import GUARD, render
from support.example import PRODUCT, ROOT
from support.reach import Exchange

VERDICTS = yaml.safe_load((ROOT / "group_vars/all/verdicts.yml").read_text())
WORDS: calls.Words = VERDICTS["gardeligne_verdicts"]
CLASSES: dict[str, Any] = PRODUCT["household_number_classes"]
PRESETS: dict[str, Any] = PRODUCT["household_presets"]
DECOYS: list[dict[str, str]] = list(PRODUCT["household_decoys"].values())
# What [guard] takes from a household's list.
DETAIL, WHICH = (f"${{CUT(GOSUB_RETVAL,|,{field})}}" for field in (3, 4))


def dialplan(number: int) -> Exchange:
    """Return a dialplan; of settings that change what it can write, each choice has its turn."""
    odd = bool(number % 2)
    guard = {
        "hidden": ["stranger", "known", "voicemail"][number % 3],
        "blocked": ["refuse", "decoy", "voicemail"][number % 3],
        "quiet": "22:00-07:00" if odd else "",
        "challenge": odd,
        "learn": odd,
    }
    routes = [
        {
            "name": name,
            "patterns": each["patterns"],
            "trunks": ["free"] if odd else [],
            "checks": ["phone", *(["barred", "costly"] if each.get("costly") else [])],
        }
        for name, each in CLASSES.items()
    ]
    contexts = render(
        dialplan_guard={**GUARD, **guard},
        dialplan_decoy=DECOYS[number % len(DECOYS)],
        dialplan_routes=routes,
        dialplan_pin="4826" if odd else "",
        dialplan_no_room="/run/no-room" if odd else "",
        __dialplan_prompts="/usr/local/share/gardeligne/prompts",
    )
    text = "".join(f"[{name}]\n{lines}" for name, lines in contexts.items())
    return Exchange({"extensions.conf": text})


DIALPLANS = [dialplan(number) for number in range(6)]


def jumps(exchange: Exchange, context: str) -> set[str]:
    """Return the extensions of a context that something jumps to; `barred-…` of each class."""
    found = set()
    for calling in exchange.contexts:
        for line, application, arguments in exchange.calls(calling):
            to = split(arguments, ",")
            if application in ("goto", "gosub") and to[0] == context:
                for text in classes(exchange, to[1]):
                    assert "$" not in text, line
                    found.add(text)
    return found


def classes(exchange: Exchange, text: str) -> Iterator[str]:
    """Yield all that a text may be where a class of numbers is barred."""
    barred = [
        split(arguments, ",")[2][2:-1]
        for context in exchange.contexts
        for _, application, arguments in exchange.calls(context)
        if application == "gosub" and arguments.startswith("may,barred,1(")
    ]
    for each in barred if "${ARG1}" in text else [""]:
        yield from exchange.expand(text.replace("${ARG1}", each))


def written(variable: str) -> dict[str, set[str]]:
    """Return all values that any of the dialplans gives a variable, by context."""
    found: dict[str, set[str]] = defaultdict(set)
    for exchange in DIALPLANS:
        for context in exchange.contexts:
            for _, application, arguments in exchange.calls(context):
                name, _, value = arguments.partition("=")
                if application == "set" and name.lstrip("_") == variable:
                    if value == "${EXTEN}":
                        found[context] |= jumps(exchange, context)
                    else:
                        found[context] |= {*exchange.expand(value)}
    return found


def said() -> set[str]:
    """Return the names of our own prompts that any of the dialplans plays."""
    names = set()
    for exchange in DIALPLANS:
        for context in exchange.contexts:
            for _, _, arguments in exchange.calls(context):
                for rest in arguments.split("/usr/local/share/gardeligne/prompts/")[1:]:
                    name = _name(rest)
                    texts = [name]
                    if "${EXTEN}" in name:
                        to = jumps(exchange, context)
                        texts = [name.replace("${EXTEN}", extension) for extension in to]
                    names |= {full for text in texts for full in classes(exchange, text)}
    return names


def _name(text: str) -> str:
    """Return a prompt's name, which may be computed, at the beginning of a text."""
    name = ""
    while text and re.match(r"[\w$-]", text):
        part = f"${closed(text[1:])}" if text[0] == "$" else text[0]
        name, text = name + part, text[len(part) :]
    return name


def test_every_stage_has_its_words() -> None:
    incoming, outgoing, ended = set(WORDS["stages"]), set(WORDS["outgoing"]), {"answered"}
    stages = written("STAGE")
    assert stages.pop("ended") == ended | {"message"}
    assert stages.pop("guard") == incoming - ended - {"message"}
    assert stages.pop("begin") | stages.pop("refused") == outgoing - ended
    assert not stages


def test_every_rule_and_every_reason_has_its_words() -> None:
    assert written("RULE") == {"guard": set(WORDS["rules"]), "refused": set(WORDS["reasons"])}


def test_every_detail_has_its_words_and_every_preset_is_one(tmp_path: Any) -> None:
    folder = tmp_path / "host_vars/pi"
    folder.mkdir(parents=True)
    (folder / "liste.txt").write_text("0612345678\n")
    lists = {
        "household_allow": [{"number": "0612345679"}, {"number": "0612345670", "name": "Mamie"}],
        "household_block": [
            {"file": "liste.txt"},
            {"number": "0142*"},
            *({"preset": preset} for preset in PRESETS),
        ],
    }
    values = {"household_presets": PRESETS, "household_guard": {}, **lists}
    text = household_numbers(values, {}, str(tmp_path), "pi")["text"]
    listed = {tuple(line.split("|")[2:]) for line in text.splitlines()}
    details = written("DETAIL").pop("guard")
    assert DETAIL in details and written("WHICH") == {"guard": {WHICH}}
    codes = {detail for detail, _ in listed}
    assert codes | details - {DETAIL} == set(WORDS["details"])
    which = {detail for detail, which in listed if which}
    assert which == {code for code, words in WORDS["details"].items() if "{which}" in words}


def test_how_a_number_became_known_or_blocked_has_its_words() -> None:
    origins = {
        arguments.partition("=${EPOCH} ")[2]
        for exchange in DIALPLANS
        for context in exchange.contexts
        for _, application, arguments in exchange.calls(context)
        if application == "set" and "=${EPOCH} " in arguments
    }
    by_command = re.findall(
        r'"\{\} (\w+)"', (ROOT / "roles/journal/files/gardeligne/exchange.py").read_text()
    )
    assert origins | set(by_command) == set(WORDS["origins"])


def test_every_reason_is_said_and_every_costly_class_has_one() -> None:
    costly = {f"barred-{name}" for name, each in CLASSES.items() if each.get("costly")}
    assert costly == {reason for reason in WORDS["reasons"] if reason.startswith("barred-")}
    assert set(WORDS["reasons"]) <= set(TEXTS)


def test_every_prompt_that_is_played_has_its_text_and_every_text_is_played() -> None:
    assert said() == set(TEXTS)


def test_no_word_is_left_that_the_role_does_not_take() -> None:
    specs = yaml.safe_load((ROOT / "roles/journal/meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]["journal_verdicts"]["options"]
    assert set(options) == set(WORDS)
    assert set(WORDS["callers"]) == {"robot", "stranger", "house"}


@pytest.mark.parametrize("kind", WORDS)
def test_a_code_is_no_french(kind: str) -> None:
    """It is compared and kept: ASCII, in one word."""
    assert [code for code in WORDS[kind] if not re.fullmatch(r"[a-z_-]+", code)] == []
