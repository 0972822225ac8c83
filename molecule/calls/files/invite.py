"""Send one bare INVITE, as somebody with a script would, and print the answers' codes.

Usage: invite.py ADDRESS EXTENSION CALLER. A call that is answered is ended at once.
"""

import socket
import sys
import time

address, extension, caller = sys.argv[1:]
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.connect((address, 5060))
here = "{}:{}".format(*link.getsockname())
name = f"{time.time_ns():x}"
answers: list[int] = []


def request(method: str, branch: str, sequence: int, to: str) -> None:
    """Send a request of this dialogue."""
    body = ""
    if method == "INVITE":
        body = (
            "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n"
            "m=audio 9998 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        ).format(here.split(":")[0])
    link.send(
        (
            f"{method} sip:{extension}@{address} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{name}{branch};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{caller}@{here}>;tag={name}\r\nTo: {to}\r\nCall-ID: {name}\r\n"
            f"CSeq: {sequence} {method}\r\nContact: <sip:{caller}@{here}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
    )


request("INVITE", "i", 1, f"<sip:{extension}@{address}>")
link.settimeout(3)
try:
    while not answers or answers[-1] < 200:
        answer = link.recv(65536).decode()
        answers.append(int(answer.split()[1]))
except TimeoutError:
    pass
if answers and answers[-1] >= 200:
    to = next(line[3:].strip() for line in answer.splitlines() if line.startswith("To:"))
    answered = answers[-1] < 300
    request("ACK", "a" if answered else "i", 1, to)
    if answered:
        request("BYE", "b", 2, to)
        time.sleep(0.5)
print(*answers)
