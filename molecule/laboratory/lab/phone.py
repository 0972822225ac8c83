"""A telephone: baresip, with a tone for a voice and a recorder for an ear."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote

from .sound import seconds_of
from .world import Machine, eventually

CONFIG = """\
sip_listen 0.0.0.0:{sip_port}
rtp_ports {rtp_port}-{rtp_last}
call_max_calls 4
audio_source ausine,{tone}
audio_player aubridge,none
audio_alert aubridge,none
jitter_buffer_delay 0-0
ausrc_srate 48000
auplay_srate 8000
auplay_channels 1
ring_aufile none
ringback_aufile none
callwaiting_aufile none
notfound_aufile none
busy_aufile none
error_aufile none
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module ausine.so
module aubridge.so
module sndfile.so
snd_path {home}
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 0.0.0.0:{control_port}
"""

# Baresip's names of codecs, the best first.
A_LAW, G722 = "pcma", "g722/16000/1,pcma"


@dataclass(frozen=True)
class Event:
    """Something a telephone noticed, and when (Unix time); `call` is the SIP call's name."""

    at: float
    kind: str
    peer: str
    detail: str
    name: str = ""
    call: str = ""


class Phone:
    """A telephone that is registered, as long as it lives."""

    def __init__(
        self,
        machine: Machine,
        index: int,
        user: str,
        secret: str,
        registrar: str,
        tone: int,
        answer: str = "REGISTER_OK",
    ) -> None:
        """Switch it on; ``index`` tells it from the others in the same container.

        ``answer`` is what the registrar is to say.
        """
        self.user, self.registrar, self.tone = user, registrar, tone
        self.events: list[Event] = []
        self._news = threading.Condition()
        self._machine, self._unit = machine, f"phone-{index}"
        self._home = f"/phones/{index}"
        ports = {"control_port": 4000 + index, "sip_port": 5000 + 2 * index}
        rtp = 10000 + 100 * index
        config = CONFIG.format(tone=tone, home=self._home, rtp_port=rtp, rtp_last=rtp + 98, **ports)
        machine.run("rm", "-rf", self._home)
        machine.write(f"{self._home}/config", config)
        for empty in "accounts", "sip":
            machine.write(f"{self._home}/{empty}", "")
        machine.run(
            *("systemd-run", "--quiet", "--collect", f"--unit={self._unit}"),
            # What it says and is told by SIP goes into a file, as it happens.
            f"--property=StandardOutput=file:{self._home}/sip",
            *("stdbuf", "--output=L", "baresip", "-s", "-f", self._home),
        )
        self._control = self._connect(machine.address(), ports["control_port"])
        threading.Thread(target=self._listen, daemon=True).start()
        self._account = f"<sip:{user}@{registrar}>;auth_pass={secret};regint=60;audio_codecs="
        # The account comes last: only who listens already is told that it registered.
        self._command("uanew", self._account + A_LAW)
        self.wait(answer)

    def register(self, codecs: str = A_LAW) -> None:
        """Tell the registrar again where it is, and speak these codecs from now on.

        A-law alone is the rule: where an exchange changes the codec during a call, as it does when
        it is transferred, baresip 1.1 goes on at the first one's rate, and a tone is heard an
        octave off.
        """
        self._command("uadelall")
        time.sleep(1)  # lest the farewell come after the new registration, and end it
        self.forget()
        self._command("uanew", self._account + codecs)
        self.wait("REGISTER_OK")

    def close(self) -> None:
        """Switch it off."""
        self._machine.run("systemctl", "stop", self._unit)
        self._control.close()

    # What one does with a telephone.

    def dial(self, number: str) -> float:
        """Call a number and return when."""
        at = time.time()
        self._command("dial", f"sip:{number}@{self.registrar}")
        return at

    def accept(self) -> float:
        """Pick up and return when."""
        at = time.time()
        self._command("accept")
        return at

    def hang_up(self) -> float:
        """Hang up, or refuse a call that rings; return when."""
        at = time.time()
        self._command("hangup")
        return at

    def hold(self) -> None:
        """Put the call on hold."""
        self._command("hold")

    def resume(self) -> None:
        """Go on with the call that is on hold."""
        self._command("resume")

    def transfer(self, number: str) -> None:
        """Transfer the call blindly: a REFER to a number."""
        self._command("transfer", f"sip:{number}@{self.registrar}")

    def join(self, first: Event, second: Event) -> None:
        """Transfer the first of its calls to the party of the second (attended transfer)."""
        dialog = self._dialog(second.call)
        replaces = quote("{};to-tag={};from-tag={}".format(*dialog), safe="")
        self._command("callfind", first.call)
        self._command("transfer", f"<{second.peer}?Replaces={replaces}>")

    def press(self, keys: str) -> None:
        """Press keys during a call."""
        for key in keys:
            self._command("sndcode", key)
            time.sleep(0.25)

    def listen_for(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    # What one sees and hears.

    def forget(self) -> None:
        """Forget the events that were noticed until now."""
        with self._news:
            self.events.clear()

    def seen(self, kind: str) -> list[Event]:
        """Return all events of this kind."""
        with self._news:
            return [event for event in self.events if event.kind == kind]

    def saw(self, kind: str) -> Event | None:
        """Return the first event of this kind."""
        return next(iter(self.seen(kind)), None)

    def rings(self) -> bool:
        """Tell whether it has been rung and neither picked up nor been given up since."""
        with self._news:
            kinds = [event.kind for event in self.events]
        return kinds.count("CALL_INCOMING") > kinds.count("CALL_CLOSED")

    def wait(self, kind: str, timeout: float = 15) -> Event:
        """Return the first event of this kind, once there is one."""
        with self._news:
            self._news.wait_for(lambda: self.saw(kind), timeout)
            kinds = [event.kind for event in self.events]
        found = self.saw(kind)
        assert found, f"telephone {self.user}: no {kind} within {timeout:g} s, but {kinds}"
        return found

    def heard(self) -> bytes:
        """Return what was heard in the call that was answered last, as a WAV."""
        names = self._machine.run("sh", "-c", f"ls -t {self._home}/*-dec.wav")
        recording = self._machine.read(names.splitlines()[0])
        # Its lengths are written when the call ends, and may be asked before.
        header, samples = recording[8:40], recording[44:]
        whole, sound = struct.pack("<I", 36 + len(samples)), struct.pack("<I", len(samples))
        return b"RIFF" + whole + header + sound + samples

    def said(self) -> str:
        """Return the SIP that it has said and been told."""
        return self._machine.read(f"{self._home}/sip").decode(errors="replace")

    def _dialog(self, call: str) -> tuple[str, str, str]:
        """Return the name of a call that it has made, and the exchange's tag and its own."""
        for message in reversed(self.said().split("\x1b[;m")):
            headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", message, re.M))
            if (
                "\nSIP/2.0 200 " in message
                and headers["Call-ID"] == call
                and headers["CSeq"].endswith("INVITE")
            ):
                to, own = (headers[key].split(";tag=")[1] for key in ("To", "From"))
                return call, to, own
        raise AssertionError(f"telephone {self.user} has made no call {call} that was answered")

    # How baresip is told: JSON in netstrings.

    @staticmethod
    def _connect(address: str, port: int) -> socket.socket:
        def attempt() -> socket.socket | None:
            try:
                return socket.create_connection((address, port), timeout=5)
            except ConnectionRefusedError:
                return None

        connection = eventually(attempt, f"baresip listens on port {port}")
        connection.settimeout(None)
        return connection

    def _command(self, command: str, parameters: str = "") -> None:
        message = json.dumps({"command": command, "params": parameters})
        self._control.sendall(f"{len(message)}:{message},".encode())

    def _listen(self) -> None:
        buffer = b""
        while data := self._receive():
            at, buffer = time.time(), buffer + data
            while b":" in buffer:
                size, _, rest = buffer.partition(b":")
                if len(rest) <= int(size):
                    break
                message, buffer = json.loads(rest[: int(size)]), rest[int(size) + 1 :]
                if message.get("event"):
                    self._note(at, message)

    def _receive(self) -> bytes:
        try:
            return self._control.recv(65536)
        except OSError:  # closed
            return b""

    def _note(self, at: float, message: dict[str, str]) -> None:
        event = Event(
            at,
            message["type"],
            message.get("peeruri", ""),
            str(message.get("param", "")),
            message.get("peerdisplayname", ""),
            message.get("id", ""),
        )
        with self._news:
            self.events.append(event)
            self._news.notify_all()


def connect(caller: Phone, number: str, callee: Phone) -> None:
    """Let somebody call and somebody answer."""
    caller.dial(number)
    callee.wait("CALL_INCOMING")
    callee.accept()
    callee.wait("CALL_ESTABLISHED")
    caller.wait("CALL_ESTABLISHED")


def hear_each_other(one: Phone, other: Phone, seconds: float = 3) -> None:
    """Let both talk for a while, hang up, and check that each heard the other."""
    one.listen_for(seconds)
    one.hang_up()
    other.wait("CALL_CLOSED")
    assert seconds_of(one.heard(), other.tone) > seconds - 1, f"{one.user} did not hear"
    assert seconds_of(other.heard(), one.tone) > seconds - 1, f"{other.user} did not hear"
