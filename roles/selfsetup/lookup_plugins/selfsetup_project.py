"""The project, as a box needs it to set itself up: the same archive for the same files."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: selfsetup_project
author: gardeligne
short_description: An archive of the project
description:
  - Packs what of a project's folder a box needs to run the playbook on itself, and returns the
    archive's path. Ansible removes it at its end.
options:
  _terms:
    description: The project's folder.
    required: true
"""
# No tests, no inventory: nothing of anybody's household.
WANTED = ("playbook.yml", "check.yml", "ansible.cfg", "group_vars", "roles", "LICENSE", "VERSION")
TIME = 0  # of every file, so that only contents count


class LookupModule(LookupBase):  # type: ignore[misc]
    """The lookup plugin `selfsetup_project`."""

    def run(
        self, terms: list[str], variables: dict[str, Any] | None = None, **_: object
    ) -> list[str]:
        """Pack each folder."""
        packed = []
        for term in terms:
            archive = Path(constants.DEFAULT_LOCAL_TMP) / "project.tar.xz"
            try:
                pack(Path(term), archive)
            except (OSError, subprocess.CalledProcessError) as error:
                raise AnsibleLookupError(f"{term}: cannot be packed: {error}") from error
            packed.append(str(archive))
        return packed


def pack(project: Path, archive: Path) -> None:
    """Pack a project's files; what Git ignores is left out, secrets of an inventory above all."""
    with tarfile.open(archive, "w:xz", format=tarfile.PAX_FORMAT) as tar:
        folders: set[Path] = set()
        for name in sorted(files(project)):
            for folder in reversed(name.parents):
                if folder != Path() and folder not in folders:
                    folders.add(folder)
                    tar.addfile(_about(tar, project, folder))
            about = _about(tar, project, name)
            if about.isreg():
                with (project / name).open("rb") as stream:
                    tar.addfile(about, stream)
            else:
                tar.addfile(about)


def files(project: Path) -> Iterable[Path]:
    """Return the files that Git keeps or would keep, relative to the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *WANTED],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {Path(name) for name in listed.split("\0") if name and (project / name).exists()}


def _about(tar: tarfile.TarFile, project: Path, name: Path) -> tarfile.TarInfo:
    about = tar.gettarinfo(project / name, arcname=str(name))
    about.uid = about.gid = 0
    about.uname = about.gname = "root"
    about.mtime = TIME
    about.mode = 0o755 if about.isdir() or about.mode & 0o100 else 0o644
    return about
