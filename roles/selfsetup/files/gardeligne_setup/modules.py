"""One Python that has loaded what all of Ansible's modules need: each is run by a copy of it.

A module comes as a script with Ansible's own code packed in it, and each one would compile that
anew: on a Pi, most of what a task takes. Here it is what the box has installed, compiled once; the
script finds it loaded, and does all the rest itself.

As a program, started by `ready`: LISTENER PROJECT [PACKAGES], the number of a socket, the project's
folder, and the one that Ansible is in where Python does not find it. Its client is the interpreter
that Ansible is told of (files/python).
"""

from __future__ import annotations

import importlib
import marshal
import os
import signal
import socket
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "GARDELIGNE_MODULES"  # names the socket to the client
LARGEST = 1 << 20  # bytes of arguments and environment


@contextmanager
def ready(place: Path, program: Sequence[str | Path], *arguments: Path) -> Iterator[None]:
    """Have this program run, and listen at a place, which VARIABLE names to its clients."""
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        folder = os.open(place.parent, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{folder}/{place.name}")  # however long its name is
        os.close(folder)
        listener.listen()
        server = subprocess.Popen(
            [*program, str(listener.fileno()), *arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
        )
    try:
        yield
    finally:
        place.unlink()
        server.terminate()
        server.wait()


def serve(listener: socket.socket, project: Path, packages: Sequence[str]) -> None:
    """Give each client a process of its own, which returns from here as what was asked for."""
    sys.path.extend(packages)
    importlib.import_module("ansible.module_utils.basic")
    # The project's modules are looked for among Ansible's, by the name of each version's choice.
    own = types.ModuleType("ansible.legacy")
    own.__path__ = sorted(map(str, project.glob("roles/*/library")))
    sys.modules[own.__name__] = own
    importlib.import_module("ansible.modules").__path__.extend(own.__path__)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            break
        client.close()
    listener.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked, streams, _, _ = socket.recv_fds(client, LARGEST, 3)
    if worker := os.fork():
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(worker, 0)
        client.send(bytes([os.waitstatus_to_exitcode(status) % 256]))
        os._exit(0)
    client.close()
    # Root's own program asks, in a folder of root's.
    sys.argv, folder, mask, environment = marshal.loads(asked)  # noqa: S302
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.umask(mask)
    os.environ.clear()
    os.environ.update(environment)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]), sys.argv[3:])
    # As Python does with a script, from a file or from its standard input.
    script = Path(sys.argv[0]).read_text() if sys.argv[0] else sys.stdin.read()
    code = compile(script, sys.argv[0] or "<stdin>", "exec")
    exec(code, {"__name__": "__main__"})  # noqa: S102 - that is what a Python is for
