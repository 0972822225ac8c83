"""When the watch takes Asterisk for hung: not during a call, not twice, not at a start."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gardeligne_watch import __main__ as program
from gardeligne_watch import pulse
from gardeligne_watch.children import FAILED, Child, done
from gardeligne_watch.pulse import (
    AGAIN,
    ANSWERED,
    DEAF,
    DUMB,
    ELSEWHERE,
    HANGS,
    IDLE,
    NOBODY,
    SILENT,
    START,
    TALKING,
    Pulse,
)

Sip = Callable[[float], str]


def restarts(
    sip: Sip, console: Sip, until: float, begun: Pulse | None = None, step: float = 8
) -> list[float]:
    """Ask every few seconds what there is to ask; return when Asterisk is restarted."""
    watch, found, now = begun or Pulse(), [], 0.0
    while now < until:
        watch.heard(sip(now), now)
        if watch.doubtful(now + 2) and watch.decide(console(now), now + 2, now + 7):
            found.append(now + 7)
            watch.restart(now + 7)
        now += step if watch.silent is not None else 5
    return found


def after(moment: float, then: str, before: str = ANSWERED) -> Sip:
    """Return what is answered before and after a moment."""
    return lambda now: then if now >= moment else before


def test_one_that_hangs_is_restarted_within_a_minute() -> None:
    (when,) = restarts(after(100.1, SILENT), after(100.1, DUMB, IDLE), 300)
    assert HANGS < when - 100.1 < 50


def test_one_that_answers_a_phone_is_left_alone() -> None:
    assert restarts(after(0, ANSWERED), after(0, DUMB), DEAF * 3) == []


def test_a_call_is_not_cut_while_the_console_answers() -> None:
    assert restarts(after(100, SILENT), after(0, TALKING), 3600) == []


def test_one_that_is_deaf_to_phones_is_restarted_later_when_nobody_talks() -> None:
    """chan_sip hears nobody while it looks names up, for a minute and more."""
    (when, *_) = restarts(after(100, SILENT), after(0, IDLE), 1000)
    assert 300 <= when - 100 < 330


def test_moments_of_silence_are_none() -> None:
    assert restarts(lambda now: SILENT if now % 40 < 30 else ANSWERED, after(0, DUMB), 3600) == []


def test_what_systemd_stops_or_starts_is_left_alone() -> None:
    assert restarts(after(100, SILENT), after(0, ELSEWHERE), 3600) == []
    assert restarts(after(100, NOBODY), after(0, DUMB), 3600) == []


def test_one_that_never_answered_may_be_starting() -> None:
    """To systemd Stretch's is started at once."""
    (when, *_) = restarts(after(0, SILENT), after(0, DUMB), 2 * START)
    assert when > START


def test_not_twice_in_ten_minutes_and_ever_more_seldom_in_vain() -> None:
    # It comes back for a minute each time, and hangs again.
    alive = {"until": 60.0}
    watch, found, now = Pulse(), [], 0.0
    while now < 12 * 3600:
        watch.heard(ANSWERED if now < alive["until"] else SILENT, now)
        if watch.doubtful(now + 2) and watch.decide(DUMB, now + 2, now + 7):
            watch.restart(now + 7)
            found.append(now + 7)
            alive["until"] = now + 67
        now += 8
    between = [round(b - a) for a, b in itertools.pairwise(found)]
    assert len(between) >= 4
    for pause, least in zip(between, (600, 1200, 2400, 4800), strict=False):
        assert least <= pause < least + 60


def test_a_watch_that_starts_anew_knows_the_last_restart() -> None:
    sip, console = after(10, SILENT), after(10, DUMB, IDLE)
    (when,) = restarts(sip, console, 700, Pulse(restarted=-5))
    assert when >= AGAIN - 5


@contextmanager
def server(answer: bool) -> Iterator[int]:
    """Listen over UDP, and answer each request or none; give the port."""
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    here.bind(("127.0.0.1", 0))
    here.settimeout(0.05)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                asked, where = here.recvfrom(4000)
            except TimeoutError:
                continue
            if answer:
                here.sendto(b"SIP/2.0 481 Gone\r\n\r\nof another question", where)
                here.sendto(b"SIP/2.0 481 Gone\r\n" + asked.partition(b"\r\n")[2], where)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield here.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        here.close()


@pytest.mark.parametrize("phone", ["", "001"])
def test_whoever_answers_is_alive(phone: str) -> None:
    with server(answer=True) as port:
        assert pulse.ask(phone, port) == ANSWERED
    assert pulse.ask(phone, port) == NOBODY


def test_who_does_not_answer_is_not_waited_for() -> None:
    with server(answer=False) as port:
        began = time.monotonic()
        assert pulse.ask("", port, patience=0.2) == SILENT
        assert time.monotonic() - began < 5


def test_a_stranger_asks_by_the_end_of_no_call_which_nothing_logs() -> None:
    asked = pulse.message("BYE", "gardeligne-watch", 1234, "x")
    assert asked.startswith(b"BYE sip:127.0.0.1 SIP/2.0\r\n")
    assert b"\r\nTo: <sip:127.0.0.1>;tag=0\r\n" in asked
    assert asked.endswith(b"\r\n\r\n")


def test_a_child_that_hangs_is_killed_with_all_that_it_started() -> None:
    reader, writer = os.pipe()

    def hang() -> int:
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
        signal.pause()
        return 0

    assert done(hang, 0.5) == FAILED
    grandchild = int(os.read(reader, 20))
    status = Path(f"/proc/{grandchild}/status")
    end = time.monotonic() + 10
    while status.exists() and "State:\tZ" not in status.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_fails_in_a_child_fails_there(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ValueError("a mistake of ours")

    assert done(fail, 5) == FAILED
    assert "a mistake of ours" in capfd.readouterr().err
    assert done(lambda: 3, 5) == 3


def test_a_look_that_takes_long_does_not_keep_from_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "ask", lambda phone: ANSWERED)
    monkeypatch.setattr(program, "look", signal.pause)
    monkeypatch.setattr(program, "LOOK_PATIENCE", 1)
    watch, began = program.Watch(""), time.monotonic()
    for _ in range(5):
        assert watch.turn() == program.PAUSE
    assert time.monotonic() - began < 5
    assert isinstance(watch.look, Child)
    time.sleep(1.1)
    watch.turn()
    assert watch.look is None


def test_systemd_is_told_that_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        name = f"gardeligne-test-{os.getpid()}"
        here.bind("\0" + name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        watch = program.Watch("")
        assert "NOTIFY_SOCKET" not in os.environ, "its children would tell of themselves"
        program.tell_systemd("READY=1", watch.systemd)
        here.settimeout(5)
        assert here.recv(100) == b"READY=1"


def test_it_asks_as_a_phone_now_and_then_and_until_that_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    deaf = [False]

    def ask(phone: str) -> str:
        asked.append(phone)
        return SILENT if phone and deaf[0] else ANSWERED

    monkeypatch.setattr(pulse, "ask", ask)
    monkeypatch.setattr(program, "look", lambda: 0)
    monkeypatch.setattr(program.Watch, "in_doubt", lambda self: None)
    watch = program.Watch("001")
    for _ in range(pulse.DEEPLY):
        watch.turn()
    assert asked == ["001", *[""] * (pulse.DEEPLY - 1)]
    deaf[0] = True
    for _ in range(3):
        watch.turn()
    deaf[0] = False
    watch.turn()
    watch.turn()
    assert asked[pulse.DEEPLY :] == ["001"] * 4 + [""]
