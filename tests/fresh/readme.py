"""What the README, the other pages and `make help` have people type; what a bare root does not."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLONE = "git clone <this repository>"
# In the order in which somebody new reads them.
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
# No page says these.
ALSO = ("make",)
# Typed, but their tests only collected: they are among those of `make unit`. By their beginning.
COLLECTED = ("make test-quick", ".venv/bin/pytest")
# What is not typed, by its beginning, and why: what runs it instead.
ELSEWHERE = {
    "make try": "calls want a quiet machine: `make test`, and on Debian 13 `make test-long`",
    "make packages": "compiles for minutes: `make test-long` does, twice",
    "make image": "20 minutes: `make test` builds a card by it, `make test-long` two more",
    "sudo make flash": "needs a card: tests/image/test_image_flash.py, with loop devices",
    "make flash": "needs a card: tests/image/test_image_flash.py, with loop devices",
    "make check": "needs a household: tests/household/test_household_playbook.py",
    "make test": "containers, QEMU: itself",
    "make test-long": "containers, QEMU: itself",
    "make test-fresh": "this itself",
    "make scenario": "containers: `make test` runs each of its scenarios so",
    "make setup-containers": "containers: `make test`",
    "make setup-image": "`make unit` has the same packages installed",
    "make lint": "`make test-quick`",
    "make bench": "containers",
    "make bench-guard": "containers",
    "make bench-lists": "containers",
    "make bench-image": "builds a card, with a package of no other use",
    "make prompts": "writes files of the project, with a package that is not free",
    "make clean": "removes the containers of this machine as well",
    ".venv/bin/ansible-playbook": "needs a Pi: the scenarios of `make test`",
    ".venv-stretch/bin/ansible-playbook": "needs a Pi: the scenario `python27`",
    "apt install pre-commit": "of no other use: test_contributing.py runs what its hooks run",
    "pre-commit install": "as before",
    "systemctl": "on the Pi",
    "apt remove": "on the Pi",
    "rm -rf": "on the Pi",
    "userdel": "on the Pi",
}


def told() -> list[str]:
    """Return the lines of all shell blocks, each once, and an empty one behind each block."""
    lines: list[str] = []
    text = "\n".join(page.read_text() for page in PAGES)
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        joined = re.sub(r"\s*\\\n\s*", " ", block)
        bare = [re.sub(r"\s+#\s.*", "", line) for line in joined.splitlines() if line]
        lines += [line for line in bare if line not in lines]
        lines.append("")
    return lines


def elsewhere(line: str) -> str | None:
    """Say why a line is not typed."""
    found = (why for start, why in ELSEWHERE.items() if f"{line} ".startswith(f"{start} "))
    return next(found, None)


def lists(makefile: str) -> dict[str, list[str]]:
    """Return a Makefile's lists of packages."""
    text = re.sub(r"\\\n", " ", makefile)
    found = re.findall(r"^(\w+)_PACKAGES := (.*)$", text, re.M)
    return {name: [word for word in words.split() if word[0] != "$"] for name, words in found}


def leaving_out(package: str) -> str:
    """Return what takes a package off the lists."""
    where = r"/^[A-Z]+_PACKAGES :=|^    [a-z]/"
    return rf"sed -Ei '{where}s/(^|\s){re.escape(package)}(\s|$)/\1\2/' Makefile"
