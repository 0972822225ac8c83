"""What a stranger can make the exchange write down."""

from __future__ import annotations

import pytest
from lab import Lab
from lab.house import House

pytestmark = pytest.mark.usefixtures("no_firewall")

GUESSES = 1500
# REGISTER with names of nobody, one after the other.
GUESS = f"""
import socket, sys
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.connect((sys.argv[1], 5060))
link.settimeout(0.2)
here = "{{}}:{{}}".format(*link.getsockname())
answers = 0
for each in range({GUESSES}):
    link.send((
        "REGISTER sip:{{0}} SIP/2.0\\r\\nVia: SIP/2.0/UDP {{1}};branch=z9hG4bK{{2}};rport\\r\\n"
        "Max-Forwards: 70\\r\\nFrom: <sip:{{2}}@{{0}}>;tag={{2}}\\r\\nTo: <sip:{{2}}@{{0}}>\\r\\n"
        "Call-ID: {{2}}\\r\\nCSeq: 1 REGISTER\\r\\nContact: <sip:{{2}}@{{1}}>\\r\\n"
        "Content-Length: 0\\r\\n\\r\\n").format(sys.argv[1], here, 10000 + each).encode())
    try:
        link.recv(65536)
        answers += 1
    except TimeoutError:
        pass
print(answers)
"""
WRITTEN = (
    "{{ journalctl --no-pager --output cat --identifier asterisk --since @{0};"
    " find /var/log -name '*_log' -newermt @{0} -exec tail -n 4000 {{}} +; }} | wc -l"
)


def test_who_guesses_passwords_writes_no_endless_log(house: House, lab: Lab) -> None:
    began = house.run("date", "+%s").strip()
    answers = int(lab.robot.run("python3", "-", house.address(), given=GUESS))
    assert answers > GUESSES * 0.9, "the exchange has not heard the guesses"
    # A hundred lines in half a minute; the journal grants six times that where there is room.
    half_minutes = (int(house.run("date", "+%s")) - int(began)) // 30 + 2
    lines = int(house.run("sh", "-c", WRITTEN.format(began)))
    assert 0 < lines < 600 * half_minutes
