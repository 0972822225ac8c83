"""The files that a household writes: where a setting stands, and what no parsed value shows.

Ansible hands over values. That `001` was written without quotes, that a key stands twice, or
that a name is one that nobody reads can only be seen in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import yaml

from .problems import TYPOGRAPHIC, VARIABLES, Place, Problem, Setting, did_you_mean

# Such as "{{ vault_household_secrets }}".
REFERENCE = re.compile(r"\{\{[^{}]*\}\}")
MARKERS = re.compile(r"\{\{|\{%|\{#")

# What YAML takes for a remark, and a household perhaps for a part of the value.
REMARK = re.compile(r"[ \t]+#(?P<glued>\S)?")
# Where that would cut what nobody sees again: passwords, and names as they are shown.
SHOWN = {"household_name", "name", "ssid"}

# How much a variable must be like a known one to be taken for it, of 1.
SLIP = 0.8
# No setting is as deep; an alias within itself would be without end.
DEEPEST = 8


def household_files(inventory_dir: str, host: str, groups: Iterable[str]) -> list[str]:
    """Return the files of a host's variables, those that win last."""
    folders = ["group_vars/all", *(f"group_vars/{name}" for name in groups), f"host_vars/{host}"]
    return [str(file) for folder in folders for file in _variables(Path(inventory_dir) / folder)]


def _variables(folder: Path) -> list[Path]:
    """Return ``folder.yml`` and the like, and all of the folder, as Ansible does."""
    single = [folder.with_name(folder.name + extension) for extension in sorted(VARIABLES)]
    inside = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix in VARIABLES and not file.name.startswith(".") and file.name[-1] != "~"
    ]
    return [file for file in single + inside if file.is_file()]


def household_unreadable(inventories: Iterable[str]) -> list[str]:
    """Return a message for each file of these inventories' variables that is not in UTF-8.

    Ansible would stop there without saying which file it is.
    """
    return [
        f"{file.relative_to(folder)}:{line}: is not in UTF-8, as old editors write. Save it again,"
        " in UTF-8."
        for folder in dict.fromkeys(_folder_of(Path(path)) for path in inventories)
        for kind in ("group_vars", "host_vars")
        for file in sorted((folder / kind).rglob("*"))
        if file.suffix in VARIABLES and file.is_file() and (line := _not_utf8(file.read_bytes()))
    ]


def _folder_of(inventory: Path) -> Path:
    return inventory if inventory.is_dir() else inventory.parent


def _not_utf8(content: bytes) -> int:
    """Return the line of the first byte that is no UTF-8, 0 if all is."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 0


class Sources:
    """The text of the files, by setting."""

    def __init__(self, texts: Mapping[str, str], inventory_dir: str) -> None:
        """Read ``texts``: path to content, in the order of :func:`household_files`."""
        self._places: dict[Setting, Place] = {}
        self._names: list[tuple[str, Place]] = []
        self.twice: list[Problem] = []
        self.templates: list[Problem] = []
        self.cut: list[Problem] = []
        for path, text in texts.items():
            file = PurePath(path)
            if file.is_relative_to(inventory_dir):
                file = file.relative_to(inventory_dir)
            self._read(str(file), text)

    def place(self, setting: Setting) -> Place | None:
        """Return where a setting stands, or what it would stand in, if a file has it at all."""
        for length in range(len(setting), 0, -1):
            if setting[:length] in self._places:
                return self._places[setting[:length]]
        return None

    def raw(self, setting: Setting) -> str | None:
        """Return a plain scalar as it was typed: `001`, where the value is 1."""
        place = self._places.get(setting)
        return place.raw if place else None

    def key(self, setting: Setting) -> str | None:
        """Return a plain key as it was typed."""
        place = self._places.get(setting)
        return place.key if place else None

    def unread(self, known: set[str], ours: tuple[str, ...]) -> Iterator[Problem]:
        """Yield the variables that no role reads, though they look like ``known`` ones.

        Names that begin with one of ``ours`` are the product's. Others are the household's own,
        which its settings may refer to, unless they are a slip of the pen.
        """
        for name, place in self._names:
            if name in known or name.startswith("household_"):
                continue
            hint = did_you_mean(name, known, SLIP)
            if hint or name.startswith(ours):
                yield Problem((name,), f"is no setting that exists.{hint}", place)

    def _read(self, file: str, text: str) -> None:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            return  # Ansible reads the same file, and has said so before.
        if not isinstance(root, yaml.MappingNode):
            return
        for name in {str(_value(key)) for key, _ in root.value}:
            self._forget(name, file)
        self._mapping(file, (), root)

    def _forget(self, name: str, file: str) -> None:
        """Let a later file win; two files of one folder are a mistake."""
        before = self._places.get((name,))
        if before is None:
            return
        if _folder(before.file) == _folder(file):
            text = f"stands in {before.file} too, and only one of them counts. Keep one."
            self.twice.append(Problem((name,), text))
        self._places = {key: place for key, place in self._places.items() if key[0] != name}

    def _mapping(self, file: str, setting: Setting, node: yaml.MappingNode) -> None:
        seen: dict[Any, int] = {}
        for key_node, value_node in node.value:
            key = _value(key_node)
            line = key_node.start_mark.line + 1
            here = Place(file, line, _raw(value_node), _raw(key_node))
            if key in seen:
                text = f"stands twice here (line {seen[key]} too), and only the last one counts."
                self.twice.append(Problem((*setting, key), f"{text} Keep one.", here))
            seen[key] = line
            if not setting:
                self._names.append((str(key), here))
            self._node(file, (*setting, key), value_node, here)

    def _node(self, file: str, setting: Setting, node: yaml.Node, here: Place) -> None:
        if len(setting) > DEEPEST:
            return
        self._places[setting] = here
        if isinstance(node, yaml.MappingNode):
            self._mapping(file, setting, node)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                place = Place(file, item.start_mark.line + 1, _raw(item))
                self._node(file, (*setting, index), item, place)
        elif not str(setting[0]).startswith("household_"):
            return
        elif cut := _cut(setting, node):
            self.cut.append(Problem(setting, cut, here))
        elif _is_template(setting, node):
            text = (
                "has { in it with {, % or # behind it, which Ansible takes for a template. Choose"
                " a value without them."
            )
            self.templates.append(Problem(setting, text, here))


def _is_template(setting: Setting, node: yaml.Node) -> bool:
    """Tell whether a text is more of a template than references; a password is one at most."""
    text = str(node.value).strip()
    if setting[0] == "household_secrets":
        return MARKERS.search(text) is not None and not REFERENCE.fullmatch(text)
    return MARKERS.search(REFERENCE.sub("", text)) is not None


def _cut(setting: Setting, node: yaml.Node) -> str:
    """Return what to say of a text of which YAML takes a part for something else, or nothing."""
    secret = setting[0] == "household_secrets" or setting[-1] == "ssid"
    text: str = node.start_mark.buffer or ""
    if secret and text[node.start_mark.pointer :].startswith("&"):
        return "begins with &, which names things in YAML. Put quotes around the whole."
    if (secret or setting[-1] in SHOWN) and (_raw(node) or "-")[0] in TYPOGRAPHIC:
        return (
            "stands in quotes of a word processor, which YAML takes for a part of it. Write"
            " straight ones."
        )
    found = REMARK.match(text, node.end_mark.pointer) if _raw(node) is not None else None
    if found and (secret or (setting[-1] in SHOWN and found["glued"])):
        return (
            "is followed by a #, which begins a remark in YAML. If that belongs to it, put quotes"
            " around the whole; else put the remark on a line of its own."
        )
    return ""


def _value(node: yaml.Node) -> Any:
    """Return a key as Ansible sees it: an unquoted 001 is 1."""
    try:
        return yaml.constructor.SafeConstructor().construct_object(node, deep=True)
    except yaml.YAMLError:
        return node.value


def _raw(node: yaml.Node) -> str | None:
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return str(node.value) if plain else None


def _folder(file: str) -> str:
    """Return what a file is of: host_vars/pi for host_vars/pi/trunks.yml and host_vars/pi.yml."""
    kind, _, rest = file.partition("/")
    return f"{kind}/{rest.partition('/')[0].partition('.')[0]}"
