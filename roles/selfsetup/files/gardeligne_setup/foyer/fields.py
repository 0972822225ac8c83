"""The keys of a section: found in any spelling; an unknown one is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .lines import UNREADABLE
from .names import known, shown, suggested
from .problems import Problems
from .tree import Block, Node, Value

Check = Callable[[str], str]


class Fields:
    """The values of one section; a missing key is reported at ``line``."""

    def __init__(
        self, node: Node | None, keys: Iterable[str], problems: Problems, path: str = ""
    ) -> None:
        """Take a section apart. None, or an empty one, has nothing."""
        self.line = node.line if node else 0
        self._path = path
        self._problems = problems
        self._found: dict[str, tuple[int, Node]] = {}
        # The section as a whole, which has been told.
        self._illegible = node is not None and not isinstance(node, Block) and not _empty(node)
        if node is None or _empty(node):
            return
        if not isinstance(node, Block):
            if not _is(node, UNREADABLE):
                problems.add(
                    node.line,
                    path,
                    "les valeurs de cette rubrique vont en dessous, une par ligne, après deux"
                    f" espaces. Il y a : {', '.join(keys)}.",
                )
            return
        for key, below in node.entries:
            label = known(key.text, keys)
            if not label:
                text = f"cette rubrique n'existe pas. {suggested(key.text, keys)}"
                problems.add(key.line, " > ".join(filter(None, (path, shown(key.text)))), text)
            elif label in self._found:
                before = self._found[label][0]
                text = f"c'est déjà à la ligne {before}. Effacez l'une des deux lignes."
                problems.add(key.line, self.spelled(label), text)
            else:
                self._found[label] = (key.line, below)

    def spelled(self, label: str) -> str:
        """Return a key with its section's."""
        return f"{self._path} > {label}" if self._path else label

    def node(self, label: str) -> Node | None:
        """Return what stands under a key, None if it is missing or empty."""
        found = self._found.get(label)
        return found[1] if found and not _empty(found[1]) else None

    def at(self, label: str) -> int:
        """Return the line of a key, that of the section if it is missing."""
        return self._found[label][0] if label in self._found else self.line

    def has(self, label: str) -> bool:
        """Tell whether a key is written, if only without a value."""
        return label in self._found

    def wrong(self, label: str, text: str) -> None:
        """Tell what is wrong with a key's value."""
        self._problems.add(self.at(label), self.spelled(label), text)

    def told(self, label: str) -> bool:
        """Tell whether a value stands there that was told to be wrong already."""
        return self._illegible or _is(self.node(label), UNREADABLE)

    def value(self, label: str) -> Value | None:
        """Return a key's one value, None if it has none."""
        node = self.node(label)
        if node is None or self.told(label):
            return None
        if isinstance(node, Value):
            return node
        self.wrong(label, "il faut une seule valeur, sur la même ligne.")
        return None

    def text(self, label: str, check: Check | None = None, *, needed: str = "") -> str:
        """Return a sound text, or "". ``needed``: what to say where it is missing."""
        value = self.value(label)
        if value is None:
            if needed and self.node(label) is None and not self.told(label):
                self.wrong(label, needed)
            return ""
        if check and (wrong := check(value.text)):
            self.wrong(label, wrong)
            return ""
        return value.text

    def whole(self, label: str, least: int, most: int) -> int | None:
        """Return a whole number within its limits, None if there is none."""
        text = self.text(label)
        if not text:
            return None
        digits = text.removesuffix("secondes").removesuffix("s").strip()
        if digits.isascii() and digits.isdigit() and least <= int(digits[:6]) <= most:
            return int(digits)
        self.wrong(label, f"il faut un nombre entier de {least} à {most}.")
        return None

    def yes(self, label: str) -> bool:
        """Return True for oui, and False for non or a missing value."""
        text = self.text(label)
        if text.casefold() not in ("", "oui", "non"):
            self.wrong(label, "il faut oui ou non.")
        return text.casefold() == "oui"


def _is(node: Node | None, text: str) -> bool:
    return isinstance(node, Value) and node.text == text


def _empty(node: Node) -> bool:
    return _is(node, "")
