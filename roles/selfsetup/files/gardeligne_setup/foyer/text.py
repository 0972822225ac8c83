"""Converts the bytes on the card to text and back, whichever editor wrote them."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from .problems import FoyerError, Problems

LIMIT = 64 * 1024  # bytes
LINE_END = re.compile(r"\r\n|\r|\n")

# What Windows' editors wrote before UTF-8 is taken where it can be nothing else: all that is not
# ASCII are letters and signs of French. (é of a Mac's old encoding would be Ž here, é in UTF-8 Ã.)
WINDOWS = "cp1252"
FRENCH = frozenset(
    "àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸ«»°€…\u2013\u2014\u2018\u2019\u201c\u201d\u00a0"
)
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How files begin that are no text: of a word processor, most often.
NO_TEXT = (b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"<!DOCTYPE", b"<html", b"<?xml")
# What neither YAML nor a household can see: controls, direction marks, separators of lines.
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

SAVE = (
    "Enregistrez-le comme texte simple : dans le Bloc-notes, « Enregistrer sous », encodage"
    " UTF-8 ; dans TextEdit, menu « Format », « Convertir au format Texte »."
)


@dataclass(frozen=True)
class Text:
    """The file's text, and how its bytes are made of it."""

    content: str
    encoding: str
    bom: bytes

    def encoded(self, content: str) -> bytes:
        """Return another text as bytes in this file's encoding."""
        return self.bom + content.encode(self.encoding)


def decoded(raw: bytes) -> Text:
    """Return the text of a file; FoyerError if it is none."""
    if len(raw) > LIMIT:
        raise _no(
            f"il est trop gros ({len(raw) // 1024} Ko, au plus {LIMIT // 1024}). Repartez du"
            " modèle foyer.txt."
        )
    if not raw.strip(b" \t\r\n\0"):
        raise _no("il est vide. Repartez du modèle foyer.txt.")
    if raw.lstrip().startswith(NO_TEXT):
        raise _no(f"ce n'est pas du texte simple, mais un document mis en forme. {SAVE}")
    text = _decoded(raw)
    problems = Problems()
    for line, content in enumerate(lines(text.content), 1):
        if "\0" in content:
            problems.add(line, "", f"le fichier est abîmé (caractères nuls). {SAVE}")
        elif found := _invisible(content):
            problems.add(
                line,
                "",
                f"il y a un caractère invisible (U+{ord(found):04X}), venu d'un copier-coller le"
                " plus souvent. Effacez la ligne et tapez-la de nouveau.",
            )
    problems.stop()
    return text


def lines(content: str) -> list[str]:
    """Return the lines, without their ends."""
    return LINE_END.split(content)


def _decoded(raw: bytes) -> Text:
    for bom, encoding in BOMS:
        if raw.startswith(bom):
            body = raw.removeprefix(bom)
            try:
                return Text(body.decode(encoding), encoding, bom)
            except UnicodeDecodeError:
                raise _no(f"il est abîmé, ou coupé. {SAVE}") from None
    try:
        return Text(raw.decode("utf-8"), "utf-8", b"")
    except UnicodeDecodeError as error:
        wrong = raw[: error.start]
    try:
        content = raw.decode(WINDOWS)
    except UnicodeDecodeError as error:
        wrong = raw[: error.start]
    else:
        if all(letter in FRENCH for letter in content if letter > "\x7f"):
            return Text(content, WINDOWS, b"")
    line = len(lines(wrong.decode("latin-1")))
    raise FoyerError(
        [f"Ligne {line} : un caractère est illisible, l'encodage du fichier est inconnu. {SAVE}"]
    )


def _invisible(content: str) -> str:
    return next(
        (c for c in content if c != "\t" and unicodedata.category(c) in INVISIBLE),
        "",
    )


def _no(text: str) -> FoyerError:
    return FoyerError([f"Le fichier : {text}"])
