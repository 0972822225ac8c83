"""What was being spoken when Asterisk ended is delivered at its next start."""

from __future__ import annotations

import email
import email.policy
import io
import subprocess
import sys
import wave
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "roles/voicemail/files/gardeligne-messages"
CONFIGURATION = """\
[general]
format=wav
serveremail=famille.martin@example.org
fromstring=Famille Martin
emailbody=Bonjour ${VM_NAME},\\n\\n50 % [de] remise\\n
minsecs=2

[zonemessages]
france=Europe/Paris|'vm-received' A d B 'digits/at' HM

[default]
001 => 7391,Zoé Martin,zoe@example.net
002 => 7392,Salon,
"""


class Box:
    """What is on the disk when Asterisk has ended."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mailed = root / "mailed"
        for path, text, mode in (
            ("etc/asterisk/voicemail.conf", CONFIGURATION, 0o640),
            ("usr/sbin/sendmail", f"#!/bin/sh\ncat >{self.mailed}\n", 0o755),
        ):
            file = root / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            file.chmod(mode)

    def mailbox(self, number: str) -> Path:
        return self.root / "var/spool/asterisk/voicemail/default" / number

    def interrupted(self, number: str, seconds: float, information: str = "") -> Path:
        """Leave what Asterisk leaves: a header that tells no length, and what it has of sound."""
        sound = io.BytesIO()
        with wave.open(sound, "wb") as written:
            written.setparams((1, 2, 8000, 0, "NONE", ""))
        header = bytearray(sound.getvalue())
        folder = self.mailbox(number) / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "aB3xYz").write_text(information)
        path = folder / "aB3xYz.wav"
        path.write_bytes(bytes(header) + bytes(round(16000 * seconds)))
        return path

    def start(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(PROGRAM), str(self.root)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def inbox(self, number: str) -> list[str]:
        return sorted(path.name for path in (self.mailbox(number) / "INBOX").glob("*"))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_an_interrupted_message_is_in_the_mailbox_and_in_the_mail(box: Box) -> None:
    box.interrupted("001", 7.5, 'callerid="Mamie" <0612345678>\n')
    assert box.start().returncode == 0
    assert box.inbox("001") == ["msg0000.txt", "msg0000.wav"]
    message = box.mailbox("001") / "INBOX/msg0000.wav"
    with wave.open(str(message)) as sound:
        assert sound.getnframes() == 7.5 * 8000
    information = message.with_suffix(".txt").read_text()
    assert 'callerid="Mamie" <0612345678>\n' in information
    assert "duration=7\n" in information
    mail = email.message_from_bytes(box.mailed.read_bytes(), policy=email.policy.default)
    assert mail["To"].addresses[0].addr_spec == "zoe@example.net"
    assert mail["From"].addresses[0].addr_spec == "famille.martin@example.org"
    assert mail["Subject"] == "Message vocal interrompu de Mamie <0612345678>"
    body = mail.get_body(("plain",))
    assert body and "Bonjour Zoé Martin," in body.get_content()
    assert "la fin peut manquer" in body.get_content()
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == message.read_bytes()
    assert list((box.mailbox("001") / "tmp").iterdir()) == []


def test_it_comes_after_the_messages_that_are_there(box: Box) -> None:
    inbox = box.mailbox("001") / "INBOX"
    inbox.mkdir(parents=True)
    for name in "msg0000.txt", "msg0000.wav", "msg0004.txt", "msg0004.wav":
        (inbox / name).write_text("kept")
    box.interrupted("001", 3)
    box.start()
    assert box.inbox("001")[-2:] == ["msg0005.txt", "msg0005.wav"]
    assert (inbox / "msg0004.wav").read_text() == "kept"


def test_what_is_too_short_goes_as_it_would_have(box: Box) -> None:
    sound = box.interrupted("001", 1.5)
    box.start()
    assert not sound.exists() and not sound.with_suffix("").exists()
    assert box.inbox("001") == [] and not box.mailed.exists()


def test_who_was_speaking_may_be_unknown(box: Box) -> None:
    box.interrupted("001", 5)
    box.start()
    mail = email.message_from_bytes(box.mailed.read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == "Message vocal interrompu d'un appelant inconnu"


def test_a_mailbox_without_an_address_gets_no_mail(box: Box) -> None:
    box.interrupted("002", 5)
    box.start()
    assert box.inbox("002") == ["msg0000.txt", "msg0000.wav"]
    assert not box.mailed.exists()


def test_one_that_cannot_be_delivered_keeps_no_other_back(box: Box) -> None:
    box.interrupted("001", 5).write_bytes(b"no sound" * 20000)
    box.interrupted("002", 5)
    done = box.start()
    assert done.returncode == 1 and "is no WAV file" in done.stderr
    assert (box.mailbox("001") / "tmp/aB3xYz.wav").exists()
    assert box.inbox("002") == ["msg0000.txt", "msg0000.wav"]


def test_a_mail_that_cannot_leave_costs_no_message(box: Box) -> None:
    (box.root / "usr/sbin/sendmail").write_text("#!/bin/sh\nexit 75\n")
    box.interrupted("001", 5)
    assert box.start().returncode == 1
    assert box.inbox("001") == ["msg0000.txt", "msg0000.wav"]
