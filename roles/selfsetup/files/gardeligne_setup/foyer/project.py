"""The household model's own formats, settings and providers: one truth of what may be written.

They are the project's that this package stands in, from the repository as on the box. A test's
path, or an installed copy, comes first.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

# roles/selfsetup/files/gardeligne_setup/foyer/project.py
_PROJECTS = (Path(__file__).resolve().parents[5], Path("/usr/local/lib/gardeligne-setup/project"))

if importlib.util.find_spec("household") is None:
    sys.path[:0] = [
        str(filters)
        for root in _PROJECTS
        if (filters := root / "roles/household/filter_plugins").is_dir()
    ][:1]

from household import card, credentials, formats, phone, settings, spelling, written  # noqa: E402
from household.problems import TYPOGRAPHIC  # noqa: E402

__all__ = [
    "PROVIDERS",
    "TYPOGRAPHIC",
    "card",
    "credentials",
    "formats",
    "phone",
    "settings",
    "spelling",
    "written",
]

# roles/household/filter_plugins/household/settings.py
_PROJECT = Path(settings.__file__).resolve().parents[4]
PROVIDERS: dict[str, dict[str, Any]] = settings.loaded(_PROJECT / "group_vars/all/providers.yml")[
    "gardeligne_providers"
]
