"""The lists: phones, who rings at once, and who never rings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from . import checks
from .lines import UNREADABLE
from .names import compared, known, suggested
from .problems import Problems
from .project import written
from .tree import Block, Listing, Node, Value

ALLOW, BLOCK, PHONES = "sonnent tout de suite", "ne sonnent jamais", "téléphones"
# Words for lists that the product keeps, as inventory/example blocks them.
PRESETS = {"démarchage": {"preset": "demarchage", "action": "voicemail"}}
# Whom rescue services call back as: gardeligne_rescue_callers of the project.
RESCUE = ("0800112112", "112", "15", "17", "18")
DEFAULT_PHONES = ("Salon", "Cuisine")
MOST_PHONES = 20
# A digit that is left open.
HOLE = re.compile(r"\d[ .]*\?|\?[ .]*\d")
LISTED = "Écrivez le numéro, puis le nom, comme « - 06 12 34 56 78 Mamie »."
RESCUED = (
    "de ce numéro rappellent les secours (15, 17, 18, 112) : il sonne toujours. Effacez cette"
    " ligne."
)

Entry = dict[str, str]


def handsets(node: Node | None, line: int, problems: Problems) -> list[Entry]:
    """Return the phones with their extensions, 001 and on."""
    if node is None:
        names: list[str] = list(DEFAULT_PHONES) if not line else []
    elif isinstance(node, Listing):
        names = [name for item in node.items if (name := _name(item, problems))]
    else:
        if not _told(node):
            problems.add(
                node.line,
                PHONES,
                "les téléphones vont en dessous, un par ligne, comme «   - Salon ».",
            )
        return []
    if line and (node is None or not (isinstance(node, Listing) and node.items)):
        problems.add(line, PHONES, "il n'y a aucun téléphone. Ajoutez-en un, comme «   - Salon ».")
    if len(names) > MOST_PHONES:
        problems.add(line, PHONES, f"il y en a {len(names)}, au plus {MOST_PHONES}.")
    return [
        {"extension": f"{index:03}", "name": name, "mailbox": "001"}
        for index, name in enumerate(names[:MOST_PHONES], 1)
    ]


def callers(
    allow: Node | None, block: Node | None, *, blocks: bool, problems: Problems
) -> tuple[list[Entry], list[Entry]]:
    """Return who rings at once, and who never rings; ``blocks``: whether that list is written."""
    first: dict[str, tuple[int, str]] = {}
    allowed = list(_callers(ALLOW, allow, first, problems))
    blocked = list(_callers(BLOCK, block, first, problems))
    return allowed, blocked if blocks else [dict(preset) for preset in PRESETS.values()]


def _told(node: Node) -> bool:
    return isinstance(node, Value) and node.text == UNREADABLE


def _name(item: Node, problems: Problems) -> str:
    if _told(item):
        return ""
    if not isinstance(item, Value):
        problems.add(item.line, PHONES, "il faut un nom seulement, comme « - Salon ».")
        return ""
    text = unicodedata.normalize("NFC", item.text)
    if not text:
        problems.add(item.line, PHONES, "il manque le nom. Écrivez-le, ou effacez cette ligne.")
    elif wrong := checks.name(text):
        problems.add(item.line, PHONES, wrong)
    return text


def _callers(
    title: str, node: Node | None, first: dict[str, tuple[int, str]], problems: Problems
) -> Iterator[Entry]:
    for line, text, called in _written(title, node, problems):
        preset = known(text, PRESETS) if title == BLOCK and not called else ""
        if preset:
            entries = {preset: dict(PRESETS[preset])}
        elif HOLE.search(text):
            problems.add(line, title, checks.number(text))
            continue
        else:
            try:
                numbers, rest = written.written(text)
            except written.LineError as error:
                hint = f" {suggested(text, PRESETS)}" if title == BLOCK else ""
                nothing = f"il manque un numéro. {LISTED}{hint}"
                problems.add(line, title, checks.no_caller(error.part, error.kind) or nothing)
                continue
            rest = re.sub(r"^\((.*)\)$", r"\1", rest)
            name = unicodedata.normalize("NFC", " ".join(part for part in (rest, called) if part))
            wrong = RESCUED if title == BLOCK and set(numbers) & set(RESCUE) else ""
            if wrong := wrong or (checks.name(name) if name else ""):
                problems.add(line, title, wrong)
                continue
            named = {"name": name} if name else {}
            entries = {number: {"number": number, **named} for number in numbers}
        for key, entry in entries.items():
            if key in first:
                before, where = first[key]
                other = f" dans « {where} »" if where != title else ""
                problems.add(
                    line,
                    title,
                    f"c'est déjà à la ligne {before}{other}. Effacez l'une des deux lignes.",
                )
                continue
            first[key] = (line, title)
            yield entry


def _written(title: str, node: Node | None, problems: Problems) -> Iterator[tuple[int, str, str]]:
    """Yield line, text with the number, and a name that stands apart from it."""
    if node is None or _told(node):
        return
    if isinstance(node, Value):
        text = f"les numéros vont en dessous, un par ligne. {LISTED}"
        problems.add(node.line, title, text)
    elif isinstance(node, Block):
        for key, below in node.entries:
            yield from _pair(title, key, below, problems)
    else:
        for item in node.items:
            if _told(item):
                continue
            if isinstance(item, Value):
                yield item.line, item.text, ""
            elif isinstance(item, Block) and len(item.entries) == 1:
                yield from _pair(title, *item.entries[0], problems)
            elif isinstance(item, Block) and (parts := _parts(item)):
                yield item.line, parts["numero"], parts["nom"]
            else:
                problems.add(item.line, title, f"cette entrée est incompréhensible. {LISTED}")


def _pair(
    title: str, key: Value, below: Node, problems: Problems
) -> Iterator[tuple[int, str, str]]:
    """Yield `name: number`, or `number: name`."""
    if _told(below):
        return
    if not isinstance(below, Value):
        problems.add(key.line, title, f"cette entrée est incompréhensible. {LISTED}")
    elif compared(key.text) in ("numero", "preset", "liste"):
        yield key.line, below.text, ""
    elif re.search(r"\d{2}", below.text):
        yield key.line, below.text, key.text
    else:
        yield key.line, key.text, below.text


def _parts(item: Block) -> dict[str, str]:
    parts = {
        compared(key.text): below.text for key, below in item.entries if isinstance(below, Value)
    }
    return parts if parts.keys() == {"numero", "nom"} else {}
