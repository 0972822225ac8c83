"""A web server with one file: it may break off, or not know how to go on."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Generator
from contextlib import contextmanager


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; may break off, or not know how to go on."""

    content = b""
    breaks_after: int | None = None
    ranges = True
    asked: list[str | None]  # what parts were asked for


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        start = 0
        if asked and self.server.ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            whole = len(self.server.content)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        else:
            self.send_response(200)
        body = self.server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.breaks_after])

    def log_message(self, format: str, *args: object) -> None:
        pass


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/image.zip"


@contextmanager
def serving() -> Generator[Server, None, None]:
    """Run one."""
    with Server(("127.0.0.1", 0), Handler) as made:
        made.asked = []
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()
