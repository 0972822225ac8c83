"""A folder of a role's files, as the module gardeligne_files writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: gardeligne_package
author: gardeligne
short_description: A folder of a role's files, for gardeligne_files
description:
  - Returns an entry, C(path) and C(content), for each file that lies in a folder of the role's
    C(files). Folders in there, such as what Python leaves, are left out; links are followed.
options:
  _terms:
    description: The folder's name.
    required: true
  to:
    description: Where the folder is on the appliance.
    required: true
    type: str
"""


class LookupModule(LookupBase):  # type: ignore[misc]
    """The lookup plugin `gardeligne_package`."""

    def run(
        self, terms: list[str], variables: dict[str, Any] | None = None, **given: Any
    ) -> list[dict[str, str]]:
        """Read each folder."""
        self.set_options(var_options=variables, direct=given)
        return [
            {"path": f"{self.get_option('to')}/{file.name}", "content": file.read_text("utf-8")}
            for term in terms
            for file in self._files(term, variables)
        ]

    def _files(self, term: str, variables: dict[str, Any] | None) -> list[Path]:
        folder = self.find_file_in_search_path(variables, "files", term)
        found = sorted(path for path in Path(folder or "").iterdir() if path.is_file())
        if not folder or not found:
            raise AnsibleLookupError(f"{term}: no folder with files in the role's `files`")
        return found
