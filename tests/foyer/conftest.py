"""A box that sets itself up, for the tests of its programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.selfsetup import Box, partition


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    root = tmp_path / "box"
    root.mkdir()
    with partition(root / "boot/firmware", tmp_path / "boot.ext4"):
        yield Box(root)
