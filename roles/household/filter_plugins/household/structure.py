"""The shape of what a household wrote, held against the role's argument specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .problems import Problem, Setting, did_you_mean, listed, quoted
from .settings import paragraphs
from .sources import Sources

Options = Mapping[str, Any]

# A type of the argument specs: is it, and what it is called.
TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "text"),
    "int": (lambda value: _is_whole(value), "a whole number"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "list": (lambda value: isinstance(value, list), "a list"),
    "dict": (lambda value: isinstance(value, dict), "a block of settings"),
}
# Settings that people look for where they are not. Setting without its index: where to.
ELSEWHERE: dict[Setting, str] = {
    (*setting, word): f"it belongs in vault.yml, {place}"
    for setting, place in (
        (("household_trunks",), "under household_secrets.trunks and the trunk's name"),
        (("household_handsets",), "under household_secrets.handsets and the extension"),
        (("household_mailboxes",), "under household_secrets.mailboxes and the number"),
        (("household_mail", "relay"), "as household_secrets.mail"),
    )
    for word in ("secret", "password", "pin")
}


def _is_whole(value: object) -> bool:
    # Jinja makes text of what "{{ a_reference }}" brings.
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.isdecimal()
    )


def unquoted(raw: str | None, value: object, *, secret: bool = False) -> str:
    """Return what to say of a text that YAML has taken for something else."""
    if secret:
        return "has no quotes, and is no text then. Put quotes around it."
    typed = raw or str(value)
    return f"has no quotes, and {typed} means {quoted(value)} then. Write {quoted(typed)}."


def is_secret(setting: Setting) -> bool:
    """Tell whether a setting's value must never be shown."""
    return str(setting[0]) == "household_secrets"


class Structure:
    """The walk along the specs: its problems, and what of the values has the right shape."""

    def __init__(self, options: Options, values: Mapping[str, Any], sources: Sources) -> None:
        """Walk the values."""
        self.problems: list[Problem] = []
        self._sources = sources
        # Entries keep their index, {} in place of a wrong one: later checks ask with get().
        self.sound: dict[str, Any] = self._block(options, values, ())

    def _wrong(self, setting: Setting, text: str) -> None:
        self.problems.append(Problem(setting, text))

    def _block(self, options: Options, values: Mapping[Any, Any], at: Setting) -> dict[str, Any]:
        for name in values:
            if name not in options:
                self._unknown((*at, name), set(options))
        for name, option in options.items():
            if option.get("required") and name not in values:
                self._wrong((*at, name), f"is missing. Add it: {_described(option)}")
        sound = {
            name: self._value(option, values[name], (*at, name))
            for name, option in options.items()
            if name in values
        }
        return {name: value for name, value in sound.items() if value is not None}

    def _one_of(self, option: Options, values: Mapping[Any, Any], at: Setting) -> None:
        """Look at settings of which an entry must have one, and only one."""
        for names in option.get("required_one_of", []):
            has = [name for name in names if name in values]
            if not has:
                self._wrong(at, f"says nobody's number. Write one of: {listed(names)}.")
            elif len(has) > 1:
                self._wrong(at, f"has {' and '.join(has)}. Make an entry of each.")

    def _unknown(self, setting: Setting, known: set[str]) -> None:
        where = ELSEWHERE.get(tuple(key for key in setting if not isinstance(key, int)))
        if where:
            self._wrong(setting, f"is no setting: {where}.")
            return
        hint = did_you_mean(setting[-1], known)
        if not hint and len(setting) > 1:
            hint = f" There are: {listed(sorted(known))}."
        self._wrong(setting, f"is no setting that exists.{hint}")

    def _value(self, option: Options, value: Any, at: Setting) -> Any:
        kind = option["type"]
        is_kind, called = TYPES[kind]
        if not is_kind(value):
            self._wrong(at, self._not_a(called, kind, value, at))
            return None
        if kind == "dict":
            # An empty block that may be left out is left out.
            whole = "options" in option and not (value == {} == option.get("default"))
            if whole:
                self._one_of(option, value, at)
            return self._block(option["options"], value, at) if whole else value
        if kind == "list":
            return self._list(option, value, at)
        if "choices" in option and value not in option["choices"]:
            self._choice(option["choices"], value, at)
            return None
        return int(value) if kind == "int" else value

    def _list(self, option: Options, values: list[Any], at: Setting) -> list[Any]:
        element = {**option, "type": option.get("elements", "str")}
        if element["type"] == "dict":
            return [self._value(element, value, (*at, i)) or {} for i, value in enumerate(values)]
        sound = [self._value(element, value, (*at, i)) for i, value in enumerate(values)]
        return [value for value in sound if value is not None]

    def _choice(self, choices: list[str], value: str, at: Setting) -> None:
        hint = did_you_mean(value, choices)
        self._wrong(at, f"is {quoted(value)}, but must be one of: {listed(choices)}.{hint}")

    def _not_a(self, called: str, kind: str, value: Any, at: Setting) -> str:
        if value is None:
            empty = {"list": " or write []", "dict": " or write {}", "str": ' or write ""'}
            return f"is empty. Fill it in, delete it{empty.get(kind, '')}."
        if kind == "str" and not isinstance(value, (list, dict)):
            return unquoted(self._sources.raw(at), value, secret=is_secret(at))
        if kind == "list" and isinstance(value, (str, dict)):
            return "must be a list: begin each entry with a dash."
        return (
            f"must be {called}, but is {quoted(value) if not is_secret(at) else 'something else'}."
        )


def _described(option: Options) -> str:
    text = paragraphs(option)[0]
    return text[:1].lower() + text[1:]
