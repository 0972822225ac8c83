"""Asterisk and its lines."""

from typing import Any, Dict

from .tools import Card, Missing, Step, run, shared, wait, where


def asterisk(card: Card) -> str:
    """Wait for Asterisk to have loaded everything."""

    def booted() -> bool:
        return "fully booted" in run("asterisk", "-rx", "core waitfullybooted")[0]

    if not wait(card["patience"], booted):
        state, _ = run("systemctl", "is-active", "asterisk.service")
        raise Missing(
            "n'a pas démarré ({})".format(state),
            "Redémarrez le boîtier ; si cela se répète, envoyez ce fichier à qui vous l'a préparé.",
        )
    version, _ = run("asterisk", "-V")
    return version


def unknown(_card: Card) -> str:
    """Tell that nobody knows which lines there are."""
    raise Missing(
        "illisibles",
        "Redémarrez le boîtier ; si cela se répète, envoyez ce fichier à qui vous l'a préparé.",
    )


def title(line: Dict[str, Any]) -> str:
    """Return what the report calls a line."""
    return "Ligne {} ({})".format(line["operator"], line["number"])


def registered(line: Dict[str, Any]) -> Step:
    """Return the step that waits for a line."""

    def step(card: Card) -> str:
        found = []  # type: list[Any]

        def is_registered() -> bool:
            files = where(card, "trunks.yml", "vault.yml")
            check = shared("checks").line_check(card["driver"], line, files)
            found[:] = [shared("finding").ask(check)]
            return bool(found[0].good)

        if not wait(card["patience"], is_registered):
            raise Missing(found[0].what, found[0].cure)
        return str(found[0].what)

    return step
