"""Parses the file as YAML; every value stays text.

To YAML, 0987654321 is a number, `oui` may be true and 22:00 is 1320; here nothing is but text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from .names import compared, shown
from .problems import Problems

DEEPEST = 4  # the file, a section, a list, an entry of two parts

DEEP = (
    "il y a trop d'espaces au début de la ligne : ce qui appartient à une rubrique en a deux, et"
    " n'a rien en dessous de soi."
)
INDENT = (
    "les espaces au début de la ligne ne vont pas. Ce qui appartient à une rubrique commence par"
    " deux espaces, une rubrique par aucune ; ou bien le # est resté devant le titre de la rubrique"
    " au-dessus, ou la ligne d'avant a déjà une valeur."
)


@dataclass(frozen=True)
class Value:
    """A text, its line (from 1), and from where to where it is spelled."""

    text: str
    line: int
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """Keys and what stands under them."""

    line: int
    entries: tuple[tuple[Value, Node], ...]


@dataclass(frozen=True)
class Listing:
    """Entries, each with a dash."""

    line: int
    items: tuple[Node, ...]


Node = Value | Block | Listing


class _Refused(Exception):
    """YAML that the file must not have: anchors, aliases, tags, too many levels."""

    def __init__(self, line: int) -> None:
        self.line = line


class _Loader(yaml.BaseLoader):
    """No types, no anchors, no tags, and not deep: nothing small becomes large."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        plain = (
            isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent))
            and event.anchor is None
            and event.tag is None
        )
        if not plain or self.depth >= DEEPEST:
            raise _Refused(event.start_mark.line + 1 if event.start_mark else 0)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def parsed(content: str, problems: Problems) -> Block | None:
    """Return the tree of a text, None if it has none; errors are reported."""
    try:
        root = _Loader(content).get_single_node()
        if root is None:
            return Block(1, ())
        tree = _node(root, problems)
    except yaml.MarkedYAMLError as error:
        problems.add(error.problem_mark.line + 1 if error.problem_mark else 0, "", INDENT)
        return None
    except _Refused as refused:
        problems.add(refused.line, "", DEEP)
        return None
    except yaml.YAMLError:
        problems.add(0, "", "un caractère est illisible. Repartez du modèle foyer.txt.")
        return None
    if not isinstance(tree, Block):
        if not problems:
            problems.add(tree.line, "", "rien n'est à sa place. Repartez du modèle foyer.txt.")
        return None
    return tree


def _node(node: yaml.Node, problems: Problems) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Listing(line, tuple(_node(item, problems) for item in node.value))
    if isinstance(node, yaml.MappingNode):
        entries: list[tuple[Value, Node]] = []
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = _node(key_node, problems)
            if not isinstance(key, Value):
                raise _Refused(key.line)
            before = first.setdefault(compared(key.text), key.line)
            if before != key.line:
                problems.add(
                    key.line,
                    shown(key.text),
                    f"c'est déjà à la ligne {before}. Effacez l'une des deux lignes.",
                )
                continue
            entries.append((key, _node(value_node, problems)))
        return Block(line, tuple(entries))
    return Value(node.value, line, node.start_mark.index, node.end_mark.index)


def values(node: Node) -> Iterator[Value]:
    """Yield all that is spelled, keys too, in the order of the file."""
    if isinstance(node, Value):
        yield node
    elif isinstance(node, Listing):
        for item in node.items:
            yield from values(item)
    else:
        for key, below in node.entries:
            yield key
            yield from values(below)
