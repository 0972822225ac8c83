"""The command line: python -m image COMMAND."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence

from image import boot, build, flash, verify
from image.errors import ImageError
from image.packages import command as packages


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="image", description=sys.modules["image"].__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (build, verify, flash, boot, packages):
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except ImageError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"image: the disk is full: {error.filename or ''}: make room", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stopped:
        print("\nimage: stopped.", *stopped.args, file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
