"""Asterisk's databases on a disk that is full to the last byte."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from support.databases import Box, opened, overwrite


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
