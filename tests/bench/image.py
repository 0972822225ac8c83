"""What the image of a card costs, as ratios in one run against stated baselines.

* assembly: two folders put together to an image by image.disk ÷ by genimage, from the same folders
  to the same partitions and file systems;
* size: the image, as it is and packed by xz -1 ÷ what Debian's packages in it take when they are
  installed, as they say themselves;
* start: Asterisk from `systemctl start` until it has fully booted, with our modules.conf ÷ with
  the one of Debian's package, which loads all modules; in the image started by QEMU, nothing of
  its disk in memory, the network reaching nobody;
* build, only when asked for, since it takes about an hour: `image build` with no base made before
  ÷ installing the packages that are in the image then, and nothing else, in the same way; and the
  bytes of it that are not as in the image built before, ÷ its size: none, if both are of the same
  state of the project and of the archive.

Run by `make bench-image`. Exit status 1 if a step fails; figures are never judged.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp

from image import bases, boot, disk, fill, tools

ROOT = tools.PROJECT
CARD = ROOT / "molecule/image/build-card"  # builds the image of the tests, unless it is there
INVENTORY = "molecule/image/inventory"
KEY = ROOT / ".cache/card/key"  # who may log in there
Run = Callable[..., bytes]
PATIENCE = 1200  # seconds that the machine in QEMU has to start
# In the guest, as root. What else runs there, or waits for names nobody answers, is no part of it.
PREPARE = """
systemctl is-system-running --wait || true
systemctl stop gardeligne-first-boot asterisk-trunk-watch 'systemd-resolved*'
mkdir -p /run/systemd/system/asterisk.service.d
printf '[Service]\\nTimeoutStartSec=infinity\\n' >/run/systemd/system/asterisk.service.d/zz.conf
systemctl daemon-reload
cp -p /etc/asterisk/modules.conf /root/ours
cat >/root/baseline
"""
START = """
systemctl stop asterisk
cat /root/{side} >/etc/asterisk/modules.conf
sync
echo 3 >/proc/sys/vm/drop_caches
began=$(date +%s%N)
systemctl start asterisk
asterisk -rx 'core waitfullybooted' >/dev/null
ended=$(date +%s%N)
echo $((ended - began)) "$(asterisk -rx 'module show' | tail -n 1)"
"""


def sh(
    *command: str | Path, stdin: bytes | None = None, cwd: Path = ROOT, stderr: int | None = None
) -> bytes:
    """Run a command and return its output; its errors end the benchmark."""
    done = subprocess.run(
        command, cwd=cwd, input=stdin, stdout=subprocess.PIPE, stderr=stderr, check=False
    )
    if done.returncode:
        sys.exit(f"bench: {shlex.join(map(str, command))}: ended with {done.returncode}")
    return done.stdout


def row(name: str, ours: list[float], baseline: list[float], unit: str = "s") -> None:
    """Print a line of the table."""
    ratios = sorted(a / b for a, b in zip(ours, baseline, strict=True))
    spread = f"  ({ratios[0]:.2f}-{ratios[-1]:.2f} of {len(ratios)})" if len(ratios) > 1 else ""
    figures = f"{median(ours):8.1f} {unit} {median(baseline):8.1f} {unit}"
    print(f"{name:<56} {figures:<28} {median(ratios):5.2f}{spread}", flush=True)


def inside(half: str, *arguments: str | Path) -> dict[str, list[float]]:
    """Return the seconds of what works in namespaces."""
    seconds: dict[str, list[float]] = json.loads(
        sh(sys.executable, "-m", "bench.inside", half, *arguments)
    )
    return seconds


def installed(image: Path) -> dict[str, dict[str, str]]:
    """Return the packages that are installed in an image, and what dpkg knows of them."""
    _, (start, _) = disk.partitions(image)
    command = [tools.find("debugfs") or "debugfs", "-R", "cat /var/lib/dpkg/status"]
    said = sh(*command, f"{image}?offset={start}", stderr=subprocess.DEVNULL).decode()
    paragraphs = (dict(re.findall(r"^(\S+): (.*)$", text, re.M)) for text in said.split("\n\n"))
    return {
        fields["Package"]: fields
        for fields in paragraphs
        if fields.get("Status") == "install ok installed"
    }


def assembly(options: argparse.Namespace) -> None:
    """Measure how fast an image is put together."""
    seconds = inside("assembly", options.image, str(options.rounds))
    row("assembly / genimage", seconds["ours"], seconds["baseline"])


def size(options: argparse.Namespace) -> None:
    """Measure what an image takes."""
    image: Path = options.image
    kibibytes = sum(int(fields["Installed-Size"]) for fields in installed(image).values())
    packages = [kibibytes / 1024]
    packed = int(sh("sh", "-c", 'xz -T0 -1 --stdout "$1" | wc -c', "sh", image))
    sizes = {
        "image as it is": image.stat().st_size,
        "image without its holes": image.stat().st_blocks * 512,
        "image packed by xz -1": packed,
    }
    for name, count in sizes.items():
        row(f"{name} / installed size of its packages", [count / disk.MIB], packages, "MiB")


def start(options: argparse.Namespace) -> None:
    """Measure how long Asterisk takes to start."""
    seconds: dict[str, list[float]] = {"ours": [], "baseline": []}
    modules = {}
    with guest(options.image, options.key) as run:
        run(PREPARE, debian_modules(options.image))
        for number in range(options.rounds):
            for side in seconds if number % 2 else reversed(seconds):
                nanoseconds, said = run(START.format(side=side)).decode().split(maxsplit=1)
                seconds[side].append(int(nanoseconds) / 1e9)
                modules[side] = said.split()[0]
    counts = f"{modules['ours']} / {modules['baseline']}"
    row(f"start of Asterisk / with all modules ({counts})", seconds["ours"], seconds["baseline"])


def build(options: argparse.Namespace) -> None:
    """Measure how long an image takes when nothing is there."""
    folder = Path(mkdtemp(dir=tools.CACHE, prefix="bench-"))
    try:
        # A project of its own, so that the bases and packages of this one stay what they are.
        listed = sh("git", "ls-files", "-z")
        copied = sh("tar", "--create", "--null", "--files-from=-", stdin=listed)
        sh("tar", "--extract", f"--directory={folder}", stdin=copied)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        key = folder / options.key.relative_to(ROOT).with_suffix(".pub")
        key.parent.mkdir(parents=True)
        shutil.copy(options.key.with_suffix(".pub"), key)
        image = folder / "bench.img"
        build = ["-m", "image", "build", f"--inventory={INVENTORY}", f"--output={image}"]
        began = time.monotonic()
        sh(sys.executable, *build, cwd=folder)
        ours = time.monotonic() - began
        packages = installed(image)
        differing = int(sh("sh", "-c", 'cmp -l "$@" | wc -l', "sh", image, options.image))
        length = image.stat().st_size
    finally:
        # Some of its files belong to users of a namespace.
        sh("unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf", folder)
    baseline = inside("packages", bases.DEFAULT, ",".join(packages))["baseline"]
    row(f"build / its {len(packages)} packages alone", [ours], baseline)
    row("bytes that differ from the image built before / all", [differing], [length], "B")


def debian_modules(image: Path) -> bytes:
    """Return modules.conf as Debian's package has it, in the version that the image has."""
    version = installed(image)["asterisk-config"]["Version"].replace(":", "%3a")
    package = fill.ARCHIVES / f"asterisk-config_{version}_all.deb"
    if not package.exists():
        sys.exit(f"bench: {package} is missing: it is there where the image was built")
    files = sh("dpkg-deb", "--fsys-tarfile", package)
    return sh("tar", "--extract", "--to-stdout", "./etc/asterisk/modules.conf", stdin=files)


@contextmanager
def guest(image: Path, key: Path) -> Iterator[Run]:
    """Start an image in QEMU; yield what runs a script there, as root."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "LogLevel": "ERROR",
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
    }
    said = [f"-o{name}={value}" for name, value in settings.items()]
    ssh = ["ssh", "-F", "none", *said, "-i", str(key), "-p", str(port), "pi@127.0.0.1"]

    def run(script: str, stdin: bytes = b"") -> bytes:
        return sh(*ssh, f"sudo sh -ec {shlex.quote(script)}", stdin=stdin)

    log = tools.CACHE / "logs/bench-console.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="gardeligne-") as folder, log.open("wb") as console:
        command = boot.boot_command(image, "virt", Path(folder), ssh=port)
        # Its lines must not be registered at a real operator.
        command = [word.replace("user,", "user,restrict=on,", 1) for word in command]
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console)
        try:
            end = time.monotonic() + PATIENCE
            while subprocess.run([*ssh, "true"], capture_output=True, check=False).returncode:
                if machine.poll() is not None or time.monotonic() > end:
                    sys.exit(f"bench: the machine does not answer: {log}")
                time.sleep(2)
            yield run
        finally:
            machine.terminate()
            machine.wait()


# Those that take an hour are measured only when asked for.
PARTS = {"assembly": assembly, "size": size, "start": start, "build": build}
USUAL = ["assembly", "size", "start"]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="bench-image", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, action="append", help="what to measure")
    parser.add_argument("--rounds", type=int, default=5, help="of each side (5)")
    parser.add_argument("--short", action="store_true", help="one round: shows that it works")
    parser.add_argument("--image", type=Path, help="an image built before (that of the tests)")
    parser.add_argument("--key", type=Path, default=KEY, help="the key that it lets in")
    options = parser.parse_args()
    if options.short:
        options.rounds = 1
    if options.image is None:
        options.image = ROOT / sh(CARD).decode().strip()
    options.image = options.image.absolute()
    print(f"{'':<56} {'ours':>10} {'baseline':>10}         ratio", flush=True)
    for part in options.part or USUAL:
        PARTS[part](options)


if __name__ == "__main__":
    main()
