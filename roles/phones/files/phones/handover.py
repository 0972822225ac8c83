"""Hand files over to the telephones of the house: each once, for a quarter of an hour.

usage: handover.py (as gardeligne-handover.service, which `gardeligne telephone` starts)

An offer is a file of its own in FOLDER, named for the hash of the secret word in its address, so
that the word itself is nowhere: whoever takes it away first, has it. The service ends when no offer
is left. It says who fetched what, and neither words nor passwords.

Runs on Python 3.5 (Stretch) and later.
"""

import base64
import hashlib
import http.server
import ipaddress
import json
import os
import pwd
import re
import socket
import socketserver
import sys
import time
from typing import Any, Dict, Iterable, List, Optional, cast

import network

FOLDER = "/run/gardeligne-handover"
USER = "gardeligne-handover"
PORT = 8090
LIFE = 15 * 60  # seconds
PATIENCE = 10  # seconds for a telephone that says nothing
REFUSAL = """\
Ce lien a déjà servi, ou il a plus d'un quart d'heure, ou il est mal recopié.
Demandez-en un autre sur l'appareil : sudo gardeligne telephone
"""

Offer = Dict[str, Any]
Owner = pwd.struct_passwd


def path_of(folder: str, token: str) -> str:
    """Return where the offer with this word is kept."""
    return os.path.join(folder, hashlib.sha256(token.encode("utf-8", "replace")).hexdigest())


def make_folder(folder: str = FOLDER, user: str = USER) -> Owner:
    """Make the folder that only the service looks into; return the service's user."""
    owner = pwd.getpwnam(user)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return owner


def put(offer: Offer, folder: str, owner: Owner, life: float = LIFE) -> str:
    """Offer a file, for so many seconds; return its word, which has 80 bits of chance.

    Of an offer `names`, `body` and `what` (for the log) are used.
    """
    token = base64.b32encode(os.urandom(10)).decode("ascii").lower()
    # The clock of this start: no other clock is right on a Pi that has just been switched on.
    kept = dict(offer, until=time.monotonic() + life)
    path = path_of(folder, token)
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as new:
        os.fchown(descriptor, owner.pw_uid, owner.pw_gid)
        json.dump(kept, new)
    os.rename(path + ".new", path)
    return token


def read(path: str) -> Optional[Offer]:
    """Return an offer that still holds; one that does not is thrown away."""
    try:
        with open(path, encoding="utf-8") as text:
            offer = json.load(text)  # type: Offer
        if offer["until"] > time.monotonic():
            return offer
        os.unlink(path)
    except FileNotFoundError:
        pass
    return None


def take(folder: str, token: str, name: str) -> Optional[Offer]:
    """Withdraw an offer and return it; None if no offer has that word and name."""
    path = path_of(folder, token)
    offer = read(path)
    if offer is None or not re.match("(?:{})\\Z".format(offer["names"]), name):
        return None
    try:
        os.unlink(path)
    except FileNotFoundError:
        return None  # another was quicker
    return offer


def left(folder: str) -> int:
    """Return how many offers are left."""
    names = [name for name in os.listdir(folder) if re.match("[0-9a-f]{64}\\Z", name)]
    return sum(read(os.path.join(folder, name)) is not None for name in names)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one telephone."""

    server_version = "gardeligne"
    sys_version = ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Send the file that is asked for, if it is still offered."""
        token, _, name = self.path.lstrip("/").partition("/")
        offer = take(cast("Server", self.server).folder, token, name)
        caller = self.client_address[0]
        if offer is None:
            print("refusé à {}".format(caller), flush=True)
            self.answer(404, "text/plain; charset=utf-8", REFUSAL)
        else:
            print("remis à {} : {}".format(caller, offer["what"]), flush=True)
            self.answer(200, "text/xml; charset=utf-8", offer["body"])

    def answer(self, status: int, kind: str, text: str) -> None:
        """Send an answer that must not be cached."""
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing: the address that was asked for has the word in it."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Serves the offers of a folder to the machines of some networks, and does not hear others."""

    timeout = 1.0  # seconds, after which it looks whether there is still something to hand over
    allow_reuse_address = True

    def __init__(
        self, folder: str, networks: Iterable[ipaddress.IPv4Network], port: int = PORT
    ) -> None:
        self.folder = folder
        self.networks = list(networks)
        super().__init__(("0.0.0.0", port), Handler)  # noqa: S104 - see verify_request

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Tell whether the one who asks is in the house."""
        near = any(ipaddress.ip_address(client_address[0]) in one for one in self.networks)
        if not near:
            print("refusé à {}, hors de la maison".format(client_address[0]), flush=True)
        return near

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Go on when a telephone hangs up in the middle."""
        print("{} : {!r}".format(client_address[0], sys.exc_info()[0]), flush=True)


def say_ready() -> None:
    """Tell systemd that whoever asks is answered now."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.connect(address.replace("@", "\0", 1))
            systemd.send(b"READY=1")


def serve(server: Server) -> None:
    """Answer until no offer is left."""
    try:
        while left(server.folder):
            server.handle_request()
    finally:
        server.server_close()


def main(arguments: List[str]) -> int:
    """Serve; return 0."""
    if arguments:
        sys.exit(__doc__)
    server = Server(FOLDER, network.networks())
    say_ready()
    serve(server)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
