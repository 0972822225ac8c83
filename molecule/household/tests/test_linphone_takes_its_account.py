"""Linphone is given nothing but the address of its file: it registers, calls, and is called."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from lab.sound import said
from testinfra.host import Host

PROMPTS = Path(__file__).parents[3] / "roles/dialplan/files/prompts"
HANDOVER = "gardeligne-handover.service"


def free_port() -> int:
    """Return a UDP port that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("", 0))
        return int(free.getsockname()[1])


class Linphone:
    """linphonec, which has no account, no sound card and no window."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings, self.heard = folder / "linphonerc", folder / "heard.wav"
        for part in ".local/share/linphone", ".config/linphone":  # it does not make them
            (folder / part).mkdir(parents=True)
        self.settings.write_text(
            f"[misc]\nconfig-uri={url}\n"
            f"[sip]\nsip_port={free_port()}\n[rtp]\naudio_rtp_port={free_port()}\n"
        )
        self.said = (folder / "said").open("w+")
        self.program = subprocess.Popen(
            ["linphonec", "-c", str(self.settings)],
            stdin=subprocess.PIPE,
            stdout=self.said,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "HOME": str(folder), "LANG": "C.UTF-8"},
        )

    def do(self, *commands: str) -> None:
        assert self.program.stdin
        for command in commands:
            self.program.stdin.write(f"{command}\n")
            self.program.stdin.flush()

    def words(self) -> str:
        return Path(self.said.name).read_text()

    def end(self) -> None:
        try:
            self.do("terminate all", "quit")
            self.program.wait(timeout=10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.program.kill()
        self.said.close()


def until(true: Callable[[], object], patience: float = 15) -> bool:
    end = time.monotonic() + patience
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.2)
    return bool(found)


def asterisk(host: Host, command: str) -> str:
    return str(host.check_output("asterisk -rx %s", command))


@pytest.fixture
def linphone(host: Host, tmp_path: Path) -> Generator[Linphone, None, None]:
    told = host.check_output("gardeligne telephone 001")
    url = re.search(r"http://\S+/linphone\.xml", told)
    assert url
    program = Linphone(tmp_path, url.group())
    yield program
    program.end()
    host.check_output(f"systemctl stop {HANDOVER}")


def registered(host: Host) -> bool:
    if host.run("asterisk -rx 'sip show peers'").stdout.count("001/001"):
        return bool(re.search(r"^001/001 +\d", asterisk(host, "sip show peers"), re.MULTILINE))
    return "001/sip:001@" in asterisk(host, "pjsip show contacts")


def test_it_registers_calls_and_is_called(host: Host, linphone: Linphone) -> None:
    assert until(lambda: registered(host)), linphone.words()

    linphone.do("soundcard use files", f"record {linphone.heard}", "call **5")
    assert until(lambda: "1 active call" in asterisk(host, "core show channels")), linphone.words()
    channel = asterisk(host, "core show channels concise").split("!")[0]
    assert re.search(r"NativeFormats: \(g722\)", asterisk(host, f"core show channel {channel}"))
    assert until(lambda: "0 active calls" in asterisk(host, "core show channels"), 30)
    # Read now: the next call would write over it.
    spoken = [(PROMPTS / "guard-on.alaw").read_bytes()]
    assert until(lambda: said(linphone.heard.read_bytes(), spoken))

    driver = channel.split("/")[0]
    host.check_output("asterisk -rx 'module load res_clioriginate.so'")
    asterisk(host, f"channel originate {driver}/001 application Wait 20")
    assert until(lambda: "incoming call" in linphone.words()), linphone.words()
    assert "Up" not in asterisk(host, "core show channels")
    linphone.do("answer")
    assert until(lambda: "Up" in asterisk(host, "core show channels")), linphone.words()
    host.check_output("asterisk -rx 'module unload res_clioriginate.so'")

    linphone.end()
    # The account is kept; where it came from is not: it would be asked again at every start.
    kept = linphone.settings.read_text()
    assert 'reg_identity="Salon" <sip:001@' in kept
    assert "config-uri" not in kept
