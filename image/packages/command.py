"""The command `packages`: Asterisk for a release whose archive has none, of Debian's own source."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from image import bases, debian, disk, namespace, tools, workplace
from image.errors import ImageError
from image.packages import compiler, source
from image.steps import Steps, duration

FOLDER = tools.CACHE / "packages"
ROLE = tools.PROJECT / "roles/asterisk/vars/main.yml"
ABOUT = "about.json"
NEEDED = 3 << 30  # bytes on the disk while packages are built
BUILD = "build"  # in the root: the path is part of what is built
OPTIONS = "nocheck nodoc noautodbgsym"
MODULE = re.compile(r"/asterisk/modules/(\w+)\.so$")
# Unpacks what Debian signed, so the signature of the uploader is not asked for once more.
UNPACK = f"cd /{BUILD} && dpkg-source --no-check --extract asterisk_*.dsc asterisk"
# Where two compile at once, pjproject may make the folder of its objects too late (the order in its
# rules.mak, `| $(@D)`, says nothing to make): the second time it is there.
COMPILE = f"""\
cd /{BUILD}/asterisk
dpkg-buildpackage --build=binary --no-sign || {{
    echo "interrupted: once more, from where it was"
    dpkg-buildpackage --build=binary --no-sign --no-pre-clean
}}
cd ..
mkdir done
for package in {" ".join(source.RECIPE["shipped"])}; do
    mv "$package"_*.deb done
done
mv *.buildinfo done
cd done
dpkg-scanpackages --multiversion . >Packages
"""


@dataclass(frozen=True)
class Target:
    """What packages are built for."""

    suite: str
    architecture: str

    @property
    def folder(self) -> Path:
        """Say where its packages are, or will be: the playbook takes them from there."""
        return FOLDER / f"{self.suite}-{self.architecture}"

    def about(self) -> dict[str, Any]:
        """Return what is known of the packages that are there: nothing, where there are none."""
        file = self.folder / ABOUT
        known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return known


def suites() -> list[str]:
    """Return the releases whose Asterisk is built."""
    return [name for name, about in bases.RELEASES.items() if about.get("built")]


def own_architecture() -> str:
    """Return Debian's name of what this machine is."""
    return subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("packages", help="build Asterisk", description=__doc__)
    known = ", ".join(suites())
    parser.add_argument("--release", default=suites()[0], choices=suites(), help=f"one of {known}")
    parser.add_argument(
        "--architecture", default="arm64", choices=[*namespace.QEMU, own_architecture()],
        help="the machine's that gets them (arm64: a Pi with 64 bits)",
    )  # fmt: skip
    parser.add_argument(
        "--source", metavar="RELEASE",
        help="take Debian's source of another release: sid has corrections some days earlier",
    )  # fmt: skip
    parser.add_argument(
        "--keep", action="store_true", help="take what was built before, without looking for newer"
    )
    parser.add_argument(
        "--again", action="store_true", help="build once more, and compare with what is there"
    )
    parser.add_argument(
        "--emulated", action="store_true",
        help="have the compiler emulated too, as all else is: another architecture's takes an hour",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Build unless what is there is the newest."""
    target = Target(options.release, options.architecture)
    if options.keep and target.about():
        return
    tools.need("mmdebstrap")
    if not namespace.inside():
        namespace.enter()
    if target.architecture == own_architecture():
        tools.let_stop()
    else:
        namespace.prepare(target.architecture)
    log = tools.CACHE / f"logs/packages-{target.folder.name}.log"
    with workplace.alone(target.folder), workplace.folder() as work, Steps(log) as steps:
        provide(
            target,
            work,
            steps,
            suite=options.source,
            again=options.again,
            emulated=options.emulated,
        )


def provide(
    target: Target,
    work: Path,
    steps: Steps,
    *,
    suite: str | None = None,
    again: bool = False,
    emulated: bool = False,
) -> None:
    """Build a target's packages unless the newest are there; `again`: and compare with them."""
    found = source.fetch(suite or bases.RELEASES[target.suite]["built"], steps)
    _check_known(found, target)
    about = target.about()
    if about.get("key") == key(found, target) and not again:
        steps.say(f"Asterisk for {target.folder.name}", f"{about['version']}, built before")
        return
    disk.room_for(NEEDED, FOLDER)
    made = _build(found, target, work, steps, emulated=emulated)
    if again:
        _compare(made, target, steps)
        return
    if about and (closed := found.closed_since(about["source"])):
        steps.say("advisories closed", " ".join(closed))
    shutil.rmtree(target.folder, ignore_errors=True)
    shutil.move(made, target.folder)
    steps.console.print(f"{target.folder} is ready.")


def key(found: source.Source, target: Target) -> str:
    """Return what tells packages from others: source, target and recipe."""
    said = json.dumps([found.version, asdict(target), source.RECIPE, UNPACK, COMPILE, OPTIONS])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def wanted(suite: str) -> set[str]:
    """Return the modules that the roles load on a release."""
    lists: dict[str, Any] = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    modules, presence = lists["__asterisk_modules"], lists["__asterisk_presence_modules"]
    release = bases.RELEASES[suite]
    names = [*modules["common"], *release["asterisk_modules"]]
    for driver in release["sip_drivers"]:
        names += [*modules[driver], *presence[driver]]
    return set(names)


def _check_known(found: source.Source, target: Target) -> None:
    """Refuse another Asterisk than the one that the roles were proved with."""
    proved = str(bases.RELEASES[target.suite]["asterisk"])
    if found.upstream.split(".")[0] != proved.split(".")[0]:
        raise ImageError(
            f"Debian's source is Asterisk {found.upstream} now, and the roles were proved with "
            f"{proved} (group_vars/all/releases.yml). Name another release by --source, or prove "
            "the new one: docs/recipes.md"
        )


def _build(
    found: source.Source, target: Target, work: Path, steps: Steps, *, emulated: bool
) -> Path:
    """Build the packages; return the folder that they are in, with an index for apt."""
    begun = time.monotonic()
    control = source.trim(found.control)
    steps.say("left out", f"{len(control.dropped)} of what Debian builds it with: recipe.yml")
    root = work / "packages"
    settings = work / "apt.conf"
    settings.write_text(debian.apt_settings())
    with steps.step("packages to build with"):
        steps.run(
            "mmdebstrap", "--verbose", "--mode=root", "--skip=check/qemu", "--variant=minbase",
            "--format=directory", f"--architectures={target.architecture}",
            f"--include={','.join(['build-essential', *control.needed])}",
            f"--aptopt={settings}", "--dpkgopt=force-unsafe-io", target.suite, root,
        )  # fmt: skip
    number = re.search(r'^VERSION_ID="?(\d+)', (root / "etc/os-release").read_text(), re.M)
    suffix = f"~gardeligne{number[1] if number else 0}.{source.RECIPE['revision']}"
    version = found.version + suffix
    place = root / BUILD
    place.mkdir()
    for file in found.files:
        shutil.copy(file, place)
    with namespace.system_folders(root), steps.step(f"asterisk {version}"):
        if not emulated and compiler.known(own := own_architecture(), target.architecture):
            compiler.put(root, target.suite, own, target.architecture, work, steps)
        _inside(root, UNPACK, steps)
        (place / "asterisk/debian/control").write_text(control.text)
        text = source.stanza(found, version, target.suite)
        (place / "asterisk/debian/changelog").write_text(text)
        _inside(root, COMPILE, steps)
    made = place / "done"
    _check_modules(made, target)
    seconds = round(time.monotonic() - begun)
    size = sum(file.stat().st_size for file in made.glob("*.deb"))
    steps.say("packages", f"{len(list(made.glob('*.deb')))}, {size:,} bytes, {duration(seconds)}")
    about = {"key": key(found, target), "version": version, "source": found.version}
    (made / ABOUT).write_text(json.dumps({**about, "seconds": seconds}, indent=1) + "\n")
    return made


def _inside(root: Path, script: str, steps: Steps) -> None:
    """Run a script in a root, in an environment that is the same everywhere."""
    environment = {
        "PATH": tools.PATH,
        "HOME": f"/{BUILD}",
        "LC_ALL": "C.UTF-8",
        "DEB_BUILD_PROFILES": "nodoc",
        "DEB_BUILD_OPTIONS": f"{OPTIONS} parallel={os.cpu_count() or 1}",
        **{name: os.environ[name] for name in ("QEMU_CPU",) if name in os.environ},
    }
    pairs = [f"{name}={value}" for name, value in environment.items()]
    steps.run("env", "--ignore-environment", *pairs, "chroot", root, "sh", "-ec", script)


def _check_modules(made: Path, target: Target) -> None:
    """Raise ImageError where a module that the roles load was not built.

    That other packages' modules fit (the ABI's sum) Debian's own rules check.
    """
    built: set[str] = set()
    for deb in made.glob("asterisk-modules_*.deb"):
        listed = subprocess.run(
            ["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True
        ).stdout
        built |= {found[1] for line in listed.splitlines() if (found := MODULE.search(line))}
    if missing := sorted(wanted(target.suite) - built):
        raise ImageError(
            f"{', '.join(missing)}: not built, and the roles load it. Take what it needs out of "
            "`dropped` in image/packages/recipe.yml"
        )


def _compare(made: Path, target: Target, steps: Steps) -> None:
    """Raise ImageError where packages differ from those that are there."""
    names = sorted(file.name for file in made.glob("*.deb"))
    there = sorted(file.name for file in target.folder.glob("*.deb"))
    other = [
        name for name in {*names, *there}
        if name not in names or name not in there
        or (made / name).read_bytes() != (target.folder / name).read_bytes()
    ]  # fmt: skip
    if other:
        raise ImageError(f"built once more, these differ: {', '.join(sorted(other))}")
    steps.console.print(f"Built once more, all {len(names)} are the same to the byte.")
