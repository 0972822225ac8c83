"""What the appliance costs, as ratios in one run against stated baselines.

* converge of a bare container ÷ a plain shell script that installs the same packages and
  copies the same files on a second one (packages already downloaded for both);
* a re-run that changes nothing ÷ `ansible -m setup`, which only gathers facts;
* resident memory of Asterisk, and of everything that runs, in MiB.

Run as root by `make bench`, inside molecule/shared/sandbox. Exit status 1 if a step fails;
figures are never judged.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
HOST = "forky-pjsip"
SCENARIO = "bench"
IMAGE = "localhost/gardeligne/forky"
INVENTORY = ROOT / "molecule/household/inventory"
# What a converged machine has in these folders that a bare one has not is what was copied.
FOLDERS = ("etc", "usr/local")


def sh(*command: str, stdin: bytes | None = None) -> bytes:
    """Run a command and return its output; its errors end the benchmark."""
    plugins = str(ROOT / "molecule/shared/connection_plugins")
    ours = {"MOLECULE_SCENARIO_NAME": SCENARIO, "ANSIBLE_CONNECTION_PLUGINS": plugins}
    env = os.environ | ours
    done = subprocess.run(command, cwd=ROOT, env=env, input=stdin, capture_output=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode()[-3000:]
        sys.exit(f"{' '.join(command)}\n{said}")
    return done.stdout


def timed(*command: str, stdin: bytes | None = None) -> float:
    """Return the seconds that a command takes."""
    begin = time.monotonic()
    sh(*command, stdin=stdin)
    return time.monotonic() - begin


class Container:
    """A bare forky machine that shares its downloaded packages with the others."""

    def __init__(self, name: str) -> None:
        """Start it, and wait until systemd has."""
        self.name = name
        cache = ROOT / ".cache/apt/bench"
        cache.mkdir(parents=True, exist_ok=True)
        sh("podman", "run", "--detach", "--replace", "--systemd=always", "--cap-add=SYS_ADMIN",
           f"--name={name}", f"--hostname={HOST}", f"--volume={cache}:/var/cache/apt/archives",
           IMAGE, "/sbin/init")  # fmt: skip
        for _ in range(60):
            time.sleep(1)
            state = subprocess.run(
                ["podman", "exec", name, "systemctl", "is-system-running"],
                capture_output=True, check=False,
            )  # fmt: skip
            if state.stdout.strip() == b"running":
                return
        sys.exit(f"{name}: systemd did not start")

    def run(self, script: str, stdin: bytes | None = None) -> bytes:
        """Run a shell script in it."""
        return sh("podman", "exec", "-i", self.name, "sh", "-ec", script, stdin=stdin)

    def lines(self, script: str) -> set[str]:
        """Return what a shell script prints, by line."""
        return set(self.run(script).decode().splitlines())

    def remove(self) -> None:
        """End it."""
        sh("podman", "rm", "--force", "--time=0", self.name)


def ansible(program: str, *arguments: str) -> Sequence[str]:
    """Return a command of Ansible's against the container under test."""
    return (f"{ROOT}/.venv/bin/{program}", f"--inventory={INVENTORY}", *arguments)


def converge() -> float:
    """Return the seconds that the playbook takes."""
    return timed(*ansible("ansible-playbook", "playbook.yml", "--limit", f"{HOST},localhost"))


def shell_twin(bare: set[str], ours: Container) -> tuple[str, bytes]:
    """Return a shell script and its tar that give a bare machine the same packages and files."""
    query = "dpkg-query --show --showformat '${Package}\\n'"
    packages = sorted(ours.lines(query) - bare)
    files = ours.run(
        "cd /; find " + " ".join(FOLDERS) + " -newer /etc/machine-id -type f -print0 "
        "| tar --create --null --files-from=-"
    )
    script = (
        "export DEBIAN_FRONTEND=noninteractive; apt-get update --quiet; "
        "apt-get upgrade --quiet --yes; "
        f"apt-get install --quiet --yes --no-install-recommends {' '.join(packages)}; "
        "tar --extract --directory=/; locale-gen; systemctl daemon-reload; "
        "systemctl restart postfix asterisk; systemctl enable --now asterisk-trunk-watch.service"
    )
    return script, files


def memory(container: Container) -> tuple[float, float]:
    """Return the proportional memory of Asterisk, and of all processes, in MiB."""
    script = (
        "for p in /proc/[0-9]*; do "
        "echo $(cat $p/comm) $(awk '/^Pss:/{print $2}' $p/smaps_rollup) $p; done 2>/dev/null; true"
    )
    rows = [row.split()[:2] for row in container.lines(script)]
    sizes = [(name, int(size) / 1024) for name, size in (r for r in rows if r[1].isdigit())]
    return sum(s for n, s in sizes if n == "asterisk"), sum(s for _, s in sizes)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each side")
    runs = parser.parse_args().runs
    if shutil.which("podman") is None:
        sys.exit("bench: podman is not installed; `make setup` installs it")
    sh(f"{ROOT}/molecule/shared/base-image", "forky")

    ours_name, twin_name = f"gardeligne-{SCENARIO}-{HOST}", f"gardeligne-{SCENARIO}-twin"
    ours = Container(ours_name)
    bare = ours.lines("dpkg-query --show --showformat '${Package}\\n'")
    converge()  # downloads the packages: not counted
    script, files = shell_twin(bare, ours)

    converges, twins = [], []
    for _ in range(runs):
        ours.remove()
        ours = Container(ours_name)
        converges.append(converge())
        twin = Container(twin_name)
        twins.append(timed("podman", "exec", "-i", twin_name, "sh", "-ec", script, stdin=files))
        twin.remove()
    again, facts = [], []
    for _ in range(runs):
        again.append(converge())
        facts.append(timed(*ansible("ansible", HOST, "--module-name=setup")))
    asterisk, everything = memory(ours)
    ours.remove()

    def row(name: str, a: list[float], b: list[float]) -> None:
        ratios = sorted(x / y for x, y in zip(a, b, strict=True))
        print(
            f"{name:<58} {median(a):6.1f} s {median(b):6.1f} s   "
            f"{median(ratios):5.2f}  ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        )

    print(f"\n{'':<58} {'ours':>8} {'baseline':>8}   ratio  (min-max of {runs})")
    row("converge of a bare container / plain shell script", converges, twins)
    row("re-run that changes nothing / gathering facts only", again, facts)
    print(f"memory: Asterisk {asterisk:.0f} MiB, everything {everything:.0f} MiB")


if __name__ == "__main__":
    main()
