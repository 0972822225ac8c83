"""Debian's source of Asterisk: fetched, and changed in two files, its control and its changelog."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from image import tools
from image.debian import apt_settings
from image.errors import ImageError
from image.steps import Steps

RECIPE: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("recipe.yml").read_text(encoding="utf-8")
)
APT = tools.CACHE / "packages/apt"  # its lists, and the last source
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Who signs our stanza of the changelog: nobody who can be written to.
MAINTAINER = "Gardeligne <gardeligne@localhost.invalid>"
# The names of published weaknesses.
ADVISORY = re.compile(r"CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|AST-\d{4}-\d+")
ENTRY = re.compile(r"^asterisk \(([^)]+)\).*?^ -- .*?> +(.*?)$", re.M | re.S)


@dataclass(frozen=True)
class Source:
    """A source package: its version, its files, and the two files that are changed."""

    version: str
    files: Sequence[Path]
    control: str
    changelog: str

    @property
    def upstream(self) -> str:
        """Return Asterisk's own version: 22.10.1."""
        return re.sub(r"^\d+:|[+~-].*$", "", self.version)

    def closed_since(self, version: str) -> list[str]:
        """Return the advisories that entries newer than a version name, each once."""
        newer: list[str] = []
        for entry in ENTRY.finditer(self.changelog):
            if entry[1] == version:
                return list(dict.fromkeys(newer))
            newer += ADVISORY.findall(entry[0])
        return []  # of a version that it does not know nothing can be said


@dataclass
class Control:
    """The file debian/control without what the recipe drops."""

    text: str
    needed: list[str] = field(default_factory=list)  # packages that it is built with
    dropped: list[str] = field(default_factory=list)


def fetch(suite: str, steps: Steps) -> Source:
    """Get the newest source of a release by its signed index."""
    if not KEYRING.exists():
        raise ImageError(f"{KEYRING}: is missing. As root: apt-get install debian-archive-keyring")
    for folder in ("lists/partial", "archives/partial"):
        (APT / folder).mkdir(parents=True, exist_ok=True)
    sources = f"deb-src [signed-by={KEYRING}] {_archive()} {suite} main\n"
    (APT / "sources.list").write_text(sources)
    (APT / "apt.conf").write_text(
        apt_settings() + f'Dir::Etc::sourcelist "{APT}/sources.list";\nDir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{APT}/lists";\nDir::Cache "{APT}";\n'
        # The folder is this user's; and half a list of packages is none.
        'APT::Sandbox::User "root";\nAPT::Update::Error-Mode "any";\n'
    )
    place = APT / "source"
    place.mkdir(exist_ok=True)
    with steps.step(f"source of Asterisk in {suite}"):
        settings = {**os.environ, "APT_CONFIG": str(APT / "apt.conf")}
        steps.run("apt-get", "update", env=settings)
        listed = subprocess.run(
            ["apt-get", "source", "--print-uris", "asterisk"],
            env=settings, capture_output=True, text=True, check=False,
        )  # fmt: skip
        names = re.findall(r"^'\S+' (\S+) \d+ ", listed.stdout, re.M)
        if not names:
            raise ImageError(
                f"{suite} has no source of Asterisk any more: it was taken out of Debian's next "
                "release. Name another by --source (sid has what is being worked on)"
            )
        steps.run("apt-get", "source", "--download-only", "asterisk", env=settings, cwd=place)
    return read([place / name for name in names])


def _archive() -> str:
    """Return where this machine gets Debian's packages: the source is taken from there."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)/$(LABEL)",
         "Created-By: Packages"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"^(\S+) Debian/Debian$", listed.stdout, re.M)
    if found is None:
        raise ImageError("apt knows no archive of Debian's here. As root: apt-get update")
    return found[1]


def read(files: Sequence[Path]) -> Source:
    """Read from a source package's files its version, and what is changed in it."""
    described = [path for path in files if path.name.endswith(".dsc")]
    packed = [path for path in files if path.name.endswith(".debian.tar.xz")]
    if len(described) != 1 or len(packed) != 1:
        names = ", ".join(path.name for path in files)
        raise ImageError(f"{names}: not one .dsc and one .debian.tar.xz: another kind of source")
    version = re.search(r"^Version: (\S+)", described[0].read_text(), re.M)
    if version is None:
        raise ImageError(f"{described[0]}: says no version")
    texts = {}
    with tarfile.open(packed[0]) as archive:
        for name in ("control", "changelog"):
            with suppress(KeyError):
                member = archive.extractfile(f"debian/{name}")
                texts[name] = member.read().decode() if member else ""
            if not texts.get(name):
                raise ImageError(f"{packed[0]}: has no debian/{name}: get it anew")
    return Source(version[1], files, **texts)


def trim(text: str) -> Control:
    """Drop from debian/control what the recipe names; complain of a name that it has not."""
    control = Control("")
    stanzas = []
    for stanza in re.split(r"\n{2,}", text.strip("\n")):
        name = re.search(r"^Package: *(\S+)", stanza, re.M)
        if name and name[1] in RECIPE["dropped_packages"]:
            control.dropped.append(name[1])
        else:
            stanzas.append(stanza if name else "\n".join(_source_stanza(stanza, control)))
    control.text = "\n\n".join(stanzas) + "\n"
    asked = [*RECIPE["dropped"], *RECIPE["dropped_packages"]]
    if gone := sorted({*asked} - {*control.dropped}):
        raise ImageError(
            f"image/packages/recipe.yml: drops {', '.join(gone)}, which Debian's control file "
            "names no more: take it out there, once you have seen why"
        )
    return control


def _source_stanza(stanza: str, control: Control) -> Iterator[str]:
    """Yield the lines of the first stanza that stay; note what the source is built with."""
    section = ""
    for line in stanza.splitlines():
        if not line.startswith(" "):
            section = line.partition(":")[0]
            yield line
            continue
        name, _, condition = line.strip(" ,").partition(" ")
        if section != "Build-Depends":
            yield line
        elif name in RECIPE["dropped"]:
            control.dropped.append(name)
        elif name == "debhelper-compat":
            control.needed.append("debhelper")
            yield f" {name} (= {RECIPE['debhelper']}),"
        else:
            if "<!nodoc>" not in condition:
                control.needed.append(name)
            yield line


def stanza(source: Source, version: str, suite: str) -> str:
    """Return the changelog with our entry above: the date is that of Debian's own."""
    last = ENTRY.search(source.changelog)
    if last is None:
        raise ImageError(f"asterisk {source.version}: its changelog cannot be read")
    return (
        f"asterisk ({version}) {suite}; urgency=medium\n\n"
        f"  * Built for {suite} by Gardeligne, with fewer modules.\n\n"
        f" -- {MAINTAINER}  {last[2]}\n\n{source.changelog}"
    )
