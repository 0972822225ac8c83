"""Replaces the secrets in foyer.txt by a marker, in the values and in the comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .lines import UNREADABLE
from .names import KEYS, MARKER, SECRETS, SYNONYMS, is_marker, is_secret, known
from .problems import Problems
from .tree import Block, Node, Value, values

# A shorter secret is a code of digits: in a comment it is one only as a word of its own, and it
# may stand within a phone number by chance.
LONG = 6

_WORDS = "|".join(
    re.escape(word).replace(r"\ ", "[ _-]+")
    for word in (*SECRETS, "appels surtaxes", *(w for w, key in SYNONYMS.items() if key in SECRETS))
)
# A secret under a key that is commented out: one word, or in quotes.
_COMMENTED = re.compile(
    rf"((?:\A|(?<=[\r\n]))[ \t]*#[# \t-]*(?:{_WORDS})[ \t]*:[ \t]*)"
    r"""('[^'\r\n]+'|"[^"\r\n]+"|[^\s'"#][^\s#]*)(?=[ \t]*(?:[\r\n]|\Z))""",
    re.IGNORECASE,
)


def secrets(tree: Block) -> Iterator[Value]:
    """Yield the secrets that are spelled in the file."""
    for key, below in tree.entries:
        title = known(key.text, KEYS)
        # Lists have names of people where sections have keys.
        if not title or KEYS[title]:
            yield from _secrets(key, below)


def _secrets(key: Value, node: Node) -> Iterator[Value]:
    if isinstance(node, Value):
        if is_secret(key.text) and node.text and not is_marker(node.text):
            yield node
    elif isinstance(node, Block):
        for inner, below in node.entries:
            yield from _secrets(inner, below)


def exposed(tree: Block, problems: Problems) -> None:
    """Tell of secrets that stand elsewhere too, where no marker can take their place."""
    hidden = [secret for secret in secrets(tree) if secret.text != UNREADABLE]
    starts = {secret.start for secret in hidden}
    open_ = [value.text for value in values(tree) if value.start not in starts]
    for secret in hidden:
        if len(secret.text) >= LONG and any(secret.text in text for text in (*open_, MARKER)):
            problems.add(
                secret.line,
                "mot de passe",
                "il se trouve aussi ailleurs dans ce fichier (un nom, une adresse, un numéro) : il"
                " est trop facile à deviner. Changez-le.",
            )


def sealed(content: str, tree: Block) -> str:
    """Return the text with each secret replaced by the marker, and nothing else changed."""
    hidden = sorted(secrets(tree), key=lambda value: value.start)
    spelled = sorted(
        ((value.start, value.end) for value in values(tree) if value.end > value.start)
    )
    spans = {value.start for value in hidden}
    forms = _pattern(
        {form for value in hidden for form in _forms(content[value.start : value.end], value.text)}
    )
    parts = []
    position = 0
    for start, end in spelled:
        parts.append(_comment(content[position:start], forms))
        text = content[start:end]
        parts.append(_marked(text) if start in spans else text)
        position = end
    parts.append(_comment(content[position:], forms))
    return "".join(parts)


def _marked(spelled: str) -> str:
    quote = spelled[0] if spelled[0] in "'\"" else ""
    return f"{quote}{MARKER}{quote}"


def _forms(spelled: str, text: str) -> set[str]:
    """Return how a secret may be written elsewhere: as it is, as it is quoted, without spaces."""
    quoted = spelled[1:-1] if spelled[0] in "'\"" else spelled
    return {form for form in (text, quoted, text.replace(" ", "")) if form}


def _pattern(forms: set[str]) -> re.Pattern[str]:
    """Return what finds the forms, the longest first."""
    found = [
        re.escape(form) if len(form) >= LONG else rf"(?<!\w){re.escape(form)}(?!\w)"
        for form in sorted(forms, key=len, reverse=True)
        if form not in MARKER
    ]
    return re.compile("|".join(found) or r"(?!)")


def _comment(text: str, forms: re.Pattern[str]) -> str:
    """Return what stands between keys and values, comments that is, without the secrets."""
    text = forms.sub(MARKER, text)
    return _COMMENTED.sub(
        lambda found: found[1] + (found[2] if MARKER in found[2] else _marked(found[2])), text
    )


def shape(tree: Block) -> list[str]:
    """Return all that is spelled, secrets as the marker: equal before and after sealing."""
    starts = {value.start for value in secrets(tree)}
    return [MARKER if value.start in starts else value.text for value in values(tree)]
