"""A backup is made, carried, and taken back by a machine made anew; bad ones change nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import gardeligne_backup.machine
import pytest
from gardeligne_backup import content, copies
from gardeligne_backup.trouble import Trouble
from support.backup import LINE, PHRASE, Machine
from support.databases import DAMAGE, KNOWN

pytestmark = pytest.mark.slow
OTHER = "Une autre phrase 7"


@pytest.fixture
def old(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "new")
    machine.loses_all()
    return machine


@pytest.mark.parametrize("passphrase", [PHRASE, ""])
def test_a_machine_made_anew_has_all_back(tmp_path: Path, passphrase: str) -> None:
    old = Machine(tmp_path / "old", passphrase)
    had, backup = old.state(), old.makes()
    carried = shutil.copy(backup, tmp_path)
    shutil.rmtree(old.root)
    new = Machine(tmp_path / "new", passphrase)
    new.loses_all()
    done = new.call("restore", carried, "--oui")
    assert done.returncode == 0, done.stderr
    assert "400 appels, 1 messages, 401 numéros connus, 1 bloqués" in done.stdout
    assert new.state() == had
    # Where this machine's own phones are, nobody has forgotten.
    assert "/registrar/contact/002;@y" in new.rows()
    assert "/registrar/contact/001;@x" not in new.rows()
    assert not [
        path for path in new.root.rglob("*") if path.name.endswith((".restored", "restore"))
    ]
    assert not (new.folder / "open").exists()


def test_what_was_there_before_can_be_taken_back_too(old: Machine, new: Machine) -> None:
    before = new.state()
    done = new.call("restore", old.makes(), "--oui")
    (kept,) = new.backups()
    assert done.stdout.endswith(f"sudo gardeligne restaurer {kept}\n")
    assert new.call("restore", kept, "--oui").returncode == 0
    assert new.state() == before


def test_it_is_closed_by_the_passphrase_and_for_root_alone(old: Machine) -> None:
    backup = old.makes()
    content = backup.read_bytes()
    assert not content.startswith(b"\x1f\x8b")
    for secret in b"message", KNOWN.encode(), b"Martin", PHRASE.encode():
        assert secret not in content
    for path in (backup, *old.folder.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    assert old.folder.stat().st_mode & 0o777 == 0o700
    shown = subprocess.run(
        ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "x", "--list-packets"],
        input=content, capture_output=True, check=False,
        env={**os.environ, "GNUPGHOME": str(old.root)},
    ).stdout.decode(errors="replace")  # fmt: skip
    assert "cipher 9" in shown and "s2k 3, hash 10" in shown and "count 65011712" in shown
    assert "mdc_method: 2" in shown


def test_the_passphrase_is_in_no_command_and_no_words(
    old: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = tmp_path / "bin/gpg"
    spy.parent.mkdir()
    noted = f'{{ echo "$@"; env; }} >>{tmp_path}/seen'
    spy.write_text(f'#!/bin/sh\n{noted}\nexec {shutil.which("gpg")} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    done = old.call("make")
    told = done.stdout + done.stderr + (tmp_path / "seen").read_text()
    assert "--symmetric" in told
    assert PHRASE not in told


def test_any_pc_opens_it_with_gpg_and_tar_alone(old: Machine, tmp_path: Path) -> None:
    backup = old.makes()
    home = tmp_path / "home"
    home.mkdir(0o700)
    done = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0",
         "--output", tmp_path / "plain.tar.gz", "--decrypt", backup],
        input=PHRASE.encode(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "plain.tar.gz") as tar:
        assert {"messages/001/INBOX/msg0000.wav", "record.sqlite3"} <= set(tar.getnames())


def changed(path: Path, change: Callable[[bytes], bytes]) -> Path:
    other = path.with_name("other" + path.suffix)
    other.write_bytes(change(path.read_bytes()))
    return other


def flipped(at: float) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        place = int(len(content) * at)
        return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]

    return flip


def cut(at: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * at)]


BAD: dict[str, Callable[[bytes], bytes]] = {
    **{f"damaged at {at}": flipped(at) for at in (0.001, 0.1, 0.5, 0.9, 0.9999)},
    **{f"cut at {at}": cut(at) for at in (0.001, 0.5, 0.9999)},
    "empty": lambda _: b"",
    "a photo": lambda _: b"\xff\xd8\xff\xe0" + bytes(5000),
    "zeros": lambda content: bytes(len(content)),
    "two in one": lambda content: content + content,
}  # fmt: skip


@pytest.mark.parametrize("passphrase", [PHRASE, ""], ids=["closed", "open"])
@pytest.mark.parametrize("bad", BAD)
def test_a_damaged_or_cut_one_changes_nothing(tmp_path: Path, bad: str, passphrase: str) -> None:
    old, new = (Machine(tmp_path / name, passphrase) for name in ("old", "new"))
    new.loses_all()
    before = new.state()
    other = changed(old.makes(), BAD[bad])
    done = new.call("restore", other, "--oui", given=PHRASE + "\n")
    assert done.returncode == 3, done.stdout + done.stderr
    assert re.search(r"other\.sauvegarde", done.stderr)
    assert "Traceback" not in done.stderr
    assert new.state() == before
    assert new.backups() == [], "something was begun"
    assert not (new.folder / "open").exists()


def test_a_wrong_passphrase_is_said_to_be_one_and_another_is_asked_for(
    tmp_path: Path, old: Machine
) -> None:
    backup, new = old.makes(), Machine(tmp_path / "new", OTHER)
    new.loses_all()
    before = new.state()
    done = new.call("restore", backup, "--oui", given="Encore une autre 9\n")
    assert (done.returncode, new.state()) == (3, before)
    assert "ce n'est pas son mot de passe" in done.stderr
    done = new.call("restore", backup, "--oui", given=PHRASE + "\n")
    assert done.returncode == 0, done.stderr
    assert new.state() == old.state()


def test_another_line_s_is_taken_only_if_that_is_meant(tmp_path: Path, new: Machine) -> None:
    foreign = Machine(tmp_path / "foreign", lines=["0911223344"])
    before, backup = new.state(), foreign.makes()
    done = new.call("restore", backup, "--oui")
    assert (done.returncode, new.state()) == (3, before)
    assert "d'une autre ligne (0911223344)" in done.stderr
    assert new.call("restore", backup, "--oui", "--autre-ligne").returncode == 0
    assert new.state() == foreign.state()


def packed(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return an archive as a hostile hand writes it."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb") as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as tar,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.type = len(content), kind if name != "format" else tarfile.REGTYPE
            member.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


HOSTILE = {
    "no format": packed({"memory.json": b"{}"}),
    "above": packed({"format": b"1\n", "messages/../../../../tmp/x": b"x"}),
    "absolute": packed({"format": b"1\n", "/tmp/x": b"x"}),  # noqa: S108 - refused
    "a link": packed({"format": b"1\n", "messages/x": b""}, tarfile.SYMTYPE),
    "a device": packed({"format": b"1\n", "messages/x": b""}, tarfile.CHRTYPE),
    "another name": packed({"format": b"1\n", "etc/shadow": b"x"}),
    "no manifest": packed({"format": b"1\n", "memory.json": b"{}"}),
    "not in the manifest": packed(
        {"format": b"1\n", "memory.json": b"{}", "manifest.json": b'{"files": {}}'}
    ),
    "a manifest of nonsense": packed({"format": b"1\n", "manifest.json": b"[7]"}),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_foreign_or_hostile_one_changes_nothing(
    new: Machine, tmp_path: Path, hostile: str
) -> None:
    other, before = tmp_path / "other.sauvegarde", new.state()
    other.write_bytes(HOSTILE[hostile])
    done = new.call("restore", other, "--oui")
    assert (done.returncode, new.state(), new.backups()) == (3, before, [])
    assert "Traceback" not in done.stderr
    assert re.search(r"n'est pas une sauvegarde de Gardeligne|abîmée, ou coupée", done.stderr)


def test_a_newer_one_is_refused_with_the_cure(new: Machine, tmp_path: Path) -> None:
    other = tmp_path / "other.sauvegarde"
    other.write_bytes(packed({"format": b"2\n", "anything": b"new"}))
    done = new.call("restore", other, "--oui")
    assert done.returncode == 3
    assert "plus récent (format 2 ; celui-ci connaît 1). Mettez celui-ci à jour" in done.stderr


def test_one_of_this_format_s_first_day_is_still_read(new: Machine) -> None:
    """Made in November 2026, on bullseye's layout, its record of calls with fewer columns."""
    first = Path(__file__).parent / "backups/format-1.sauvegarde"
    assert new.call("restore", first, "--oui").returncode == 0
    assert new.rows()[KNOWN] == "1 keypad"
    assert new.calls() == 400
    assert new.text.read_text() == "[message]\n"


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name != "gone"])
def test_a_damaged_database_is_not_backed_up(old: Machine, damage: str) -> None:
    good = old.makes()
    DAMAGE[damage](old.record)
    done = old.call("make")
    if old.record.exists() and old.record.stat().st_size == 0:
        return  # as before the first call
    assert done.returncode == 1, done.stdout
    assert "master.db" in done.stdout
    assert old.backups() == [good]


def test_the_newest_stay_and_nothing_is_half_written(old: Machine) -> None:
    old.folder.mkdir(parents=True)
    for day in range(1, 6):
        (old.folder / f"gardeligne-2025110{day}-031000.sauvegarde").touch()
    (old.folder / "a.sauvegarde").touch()
    newest = old.makes()
    assert [path.name for path in old.backups()] == [
        "a.sauvegarde",
        "gardeligne-20251104-031000.sauvegarde",
        "gardeligne-20251105-031000.sauvegarde",
        newest.name,
    ]
    assert not list(old.folder.glob("*.part"))


def test_copies_go_to_another_disk_only_and_what_fails_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "nas"
    machine = Machine(tmp_path / "machine", folder=str(folder), usb=True)
    done = machine.call("make")
    assert done.returncode == 1
    assert f"Dossier : {folder} n'existe pas : montez ce dossier." in done.stdout
    assert "Clé USB : aucune clé USB nommée GARDELIGNE n'est branchée" in done.stdout
    folder.mkdir()
    assert "est sur la carte" in machine.call("make").stdout
    state = json.loads((machine.folder / "state.json").read_text())
    assert state["error"] == "" and state["copies"]["folder"]["made"] == 0
    with Mounted(folder):
        (folder / "mine.txt").write_text("the household's own")
        for day in range(10, 25):
            (folder / f"gardeligne-202611{day}-031000.sauvegarde").touch()
        done = machine.call("make")
        assert "Dossier : copiée." in done.stdout
        names = sorted(path.name for path in folder.iterdir())
        assert len(names) == 11 and "mine.txt" in names
        newest = machine.backups()[-1]
        assert (folder / newest.name).read_bytes() == newest.read_bytes()


class Mounted:
    """A small disk of its own."""

    def __init__(self, folder: Path, size: str = "8m") -> None:
        self.folder, self.size = folder, size
        if os.geteuid():
            pytest.skip("needs root, to mount a disk")

    def __enter__(self) -> None:
        options = f"size={self.size}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True)

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", self.folder], check=True)


def test_the_night_makes_one_a_day(old: Machine) -> None:
    assert old.call("nightly").returncode == 0
    before = old.backups()
    assert old.call("nightly").stdout == ""
    assert old.backups() == before
    state = json.loads((old.folder / "state.json").read_text())
    (old.folder / "state.json").write_text(json.dumps({**state, "made": state["made"] - 86400}))
    assert "Sauvegarde faite" in old.call("nightly").stdout


def test_a_night_whose_copy_fails_has_made_its_backup(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "machine", usb=True)
    night = machine.call("nightly")
    assert night.returncode == 0 and "aucune clé USB" in night.stdout
    assert "Clé USB" in machine.call("nightly").stdout, "the stick may be there now"
    DAMAGE["cut"](machine.record)
    assert machine.call("nightly").returncode == 1


def test_messages_that_never_rest_are_no_backup(
    old: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody speaks on, however often it is tried."""
    monkeypatch.setattr(gardeligne_backup.machine, "PAUSE", 0)
    listing, times = content.listing, iter(range(10**6))

    def grows(root: str) -> list[tuple[str, str, tuple[int, int]]]:
        old.sound.write_bytes(bytes(next(times)))
        return listing(root)

    monkeypatch.setattr(content, "listing", grows)
    state = gardeligne_backup.machine.Machine(str(old.root)).back_up()
    assert state["error"] == "des messages arrivent ou changent sans cesse : à réessayer plus tard."
    assert list(old.folder.glob("gardeligne*")) == []


def test_nothing_happens_unless_it_is_agreed_to(old: Machine, new: Machine) -> None:
    before, backup = new.state(), old.makes()
    done = new.call("restore", backup, given="non\n")
    assert done.stdout.endswith("[oui/non] Rien n'est changé.\n")
    assert (done.returncode, new.state(), new.backups()) == (0, before, [])
    assert new.call("restore", backup, given="oui\n").returncode == 0
    assert new.state() == old.state()


def test_the_settings_of_a_household_that_has_lost_them_are_there(
    old: Machine, new: Machine
) -> None:
    before, backup = new.state(), old.makes()
    done = new.call("restore", "--reglages", backup)
    assert json.loads(done.stdout) == {"household_name": "Martin"}
    assert new.state() == before


@pytest.mark.parametrize("place", ["memory", "record", "messages"])
def test_a_power_cut_between_the_names_is_taken_back(new: Machine, place: str) -> None:
    """As `_exchange` leaves it: one has its new name, the next has none at all."""
    before = new.state()
    paths = {
        "memory": new.memory,
        "record": new.record,
        "messages": new.root / "var/spool/asterisk/voicemail/default",
    }
    for name, path in paths.items():
        path.rename(f"{path}.before-restore")
        if name == place:
            break
        path.write_text("the new one")
    (new.root / "var/log/asterisk/master.db.restored").write_text("half")
    assert new.call("mend").returncode == 0
    assert new.state() == before
    assert not list(new.root.rglob("*restore*"))


def test_a_power_cut_after_the_names_is_brought_to_its_end(old: Machine, new: Machine) -> None:
    assert new.call("restore", old.makes(), "--oui").returncode == 0
    had = new.state()
    left = new.root / "var/spool/asterisk/voicemail/default.before-restore/001"
    left.mkdir(parents=True)
    (new.folder / "restored").touch()
    assert new.call("mend").returncode == 0
    assert new.state() == had
    assert not left.parent.exists()
    assert not (new.folder / "restored").exists()


def test_what_cannot_be_put_in_its_place_leaves_all_as_it_was(old: Machine, new: Machine) -> None:
    """A file whose name cannot be changed, after others have theirs."""
    backup = old.makes()
    before = new.state()
    log = new.root / "var/log/asterisk"
    if subprocess.run(["chattr", "+i", new.record], capture_output=True, check=False).returncode:
        pytest.skip("needs root, and a file system that keeps files as they are")
    try:
        done = new.call("restore", backup, "--oui")
        assert done.returncode == 1, done.stdout
    finally:
        subprocess.run(["chattr", "-i", new.record], check=True)
    assert new.state() == before
    assert sorted(path.name for path in log.iterdir()) == ["master.db"]


def test_lines_are_told_in_the_manifest(old: Machine, tmp_path: Path) -> None:
    done = old.call("open", old.makes(), tmp_path / "out", given=PHRASE + "\n")
    assert done.returncode == 0, done.stderr
    about = json.loads((tmp_path / "out/manifest.json").read_text())
    assert (about["format"], about["version"], about["lines"]) == (1, "0.9.0", [LINE])


def test_a_stick_is_mounted_for_the_copy_alone(old: Machine, tmp_path: Path) -> None:
    """A file system in a file: ext4, which each kernel has; what is not ours on it stays."""
    if os.geteuid():
        pytest.skip("needs root, to mount a stick")
    stick, here = tmp_path / "stick", tmp_path / "here"
    with stick.open("wb") as out:
        out.truncate(16 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", copies.LABEL, stick], check=True)
    backup = old.makes()
    mounts = Path("/proc/mounts").read_text()
    copies.to_stick(str(backup), str(stick))
    assert Path("/proc/mounts").read_text() == mounts
    here.mkdir()
    subprocess.run(["mount", stick, here], check=True)
    try:
        assert {path.name for path in here.iterdir()} == {"lost+found", backup.name}
        assert (here / backup.name).read_bytes() == backup.read_bytes()
    finally:
        subprocess.run(["umount", here], check=True)


def test_a_stick_that_is_full_or_no_stick_is_said(old: Machine, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root, to mount a stick")
    stick = tmp_path / "stick"
    stick.write_bytes(b"no file system" * 1000)
    with pytest.raises(Trouble, match="la clé USB n'est pas lisible"):
        copies.to_stick(str(old.makes()), str(stick))
    folder = tmp_path / "small"
    folder.mkdir()
    with Mounted(folder, "64k"):
        with pytest.raises(OSError, match="No space left"):
            copies.put(str(old.makes()), str(folder))
        assert list(folder.iterdir()) == []


def test_while_the_card_is_full_older_ones_go_and_then_none_is_made(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root, to mount a small disk")
    root = tmp_path / "box"
    root.mkdir()
    with Mounted(root, "96m"):
        machine = Machine(root)
        made = [machine.makes()]
        for day in "08", "09":
            older = machine.folder / f"gardeligne-202511{day}-031000.sauvegarde"
            older.write_bytes(bytes(14 << 20))
        newest = machine.makes()
        assert machine.backups()[-1] == newest
        assert len(machine.backups()) < 4
        (root / "full").write_bytes(bytes(shutil.disk_usage(root).free - (1 << 20)))
        done = machine.call("make")
        assert done.returncode == 1
        assert "la carte n'a plus assez de place : effacez des messages (**1)." in done.stdout
        assert machine.backups() == [newest], made
