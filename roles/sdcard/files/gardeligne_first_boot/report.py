"""The report: what was found, and the places that it is written to."""

import os
from typing import Sequence

from .tools import Card, Missing, Step, moment, run, version

REPORT = "gardeligne.txt"

READY = "Votre standard téléphonique est prêt"
NOT_READY = "Votre standard téléphonique n'est pas prêt"


class Report:
    """What was found, and the places that it is written to."""

    def __init__(self, card: Card) -> None:
        self.card = card
        # Name, whether it is there, what, cure.
        self.found = []  # type: list[tuple[str, bool, str, str]]
        self.began = moment()

    def step(self, name: str, step: Step, needs: Sequence[str] = ()) -> None:
        """Run a step, unless a step that it needs has failed."""
        missing = [need for need in needs if not self.has(need)]
        if missing:
            self.found.append((name, False, "pas vérifié", "D'abord : " + ", ".join(missing) + "."))
        else:
            try:
                self.found.append((name, True, step(self.card), ""))
            except Missing as error:
                self.found.append((name, False, str(error), error.cure))
            except Exception as error:  # a mistake of ours must not hide what else is wrong
                self.found.append((name, False, "erreur de ce programme", repr(error)))
        self.write(self.text("en cours, dernière étape : " + name))

    def has(self, name: str) -> bool:
        """Tell whether a step found what it looked for."""
        return any(good for step, good, _, _ in self.found if step == name)

    def ready(self) -> bool:
        """Tell whether nothing is missing."""
        return all(good for _, good, _, _ in self.found)

    def text(self, state: str) -> str:
        """Return the report, without the journal."""
        name = " ".join(filter(None, ("Gardeligne", version())))
        lines = ["{}, démarrage du {} : {}".format(name, self.began, state), ""]
        for name, good, what, cure in self.found:
            lines.append("{} {} : {}".format("[ok]" if good else "[--]", name, what))
            lines += ["     Que faire : " + cure] if cure else []
        return "\n".join(lines) + "\n"

    def write(self, text: str) -> None:
        """Write gardeligne.txt as any PC reads it: with a mark of its encoding, and CRLF."""
        boot = self.card["boot"]
        if not boot:
            return
        if not os.path.ismount(boot):
            run("mount", boot)  # systemd waits a minute and a half for it, then goes on without
        if not os.path.ismount(boot):
            return  # else it would be hidden under the partition when that is mounted
        save(os.path.join(boot, REPORT), text.replace("\n", "\r\n"), "utf-8-sig")


def save(path: str, text: str, encoding: str = "utf-8") -> None:
    """Write a file whole, or leave the old one."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding=encoding, newline="") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        os.rename(path + ".new", path)
    except OSError as error:
        print("{}: {}".format(path, error))
