"""Whether the household is told that backups, or their copies, are not made any more."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import backup_checks
import checks
import pytest
from finding import Missing

DAY = 86400.0
NOW = time.time()


class State:
    """What the program has left."""

    def __init__(self, folder: Path) -> None:
        self.settings, self.path = folder / "settings.json", folder / "state.json"
        self.wants()

    def wants(self, **places: object) -> None:
        self.settings.write_text(json.dumps({"usb": False, "folder": "", "ssh": "", **places}))

    def left(self, made: float, error: str = "", **copies: dict[str, Any]) -> None:
        state = {"made": made, "error": error, "size": 1000, "copies": copies}
        self.path.write_text(json.dumps(state))

    def said(self, later: float = 0) -> str:
        return backup_checks.saved(NOW + later, str(self.settings), str(self.path))


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def test_one_of_this_night_is_good(state: State) -> None:
    state.left(NOW - 3600)
    assert state.said().endswith(", sur la carte")
    assert "sur la carte" in state.said(2 * DAY)


def test_one_that_is_too_old_is_told_with_its_reason(state: State) -> None:
    state.left(NOW, error="/var/log/asterisk/master.db est abîmée")
    with pytest.raises(Missing, match=r"^pas faite depuis le ") as old:
        state.said(3 * DAY + 3600)
    assert old.value.cure.startswith("/var/log/asterisk/master.db est abîmée. Ensuite : sudo ")


@pytest.mark.parametrize("content", [None, "", "{", "[7]", "7"])
def test_before_the_first_one_it_is_waited_for(state: State, content: str | None) -> None:
    if content is not None:
        state.path.write_text(content)
    assert state.said() == "la première se fait cette nuit"
    with pytest.raises(Missing, match=r"^jamais faite$") as never:
        state.said(3 * DAY + 3600)
    assert "sudo gardeligne sauvegarder" in never.value.cure


def test_a_copy_that_is_too_old_is_told(state: State) -> None:
    state.wants(usb=True)
    later = 7 * DAY
    state.left(NOW + later, usb={"made": NOW, "since": NOW, "error": "aucune clé"})
    assert state.said(later).endswith(", sur la carte")
    later = 9 * DAY
    state.left(NOW + later, usb={"made": NOW, "since": NOW, "error": "aucune clé"})
    with pytest.raises(
        Missing, match=r"^rien de copié sur la clé USB depuis le .* \(aucune clé\)$"
    ) as old:
        state.said(later)
    assert old.value.cure == "Branchez la clé nommée GARDELIGNE, puis : sudo gardeligne sauvegarder"
    state.left(NOW + later, usb={"made": 0, "since": NOW, "error": "aucune clé"})
    with pytest.raises(Missing, match=r"^rien de copié sur la clé USB encore"):
        state.said(later)
    state.wants()
    assert state.said(later), "nobody wants one there any more"


def test_where_it_is_is_told(state: State) -> None:
    state.wants(usb=True, ssh="a@b/c")
    good = {"made": NOW, "since": NOW, "error": ""}
    state.left(NOW, usb=good, ssh=good)
    assert state.said().endswith(", sur la carte et par SSH et sur la clé USB")


def test_the_watch_looks_at_it_where_there_are_backups(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "EXCHANGE", "/nonexistent")
    monkeypatch.setattr(backup_checks, "SETTINGS", str(state.settings))
    for each in checks.checks, checks.watched:
        (found,) = [check for check in each() if check.name == "Sauvegarde"]
        assert found.mailed and found.every == 3600
    monkeypatch.setattr(backup_checks, "SETTINGS", "/nonexistent")
    assert "Sauvegarde" not in [check.name for check in checks.watched()]
