"""gardeligne-security: what it decides of an update, and what is told of it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import update_checks
from finding import Missing
from gardeligne_security import __main__ as security
from gardeligne_security import exchange, packages

OLD, NEW = "1:22.10.1+dfsg+~cs6.17.60671434-1", "1:22.10.2+dfsg+~cs6.17.60671434-1"
WORKS = {"Ligne free (09 87 65 43 21)", "SIP", "res_pjsip.so"}
DAY = 86400


class Box:
    """An exchange, and what dpkg does with its Asterisk."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.versions = {"asterisk": OLD, "asterisk-config": OLD}
        self.works, self.offered = set(WORKS), OLD
        self.calls = 0  # how often somebody still talks when that is asked
        # What becomes of the exchange with the new version, and after the old one was put back.
        self.breaks, self.mends = set[str](), True
        self.done: list[str] = []
        self.stale = False
        self.fails = ""
        monkeypatch.setattr(security, "STATE", str(folder / "security.json"))
        monkeypatch.setattr(security, "FORMER", str(folder / "former"))
        monkeypatch.setattr(security, "BEFORE", str(folder / "former/before.json"))
        monkeypatch.setattr(security, "PAUSE", 0)
        monkeypatch.setattr(time, "sleep", lambda _: None)
        monkeypatch.setattr(security.wait, "__defaults__", (0.05, 0))
        monkeypatch.setattr(packages, "QUIET", str(folder / "quiet"))
        monkeypatch.setattr(packages, "POLICY", str(folder / "policy-rc.d"))
        monkeypatch.setattr(packages, "REFUSED", str(folder / "refused"))
        monkeypatch.setattr(packages, "CONFIGURATION", str(folder / "asterisk"))
        self.settings = folder / "asterisk/extensions.conf"
        self.settings.parent.mkdir(mode=0o750)
        self.settings.write_text("")
        self.settings.chmod(0o640)
        monkeypatch.setattr(packages, "asterisk", lambda: dict(self.versions))
        monkeypatch.setattr(packages, "candidate", lambda _: self.offered)
        monkeypatch.setattr(
            packages, "make_again", lambda name, _: self.done.append(f"keep {name}")
        )
        monkeypatch.setattr(packages, "done", self.command)
        monkeypatch.setattr(packages, "upgrade", self.upgrade)
        monkeypatch.setattr(packages, "put_back", self.put_back)
        monkeypatch.setattr(exchange, "START", 0)
        monkeypatch.setattr(exchange, "works", lambda: set(self.works))
        monkeypatch.setattr(exchange, "talks", self.talks)
        monkeypatch.setattr(exchange, "is_stale", lambda: self.stale)
        monkeypatch.setattr(exchange, "restart", self.restart)
        monkeypatch.setattr(exchange, "machine_is_stale", lambda: False)

    def talks(self) -> bool:
        self.calls -= 1
        return self.calls >= 0

    def command(self, *words: str) -> bool:
        self.done.append(" ".join(words))
        return not self.fails or self.fails not in words

    def upgrade(self) -> None:
        if self.fails == "upgrade":
            raise packages.Failed("les mises à jour ne s'installent pas")
        refused = Path(packages.REFUSED).exists() and Path(packages.REFUSED).read_text()
        if self.offered != self.versions["asterisk"] and f" {self.offered}\n" not in (
            refused or ""
        ):
            self.versions = dict.fromkeys(self.versions, self.offered)
            self.settings.chmod(0o666)
            self.stale, self.works = True, self.works - self.breaks

    def put_back(self, _: str) -> None:
        self.done.append("put back")
        self.versions, self.stale = dict.fromkeys(self.versions, OLD), True
        self.settings.chmod(0o666)
        if self.mends:
            self.works = set(WORKS)

    def restart(self, _: object) -> bool:
        self.done.append("restart")
        self.stale = False
        return True

    def night(self) -> dict[str, object]:
        self.done.clear()
        self.status = security.main()
        return dict(json.loads(Path(security.STATE).read_text()))

    def told(self, later: float = 0) -> str:
        return update_checks.secure(time.time() + later, security.STATE)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_a_night_without_a_new_asterisk_restarts_nothing_and_keeps_nothing(box: Box) -> None:
    assert box.told() == "les premières la nuit prochaine"
    assert box.night()["failed"] == ""
    assert not [step for step in box.done if step.startswith(("keep", "restart", "put"))]
    assert box.told().startswith("cherchées le ")


def test_a_new_asterisk_that_works_stays(box: Box) -> None:
    box.offered = NEW
    box.night()
    assert [step for step in box.done if not step.startswith(("dpkg", "apt"))] == [
        "keep asterisk", "keep asterisk-config", "restart"
    ]  # fmt: skip
    assert box.versions["asterisk"] == NEW
    assert box.settings.stat().st_mode & 0o777 == 0o640
    assert not Path(security.FORMER).exists()
    assert box.told().startswith("cherchées le ")


def test_one_that_does_not_is_taken_back_refused_and_told_until_another_works(box: Box) -> None:
    box.offered, box.breaks = NEW, {"res_pjsip.so", "SIP"}
    box.night()
    assert box.versions["asterisk"] == OLD
    assert box.settings.stat().st_mode & 0o777 == 0o640
    assert (
        f"Package: asterisk\nPin: version {NEW}\nPin-Priority: -1\n"
        in Path(packages.REFUSED).read_text()
    )
    with pytest.raises(Missing) as told:
        box.told()
    assert str(told.value) == (
        "Asterisk 22.10.2-1 ne marchait pas ici, la version 22.10.1-1 a été remise "
        "(il manquait : res_pjsip.so, SIP)"
    )
    assert "vos appels passent comme avant" in told.value.cure
    # Nothing else is offered: it stays told.
    box.offered = OLD
    box.night()
    with pytest.raises(Missing):
        box.told()
    box.offered, box.breaks = NEW.replace("10.2", "10.3"), set()
    box.night()
    assert not Path(packages.REFUSED).exists()
    assert box.told().startswith("cherchées le ")


def test_one_that_somebody_installs_by_hand_ends_what_is_told_of_another(box: Box) -> None:
    box.offered, box.breaks = NEW, {"SIP"}
    box.night()
    box.versions = dict.fromkeys(box.versions, NEW.replace("10.2", "10.3"))
    box.offered = box.versions["asterisk"]
    box.night()
    assert box.told().startswith("cherchées le ")


def test_what_the_former_one_does_not_mend_is_not_the_new_one_s_fault(box: Box) -> None:
    """The operator is away at that very moment."""
    box.offered, box.breaks, box.mends = NEW, {"Ligne free (09 87 65 43 21)"}, False
    state = box.night()
    assert (state["refused"], box.status) == ({}, 1)
    assert not Path(packages.REFUSED).exists()
    assert "le central n'a plus : Ligne free" in str(state["failed"])


def test_packages_that_are_half_installed_are_taken_back(box: Box) -> None:
    box.offered = NEW + " iF"
    box.night()
    assert box.versions["asterisk"] == OLD
    assert NEW + "\n" in Path(packages.REFUSED).read_text()


def test_nothing_is_begun_while_somebody_talks(box: Box) -> None:
    box.offered, box.calls = NEW, 10**9
    assert box.night()["failed"] == "quelqu'un téléphonait toute l'heure"
    assert box.versions["asterisk"] == OLD
    assert not [step for step in box.done if "apt-get" in step]


def test_a_call_that_goes_on_puts_the_trial_off_and_the_former_packages_are_kept(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.offered = NEW
    with monkeypatch.context() as talking:
        talking.setattr(exchange, "restart", lambda _: False)
        assert "quelqu'un téléphonait" in str(box.night()["failed"])
    assert Path(security.BEFORE).exists()
    box.offered, box.breaks, box.works = NEW, set(), set()  # and it does not work
    box.night()
    assert box.versions["asterisk"] == OLD


@pytest.mark.parametrize("cut", ["upgrade", "restart", "put_back"])
def test_a_night_that_is_cut_off_anywhere_is_concluded_by_the_next(
    box: Box, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    box.offered, box.breaks = NEW, {"SIP"}
    real = getattr(box, cut)

    def current_fails(*given: object) -> None:
        real(*given)
        raise KeyboardInterrupt

    where = exchange if cut == "restart" else packages
    with monkeypatch.context() as broken:
        broken.setattr(where, cut, current_fails)
        if cut == "upgrade":
            broken.setattr(security, "conclude", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            box.night()
    box.offered = OLD if cut == "put_back" else NEW
    box.night()
    assert box.versions["asterisk"] == OLD
    assert box.works == WORKS
    assert not Path(security.FORMER).exists()


def test_failures_are_told_after_two_days_and_for_as_long_as_they_last(box: Box) -> None:
    box.fails = "update"
    box.night()
    assert box.status == 1
    assert box.told(DAY)
    with pytest.raises(
        Missing, match=r"^échouent depuis le .* : les listes de Debian ne se"
    ) as told:
        box.told(3 * DAY)
    assert "atteint Internet" in told.value.cure
    box.fails = ""
    box.night()
    assert box.told(3 * DAY)


def test_what_nobody_has_looked_for_is_told(box: Box) -> None:
    box.night()
    with pytest.raises(Missing, match=r"^aucune depuis le "):
        box.told(31 * DAY)


def test_a_fault_of_this_program_is_told_too(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    box.offered = NEW
    monkeypatch.setattr(packages, "make_again", full)
    assert box.night()["failed"] == "erreur de ce programme"
    assert box.versions["asterisk"] == OLD


@pytest.mark.parametrize(
    ("hour", "talking", "container", "restarts"),
    [(3, 0, False, True), (6, 0, False, False), (0, 0, False, False), (3, 1, False, False),
     (3, 0, True, False)],
)  # fmt: skip
def test_the_machine_is_restarted_at_night_and_not_during_a_call(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    hour: int,
    talking: int,
    container: bool,
    restarts: bool,
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(exchange, "machine_is_stale", lambda: True)
    monkeypatch.setattr(os.path, "exists", lambda _: container)
    monkeypatch.setattr(subprocess, "check_call", commands.append)
    now = time.mktime((2026, 11, 30, hour, 30, 0, 0, 0, -1))
    state = dict(security.NEW)
    box.calls = talking
    security.restart_machine(state, now)
    assert commands == ([["systemctl", "--no-block", "reboot"]] if restarts else [])
    assert state["restart"] == int(now)


def test_a_restart_that_waits_for_a_week_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "machine_is_stale", lambda: True)
    monkeypatch.setattr(security, "NIGHT", (0, 0))
    box.night()
    assert box.told(6 * DAY)
    with pytest.raises(Missing, match=r"^elles attendent un redémarrage depuis le "):
        box.told(8 * DAY)


def test_who_asks_whether_asterisk_may_be_restarted_is_told_no_only_meanwhile(box: Box) -> None:
    def answer(*words: str) -> int:
        return subprocess.call([packages.POLICY, *words])

    answer_of = packages.ANSWER.replace("/run/gardeligne-security.quiet", packages.QUIET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packages, "ANSWER", answer_of)
        with packages.undisturbed():
            assert answer("asterisk", "restart") == 101
            assert answer("--quiet", "asterisk.service", "restart") == 101
            assert answer("postfix", "restart") == 0
            kept = Path(packages.POLICY).read_text()
        assert not Path(packages.POLICY).exists()
        # What a power cut leaves; and somebody else's.
        Path(packages.POLICY).write_text(kept)
        Path(packages.POLICY).chmod(0o755)
        assert answer("asterisk", "restart") == 0
        with packages.undisturbed():
            assert answer("asterisk", "restart") == 101
        assert not Path(packages.POLICY).exists()
        Path(packages.POLICY).write_text("#!/bin/sh\nexit 104\n")
        with packages.undisturbed():
            pass
        assert "104" in Path(packages.POLICY).read_text()


def test_a_process_whose_files_were_replaced_is_found(tmp_path: Path) -> None:
    program = tmp_path / "sleep"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    with subprocess.Popen([program, "60"]) as child:
        try:
            maps = Path(f"/proc/{child.pid}/maps")
            while str(program) not in maps.read_text():
                time.sleep(0.01)
            assert not exchange.stale(str(child.pid))
            program.unlink()
            assert exchange.REPLACED.search(maps.read_text().replace(str(tmp_path), "/usr/bin"))
            assert not exchange.REPLACED.search("7f00 r-xp 0 00:01 5 /memfd:x (deleted)\n")
        finally:
            child.kill()
    assert not exchange.stale(str(child.pid))
