"""What Asterisk's databases become before each start, whatever has happened to them."""

from __future__ import annotations

import ast
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.databases import DAMAGE, MEMORY, PROGRAM, RECORD, Box, opened, overwrite

pytestmark = pytest.mark.slow


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


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
    # Where there is none, gardeligne-journal.service makes its table.
    assert not box.record.exists()
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


def test_without_a_folder_for_copies_a_damaged_one_goes_all_the_same(box: Box) -> None:
    box.kept.parent.mkdir()
    box.kept.touch()
    overwrite(box.memory, 0, 100)
    box.start()
    assert not box.known()


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


def test_a_program_whose_modules_are_gone_does_not_keep_asterisk_from_starting(
    tmp_path: Path,
) -> None:
    alone = tmp_path / PROGRAM.name
    alone.write_bytes(PROGRAM.read_bytes())
    ended = subprocess.run([sys.executable, alone, "start", tmp_path], timeout=50, check=False)
    assert ended.returncode == 1
    role = PROGRAM.parents[1]
    unit = (role / "templates/databases-start.service.j2").read_text()
    (line,) = (each for each in unit.splitlines() if f"/{PROGRAM.name} start" in each)
    # The dash: what comes after it is done whatever comes of it.
    assert line.startswith("ExecStart=-/usr/bin/timeout ")
    # And Asterisk wants it, but does not require it.
    assert (
        "\nWants=gardeligne-databases-start" in (role / "files/databases.service.conf").read_text()
    )


def test_a_large_record_takes_little_time(box: Box) -> None:
    with opened(box.record) as database:
        rows = [("1700000000.000 0612345678 free connu answered 001",) for _ in range(50_000)]
        database.executemany("INSERT INTO calls VALUES (NULL, ?)", rows)
    began = time.monotonic()
    box.start()
    assert time.monotonic() - began < 60, "the unit's patience"


def test_it_is_written_in_the_language_of_python_3_5() -> None:
    for path in PROGRAM, *sorted((PROGRAM.parent / "gardeligne_databases").glob("*.py")):
        ast.parse(path.read_text(), feature_version=(3, 5))
