"""Let Asterisk find good databases: look at them, keep copies, put one in a damaged one's place.

usage: gardeligne-databases start|copy|seen [ROOT]

start  before Asterisk starts: a database that is damaged is set aside, and the last good copy takes
       its place; where there is none, Asterisk begins with an empty one. A damaged astdb.sqlite3
       keeps Asterisk from starting, a damaged master.db loses the record of every call.
copy   while it runs (every hour, by a timer): keep a good copy. Nothing is locked for that:
       Asterisk gives a record up that it cannot write within a millisecond.
seen   forget what `gardeligne etat` tells of it.

Copies, damaged files and notes are in /var/lib/gardeligne/databases, for root alone. What cannot be
done is said, and is never a reason not to start: the exit status is 0.

Runs on Python 3.5 and SQLite 3.16 (Stretch) and later.
"""

import os
import sys
from typing import List

from .copies import keep_copy
from .databases import DATABASES, Keeper
from .files import say
from .start import start


def main(arguments: List[str]) -> int:
    if not arguments or arguments[0] not in ("start", "copy", "seen") or len(arguments) > 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    what, root = [*arguments, "/"][:2]
    keeper = Keeper(root)
    try:
        os.makedirs(keeper.folder, exist_ok=True)
        os.chmod(keeper.folder, 0o700)
        if what == "seen":
            keeper.note(dict(keeper.notes(), replaced=[]))
    except OSError as error:
        say("{}: {}".format(keeper.folder, error))
    for database in DATABASES if what != "seen" else ():
        try:
            {"start": start, "copy": keep_copy}[what](keeper, database)
        except Exception as error:  # whatever it is, Asterisk starts, and the others are looked at
            say("{}: {}: {}".format(keeper.path(database), type(error).__name__, error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
