"""What long lists of callers cost: nothing that a caller could notice, is the claim.

For 10, 10,000 and 100,000 blocked numbers in a household's list:

* on the builder's machine, the household's check and what is made of it (`--tags household`);
* on the appliance, the load into the database, and the size of that;
* a stranger's look-up through Asterisk: every key that the dialplan asks for, in vain;
* memory of Asterisk.

Run as root by `make bench-lists`, inside molecule/shared/sandbox. Exit status 1 if a step fails;
figures are never judged.
"""

from __future__ import annotations

import random
import shutil
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.appliance import INVENTORY, OURS, ROOT, Container, memory, options, timed
from lab.world import RECOMMENDED as HOST

SIZES = 10, 10_000, 100_000
CHECKS = 3  # at most
CALLS = 100
STRANGER = "0799999999"
# Asks like the guard does, CALLS times, and leaves the milliseconds of all in Asterisk's database.
DIALPLAN = f"""
ask,1,Set(began=${{STRFTIME(,,%s%3q)}})
ask,2,Set(left={CALLS})
ask,3,Gosub(listed,allow,1({STRANGER}))
ask,4,Gosub(listed,block,1({STRANGER}))
ask,5,Set(left=$[${{left}}-1])
ask,6,GotoIf($[${{left}}>0]?3)
ask,7,Set(DB(bench/ms)=$[${{STRFTIME(,,%s%3q)}}-${{began}}])
ask,8,Hangup()
wait,1,Answer()
wait,2,Wait(60)
"""


def household(folder: Path, size: int) -> Path:
    """Return a copy of the example's inventory that blocks so many numbers."""
    inventory = folder / str(size)
    shutil.copytree(INVENTORY, inventory)
    # The script of the exchanges finds its files from where it really is.
    (inventory / "hosts").unlink()
    (inventory / "hosts").symlink_to((INVENTORY / "hosts").resolve())
    own = inventory / "host_vars" / HOST
    own.mkdir(parents=True)
    (own / "lists.yml").write_text("household_block: [{preset: demarchage}, {file: liste.txt}]\n")
    numbers = random.Random(size).sample(range(100_000_000), size)  # noqa: S311
    (own / "liste.txt").write_text("".join(f"06 {number:08d}  Robot\n" for number in numbers))
    return inventory


def play(inventory: Path, *options: str) -> float:
    """Return the seconds that the playbook takes."""
    program = f"{ROOT}/.venv/bin/ansible-playbook"
    limit = f"--limit={HOST},localhost"
    return timed(program, f"--inventory={inventory}", "playbook.yml", limit, *options)


def look_up(exchange: Container) -> float:
    """Return the milliseconds of a stranger's look-up."""
    exchange.run("asterisk -rx 'database deltree bench'")
    exchange.run("asterisk -rx 'channel originate Local/wait@bench extension ask@bench'")
    for _ in range(300):
        time.sleep(0.2)
        said = exchange.run("asterisk -rx 'database get bench ms'").decode()
        if "Value:" in said:
            return int(said.split()[-1]) / CALLS
    sys.exit("bench: the dialplan did not come to its end")


def main() -> None:
    """Measure, and print a table."""
    asked = options(__doc__, 5, f"one run, {SIZES[0]} numbers")
    sizes = SIZES[:1] if asked.short else SIZES
    rows = []
    with TemporaryDirectory() as folder, Container(OURS) as exchange:
        inventories = {size: household(Path(folder), size) for size in sizes}
        play(inventories[sizes[0]])
        for size, inventory in inventories.items():
            check = median(
                play(inventory, "--tags=household") for _ in range(min(asked.runs, CHECKS))
            )
            play(inventory, "--tags=numbers")
            # An Asterisk of its own for each size; what else the bench needs is no part of it.
            exchange.run("systemctl restart asterisk")
            exchange.run("asterisk -rx 'module load res_clioriginate.so'")
            for line in filter(None, DIALPLAN.splitlines()):
                exchange.run(f"asterisk -rx 'dialplan add extension {line} into bench replace'")
            load = [timed(*exchange.enter("gardeligne-numbers")) for _ in range(asked.runs)]
            looked = [look_up(exchange) for _ in range(asked.runs)]
            kilobytes = int(exchange.run("du -k /run/gardeligne/numbers.sqlite3").split()[0])
            rows.append((size, check, median(load), kilobytes / 1024, looked, memory(exchange)[0]))
    heads = f"{'numbers':>8} {'check':>8} {'load':>8} {'database':>10}"
    print(f"\n{heads} {'look-up':>22} {'Asterisk':>10}")
    for size, check, load_time, size_mib, looked, mib in rows:
        look = f"{median(looked):.1f} ms ({min(looked):.1f}-{max(looked):.1f})"
        print(
            f"{size:>8,} {check:6.1f} s {load_time:6.2f} s {size_mib:6.1f} MiB {look:>22}"
            f" {mib:6.0f} MiB"
        )


if __name__ == "__main__":
    main()
