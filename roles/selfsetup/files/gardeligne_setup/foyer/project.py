"""The household model's own formats: one truth of what a number or a password may be.

They are the project's that this package stands in, from the repository as on the box. A test's
path, or an installed copy, comes first.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# roles/selfsetup/files/gardeligne_setup/foyer/project.py
_PROJECTS = (Path(__file__).resolve().parents[5], Path("/usr/local/lib/gardeligne-setup/project"))

if importlib.util.find_spec("household") is None:
    sys.path[:0] = [
        str(filters)
        for root in _PROJECTS
        if (filters := root / "roles/household/filter_plugins").is_dir()
    ][:1]

from household import card, credentials, formats, phone, spelling, written  # noqa: E402
from household.problems import TYPOGRAPHIC  # noqa: E402

__all__ = ["TYPOGRAPHIC", "card", "credentials", "formats", "phone", "spelling", "written"]
