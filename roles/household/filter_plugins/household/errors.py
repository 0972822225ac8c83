"""All that is wrong with what a household wrote, at once, in words that it can act on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .credentials import credential_problems
from .formats import format_problems
from .numbers import list_problems
from .problems import Problem, label, spelled
from .references import reference_problems, release_problems
from .settings import OPTIONS, SETTINGS, loaded, options
from .sources import Sources
from .structure import Structure

# What the wiring takes from elsewhere: its name there.
WIRED = {
    "household_sip_driver": "asterisk_sip_driver",
    "household_login": "ansible_user",
    "household_python": "ansible_python_interpreter",
}
# What a run itself sets, and a second look finds.
FACTS = {"household_generated_secrets", "household_house", "household_numbers"}


def household_errors(
    values: Mapping[str, Any],
    texts: Mapping[str, str],
    inventory_dir: str,
    host: str,
    role_path: str,
) -> list[str]:
    """Return what is wrong, a message each: file and line, setting, what, and the cure.

    ``values`` are the variables ``household_*``; ``texts`` the contents of the files that a
    household may have written them in, by path.
    """
    sources = Sources(texts, inventory_dir)
    role = Path(role_path)
    structure = Structure(
        OPTIONS, {name: value for name, value in values.items() if name not in FACTS}, sources
    )
    problems = [
        *sources.twice,
        *sources.cut,
        *sources.unread(_readable(role), _ours(role)),
        *structure.problems,
        *format_problems(structure.sound),
        *credential_problems(structure.sound, sources),
        *reference_problems(structure.sound),
        *list_problems(structure.sound, sources, inventory_dir, host),
    ]
    return _messages(problems, sources, values, host)


def household_template_errors(texts: Mapping[str, str], inventory_dir: str, host: str) -> list[str]:
    """Return a message for each value that Ansible would stumble over when it reads it."""
    sources = Sources(texts, inventory_dir)
    return _messages(sources.templates, sources, {}, host)


def household_release_errors(
    values: Mapping[str, Any], texts: Mapping[str, str], inventory_dir: str, host: str
) -> list[str]:
    """Return what the host's release cannot do of what else is good."""
    return _messages([*release_problems(values)], Sources(texts, inventory_dir), values, host)


def _specs(role: Path) -> list[Path]:
    return sorted(role.parent.glob("*/meta/argument_specs.yml"))


@cache
def _readable(role: Path) -> set[str]:
    """Return the names that somebody reads: options of the roles, and the product's defaults."""
    taken = [options(specs.parents[1]) for specs in _specs(role)]
    files = role.parents[1].glob("group_vars/all/*.yml")
    return set().union(*taken, *(loaded(file) for file in files))


def _ours(role: Path) -> tuple[str, ...]:
    """Return how the product's own names begin: with a role's."""
    return ("gardeligne_", *(f"{path.parents[1].name}_" for path in _specs(role)))


def _messages(
    problems: list[Problem], sources: Sources, values: Mapping[str, Any], host: str
) -> list[str]:
    messages = {}
    for problem in problems:
        # Where a setting belongs, for one that no file has.
        topic = SETTINGS.get(problem.setting[0], {}).get("topic")
        setting = (WIRED.get(problem.setting[0], problem.setting[0]), *problem.setting[1:])
        place = problem.place or sources.place(setting)
        where = file = f"host_vars/{host}/{topic}" if topic else host
        line = 0
        if place:
            file, line = place.file, place.line
            where = f"{file}:{line}"
        text = f"{where}: {spelled(setting)}{label(setting, values)} {problem.text}"
        messages[text] = (file, line)
    # In the order of the files: that is how they are gone through.
    return sorted(messages, key=lambda text: messages[text])
