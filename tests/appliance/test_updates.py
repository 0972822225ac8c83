"""gardeligne-updates: what it finds, tells and keeps, with apt's and dpkg's answers from files."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
import time
from collections.abc import Generator
from email import message_from_bytes, policy
from pathlib import Path
from types import ModuleType

import pytest
import update_checks
from finding import Missing
from support.example import ROOT
from support.server import Server, address, serving

from image import fill

PROGRAM = ROOT / "roles/updates/files/gardeligne-updates"
OURS = "1:22.10.1+dfsg+~cs6.17.60671434-1"
NEXT = "1:22.10.2+dfsg+~cs6.17.60671434-1"
CURE = "Sur la machine : make packages."
# dpkg itself compares versions.
PROGRAMS = {
    "apt-get": """\
if [ "$1" = indextargets ]; then
    [ ! -e "$SAID/lists" ] || echo "http://x.example/debian/ Debian/Debian"
    exit
fi
[ ! -e "$SAID/offline" ] || { echo "no route to the archive"; exit 100; }
touch "$SAID/lists"
""",
    "apt-cache": 'cat "$SAID/sources"',
    "dpkg-query": 'cat "$SAID/installed"',
}


class Box:
    """A machine with a built Asterisk."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said, self.state = folder / "said", folder / "updates.json"
        self.mails = folder / "mails"
        programs = folder / "bin"
        for made in (self.said, self.mails, programs):
            made.mkdir()
        for name, script in PROGRAMS.items():
            (programs / name).write_text(f"#!/bin/sh\nset -e\n{script}\n")
            (programs / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        monkeypatch.setenv("SAID", str(self.said))
        loader = importlib.machinery.SourceFileLoader("updates", str(PROGRAM))
        spec = importlib.util.spec_from_loader(loader.name, loader)
        assert spec
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        self.program: ModuleType = importlib.util.module_from_spec(spec)
        loader.exec_module(self.program)
        settings = folder / "settings.json"
        settings.write_text(json.dumps({"release": "forky", "mail_to": "a@x.org", "cure": CURE}))
        monkeypatch.setattr(self.program, "SETTINGS", str(settings))
        monkeypatch.setattr(self.program, "STATE", str(self.state))
        self.root, self.kept_on_card = folder / "root", self.program.CARD
        monkeypatch.setattr(self.program, "CARD", str(self.root / fill.CARD))
        monkeypatch.setattr(self.program, "LISTS", str(folder / "lists"))
        real = self.program.subprocess.run

        def run(command: list[str], **options: object) -> object:
            if command[0] != "/usr/sbin/sendmail":
                return real(command, **options)
            content = options["input"]
            assert isinstance(content, bytes)
            (self.mails / str(time.monotonic_ns())).write_bytes(content)
            return None

        monkeypatch.setattr(self.program.subprocess, "run", run)
        self.has(OURS + "~gardeligne13.1")
        self.offers(OURS)

    def has(self, version: str) -> None:
        (self.said / "installed").write_text(version)

    def offers(self, *versions: str) -> None:
        text = "".join(f"Package: asterisk\nVersion: {version}\n\n" for version in versions)
        (self.said / "sources").write_text(text)

    def was_made_by(self, address: str) -> None:
        """As image/fill.py leaves it on a card."""
        assert self.kept_on_card == f"/{fill.CARD}"
        (self.root / fill.CARD).parent.mkdir(parents=True, exist_ok=True)
        fill.leave_address(self.root, address)

    def looks(self) -> int:
        return int(self.program.main())

    def told(self, later: float = 0) -> str:
        return update_checks.waiting(time.time() + later, str(self.state))


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_what_is_the_newest_is_said_to_be(box: Box) -> None:
    assert box.looks() == 0
    assert box.told() == "Asterisk 22.10.1, le plus récent de Debian"
    assert not list(box.mails.iterdir())


def test_a_newer_one_is_told_once_by_mail_and_as_long_as_it_waits(box: Box) -> None:
    box.offers("1:22.9.0+dfsg-1", NEXT, OURS)
    for _ in range(3):
        assert box.looks() == 0
        with pytest.raises(
            Missing, match=r"^Asterisk 22\.10\.2 attend \(ici 22\.10\.1\)$"
        ) as waits:
            box.told()
        assert waits.value.cure == CURE
    (mail,) = box.mails.iterdir()
    read = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert (read["To"], read["From"]) == ("a@x.org", "Gardeligne <root>")
    text = read.get_content()
    assert "Debian propose Asterisk 22.10.2" in text
    assert f"Que faire : {CURE}" in text
    # The household has brought it; the next one is told again.
    box.has(NEXT + "~gardeligne13.1")
    assert box.looks() == 0
    assert "22.10.2, le plus" in box.told()
    box.offers("1:22.10.3+dfsg-1")
    assert box.looks() == 0
    assert len(list(box.mails.iterdir())) == 2


@pytest.fixture
def maker() -> Generator[Server, None, None]:
    with serving() as server:
        yield server


def manifest(asterisk: str) -> bytes:
    return json.dumps({"format": 1, "about": {"asterisk": asterisk}}).encode()


def test_a_newer_card_is_told_when_its_maker_has_one(box: Box, maker: Server) -> None:
    box.was_made_by(address(maker))
    box.offers(NEXT)
    maker.content = manifest(OURS + "~gardeligne13.1")
    assert box.looks() == 0
    with pytest.raises(Missing) as waits:
        box.told()
    assert waits.value.cure == CURE
    maker.content = manifest(NEXT + "~gardeligne13.1")
    for _ in range(2):
        assert box.looks() == 0
    with pytest.raises(Missing) as waits:
        box.told()
    folder = address(maker).rpartition("/")[0] + "/"
    assert waits.value.cure == f"Une carte avec Asterisk 22.10.2 est prête : {folder}"
    mails = sorted(box.mails.iterdir())
    assert len(mails) == 2
    assert folder in message_from_bytes(mails[1].read_bytes(), policy=policy.default).get_content()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"about": 7}', b'{"about": {}}', b"\xff", b" " * (2 << 20)]
)
def test_a_maker_s_page_that_says_nothing_is_no_error(
    box: Box, maker: Server, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    box.was_made_by(address(maker))
    box.offers(NEXT)
    maker.content = content
    assert box.looks() == 0
    with pytest.raises(Missing) as waits:
        box.told()
    assert waits.value.cure == CURE
    assert address(maker) in capsys.readouterr().err


def test_a_card_without_its_maker_s_address_asks_nobody(box: Box, maker: Server) -> None:
    box.was_made_by("")
    assert box.looks() == 0
    assert maker.asked == []


def test_a_maker_who_is_not_there_is_no_error(box: Box, maker: Server) -> None:
    box.was_made_by("http://127.0.0.1:1/gardeligne.img.json")
    assert box.looks() == 0
    assert "le plus récent" in box.told()


def test_a_mail_that_could_not_be_handed_over_is_tried_again(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.offers(NEXT)
    with monkeypatch.context() as broken:

        def tell(*_: object) -> None:
            raise OSError("no sendmail")

        broken.setattr(box.program, "tell", tell)
        with pytest.raises(OSError, match="no sendmail"):
            box.looks()
    assert box.looks() == 0
    assert len(list(box.mails.iterdir())) == 1


@pytest.mark.parametrize("fault", ["offline", "taken out"])
def test_what_was_known_stays_until_it_is_too_old(
    box: Box, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    box.offers(NEXT)
    box.looks()
    before = box.state.read_text()
    if fault == "offline":
        (box.said / "offline").touch()
    else:
        box.offers()
    assert box.looks() == 1
    said = capsys.readouterr().err
    assert ("no route to the archive" if fault == "offline" else "no source of Asterisk") in said
    assert box.state.read_text() == before


def test_what_nobody_has_looked_at_for_a_month_is_told(box: Box) -> None:
    box.looks()
    assert "le plus récent" in box.told(29 * 86400)
    with pytest.raises(Missing, match=r"^pas vérifiées depuis le ") as old:
        box.told(31 * 86400)
    assert "atteint Internet" in old.value.cure


def test_the_watch_is_told_only_that_nobody_looks(box: Box) -> None:
    box.offers(NEXT)
    box.looks()
    update_checks.looked_for(time.time(), str(box.state))
    with pytest.raises(Missing, match=r"^pas vérifiées depuis le "):
        update_checks.looked_for(time.time() + 31 * 86400, str(box.state))


def test_a_state_that_cannot_be_read_is_made_anew(box: Box) -> None:
    box.state.write_text("{")
    assert box.looks() == 0
    assert "le plus récent" in box.told()
