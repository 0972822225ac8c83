"""A compiler that runs by itself in a root of another architecture, where all else is emulated.

Emulated, GCC takes ten to thirty times as long. So the root of, say, arm64 gets the two programs
that do the work, GCC's cc1 and binutils' as, as this machine runs them: Debian has them, of the
same version, as its cross compiler. What configure finds out is as before, since what it compiles
still runs in the root.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from image.errors import ImageError
from image.steps import Steps

# Debian's architecture of the root: the GNU system's name, as in the names of its programs.
SYSTEMS = {"arm64": "aarch64-linux-gnu", "armhf": "arm-linux-gnueabihf"}
# What runs this machine's programs: their loader and their libraries, in folders of their own.
OWN = {"amd64": ("usr/lib64", "usr/lib/x86_64-linux-gnu")}


def known(own: str, architecture: str) -> bool:
    """Say whether this machine's architecture has such a compiler."""
    return own in OWN and architecture in SYSTEMS


def put(root: Path, suite: str, own: str, architecture: str, work: Path, steps: Steps) -> None:
    """Put this machine's compiler into a root, in the place of the emulated one."""
    system = SYSTEMS[architecture]
    cross = work / "cross"
    steps.run(
        "mmdebstrap", "--mode=root", "--variant=extract", "--format=directory",
        f"--architectures={own}",
        f"--include=cpp-{system},binutils-{system}", f"--aptopt={work / 'apt.conf'}", suite, cross,
    )  # fmt: skip
    for folder in OWN[own]:
        shutil.copytree(cross / folder, root / folder, symlinks=True)
    (root / "lib64").symlink_to("usr/lib64")
    # Its own headers, where the cross compiler looks for them.
    (root / "usr/lib/gcc-cross").mkdir()
    (root / "usr/lib/gcc-cross" / system).symlink_to(f"../gcc/{system}")
    (cc1,) = (root / "usr/libexec/gcc" / system).glob("*/cc1")
    theirs = cross / "usr/libexec/gcc-cross" / system / cc1.parent.name / "cc1"
    # An empty program, with the compiler's name and version in it.
    _replace(root, cc1, theirs, "-quiet", "/dev/null", "-o", "-")
    assembler = Path(f"usr/bin/{system}-as")
    _replace(root, root / assembler, cross / assembler, "--version")
    shutil.rmtree(cross)


def _replace(root: Path, program: Path, by: Path, *question: str) -> None:
    """Put a program in the place of another one that says the same to a question."""
    place = Path("/") / program.relative_to(root)
    answers = []
    for put in (None, by):
        if put:
            shutil.copy(put, program)
        answers.append(
            subprocess.run(
                ["chroot", root, place, *question], capture_output=True, text=True, check=False
            )
        )
    said, says = ((answer.returncode, answer.stdout) for answer in answers)
    if said != says or said[0]:
        raise ImageError(
            f"{place}: Debian's cross compiler is of another version than the compiler that it "
            f"stands in for, or does not run ({answers[1].stderr.strip()[:300]}). Try again when "
            "Debian has both; or by --emulated, which takes an hour"
        )
