"""Subscribe to an event as a telephone does, with its password, and print the last answer's code.

Usage: subscribe.py ADDRESS USER SECRET EXTENSION EVENT TYPE [SOURCE]. If it is accepted, the notice
that follows is printed too. Without an event it registers. SOURCE is its own address.
"""

import hashlib
import re
import socket
import sys
import time

address, user, secret, extension, event, accepted, *source = sys.argv[1:]
method = "SUBSCRIBE" if event else "REGISTER"
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.bind((source[0] if source else "", 0))
link.connect((address, 5060))
link.settimeout(3)
here = "{}:{}".format(*link.getsockname())
name = f"{time.time_ns():x}"
uri = f"sip:{extension}@{address}"
wanted = f"Event: {event}\r\nAccept: {accepted}\r\n" if event else ""


def md5(text: str) -> str:
    """Return a digest as SIP has it."""
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what SIP asks for


def subscribe(sequence: int, authorization: str = "") -> None:
    """Send the request."""
    link.send(
        (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{name}{sequence};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{user}@{address}>;tag={name}\r\nTo: <{uri}>\r\nCall-ID: {name}\r\n"
            f"CSeq: {sequence} {method}\r\nContact: <sip:{user}@{here}>\r\n"
            f"{wanted}Expires: 60\r\n{authorization}Content-Length: 0\r\n\r\n"
        ).encode()
    )


def heard(beginning: str) -> str:
    """Return the next message that begins so."""
    while not (message := link.recv(65536).decode()).startswith(beginning):
        pass
    return message


def proof(challenge: str) -> str:
    """Return the answer to a digest challenge."""
    asked = dict(re.findall(r'(\w+)="?([^",\r]+)"?', challenge.split("WWW-Authenticate:")[1]))
    secrets = md5(f"{user}:{asked['realm']}:{secret}"), md5(f"{method}:{uri}")
    qop, count = "", asked["nonce"]
    if "qop" in asked:
        qop = f'qop=auth, nc=00000001, cnonce="{name}", '
        count += f":00000001:{name}:auth"
    answer = md5(f"{secrets[0]}:{count}:{secrets[1]}")
    opaque = f'opaque="{asked["opaque"]}", ' if "opaque" in asked else ""
    return (
        f'Authorization: Digest username="{user}", realm="{asked["realm"]}", {qop}{opaque}'
        f'nonce="{asked["nonce"]}", uri="{uri}", response="{answer}", algorithm=MD5\r\n'
    )


subscribe(1)
subscribe(2, proof(heard("SIP/2.0 401")))
code = heard("SIP/2.0 ")
while "CSeq: 1 " in code:  # the first answer once more
    code = heard("SIP/2.0 ")
print(code.split()[1])
if event and code.split()[1] in ("200", "202"):
    print(heard("NOTIFY ").partition("\r\n\r\n")[2])
