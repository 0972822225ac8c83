"""What Asterisk's databases become before each start, whatever has happened to them."""

from __future__ import annotations

import ast
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[1] / "roles/asterisk/files/gardeligne-databases"
KNOWN = "/known/0612345678"
MEMORY, RECORD = "var/lib/asterisk/astdb.sqlite3", "var/log/asterisk/master.db"


@contextmanager
def opened(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Change a database, and let go of it."""
    database = sqlite3.connect(path)
    with closing(database), database:
        yield database


class Box:
    """A root with Asterisk's databases in it, of some pages each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.memory: Path = root / MEMORY
        self.record: Path = root / RECORD
        self.kept = root / "var/lib/gardeligne/databases"
        for path in self.memory, self.record:
            path.parent.mkdir(parents=True)
        with opened(self.memory) as database:
            database.execute("CREATE TABLE astdb(key VARCHAR(256) PRIMARY KEY, value VARCHAR(256))")
            rows = [(f"/known/01{n:08}", "1700000000 dialled") for n in range(400)]
            database.executemany("INSERT INTO astdb VALUES (?, ?)", [*rows, (KNOWN, "1 keypad")])
        with opened(self.record) as database:
            database.execute("CREATE TABLE calls (AcctId INTEGER PRIMARY KEY, started TEXT)")
            rows = [(str(n), "x" * 50) for n in range(400)]
            database.executemany("INSERT INTO calls VALUES (?, ?)", rows)

    def run(self, what: str, **options: object) -> str:
        command = [sys.executable, PROGRAM, what, self.root]
        done = subprocess.run(command, capture_output=True, text=True, timeout=50, **options)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr
        return str(done.stderr)

    def start(self) -> str:
        """Do what is done before a start, and hold its result as Asterisk does."""
        said = self.run("start")
        for path, table in (self.memory, "astdb"), (self.record, "calls"):
            if path.exists() and path.stat().st_size:
                with opened(path) as database:
                    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    database.execute(f"SELECT * FROM {table}")  # noqa: S608
            assert list(path.parent.glob(path.name + "-*")) == []
        return said

    def known(self) -> bool:
        if not self.memory.exists():
            return False
        with opened(self.memory) as database:
            asked = database.execute("SELECT value FROM astdb WHERE key = ?", [KNOWN])
            return asked.fetchone() is not None

    def calls(self) -> int:
        with opened(self.record) as database:
            return int(database.execute("SELECT COUNT(*) FROM calls").fetchone()[0])

    def aside(self) -> list[str]:
        return sorted(path.name for path in self.kept.glob("*.damaged-*"))

    def notes(self) -> dict[str, Any]:
        noted: dict[str, Any] = json.loads((self.kept / "notes.json").read_text())
        return noted

    def replaced(self) -> list[dict[str, Any]]:
        return list(self.notes()["replaced"])


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def overwrite(path: Path, offset: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * length)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 5)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def other(path: Path) -> None:
    path.unlink()
    with opened(path) as database:
        database.execute("CREATE VIEW astdb AS SELECT 1")
        database.execute("CREATE VIEW calls AS SELECT 1")


def write_ahead(path: Path) -> None:
    overwrite(path, 3 * 4096, 4096)
    Path(f"{path}-wal").write_bytes(b"\xa5" * 9000)
    Path(f"{path}-shm").write_bytes(b"\xa5" * 32768)


def with_a_journal_of_another(path: Path) -> None:
    """What a power cut leaves in the middle of a change, beside a file that it does not fit."""
    overwrite(path, 0, 100)
    Path(f"{path}-journal").write_bytes(hot_journal(path.parent))


def hot_journal(place: Path) -> bytes:
    """Return a journal that SQLite believes."""
    database = sqlite3.connect(place / "other", isolation_level=None)
    database.execute("CREATE TABLE t (x)")
    database.execute("PRAGMA cache_size = 1")
    database.execute("BEGIN")
    database.executemany("INSERT INTO t VALUES (?)", [("y" * 500,) for _ in range(2000)])
    found = (place / "other-journal").read_bytes()
    database.close()
    (place / "other").unlink()
    return found


def with_a_folder_for_a_journal(path: Path) -> None:
    Path(f"{path}-journal").mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "of no length": lambda path: os.truncate(path, 0),
    "cut": cut,
    "its head overwritten": lambda path: overwrite(path, 0, 100),
    "a page overwritten": lambda path: overwrite(path, 3 * 4096, 4096),
    "a cell overwritten": lambda path: overwrite(path, 5 * 4096 - 60, 40),
    "a text": lambda path: path.write_text("astdb\n" * 3000),
    "another's tables": other,
    "a folder": folder,
    "a link to nowhere": loop,
    "a write-ahead log beside it": write_ahead,
    "a journal beside it": with_a_journal_of_another,
    "a folder for a journal": with_a_folder_for_a_journal,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_last_good_copy_takes_a_damaged_one_s_place(box: Box, damage: str) -> None:
    assert box.start() == ""
    for path in box.memory, box.record:
        DAMAGE[damage](path)
    said = box.start()
    assert box.known()
    assert box.calls() == 400
    for path in box.memory, box.record:
        assert f"{path}: " in said
        if damage != "gone":
            assert any(name.startswith(path.name + ".damaged-") for name in box.aside())
    assert box.start() == "", "it is damaged no more"


@pytest.mark.parametrize("damage", DAMAGE)
def test_without_a_good_copy_asterisk_begins_anew(box: Box, damage: str) -> None:
    for path in box.memory, box.record:
        DAMAGE[damage](path)
    box.start()
    assert not box.known()
    assert not box.record.exists() or box.record.stat().st_size == 0
    assert bool(box.aside()) is (damage != "gone")


def test_a_good_one_is_left_as_it_is(box: Box) -> None:
    before = box.memory.read_bytes()
    for _ in range(3):
        assert box.start() == ""
    assert box.memory.read_bytes() == before
    assert box.aside() == []
    assert not (box.kept / "notes.json").exists()


def test_nothing_is_made_where_asterisk_has_not_run_yet(box: Box) -> None:
    box.memory.unlink()
    box.record.unlink()
    assert box.start() == ""
    assert not box.memory.exists()
    assert not box.record.exists()


def test_what_a_power_cut_left_half_done_is_taken_back(box: Box) -> None:
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN');"
        "c.execute('DELETE FROM astdb'); c.execute('PRAGMA cache_spill = 1');"
        "c.executemany('INSERT INTO astdb VALUES (?, ?)', [(i, 'z' * 200) for i in range(3000)]);"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, box.memory], check=True)
    assert Path(f"{box.memory}-journal").exists()
    assert box.start() == ""
    assert box.known()


def test_a_damaged_copy_is_not_put_back_but_the_one_before(box: Box) -> None:
    box.start()
    with opened(box.memory) as database:
        database.execute("INSERT INTO astdb VALUES ('/known/0', '1 keypad')")
    box.start()
    overwrite(box.kept / "astdb.sqlite3", 0, 100)
    overwrite(box.memory, 0, 100)
    box.start()
    assert box.known()


@pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")
def test_a_database_that_asterisk_may_not_read_is_mended() -> None:
    # Whose the databases are gets into none of pytest's folders.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        mended(Box(Path(place)))


def mended(box: Box) -> None:
    for path in box.memory, box.record:
        os.chown(path.parent, 34, 34)
        path.chmod(0)
    said = box.start()
    for path in box.memory, box.record:
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (34, 34, 0o640)
    assert said == ""
    overwrite(box.memory, 0, 100)
    box.start()
    found = box.memory.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (34, 34, 0o640)


def test_copies_are_for_root_alone_and_few(box: Box) -> None:
    for turn in range(6):
        with opened(box.memory) as database:
            database.execute("INSERT INTO astdb VALUES (?, '1 keypad')", [f"/known/{turn}"])
        box.start()
        overwrite(box.memory, 0, 100)
        box.start()
    assert box.kept.stat().st_mode & 0o777 == 0o700
    names = sorted(path.name for path in box.kept.iterdir())
    assert len(box.aside()) == 3
    assert [name for name in names if ".damaged-" not in name] == [
        *("astdb.sqlite3", "astdb.sqlite3.before", "master.db", "notes.json"),
    ]
    assert len(box.replaced()) == 6


def test_what_was_lost_is_noted_until_somebody_has_seen_it(box: Box) -> None:
    box.start()
    overwrite(box.memory, 0, 100)
    overwrite(box.record, 0, 100)
    (box.kept / "master.db").unlink()
    box.start()
    memory, record = box.replaced()
    assert (memory["database"], record["database"]) == (MEMORY, RECORD)
    assert memory["copy"] == pytest.approx(time.time(), abs=60)
    assert record["copy"] is None
    box.run("seen")
    assert box.replaced() == []


def test_damage_while_it_runs_is_noted_and_never_copied(box: Box) -> None:
    box.start()
    overwrite(box.memory, 3 * 4096, 4096)
    assert "no copy of that is kept" in box.run("copy")
    assert list(box.notes()["damaged"]) == [MEMORY]
    box.start()
    assert box.known()
    assert box.notes()["damaged"] == {}


@pytest.mark.slow
def test_a_copy_is_whole_while_somebody_writes_and_keeps_nobody_waiting(box: Box) -> None:
    """A writer that gives up after a millisecond, like Asterisk, loses nothing."""
    script = (
        "import sqlite3, sys, time\n"
        "c = sqlite3.connect(sys.argv[1], timeout=0.001, isolation_level=None)\n"
        "print('begun', flush=True)\n"
        "end, n = time.time() + 4, 0\n"
        "while time.time() < end:\n"
        "    c.execute('BEGIN')\n"
        "    for _ in range(20):\n"
        "        c.execute('INSERT INTO astdb VALUES (?, ?)', ('/t/%d' % n, 'x' * 100)); n += 1\n"
        "    c.execute('COMMIT')\n"
        "    time.sleep(0.02)\n"
        "print(n)\n"
    )
    command = [sys.executable, "-c", script, str(box.memory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        for _ in range(8):
            box.run("copy")
        assert int(writer.stdout.read()) > 0
    assert writer.returncode == 0, "it had to wait"
    with opened(box.kept / "astdb.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT COUNT(*) % 20 FROM astdb").fetchone() == (401 % 20,)


@pytest.mark.slow
def test_what_is_half_written_is_not_copied(box: Box) -> None:
    box.start()
    before = (box.kept / "astdb.sqlite3").read_bytes()
    with closing(sqlite3.connect(box.memory, isolation_level=None)) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN")
        rows = [(f"/t/{n}", "x" * 200) for n in range(2000)]
        database.executemany("INSERT INTO astdb VALUES (?, ?)", rows)
        assert box.memory.read_bytes() != before, "nothing of it is in the file yet"
        said = box.run("copy")
    assert "never at rest" in said
    assert (box.kept / "astdb.sqlite3").read_bytes() == before
    assert not (box.kept / "notes.json").exists(), "that is no damage"


def test_the_record_is_copied_once_a_day(box: Box) -> None:
    box.start()
    with opened(box.record) as database:
        database.execute("INSERT INTO calls VALUES (NULL, '1')")
    copy = box.kept / "master.db"
    box.run("copy")
    assert not (box.kept / "master.db.before").exists()
    os.utime(copy, (time.time() - 86400,) * 2)
    box.run("copy")
    assert (box.kept / "master.db.before").exists()


# ------------------------------------------------------------------------------ a full disk


@pytest.fixture
def full(tmp_path: Path) -> Generator[Callable[[], Box], None, None]:
    """Return a box on a disk of its own, and a way to fill it to the last byte."""
    if os.geteuid() != 0:
        pytest.skip("mounts")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk])
    if mounted.returncode:
        pytest.skip("cannot mount")
    yield lambda: Box(disk)
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(box: Box) -> None:
    with (box.root / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            pass


def test_a_full_disk_takes_the_copy_itself(full: Callable[[], Box]) -> None:
    box = full()
    box.start()
    overwrite(box.memory, 0, 100)
    fill(box)
    said = box.start()
    assert "the copy itself takes its place" in said
    assert box.known()


def test_a_full_disk_and_no_copy_leave_an_empty_one(full: Callable[[], Box]) -> None:
    """Asterisk could not make one."""
    box = full()
    overwrite(box.memory, 0, 100)
    fill(box)
    said = box.start()
    assert box.memory.stat().st_size > 0, said
    assert not box.known()


def test_a_full_disk_changes_nothing_of_a_good_one(full: Callable[[], Box]) -> None:
    box = full()
    with opened(box.memory) as database:
        database.execute("INSERT INTO astdb VALUES ('/known/0', '1 keypad')")
    fill(box)
    box.start()
    assert box.known()
    assert box.aside() == []


# ------------------------------------------------------------------------------ never a reason


def test_without_a_folder_for_copies_a_damaged_one_goes_all_the_same(box: Box) -> None:
    box.kept.parent.mkdir()
    box.kept.touch()
    overwrite(box.memory, 0, 100)
    box.start()
    assert not box.known()


@pytest.mark.slow
def test_a_database_that_somebody_holds_is_not_set_aside(box: Box) -> None:
    box.start()
    holder = sqlite3.connect(box.memory, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    said = box.run("start")
    holder.close()
    assert "locked" in said
    assert box.known()
    assert box.aside() == []


def test_notes_that_are_damaged_themselves_are_no_obstacle(box: Box) -> None:
    box.start()
    (box.kept / "notes.json").write_bytes(b"\xff{")
    overwrite(box.memory, 0, 100)
    box.start()
    assert box.known()
    assert len(box.replaced()) == 1


def test_a_large_record_takes_little_time(box: Box) -> None:
    with opened(box.record) as database:
        rows = [("1700000000.000 0612345678 free connu answered 001",) for _ in range(50_000)]
        database.executemany("INSERT INTO calls VALUES (NULL, ?)", rows)
    began = time.monotonic()
    box.start()
    assert time.monotonic() - began < 10


def test_it_is_written_in_the_language_of_python_3_5() -> None:
    ast.parse(PROGRAM.read_text(), feature_version=(3, 5))
