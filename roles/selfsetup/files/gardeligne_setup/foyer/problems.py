"""What is wrong with the household's file, in sentences that it can act on."""

from __future__ import annotations

from collections.abc import Iterable

# More than that on one page helps nobody.
MOST = 40


class FoyerError(ValueError):
    """The file cannot be taken: ``problems`` are French sentences, in the order of its lines.

    ``unfilled`` tells that nothing of what a household has to type is there yet.
    """

    def __init__(self, problems: Iterable[str], *, unfilled: bool = False) -> None:
        """Keep the sentences."""
        self.problems = list(problems)
        self.unfilled = unfilled
        super().__init__("\n".join(self.problems))


class Problems:
    """The sentences found so far. No value is quoted in them: it could be a password."""

    def __init__(self) -> None:
        """Begin without any."""
        self._found: dict[tuple[int, str], None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, line: int, key: str, text: str) -> None:
        """Add what is wrong at a line (from 1; 0: in the file as a whole) with a key, or "" ."""
        where = f"Ligne {line}" if line else "Le fichier"
        self._found[line, f"{where}, « {key} » : {text}" if key else f"{where} : {text}"] = None

    def sentences(self) -> list[str]:
        """Return the sentences in the order of the lines."""
        sentences = [sentence for _, sentence in sorted(self._found, key=lambda found: found[0])]
        more = len(sentences) - MOST
        if more > 0:
            sentences[MOST:] = [f"Et {more} autres erreurs : corrigez d'abord celles-ci."]
        return sentences

    def stop(self, *, unfilled: bool = False) -> None:
        """Raise what was found, if anything was."""
        if self:
            raise FoyerError(self.sentences(), unfilled=unfilled)
