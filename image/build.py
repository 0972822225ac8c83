"""The command `build`: the image of a card for a household, ready to be written."""

from __future__ import annotations

import argparse
import getpass
import shutil
import subprocess
from pathlib import Path

from image import (
    bases,
    debian,
    disk,
    fetch,
    fill,
    imager,
    manifest,
    namespace,
    pack,
    progress,
    sbom,
    tools,
    words,
    workplace,
)
from image.errors import ImageError
from image.packages import command as packages
from image.stamp import Stamp
from image.steps import Steps

# The household of an image that any household may have.
ANYBODY = Path(__file__).with_name("anybody")
NEEDED = 6 << 30  # bytes on the disk while an image is made, whatever its base


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("build", help="make the image of a card", description=__doc__)
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--inventory", type=Path, default=Path("inventory/home"), metavar="FOLDER",
        help="the household's data (inventory/home)",
    )  # fmt: skip
    whose.add_argument(
        "--for-anybody", action="store_const", const=ANYBODY, dest="inventory",
        help="with nobody's data: who gets the card writes his own into foyer.txt on it",
    )  # fmt: skip
    parser.add_argument("--host", help="which host of the inventory, if it has several")
    parser.add_argument("--base", default=bases.DEFAULT, help=f"see bases.yml ({bases.DEFAULT})")
    parser.add_argument("--base-file", type=Path, help="a packed official image, already here")
    parser.add_argument("--base-url", default="", help="where to get such an image")
    parser.add_argument("--sha256", default="", help="its checksum, where bases.yml has none")
    parser.add_argument(
        "--output", type=Path, default=Path("gardeligne.img"), metavar="FILE",
        help="the image (gardeligne.img); its manifest is written beside it",
    )  # fmt: skip
    parser.add_argument(
        "--compress", action="store_true",
        help="pack it as well, by xz; with its sums, and a file for Raspberry Pi Imager",
    )  # fmt: skip
    parser.add_argument(
        "--url", default="",
        help="where Imager gets the packed image: https://HOST/FOLDER/ (where it is made)",
    )  # fmt: skip
    parser.add_argument("--vault-password-file", type=Path, metavar="FILE", help="else it asks")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("ansible", nargs="*", help="after --: options for ansible-playbook")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Check what can be checked at once, then build."""
    base = bases.choose(options.base, options.base_file, options.base_url, options.sha256)
    able = bases.for_self_setup()
    if options.inventory == ANYBODY and base.name not in able:
        raise ImageError(
            f"--for-anybody --base {base.name}: such a box sets itself up, which only "
            f"{' and '.join(able)} can, by their own Ansible. Leave --base out"
        )
    output: Path = options.output.absolute()
    host = _host(options.inventory, options.host)
    if not output.parent.is_dir():
        raise ImageError(f"--output {options.output}: the folder {output.parent} does not exist")
    if output.exists() and not output.is_file():
        raise ImageError(f"--output {options.output}: not a file. To write a card: make flash")
    if options.url and not options.compress:
        raise ImageError("--url says where the packed image will be: add --compress")
    address = imager.address(options.url, pack.packed(output))
    if options.dry_run:
        _tell(base, options.inventory, host, output)
        return
    packing = pack.TOOLS if options.compress else ()
    tools.need(*debian.TOOLS, *fill.TOOLS, *packing, *(fetch.TOOLS if base.official else ()))
    sbom.need()
    disk.room_for(NEEDED, output.parent)
    if not namespace.inside():
        namespace.enter()
    password = vault_password(options.inventory, options.vault_password_file)
    house = fill.Household(
        options.inventory.absolute(), host, password, options.ansible,
        manifest.beside_url(address) if options.url else "",
    )  # fmt: skip
    namespace.prepare(base.architecture)
    with workplace.folder() as work, Steps(tools.CACHE / f"logs/{output.stem}.log") as steps:
        steps.console.print(f"{base.name} for {host} of {options.inventory}: {output.name}")
        disk.try_fuse2fs(work)
        fill.check(base, house, work, steps)
        if base.suite in packages.suites():
            target = packages.Target(base.suite, base.architecture)
            with workplace.alone(target.folder):
                packages.provide(target, work, steps)
        image = (fetch if base.official else debian).make(base, work, steps)
        if base.venv != bases.Base.venv:  # that one runs this
            with steps.step(f"Ansible in {base.venv}"):
                make = ("make", "--no-print-directory", f"{base.venv}/stamp")
                steps.run(*make, cwd=tools.PROJECT)
        with steps.step("copy of the base"):
            parts = disk.split(image, work)
        stamp = fill.fill(parts, base, house, work, steps)
        _finish(parts, base, host, stamp, output, steps)
        if options.inventory != ANYBODY:
            steps.console.print("It holds your passwords: give it to nobody.")
    if options.compress:
        pack.release(output, options.url, host=host, architecture=base.architecture, day=stamp.day)


def _finish(
    parts: disk.Parts, base: bases.Base, host: str, stamp: Stamp, output: Path, steps: Steps
) -> None:
    """Write the image under a temporary name, and rename it when it is complete."""
    part = output.with_name(f"{output.name}.part")
    try:
        with steps.step("image"):
            disk.join(parts, part, steps)
        for old in companions(output):
            old.unlink(missing_ok=True)
        part.replace(output)
        shutil.move(parts.head.with_name(sbom.NAME + sbom.ENDING), sbom.beside(output))
    finally:
        part.unlink(missing_ok=True)
    about = {
        **{"base": base.name, "suite": base.suite, "host": host},
        **{"packages": stamp.day, "asterisk": stamp.asterisk},
    }
    with progress.bar("manifest", output.stat().st_size) as advance:
        manifest.write(output, about, advance)
    steps.say("size", words.exact(output.stat().st_size))
    steps.console.print(f"{output} is ready.")


def companions(image: Path) -> tuple[Path, ...]:
    """Return the files that belong to an image, to be removed with it."""
    return (
        manifest.beside(image),
        sbom.beside(image),
        pack.packed(image),
        pack.sums(image),
        imager.beside(image),
    )


def _tell(base: bases.Base, inventory: Path, host: str, output: Path) -> None:
    """Say what would be done."""
    source = fetch.source(base) if base.official else debian.cached(base)
    state = "is there" if source.exists() else "has to be got or made"
    print(f"base    {base.name} ({base.suite}, {base.architecture}); {source} {state}")
    print(f"host    {host} of {inventory}")
    print(f"output  {output}" + (" (would be replaced)" if output.exists() else ""))
    free = shutil.disk_usage(tools.PROJECT).free // disk.MIB
    print(f"work    in {workplace.FOLDER}: {free:,} MiB free")
    print("Nothing was done.")


def _host(inventory: Path, wanted: str | None) -> str:
    """Return the host of the inventory that the image is for."""
    if not inventory.exists():
        raise ImageError(
            f"--inventory {inventory}: does not exist. The household's data is made by: "
            "cp -r inventory/example inventory/home"
        )
    listed = subprocess.run(
        [fill.ANSIBLE / "ansible", "--inventory", inventory, "exchange", "--list-hosts"],
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
        check=False,
    )
    hosts = [line.strip() for line in listed.stdout.splitlines()[1:] if line.strip()]
    if not hosts:
        said = listed.stderr.strip().splitlines()
        raise ImageError(
            f"--inventory {inventory}: no host is in the group exchange of its hosts.yml"
            + "".join(f"\n    {line}" for line in said[-5:])
        )
    if wanted and wanted not in hosts:
        raise ImageError(f"--host {wanted}: not in {inventory}, which has {', '.join(hosts)}")
    if not wanted and len(hosts) > 1:
        raise ImageError(f"{inventory} has {', '.join(hosts)}: say which by --host")
    return wanted or hosts[0]


def vault_password(inventory: Path, file: Path | None) -> str:
    """Return the vault's password, asked for before the long work begins."""
    sealed = [
        path
        for path in sorted(inventory.rglob("*"))
        if path.is_file() and path.read_bytes()[:14] == b"$ANSIBLE_VAULT"
    ]
    if file is not None:
        try:
            password = file.read_text().strip()
        except OSError as error:
            raise ImageError(f"--vault-password-file {file}: {error.strerror}") from None
    elif sealed:
        password = getpass.getpass("Vault password: ")
    else:
        return ""
    for path in sealed:
        opened = subprocess.run(
            [fill.ANSIBLE / "ansible-vault", "view", "--vault-password-file=/bin/cat", path],
            input=password,
            capture_output=True,
            text=True,
            check=False,
        )
        if opened.returncode:
            raise ImageError(f"{path}: the vault password does not open it")
    return password
