"""The halves of bench.image that work in namespaces of their own, as `image build` does.

Each prints its seconds as JSON.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from image import bases, debian, disk, namespace, tools, workplace
from image.steps import Steps

# The same partitions and file systems as image.disk makes. Without srcpath it would copy the root.
GENIMAGE = """
image genimage.img {{
    hdimage {{
        partition-table-type = mbr
    }}
    partition boot {{
        offset = {start}
        partition-type = 0xc
        bootable = true
        image = boot.vfat
    }}
    partition root {{
        partition-type = 0x83
        image = root.ext4
    }}
}}
image boot.vfat {{
    vfat {{
        label = RASPIFIRM
        extraargs = "-F 32 -s 2"
    }}
    srcpath = "{boot}"
    size = {boot_size}
}}
image root.ext4 {{
    ext4 {{
        use-mke2fs = true
        label = RASPIROOT
        features = "{features}"
        extraargs = "-m 1"
    }}
    srcpath = "{root}"
    size = {root_size}
}}
"""


def assembly(steps: Steps, work: Path, image: str, rounds: str) -> dict[str, list[float]]:
    """Put the content of an image together again and again, by us and by genimage."""
    source = work / "source"
    boot, root, mounted = (source / name for name in ("boot", "root", "mounted"))
    for folder in (boot, mounted):
        folder.mkdir(parents=True)
    parts = disk.split(Path(image), source)
    disk.read_boot(parts, boot, steps)
    with disk.mounted(parts, mounted):
        steps.run("cp", "--archive", mounted, root)

    def ours(folder: Path) -> Path:
        disk.join(disk.create(boot, root, folder, steps), folder / "ours.img", steps)
        return folder / "ours.img"

    def genimage(folder: Path) -> Path:
        (folder / "none").mkdir()
        config = folder / "genimage.cfg"
        config.write_text(
            GENIMAGE.format(
                start=disk.BOOT_START,
                boot=boot,
                boot_size=disk.BOOT_SIZE,
                root=root,
                root_size=size,
                features=disk.FEATURES,
            )
        )
        places = {"rootpath": "none", "inputpath": ".", "outputpath": ".", "tmppath": "tmp"}
        options = [f"--{name}={folder / where}" for name, where in places.items()]
        # It looks for mkfs where an ordinary user's PATH does not lead.
        steps.run("genimage", f"--config={config}", *options, env={"PATH": tools.PATH})
        return folder / "genimage.img"

    def timed(make: Callable[[Path], Path]) -> float:
        folder = work / make.__name__
        folder.mkdir()
        os.sync()  # what the other one wrote
        begun = time.monotonic()
        made = make(folder)
        seconds = time.monotonic() - begun
        found.add(_content(made, folder, steps))
        shutil.rmtree(folder)
        return seconds

    first = work / "first"
    first.mkdir()
    size = disk.create(boot, root, first, steps).root.stat().st_size
    shutil.rmtree(first)
    found: set[tuple[str, ...]] = set()
    seconds: dict[str, list[float]] = {"ours": [], "baseline": []}
    for number in range(int(rounds)):
        sides = [("ours", ours), ("baseline", genimage)]
        for name, make in sides if number % 2 else reversed(sides):
            seconds[name].append(timed(make))
    if len(found) != 1:
        sys.exit(f"bench: the two images differ: {found}")
    return seconds


def packages(steps: Steps, work: Path, base: str, names: str) -> dict[str, list[float]]:
    """Do nothing but install packages, in the same way as those of a base."""
    wanted = replace(bases.load(base), packages=tuple(names.split(",")))
    namespace.prepare(wanted.architecture)
    begun = time.monotonic()
    debian.bootstrap(wanted, work / "root", work, steps)
    return {"baseline": [time.monotonic() - begun]}


def _content(image: Path, work: Path, steps: Steps) -> tuple[str, ...]:
    """Say what is in an image: the boot partition's files, and how much the root's has of what."""
    (boot_start, _), (start, size) = disk.partitions(image)
    boot = work / "found"
    boot.mkdir()
    files = disk.read_boot(disk.Parts(image, image, boot_start, start), boot, steps)
    root = f"{image}?offset={start}"
    steps.run("e2fsck", "-f", "-n", root)
    said = subprocess.run(
        [tools.find("dumpe2fs") or "dumpe2fs", "-h", root],
        capture_output=True,
        text=True,
        check=True,
    )
    counts = re.findall(
        r"^(?:Inode count|Block count|Free inodes|Filesystem vol.*): .*", said.stdout, re.M
    )
    return f"{start}+{size}", json.dumps(files), *counts


HALVES: dict[str, Callable[..., dict[str, list[float]]]] = {
    "assembly": assembly,
    "packages": packages,
}


def main() -> None:
    """Run one of them."""
    if not namespace.inside():
        namespace.enter()
    half, *arguments = sys.argv[1:]
    with ExitStack() as stack:
        work = stack.enter_context(workplace.folder())
        steps = stack.enter_context(Steps(tools.CACHE / f"logs/bench-{half}.log"))
        print(json.dumps(HALVES[half](steps, work, *arguments)))


if __name__ == "__main__":
    main()
