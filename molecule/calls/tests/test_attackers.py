"""Attackers: who is answered, who is kept out and when, and that calls go on meanwhile.

The robot attacks: from the house's network, or from an address that is in none of a house's.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from lab import Lab
from lab.build import settle
from lab.house import House
from lab.network import Network
from lab.phone import connect, hear_each_other
from lab.sound import ALAW, seconds_of
from lab.world import DATA, LABORATORY, Machine, eventually

METHODS = ("OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE", "NONSENSE")
# A script's words for what became of a connection.
OPEN, REFUSED, SILENT = "open", "refused", "silent"
# Answers that nobody is remembered for, and some that were under way: see the role's rules.
GRANTED = 50
FLOOD, SECONDS = 3000, 8
NOISE = 2000  # Hz


@contextmanager
def outside(machine: Machine, house: House, net: str = "198.51.100") -> Generator[str, None, None]:
    """Let a machine speak to the house from an address outside of it, which is returned."""
    address, here = f"{net}.{house.number[-1]}", house.address()
    there, home = Network(machine), Network(house)
    there.ip("address", "replace", f"{address}/32", "dev", "eth0")
    there.ip("route", "replace", here, "dev", "eth0", "src", address)
    home.ip("route", "replace", f"{address}/32", "dev", "eth0")
    try:
        yield address
    finally:
        there.ip("route", "delete", here, "dev", "eth0")
        there.ip("address", "delete", f"{address}/32", "dev", "eth0")
        home.ip("route", "delete", f"{address}/32", "dev", "eth0")


@contextmanager
def counted(house: House, address: str) -> Generator[Network, None, None]:
    """Count what the house sends to an address: packets of its chain OUTPUT."""
    network = Network(house)
    network.rule("filter", "OUTPUT", "--destination", address, target="ACCEPT")
    try:
        yield network
    finally:
        network.forget_rules()


def forget(house: House) -> None:
    """Let the firewall forget everybody, as after a start."""
    house.run("systemctl", "restart", "gardeligne-firewall")
    eventually(lambda: in_set(house, "house4"), "the firewall is loaded")


def in_set(house: House, name: str) -> str:
    """Return what is in a set of the firewall's."""
    shown = house.run("sh", "-c", f"nft list set inet gardeligne {name} 2>&1 || true")
    found = re.search(r"elements = {([^}]*)}", shown)
    return found[1] if found else ""


def connections(machine: Machine, *wanted: tuple[str, int]) -> list[str]:
    """Return what becomes of connections from a machine."""
    script = (
        "import socket, sys\n"
        "for address, port in zip(sys.argv[1::2], sys.argv[2::2]):\n"
        "    try:\n"
        f"        socket.create_connection((address, int(port)), 1.5).close(); print('{OPEN}')\n"
        f"    except ConnectionRefusedError: print('{REFUSED}')\n"
        f"    except OSError: print('{SILENT}')\n"
    )
    return machine.run("python3", "-c", script, *(str(x) for pair in wanted for x in pair)).split()


def crack(machine: Machine, house: House, seconds: int) -> None:
    """Guess the salon's password with sipvicious, as fast as the exchange answers."""
    guess = f"seq 1 100000 | timeout {seconds} svcrack -u 001 -d - {house.address()} || true"
    machine.run("sh", "-c", guess)


def flood(machine: Machine, house: House, method: str) -> None:
    """Send many requests, and look at no answer."""
    script = (
        "import socket, sys, time\n"
        "link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "link.connect((sys.argv[1], 5060)); link.setblocking(False)\n"
        "here = '{}:{}'.format(*link.getsockname()); began = time.monotonic()\n"
        f"for each in range({FLOOD}):\n"
        "    try: link.send('''{2} sip:001@{0} SIP/2.0\\r\nVia: SIP/2.0/UDP {1};"
        "branch=z9hG4bK{2}{3};rport\\r\nMax-Forwards: 70\\r\nFrom: <sip:{3}@{0}>;tag={3}\\r\n"
        "To: <sip:001@{0}>\\r\nCall-ID: {2}{3}-{1}\\r\nCSeq: 1 {2}\\r\n"
        "Contact: <sip:{3}@{1}>\\r\nContent-Length: 0\\r\n\\r\n'''.format(\n"
        "        sys.argv[1], here, sys.argv[2], each).encode())\n"
        "    except OSError: pass\n"
        f"    time.sleep(max(0, began + each * {SECONDS / FLOOD} - time.monotonic()))\n"
    )
    machine.run("python3", "-", house.address(), method, given=script)


def register(machine: Machine, house: House, source: str, secret: str) -> int:
    """Register as the kitchen's phone, from an address; return the last answer's code."""
    script = (LABORATORY / "files/subscribe.py").read_text()
    arguments = house.address(), "002", secret, "002", "", "", source
    try:
        return int(machine.run("python3", "-", *arguments, given=script).split()[0])
    except RuntimeError:  # nobody has answered
        return 0


def a_call_comes_through(house: House) -> None:
    """See a call from the line ring."""
    house.forget()
    dialled = house.known.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 2
    house.callers_hang_up()
    house.wait_until_idle()
    house.forget()


def test_nobody_outside_gets_an_answer(house: House, lab: Lab) -> None:
    """Neither by SIP nor by anything else; not one packet."""
    with outside(lab.robot, house) as address, counted(house, address) as network:
        here = house.address()
        assert "nothing" in lab.robot.run("sh", "-c", f"timeout 20 svmap {here} 2>&1")
        answers = lab.robot.knock(here, [{"method": method} for method in METHODS])
        ports = ((here, port) for port in (22, 25, 80, 5038, 5060, 8090))
        assert connections(lab.robot, *ports) == [SILENT] * 6
        assert [answer.codes for answer in answers] == [[]] * len(METHODS)
        assert network.packets("OUTPUT") == 0


def test_the_house_reaches_what_is_offered_and_nothing_else(house: House, lab: Lab) -> None:
    """A server on the port of the phones' accounts, and one on another; IPv6 too."""
    units = {port: f"lab-{port}" for port in (8090, 8000)}
    # All houses are tried at once, from the same machine.
    far, mine = (f"2001:db8:{net}::{house.number[-1]}" for net in (5, 9))
    network, there = Network(house), Network(lab.robot)
    for port, unit in units.items():
        serve = ("python3", "-m", "http.server", "--bind", "::", str(port))
        house.run("systemd-run", "--quiet", "--collect", f"--unit={unit}", *serve)
    try:
        network.ip("address", "replace", f"{mine}/128", "dev", "eth0", "nodad")
        network.ip("route", "replace", f"{far}/128", "dev", "eth0")
        there.ip("address", "replace", f"{far}/128", "dev", "eth0", "nodad")
        there.ip("route", "replace", f"{mine}/128", "dev", "eth0", "src", far)
        shown = house.run("ip", "-6", "-o", "address", "show", "scope", "link", "dev", "eth0")
        near = re.findall(r"fe80::[\da-f:]+", shown)[0] + "%eth0"
        eventually(lambda: house.run("ss", "-Hlnt", "sport = :8000"), "they listen")
        wanted = [(place, port) for place in (house.address(), near, mine) for port in units]
        found = connections(lab.robot, *wanted)
        assert found == [OPEN, REFUSED, OPEN, REFUSED, SILENT, SILENT]
        with outside(lab.robot, house):
            assert connections(lab.robot, *wanted[:2]) == [SILENT, SILENT]
    finally:
        house.run("systemctl", "stop", *units.values())
        network.ip("-6", "address", "delete", f"{mine}/128", "dev", "eth0")
        network.ip("-6", "route", "delete", f"{far}/128", "dev", "eth0")
        there.ip("-6", "address", "delete", f"{far}/128", "dev", "eth0")


def test_an_operator_is_heard_before_his_name_leads_anywhere(house: House) -> None:
    """He is not in the house's network then, and nobody knows his address but Asterisk itself."""
    change = (
        "flush set inet gardeligne lines\nflush set inet gardeligne house4\n"
        f"add element inet gardeligne house4 {{ {Machine('phones').address()} }}\n"
    )
    house.run("nft", "-f", "/dev/stdin", given=change)
    try:
        a_call_comes_through(house)
        connect(house.known, house.number, house.salon)
        hear_each_other(house.known, house.salon)
        house.forget()
        connect(house.salon, house.stranger.user, house.stranger)
        hear_each_other(house.salon, house.stranger)
    finally:
        forget(house)


def test_a_firewall_that_cannot_be_loaded_lets_calls_through_and_is_told(
    house: House, lab: Lab
) -> None:
    rules = "/usr/local/etc/gardeligne-firewall.nft"
    try:
        house.run("sh", "-c", f"cp {rules} /root/rules && echo nonsense >>{rules}")
        house.run("systemctl", "restart", "gardeligne-firewall")
        with outside(lab.robot, house):
            assert lab.robot.knock(house.address(), [{"method": "OPTIONS"}])[0].codes
        a_call_comes_through(house)
        assert "[--] Pare-feu : absent" in house.run("sh", "-c", "gardeligne etat || true")
    finally:
        house.run("sh", "-c", f"cp /root/rules {rules}")
    forget(house)
    # What somebody else takes away is there again soon.
    house.run("nft", "flush", "ruleset")
    eventually(lambda: in_set(house, "house4"), "it is loaded again", 20)
    assert "[ok] Pare-feu : en place" in house.run("sh", "-c", "gardeligne etat || true")


def test_who_guesses_in_the_house_is_slowed_and_never_kept_from_calling_for_help(
    house: House, lab: Lab, figures: dict[str, dict[str, str]]
) -> None:
    robot = lab.robot.address()
    house.run("systemctl", "stop", "gardeligne-firewall")
    with counted(house, robot) as network:
        crack(lab.robot, house, 5)
        before = network.packets("OUTPUT") // 2 * 12
    forget(house)
    connect(house.known, house.number, house.salon)
    with counted(house, robot) as network:
        began = time.monotonic()
        crack(lab.robot, house, 10)
        told = network.packets("OUTPUT")
        for number in ("15", "112", "116117"):
            assert lab.robot.invite(house.address(), number)[number][-1] >= 400
        assert lab.robot.invite(house.address(), "0142000000")["0142000000"] == []
        # Nor does that let him guess: a telephone that calls for help needs two of these.
        help_ = [{"method": "INVITE", "called": "112"}] * 40
        answers = lab.robot.knock(house.address(), help_, at_once=40)
        assert sum(bool(answer.codes) for answer in answers) <= 20
        hear_each_other(house.known, house.salon)
        a_call_comes_through(house)
        assert in_set(house, "guessers").split()[0] == robot
        # It is not longer than a minute.
        again = [{"method": "OPTIONS"}]
        eventually(
            lambda: lab.robot.knock(house.address(), again)[0].codes, "it is heard again", 65
        )
        waited = time.monotonic() - began
    assert 40 <= told <= GRANTED < before
    figures.setdefault("guesses a minute from the house, without", {})[house.name] = str(before)
    figures.setdefault("guesses until kept out, and for how long", {})[house.name] = (
        f"{told // 2}, {waited:.0f} s"
    )


def test_nobody_is_heard_in_a_call_that_he_sends_sound_into(house: House, lab: Lab) -> None:
    script = (
        "import socket, struct, sys, time\n"
        "link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "for each in range(150):\n"
        "    for port in sys.argv[3:]:\n"
        "        head = struct.pack('!BBHII', 128, 8, each + 7, each * 160, 77)\n"
        "        link.sendto(head + bytes.fromhex(sys.argv[2]), (sys.argv[1], int(port)))\n"
        "    time.sleep(0.02)\n"
    )
    wave = (9000 * math.sin(math.tau * NOISE * n / 8000) for n in range(160))
    tone = bytes(min(range(256), key=lambda code: abs(ALAW[code] - level)) for level in wave)
    connect(house.known, house.number, house.salon)
    listed = house.run("ss", "-Hlnu", "sport >= :10000 and sport <= :20000").splitlines()
    ports = [line.split()[3].rpartition(":")[2] for line in listed]
    assert len(ports) >= 4
    with outside(lab.robot, house):
        lab.robot.run("python3", "-", house.address(), tone.hex(), *ports, given=script)
    lab.robot.run("python3", "-", house.address(), tone.hex(), *ports, given=script)
    hear_each_other(house.known, house.salon, 2)
    for phone in (house.known, house.salon):
        assert seconds_of(phone.heard(), NOISE) < 0.2, f"{phone.user} hears the attacker"


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_a_flood_disturbs_no_call(house: House, lab: Lab, method: str) -> None:
    connect(house.known, house.number, house.salon)
    with ThreadPoolExecutor() as pool:
        flooded = pool.submit(flood, lab.robot, house, method)
        hear_each_other(house.known, house.salon, SECONDS - 2)
        a_call_comes_through(house)
        flooded.result()


@pytest.fixture(scope="module")
def phone_outside(lab: Lab) -> None:
    """Let telephones register from anywhere."""
    settle(list(lab.houses), "firewall", household_firewall={"outside": True})


def test_who_guesses_outside_is_shut_out_and_a_phone_there_is_not(
    house: House, lab: Lab, phone_outside: None, figures: dict[str, dict[str, str]]
) -> None:
    secret = DATA["lab_handset_secrets"]["002"]
    forget(house)
    with (
        outside(lab.robot, house) as attacker,
        outside(lab.mailsink, house, "203.0.113") as phone,
        counted(house, attacker) as network,
    ):
        here = house.address()
        assert "gardeligne" in lab.robot.run("sh", "-c", f"timeout 20 svmap {here} 2>&1")
        # Sipvicious looks for names that are answered otherwise, and finds none.
        for method in ("REGISTER", "INVITE", "OPTIONS"):
            command = f"timeout 20 svwar --force -m {method} -e 001-004 -z 3 {here} 2>&1"
            assert "found nothing" in lab.robot.run("sh", "-c", f"{command} || true")
        began = time.monotonic()
        crack(lab.robot, house, 3)
        assert network.packets("OUTPUT") <= GRANTED
        assert attacker in in_set(house, "shut")
        assert register(lab.mailsink, house, phone, secret) == 200
        a_call_comes_through(house)
        # Who has no password is not asked for one, and whoever has mistyped it can call for help.
        for _ in range(GRANTED // 2):
            register(lab.mailsink, house, phone, "mistyped")
            if phone in in_set(house, "mistyped"):
                break
        assert phone in in_set(house, "mistyped")
        assert phone not in in_set(house, "shut")
        assert lab.mailsink.invite(here, "112")["112"][-1] >= 400
        # Not before the hour is over, and each knock begins it anew.
        assert lab.robot.invite(here, "112", "0142000000") == {"112": [], "0142000000": []}
        figures.setdefault("answers to an attacker outside, in", {})[house.name] = (
            f"{network.packets('OUTPUT')}, {time.monotonic() - began:.0f} s"
        )
    house.run("systemctl", "start", "gardeligne-firewall-news")
    subject = "a écarté qui essayait des mots de passe"
    eventually(
        lambda: any(
            subject in str(mail.message["Subject"]) and attacker in mail.text
            for mail in lab.mailsink.to("famille.martin@example.org")
        ),
        "it is told by mail",
        60,
    )


def messages() -> dict[str, bytes]:
    """Return the messages of RFC 4475, by name."""
    text = (LABORATORY.parent / "calls/files/rfc4475.txt").read_text()
    head, *parts = re.split(r"^== .* (\w+): .*\n", text, flags=re.M)
    assert "<hex>" in head
    sdp = (
        "v=0\no=mhandley 29739 7272939 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
        "m=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\na=rtpmap:31 LPC\n"
    )

    def message(written: str) -> bytes:
        whole = written.replace("<sdp>\n", sdp).replace("\n", "\r\n").encode()
        whole = re.sub(rb"<hex>(.*?)</hex>", lambda m: bytes.fromhex(m[1].decode()), whole)
        return re.sub(rb"<repeat (\d+)>(.*?)</repeat>", lambda m: m[2] * int(m[1]), whole)

    return {name: message(part) for name, part in zip(parts[::2], parts[1::2], strict=True)}


def test_messages_that_torture_leave_it_alive(
    house: House, lab: Lab, no_firewall: None, figures: dict[str, dict[str, str]]
) -> None:
    """After each of RFC 4475 the same Asterisk answers, and a call comes through."""
    script = (
        "import socket, sys\n"
        "link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "link.settimeout(0.3); link.sendto(bytes.fromhex(sys.argv[2]), (sys.argv[1], 5060))\n"
        "try: print(link.recv(65536).split(b'\\r\\n')[0].decode())\n"
        "except TimeoutError: pass\n"
    )
    process = house.run("systemctl", "show", "--property=MainPID", "asterisk")
    sent, answered = messages(), 0
    assert len(sent) == 49
    for name, message in sent.items():
        answer = lab.robot.run("python3", "-c", script, house.address(), message.hex())
        assert not re.match(r"SIP/2.0 [23]", answer), f"{name}: {answer}"
        answered += bool(answer)
        a_call_comes_through(house)
        shown = house.run("systemctl", "show", "--property=MainPID", "asterisk")
        assert shown == process, f"{name} has ended Asterisk"
    figures.setdefault("torture messages, answered of 49", {})[house.name] = str(answered)
