"""The foyer.txt to be filled in, made by the same program as on the box."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible.plugins.lookup import LookupBase

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "files"))

from gardeligne_setup.foyer import template

DOCUMENTATION = """
name: selfsetup_foyer
author: gardeligne
short_description: The household's file, to be filled in
description:
  - Returns the text of foyer.txt as it goes on a card, with the operators and settings that the
    project has, and with the mark and the ends of lines that the oldest editors need.
options: {}
"""


class LookupModule(LookupBase):  # type: ignore[misc]
    """As Ansible wants it."""

    def run(self, _terms: list[str], _variables: object = None, **_: object) -> list[str]:
        """Return the text."""
        return [template().decode()]
