"""What the appliance costs, as ratios in one run against stated baselines.

* converge of a bare container ÷ a plain shell script that installs the same packages and
  copies the same files on a second one (packages already downloaded for both);
* a re-run that has nothing to do, one that has one setting to change, and one that looks through
  all roles, ÷ `ansible -m setup`, which only gathers facts;
* where the seconds of the last of these go, by role;
* resident memory of Asterisk, and of everything that runs, in MiB.

Run as root by `make bench`, inside molecule/shared/sandbox. Exit status 1 if a step fails;
figures are never judged.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from argparse import RawTextHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile

from bench import split
from lab.build import PLACES
from lab.world import RECOMMENDED as HOST
from lab.world import RUN_IN_MACHINE, VARIABLE

ROOT = Path(__file__).parents[2]
# Of the container under test, and of the one that it is compared with.
OURS, TWIN = "bench", "bench-twin"
INVENTORY = ROOT / "molecule/household/inventory"
# Downloaded packages, for both: what is measured is not the network.
ARCHIVES = ROOT / ".cache/apt/bench"
# What a converged machine has in these folders that a bare one has not is what was copied.
FOLDERS = ("etc", "usr/local")


def sh(*command: str, stdin: bytes | None = None, scenario: str = OURS) -> bytes:
    """Run a command and return its output; its errors end the benchmark."""
    env = os.environ | PLACES | {VARIABLE: scenario}
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


def ansible(program: str, *arguments: str) -> Sequence[str]:
    """Return a command of Ansible's against the container under test."""
    return (f"{ROOT}/.venv/bin/{program}", f"--inventory={INVENTORY}", *arguments)


class Container:
    """A machine of the recommended release, made and removed as those of the scenarios are."""

    def __init__(self, scenario: str) -> None:
        """Start it, bare."""
        self.scenario = scenario
        self.name = f"gardeligne-{scenario}-{HOST}"
        self.start()

    def start(self) -> None:
        """Start it anew, bare, and wait until systemd has."""
        self._play("create.yml")

    def run(self, script: str, stdin: bytes | None = None) -> bytes:
        """Run a shell script in it."""
        return sh(*self.enter(script), stdin=stdin)

    def enter(self, script: str) -> Sequence[str]:
        """Return the command that runs a shell script in it."""
        return (str(RUN_IN_MACHINE), self.name, "sh", "-ec", script)

    def lines(self, script: str) -> set[str]:
        """Return what a shell script prints, by line."""
        return set(self.run(script).decode().splitlines())

    def _play(self, playbook: str) -> None:
        play = ansible("ansible-playbook", f"molecule/shared/{playbook}", f"--limit={HOST}")
        sh(*play, f"--extra-vars=cache={ARCHIVES}", scenario=self.scenario)

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it, whatever happened."""
        self._play("destroy.yml")


def playbook(full: bool, **settings: object) -> Sequence[str]:
    """Return the command that runs the playbook: on all roles, or on those with something to do."""
    given = json.dumps({"settled_full": full, **settings})
    return ansible(
        "ansible-playbook", f"--limit={HOST},localhost", f"--extra-vars={given}", "playbook.yml"
    )


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


def options(description: str | None, runs: int, short: str) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs, help=f"counted runs ({runs})")
    parser.add_argument("--short", action="store_true", help=f"{short}: shows that it works")
    asked = parser.parse_args()
    if asked.short:
        asked.runs = 1
    return asked


def main() -> None:
    """Measure, and print a table."""
    asked = options(__doc__, 3, "one run of each side, and ours downloads")
    converges, twins, nothing, one, everything, facts = [], [], [], [], [], []
    with Container(OURS) as ours:
        bare = ours.lines("dpkg-query --show --showformat '${Package}\\n'")
        # Downloads the packages: not counted, unless it is the only one.
        first = timed(*playbook(full=True))
        script, files = shell_twin(bare, ours)
        for _ in range(asked.runs):
            if asked.short:
                converges.append(first)
            else:
                ours.start()
                converges.append(timed(*playbook(full=True)))
            with Container(TWIN) as twin:
                twins.append(timed(*twin.enter(script), stdin=files))
        for run in range(asked.runs):
            everything.append(timed(*playbook(full=True)))
            nothing.append(timed(*playbook(full=False)))
            one.append(timed(*playbook(full=False, household_guard={"wait": 5 + run})))
            timed(*playbook(full=False))
            facts.append(timed(*ansible("ansible", HOST, "--module-name=setup")))
        env = os.environ | PLACES | {VARIABLE: OURS}
        with NamedTemporaryFile("w", suffix=".yml") as empty:
            empty.write(split.empty_play(HOST))
            empty.flush()
            nothing_at_all = split.tasks_of(ansible("ansible-playbook", empty.name), ROOT, env)
        full = split.tasks_of(playbook(full=True), ROOT, env)
        spent = split.table(full, split.overheads(nothing_at_all))
        asterisk, all_memory = memory(ours)

    def row(name: str, a: list[float], b: list[float]) -> None:
        ratios = sorted(x / y for x, y in zip(a, b, strict=True))
        print(
            f"{name:<58} {median(a):6.1f} s {median(b):6.1f} s   "
            f"{median(ratios):5.2f}  ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        )

    print(f"\n{'':<58} {'ours':>8} {'baseline':>8}   ratio  (min-max of {asked.runs})")
    row("converge of a bare container / plain shell script", converges, twins)
    row("re-run with nothing to do / gathering facts only", nothing, facts)
    row("re-run with another wait / gathering facts only", one, facts)
    row("re-run that looks through all / gathering facts only", everything, facts)
    print("\nthat looks through all, in seconds:", *spent, "", sep="\n")
    print(f"memory: Asterisk {asterisk:.0f} MiB, everything {all_memory:.0f} MiB")


if __name__ == "__main__":
    main()
