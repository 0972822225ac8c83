"""Building an image: what hinders it is said at once, and nothing half-made stays behind."""

from __future__ import annotations

import contextlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import finishing
from support.example import example_files

from image import build, tools, workplace
from image.errors import ImageError

pytestmark = pytest.mark.slow

CARD = """\
household_card:
  ssh_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxhOw7sPm5M2eGKunHUXGN0mmmgI3lSpZzPRVHFJqR0]
"""
HOSTS = "exchange:\n  hosts:\n    pi:\n"


def image(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "image", *map(str, arguments)],
        cwd=tools.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "hosts.yml").write_text(HOSTS)
    return folder


def test_a_dry_run_tells_and_does_nothing(home: Path, tmp_path: Path) -> None:
    output = tmp_path / "card.img"
    done = image("build", "--dry-run", "--inventory", home, "--output", output)
    assert done.returncode == 0, done.stderr
    assert f"host    pi of {home}" in done.stdout
    assert "debian-forky (forky, arm64)" in done.stdout
    assert done.stdout.endswith("Nothing was done.\n")
    assert sorted(tmp_path.iterdir()) == [home]


def test_an_image_for_anybody_needs_no_household(tmp_path: Path) -> None:
    done = image("build", "--dry-run", "--for-anybody", "--output", tmp_path / "card.img")
    assert done.returncode == 0, done.stderr
    assert f"host    gardeligne of {build.ANYBODY}" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--base", "debian-bullseye"],
            "which only debian-forky and debian-trixie can, by their own Ansible",
        ),
        (
            ["--base", "raspbian-stretch-lite"],
            "which only debian-forky and debian-trixie can, by their own Ansible",
        ),
        (["--inventory", "inventory/example"], "not allowed with argument --for-anybody"),
    ],
)
def test_an_image_for_anybody_is_of_one_base_and_of_no_household(
    options: list[str], words: str
) -> None:
    done = image("build", "--for-anybody", *options)
    assert done.returncode != 0
    assert words in done.stderr


@pytest.mark.parametrize(
    ("hosts", "options", "words"),
    [
        (HOSTS, ["--base", "debian-sid"], "--base debian-sid: unknown. Known are: debian-forky"),
        (HOSTS, ["--host", "pie"], "--host pie: not in "),
        ("exchange:\n  hosts:\n    pi:\n    pie:\n", [], "has pi, pie: say which by --host"),
        ("other:\n  hosts:\n    pi:\n", [], "no host is in the group exchange"),
        ("{", [], "no host is in the group exchange"),
        (HOSTS, ["--output", "/nowhere/card.img"], "the folder /nowhere does not exist"),
        (HOSTS, ["--output", "/dev/null"], "not a file. To write a card: make flash"),
        (HOSTS, ["--inventory", "/nowhere"], "cp -r inventory/example inventory/home"),
        (HOSTS, ["--base", "raspbian-stretch"], "add --sha256 SUM"),
    ],
)
def test_what_hinders_it_is_said_at_once(
    home: Path, tmp_path: Path, hosts: str, options: list[str], words: str
) -> None:
    (home / "hosts.yml").write_text(hosts)
    done = image("build", "--inventory", home, "--output", tmp_path / "card.img", *options)
    assert done.returncode == 1
    assert done.stderr.startswith("image: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == [home]


def test_missing_programs_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ImageError, match=r"mcopy, fuse2fs\..*apt-get install fuse2fs mtools$"):
        tools.need("mcopy", "fuse2fs")


def test_the_vault_is_tried_before_anything_is_built(home: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("correct horse\n")
    wrong.write_text("battery staple\n")
    vault = home / "host_vars/pi/vault.yml"
    vault.parent.mkdir(parents=True)
    vault.write_text("household_secrets: {}\n")
    encrypt = [str(tools.PROJECT / ".venv/bin/ansible-vault"), "encrypt", str(vault)]
    subprocess.run([*encrypt, f"--vault-password-file={right}"], check=True, capture_output=True)
    assert build.vault_password(home, right) == "correct horse"
    with pytest.raises(ImageError, match=r"vault\.yml: the vault password does not open it"):
        build.vault_password(home, wrong)
    with pytest.raises(ImageError, match="--vault-password-file /nowhere: No such file"):
        build.vault_password(home, Path("/nowhere"))


SENT = 300_000  # more than curl keeps to itself


class Stalls(http.server.BaseHTTPRequestHandler):
    """Begins to send a file, and then sends nothing more."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"x" * SENT)
        self.wfile.flush()
        time.sleep(60)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stalled() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stalls) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/stalled-{os.getpid()}.zip"
        server.shutdown()


def programs(word: str) -> list[Path]:
    """Find what runs with a word on its command line, as folders of /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word in (folder / "cmdline").read_text(errors="replace"):
                found.append(folder)
    return found


def work_folders(word: str) -> set[Path]:
    """Find the work folders that these hold open: other builds may have theirs beside them."""
    found = set()
    for folder in programs(word):
        with contextlib.suppress(OSError):
            found |= {handle.readlink() for handle in (folder / "fd").iterdir()}
    return {path for path in found if path.parent == workplace.FOLDER}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_half_made(
    home: Path, tmp_path: Path, stalled: str, number: signal.Signals
) -> None:
    if not finishing.sound():
        pytest.skip(finishing.UNSOUND)
    house = home / "host_vars/pi"
    house.mkdir(parents=True)
    for name, text in {**example_files(), "card.yml": CARD}.items():
        (house / name).write_text(text)
    output = tmp_path / "card.img"
    base = ["--base=raspbian-stretch-lite", f"--base-url={stalled}", f"--sha256={'0' * 64}"]
    started = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "image",
            "build",
            f"--inventory={home}",
            f"--output={output}",
            *base,
        ],
        cwd=tools.PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    part = tools.CACHE / f"downloads/{stalled.rpartition('/')[2]}.part"
    try:
        for _ in range(300):
            if part.exists() and part.stat().st_size > SENT // 2:
                break
            assert started.poll() is None, started.stderr and started.stderr.read()
            time.sleep(0.1)
        used = work_folders(stalled)
        assert used
        if number == signal.SIGINT:
            os.killpg(started.pid, number)  # as a terminal does
        else:
            started.send_signal(number)
        _, said = started.communicate(timeout=20)
        if number != signal.SIGKILL:
            assert started.returncode == 130
            assert "image: stopped." in said
            assert not [folder for folder in used if folder.exists()]
        assert "Traceback" not in said
        # Only what has been downloaded stays: the same command goes on from there.
        assert SENT // 2 < part.stat().st_size <= SENT
        with workplace.folder():  # which also removes what a killed one has left
            assert not [folder for folder in used if folder.exists()]
        assert sorted(tmp_path.iterdir()) == [home]
        # A killed one's take a moment on a busy machine.
        for _ in range(300):
            if not programs(stalled):
                break
            time.sleep(0.1)
        assert not programs(stalled)
    finally:
        part.unlink(missing_ok=True)
