"""Send bare SIP requests, as somebody with a script would, and print how each was answered.

Usage: knock.py ADDRESS AT_ONCE REQUEST... A request is JSON: its method; the user of its From
(`caller`), To (`called`) and Contact (`contact`); as whom it logs in, with a wrong password
(`login`); a `line` parameter in its To; the address that media is to be sent to (`media`). Of each
a line of JSON is printed: the answers' codes, the milliseconds until the first of them, and the
lines of the last, without what is the request's own. A call that is answered is ended after `hold`
seconds, or at once; one that only rings is given up.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections import deque

ENCODED = str.maketrans({"#": "%23", "*": "%2A", " ": "%20"})
# Seconds until a request is sent again, or a call is given up; then until it is not waited for.
AGAIN, PATIENCE = 1, 3
# What a method needs beside what all have.
MORE = {
    "INVITE": "Content-Type: application/sdp\r\n",
    "MESSAGE": "Content-Type: text/plain\r\n",
    "NOTIFY": "Event: message-summary\r\nSubscription-State: active\r\n",
    "PRACK": "RAck: 1 1 INVITE\r\n",
    "PUBLISH": "Event: presence\r\nExpires: 60\r\n",
    "REFER": "Refer-To: <sip:0899123456@{0}>\r\n",
    "REGISTER": "Expires: 60\r\n",
    "SUBSCRIBE": "Event: message-summary\r\nExpires: 60\r\n",
}
MEDIA = (
    "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n"
    "m=audio 9998 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)
LOGIN = (
    'Authorization: Digest username="{}", realm="{}", nonce="{}", uri="{}", response="{:032}", '
    "algorithm=MD5{}\r\n"
)
# What differs from one request to the next.
OWN = re.compile(r"(?i)(via|v|from|f|to|t|call-id|i|cseq|content-length|l|date|contact|m):")
RANDOM = re.compile(r'((?:nonce|opaque)=)"?([^",\s]*)"?')


class Knock:
    """A request, and how far it has come."""

    def __init__(self, link: socket.socket, address: str, index: int, request: dict[str, str]):
        """Take it on; nothing is sent yet."""
        self.link, self.address, self.request = link, address, request
        self.here = "{}:{}".format(*link.getsockname())
        self.name = f"{time.time_ns():x}-{index}"
        self.codes: list[int] = []
        self.lines: list[str] = []
        self.first = self.sent = self.heard = 0.0
        self.sequence, self.tries = 1, 0
        self.login = ""
        self.answered_by = ""
        self.done = self.given_up = False

    def send(self, method: str = "", to: str = "", branch: str = "") -> None:
        """Send the request, or another that belongs to it."""
        asked, given = self.request, method or self.request["method"]
        called = asked.get("called", "nobody").translate(ENCODED)
        line = f";line={asked['line']}" if "line" in asked else ""
        uri = f"sip:{called}@{self.address}{line}"
        body = MEDIA.format(asked.get("media", self.here.split(":")[0])) * (given == "INVITE")
        more = "" if method else MORE.get(given, "").format(self.address) + self.login
        caller = asked.get("caller", "nobody").translate(ENCODED)
        contact = asked.get("contact", caller).translate(ENCODED)
        branch = branch or f"{self.sequence}"
        if not method:
            self.sent = time.monotonic()
            self.first = self.first or self.sent
            self.tries += 1
        self.link.send(
            (
                f"{given} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.here};branch=z9hG4bK{self.name}{branch};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{caller}@{self.here}>;tag={self.name}\r\n"
                f"To: {to or f'<{uri}>'}\r\nCall-ID: {self.name}\r\n"
                f"CSeq: {self.sequence} {given}\r\nContact: <sip:{contact}@{self.here}>\r\n"
                f"{more}Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )

    def answered(self, message: str) -> None:
        """Take an answer in."""
        lines = message.partition("\r\n\r\n")[0].split("\r\n")
        to = next(line[3:].strip() for line in lines if line.startswith("To:"))
        sequence, method = next(line for line in lines if line.startswith("CSeq:")).split()[1:]
        if method != self.request["method"] or int(sequence) != self.sequence:
            return
        code = int(lines[0].split()[1])
        if not self.done:
            self.heard = self.heard or time.monotonic()
            self.codes.append(code)
            self.lines = [lines[0], *sorted(line for line in lines[1:] if not OWN.match(line))]
        if code < 200:
            return
        if method == "INVITE":
            self.send("ACK", to, branch="a" if code < 300 else "")
        if method == "INVITE" and code < 300:
            if not self.answered_by:
                self.answered_by, self.sent = to, time.monotonic()
        elif code != 401 or not self.logs_in(message):
            self.done = True

    def logs_in(self, message: str) -> bool:
        """Answer a challenge, if that is asked for and was not done before."""
        challenge = re.search(r'WWW-Authenticate:.*realm="([^"]*)"', message)
        nonce = re.search(r'nonce="([^"]*)"', message)
        if "login" not in self.request or self.login or not challenge or not nonce:
            return False
        opaque = re.search(r', *opaque="[^"]*"', message)
        more = opaque[0] if opaque else ""
        if "qop=" in message:
            more += f', qop=auth, nc=00000001, cnonce="{self.name}"'
        uri = f"sip:{self.request.get('called', 'nobody').translate(ENCODED)}@{self.address}"
        self.login = LOGIN.format(self.request["login"], challenge[1], nonce[1], uri, 0, more)
        self.sequence += 1
        self.tries = 0
        self.send()
        return True

    def wait(self) -> bool:
        """Do what is due by now; tell whether there is still something to wait for."""
        waited = time.monotonic() - self.sent
        if self.answered_by and not self.done:
            self.done = waited >= float(self.request.get("hold", "0"))
            if self.done:
                self.sequence += 1
                self.send("BYE", self.answered_by)
            return not self.done
        if self.done or (waited > PATIENCE and (self.given_up or not self.rings())):
            return False
        if not self.codes and waited > AGAIN and self.tries < PATIENCE:
            self.send()
        elif waited > PATIENCE:
            self.given_up, self.sent = True, time.monotonic()
            self.send("CANCEL")
        return True

    def rings(self) -> bool:
        """Tell whether it is a call that nobody has answered or refused yet."""
        return self.request["method"] == "INVITE" and bool(self.codes) and self.codes[-1] < 200

    def result(self) -> str:
        """Return what was heard."""
        return json.dumps(
            {
                "codes": self.codes,
                "ms": 1000 * (self.heard - self.first) if self.codes else None,
                "lines": [RANDOM.sub(lambda m: f"{m[1]}{len(m[2])}", line) for line in self.lines],
            }
        )


def main() -> None:
    """Send them, so many at a time."""
    address, at_once = sys.argv[1], int(sys.argv[2])
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    link.connect((address, 5060))
    knocks = [
        Knock(link, address, index, json.loads(request))
        for index, request in enumerate(sys.argv[3:])
    ]
    by_name = {knock.name: knock for knock in knocks}
    waiting, under_way = deque(knocks), list[Knock]()
    while waiting or under_way:
        while waiting and len(under_way) < at_once:
            under_way.append(waiting.popleft())
            under_way[-1].send()
        while select.select([link], [], [], 0.0 if not under_way else 0.02)[0]:
            message = link.recv(65536).decode()
            name = re.search(r"(?im)^(?:Call-ID|i): *(\S+)", message)
            if message.startswith("SIP/2.0 ") and name and name[1] in by_name:
                by_name[name[1]].answered(message)
                if by_name[name[1]].done:
                    break
        under_way = [knock for knock in under_way if knock.wait()]
    for knock in knocks:
        print(knock.result())


main()
