"""Send bare INVITEs, as somebody with a script would, and print the answers' codes, a line each.

Usage: invite.py ADDRESS CALLER EXTENSION... A call that is answered is ended at once.
"""

import socket
import sys
import time

ENCODED = str.maketrans({"#": "%23"})


def invite(address: str, caller: str, extension: str) -> list[int]:
    """Call an extension; return all the answers' codes, none if there was no answer for 3 s."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.connect((address, 5060))
    link.settimeout(3)
    here = "{}:{}".format(*link.getsockname())
    name = f"{time.time_ns():x}"
    answers: list[int] = []

    def request(method: str, branch: str, sequence: int, to: str) -> None:
        body = ""
        if method == "INVITE":
            body = (
                "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n"
                "m=audio 9998 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
            ).format(here.split(":")[0])
        link.send(
            (
                f"{method} sip:{extension}@{address} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{name}{branch};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{caller}@{here}>;tag={name}\r\nTo: {to}\r\n"
                f"Call-ID: {name}\r\nCSeq: {sequence} {method}\r\n"
                f"Contact: <sip:{caller}@{here}>\r\n"
                f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )

    request("INVITE", "i", 1, f"<sip:{extension}@{address}>")
    answer = ""
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
    return answers


for number in sys.argv[3:]:
    print(*invite(sys.argv[1], sys.argv[2], number.translate(ENCODED)))
