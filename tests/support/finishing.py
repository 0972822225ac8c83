"""Finish a small card in namespaces of its own, as `image build` does.

As a program (python -m support.finishing CARD TARGET BASE): finishes CARD for the host pi, as
TARGET.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from image import bases, disk, finish, sbom, tools
from image.steps import Steps

MIB = 1 << 20
NAMESPACES = ("unshare", "--user", "--map-root-user", "--map-auto", "--setuid=0", "--setgid=0",
              "--mount", "--pid", "--fork", "--kill-child")  # fmt: skip
UNSOUND = "this Debian's fuse2fs damages files, and make image refuses it"


def allowed() -> bool:
    """Say whether this user may have namespaces with other users in them."""
    trial = subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False)
    return trial.returncode == 0 and sbom.DEBSBOM.exists()


def sound() -> bool:
    """Say whether this machine's fuse2fs keeps what is written."""
    code = (
        "import sys, tempfile; from pathlib import Path; from image import disk;"
        "disk.try_fuse2fs(Path(tempfile.mkdtemp()))"
    )
    trial = subprocess.run(
        [*NAMESPACES, sys.executable, "-c", code],
        cwd=tools.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert trial.returncode == 0 or "fuse2fs damages files" in trial.stderr, trial.stderr
    return trial.returncode == 0


def finished(card: Path, target: Path, base: str) -> Path:
    """Finish a card in a process of its own."""
    paths = [str(tools.PROJECT), str(Path(__file__).parents[1])]
    done = subprocess.run(
        [*NAMESPACES, sys.executable, "-m", "support.finishing", card, target, base],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def main() -> None:
    """Do it."""
    card, target, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    work = target.with_suffix(".work")
    (work / "boot").mkdir(parents=True)
    work.chmod(0o711)
    with Steps(target.with_suffix(".log")) as steps:
        parts = disk.split(card, work)
        disk.read_boot(parts, work / "boot", steps)
        base = bases.load(name)
        finish.finish(parts, base, "pi", work / "boot", work, 64 * MIB, steps)
        disk.join(parts, target, steps)
    (work / f"{sbom.NAME}{sbom.ENDING}").replace(sbom.beside(target))


if __name__ == "__main__":
    main()
