"""The pages, typed on machines that have nothing: bare Debian 12 and 13, and their own lines.

As root, by `make test-fresh`, with OPTIONS as:
    bookworm                one release instead of both
    --without=mtools        with a package left out of the Makefile's lists: something must miss it
    --try                   `make try` as well, which wants a quiet machine
    --each                  when all was typed, that for each package; ends with 1 if none misses it
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from fresh import readme
from fresh.machine import REPOSITORY, Failed, Machine, machine

RELEASES = ("bookworm", "trixie")
# Why a test may be left out here: nothing is below / but a folder; Debian 13 is as it is; and a
# processor with AMX starts no Linux as a program of the user.
SKIPPED = (
    "lsblk sees no disk under / here",
    "this Debian's fuse2fs damages files",
    "user-mode-linux does not run on this processor",
)
# Put before a line whose tests are only to be collected.
COLLECT = "PYTEST_ADDOPTS='--collect-only --quiet' "
# The tests that start programs of packages, by name: the others take minutes.
CONCERNED = (
    "tests/image tests/foyer/test_selfsetup* "
    "tests/appliance/test_phones* tests/appliance/test_sdcard_*"
)
# Of all that was said, what tells which package is missed: the first of these.
TELLING = ("^(FAILED|ERROR|SKIPPED)", "^image: |not found|not available", "")
# Purges a package, and what had come with it alone; fails if others need it.
PURGE = """\
marked() {{ apt-get -o APT::AutoRemove::RecommendsImportant=false \
    -o APT::AutoRemove::SuggestsImportant=false --simulate autoremove |
    sed -n 's/^Remv \\([^ ]*\\).*/\\1/p' | sort; }}
marked >/tmp/before
apt-mark auto {0}
marked >/tmp/after
comm -13 /tmp/before /tmp/after >/tmp/alone
grep -qxF {0} /tmp/alone
xargs apt-get purge </tmp/alone
"""


def type_whole(ours: Machine, line: str) -> None:
    """Type a line, and have no test of it left out for what the machine has not."""
    gaps = [text for text in ours.type(line) if text.startswith("SKIPPED")]
    if not all(any(reason in gap for reason in SKIPPED) for gap in gaps):
        raise Failed(line, "left something out", gaps)


def type_pages(ours: Machine, without: Sequence[str]) -> None:
    """Type what README, CONTRIBUTING and docs say, and the rest of `make help`."""
    home, left = "", {}
    for line in (*readme.told(), *readme.ALSO):
        if not line:
            ours.folder = home or ours.folder
        elif why := readme.elsewhere(line):
            left[line] = why
        elif line.startswith(readme.CLONE):
            ours.type(line.replace("<this repository>", REPOSITORY))
            home = ours.folder
            for package in without:
                ours.type(readme.leaving_out(package))
        else:
            collected = line.startswith(readme.COLLECTED)
            type_whole(ours, COLLECT * collected + line)
    for line, why in left.items():
        print(f"{ours.release}: not typed here: {line}  ({why})")


def missed(full: Machine, package: str) -> str:
    """Say what fails on a machine that has all packages but one."""
    with machine(full.release, full.own / "upper") as spoilt:
        spoilt.folder = full.folder
        spoilt.type(readme.leaving_out(package))
        try:
            spoilt.type(PURGE.format(package))
        except Failed:
            return "others bring it, or Debian holds it for important"
        try:
            if package in _lists()["BASE"]:
                spoilt.type("rm -r .venv && make setup lint")
            else:
                type_whole(spoilt, f'PYTEST_ADDOPTS="--exitfirst $(echo {CONCERNED})" make unit')
                spoilt.type("make image OPTIONS='--for-anybody --compress'")
        except Failed as failed:
            told = (text for sign in TELLING for text in failed.said if re.search(sign, text))
            return next(told, str(failed)).strip()
    return ""


def each(full: Machine) -> bool:
    """Leave out one package after another; say whether all are missed."""
    packages = {name for kind in ("BASE", "IMAGE", "UNIT") for name in _lists()[kind]}
    table = {package: missed(full, package) for package in sorted(packages)}
    for package, what in table.items():
        print(f"{full.release}: without {package}: {what or 'NOTHING MISSES IT'}")
    return all(table.values())


def _lists() -> dict[str, list[str]]:
    return readme.lists((readme.ROOT / "Makefile").read_text())


def main() -> None:
    """Type it all."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="fresh", description=__doc__, formatter_class=raw)
    parser.add_argument("releases", nargs="*", default=RELEASES, metavar="RELEASE")
    parser.add_argument("--without", action="append", default=[], metavar="PACKAGE")
    parser.add_argument("--try", dest="containers", action="store_true")
    parser.add_argument("--each", action="store_true")
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("fresh: bare roots need root: sudo make test-fresh")
    for release in options.releases:
        with machine(release) as ours:
            try:
                ours.prepare()
                type_pages(ours, options.without)
                if options.containers:
                    ours.type("make try")
            except Failed as failed:
                sys.exit(f"fresh: {release}: {failed}")
            for line, seconds, processors in ours.times:
                print(f"{release}: {seconds:5.0f} s, processors {processors:5.0f} s: {line}")
            if options.each and not each(ours):
                sys.exit(f"fresh: {release}: nothing misses some of the packages")


if __name__ == "__main__":
    main()
