"""What happens to the packets of sound on their way to the robot: some are lost, some late."""

from __future__ import annotations

import heapq
import os
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

QUEUE = 7
# Sound only: a lost INVITE would be sent again, and say nothing about decoys.
SOUND = ("-p", "udp", "!", "--sport", "5060")
# linux/netfilter/nfnetlink.h and nfnetlink_queue.h
SUBSYSTEM, PACKET, VERDICT, CONFIG = 3, 0, 1, 2
NETFILTER, ACCEPT = 12, 1


@contextmanager
def disturbed(
    container: str, loss: float = 0, jitter: int = 0, overtaking: int = 0
) -> Generator[None, None, None]:
    """Lose this share of what a container receives, or delay each packet by 0 to so many ms.

    Behind ``jitter`` packets keep their order, as in a router's queue; ``overtaking`` mixes them.
    As root, where podman's containers are; the kernel has no netem on every builder's machine.
    """
    inspect = ("podman", "inspect", "--format", "{{.State.Pid}}", container)
    process = subprocess.run(inspect, capture_output=True, check=True, text=True).stdout.strip()
    inside = ("nsenter", f"--net=/proc/{process}/ns/net")
    rule: tuple[str, ...] = (*SOUND, "-j", "NFQUEUE", "--queue-num", str(QUEUE))
    if loss:
        chance = ("--mode", "random", "--probability", str(loss))
        rule = (*SOUND, "-m", "statistic", *chance, "-j", "DROP")
    delay = None
    try:
        if jitter or overtaking:
            how = (str(jitter or overtaking), "overtaking" if overtaking else "in order")
            delay = subprocess.Popen([*inside, sys.executable, __file__, *how])
            time.sleep(0.5)
        if loss or jitter or overtaking:
            subprocess.run([*inside, "iptables", "--append", "INPUT", *rule], check=True)
        yield
    finally:
        if loss or jitter or overtaking:
            subprocess.run([*inside, "iptables", "--flush", "INPUT"], check=True)
        if delay:
            delay.terminate()
            delay.wait()


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def _message(kind: int, attribute: bytes) -> bytes:
    body = struct.pack("=BB", socket.AF_UNSPEC, 0) + struct.pack("!H", QUEUE) + attribute
    return struct.pack("=LHHLL", 16 + len(body), SUBSYSTEM << 8 | kind, 1, 0, 0) + body


def _packets(data: bytes) -> Generator[bytes, None, None]:
    """Yield the numbers of the packets that a message of the kernel announces."""
    while len(data) >= 20:
        size, kind = struct.unpack_from("=LH", data)
        if kind == SUBSYSTEM << 8 | PACKET:
            yield data[24:28]  # of the first attribute, NFQA_PACKET_HDR
        data = data[(size + 3) & ~3 :]


def delay(most: int, in_order: bool) -> None:
    """Let every queued packet pass after 0 to ``most`` ms, for ever."""
    queue = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
    queue.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    queue.bind((0, 0))
    bind = _attribute(1, struct.pack("!BxH", 1, socket.AF_INET))  # NFQA_CFG_CMD, bind
    meta = _attribute(2, struct.pack("!LB", 0, 1))  # NFQA_CFG_PARAMS: no content
    long = _attribute(3, struct.pack("!L", 1 << 14))  # NFQA_CFG_QUEUE_MAXLEN
    for setting in (bind, meta, long):
        queue.send(_message(CONFIG, setting))
    waiting: list[tuple[float, bytes]] = []
    last = 0.0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            number = heapq.heappop(waiting)[1]
            # NFQA_VERDICT_HDR
            queue.send(_message(VERDICT, _attribute(2, struct.pack("!L", ACCEPT) + number)))
        queue.settimeout(max(0.001, waiting[0][0] - now) if waiting else None)
        try:
            data = queue.recv(1 << 16)
        except TimeoutError:
            continue
        except OSError as error:
            sys.exit(f"{os.path.basename(__file__)}: {error}")  # noqa: PTH119
        for number in _packets(data):
            due = time.monotonic() + random.uniform(0, most) / 1000  # noqa: S311
            last = max(last, due) if in_order else due
            heapq.heappush(waiting, (last, number))


if __name__ == "__main__":
    delay(int(sys.argv[1]), in_order=sys.argv[2] == "in order")
