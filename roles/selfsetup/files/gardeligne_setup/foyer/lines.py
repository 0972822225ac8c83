"""Line by line, before YAML: the file's lines are of four kinds, and YAML has many more.

A line is empty, a comment, `key: value`, or `- value` (also `- key: value`). All the rest of YAML
(anchors, tags, flow, blocks, documents) is told here in words, every line at once. YAML's own
messages would name the first only, and mean nothing to a household.
"""

from __future__ import annotations

import re

from .names import KEYS, bare, is_secret, known, shown
from .problems import Problems
from .project import TYPOGRAPHIC

KEY = re.compile(r"(?P<key>[\w(+][^:#]*?) *:(?: +(?P<value>.*))?")
SINGLE = re.compile(r"'(?:[^']|'')*'(?: +#.*)?")
DOUBLE = re.compile(r'"[^"\\]*"(?: +#.*)?')
TEMPLATE = re.compile(r"\{\{|\{%|\{#")
DASHES = "\u2013\u2014\u2212\u2022·*"  # and bullets
# What begins something else than a text in YAML.
SPECIAL = "&*!|>%@[]{},?#"
LONGEST = 500  # characters of a line; a key for SSH has 400 and more

QUOTES = (
    "Mettez le texte entre deux apostrophes droites, comme 'ceci' (une apostrophe qui en fait"
    " partie s'écrit deux fois)."
)
EXPLAINED = "Une ligne s'écrit « nom: valeur », ou « - valeur » dans une liste, ou commence par #."
# Where the reader stands for a line that was told to be wrong already.
UNREADABLE = "(illisible)"


def readable(lines: list[str], problems: Problems) -> list[str]:
    """Return the lines without what is wrong in them, which is reported."""
    return [_readable(number, line, problems) for number, line in enumerate(lines, 1)]


def _readable(number: int, line: str, problems: Problems) -> str:
    if not line.strip() or line.lstrip().startswith("#"):
        return line.replace("\t", " ")
    body = line.lstrip(" \t")
    indent = line[: len(line) - len(body)].replace("\t", "  ")
    item = body == "-" or body.startswith("- ")
    if item:
        indent, body = f"{indent}- ", body[1:].lstrip(" ")
    pair = KEY.fullmatch(body.rstrip(" "))
    key = pair["key"] if pair else ""
    wrong = _layout(line, body, item, key)
    if not wrong:
        value = (pair["value"] or "" if pair else body).strip(" ")
        wrong = _value(value, secret=is_secret(key))
    if not wrong:
        return line
    key = key or ("" if item else _leading(body))
    problems.add(number, shown(key), wrong)
    # What has been told is not told again as missing.
    if key:
        return f"{indent}{key}: {UNREADABLE}"
    return f"{indent}{UNREADABLE}" if item else ""


def _layout(line: str, body: str, item: bool, key: str) -> str:
    if "\t" in line:
        return (
            "il y a une tabulation. Remplacez-la par des espaces (deux devant une sous-rubrique)."
        )
    if len(line) > LONGEST:
        return f"la ligne est trop longue (plus de {LONGEST} caractères)."
    if key or item:
        return ""
    if body[0] in DASHES or re.match(r"-[^- ]", body):
        return "une liste s'écrit avec un tiret ordinaire et une espace, comme « - Salon »."
    leading = _leading(body)
    if leading and ":" in body[len(leading) :][:2]:
        return f"il manque une espace après les deux-points. Écrivez « {leading}: » puis la valeur."
    if leading:
        return f"il manque les deux-points. Écrivez « {leading}: », une espace, puis la valeur."
    return f"cette ligne est incompréhensible. {EXPLAINED}"


def _leading(body: str) -> str:
    """Return the key that a line without `: ` seems to begin with: one that exists, only."""
    every = sorted({key for name, below in KEYS.items() for key in (name, *below)}, key=len)
    word = re.split(r"[:=]", body, maxsplit=1)[0].strip(" '\"-")
    if found := known(word, every):
        return found
    return next((key for key in every[::-1] if bare(body).startswith(f"{bare(key)} ")), "")


def _value(value: str, *, secret: bool) -> str:
    """Return what is wrong with a value as it is spelled, which is never shown."""
    if TEMPLATE.search(value):
        return "les signes {{, {% et {# ne sont pas admis. Choisissez un texte sans eux."
    if value.startswith("'"):
        if SINGLE.fullmatch(value):
            return ""
        return (
            "les apostrophes ne vont pas : il en faut une au début, une à la fin et rien après ;"
            " une apostrophe qui fait partie du texte s'écrit deux fois ('')."
        )
    if value.startswith('"'):
        if DOUBLE.fullmatch(value):
            return ""
        return f"les guillemets ne vont pas, ou il y a une barre \\ entre eux. {QUOTES}"
    if value[:1] and value[0] in TYPOGRAPHIC:
        return (
            "ce sont des guillemets d'imprimerie, que TextEdit ou Word mettent d'eux-mêmes."
            " Remplacez-les par des apostrophes droites ('), ou ôtez-les."
        )
    if value[:1] in ("[", "{") and not secret:
        return (
            "les listes entre crochets ne sont pas admises. Écrivez une ligne « - … » par élément."
        )
    if value[:1] and value[0] in SPECIAL and not (value[0] == "#" and not secret):
        return f"la valeur commence par le signe {value[0]}, qui a un autre sens ici. {QUOTES}"
    if value.startswith(("- ", ": ")) or value in ("-", ":"):
        return f"la valeur commence par un tiret ou des deux-points isolés. {QUOTES}"
    if secret and re.search(r" #", value):
        return (
            "après le mot de passe vient un #. S'il fait partie du mot de passe, écrivez celui-ci"
            " entre deux apostrophes droites, comme 'ceci' ; sinon, effacez la fin de la ligne."
        )
    if re.search(r" #\S", value):
        return (
            "après la valeur vient un #, collé à un mot. S'il en fait partie, écrivez le tout entre"
            " deux apostrophes droites, comme 'ceci' ; sinon, mettez une espace après le #."
        )
    text = re.split(r"(?:^| )#", value, maxsplit=1)[0]
    if re.search(r":(?: |$)", text):
        return f"il y a des deux-points dans la valeur. {QUOTES}"
    return ""
