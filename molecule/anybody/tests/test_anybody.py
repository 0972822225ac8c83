"""From a card that is given away to a household's exchange: each test goes on from the last."""

from __future__ import annotations

import json

from lab import Lab
from lab.emulated import Pi
from lab.house import House
from lab.phone import hear_each_other
from lab.world import DATA, SECRET, WAIT, Machine, eventually
from testinfra.host import Host

from image import tools

KEY = (tools.CACHE / "card/key.pub").read_text().strip()
NUMBER, SECOND = f"098765000{DATA['lab_lines']['pi']}", f"097265000{DATA['lab_lines']['pi']}"
MAIL: str = DATA["lab_mail_secret"]
SETTING_UP = 45 * 60  # seconds that an emulated Pi may take for the playbook, on a busy machine
OFFERED = """\
import socket, sys
for port in 22, 25, 53, 80, 111, 5060, 5061, 5038, 8088:
    with socket.socket() as s:
        s.settimeout(2)
        print(port, s.connect_ex((sys.argv[1], port)) == 0)
with socket.socket(type=socket.SOCK_DGRAM) as s:
    s.settimeout(5)
    s.connect((sys.argv[1], 5060))
    here = "{}:{}".format(*s.getsockname())
    s.send((
        f"OPTIONS sip:s@{sys.argv[1]} SIP/2.0\\r\\n"
        f"Via: SIP/2.0/UDP {here};branch=z9hG4bK1;rport\\r\\n"
        f"From: <sip:x@{here}>;tag=1\\r\\nTo: <sip:s@{sys.argv[1]}>\\r\\nCall-ID: 1\\r\\n"
        "CSeq: 1 OPTIONS\\r\\nMax-Forwards: 70\\r\\nContent-Length: 0\\r\\n\\r\\n"
    ).encode())
    try:
        print("sip", bool(s.recv(4096)))
    except OSError:
        print("sip", False)
"""
FOYER = f"""\
nom: Famille Martin
ligne:
  opérateur: autre
  serveur: freephonie.net
  numéro: {NUMBER}
  mot de passe: {SECRET}
deuxième ligne:
  opérateur: ovh
  numéro: {SECOND}
  mot de passe: {SECRET}
courrier:
  adresse: famille.martin@example.org
  serveur: smtp.example.org
  mot de passe: {MAIL}
téléphones:
  - Salon
  - Cuisine
sonnent tout de suite:
  - {DATA["lab_people"]["known"]} * Mamie
attente: {WAIT}
clé ssh: {KEY}
"""


def lets_in(host: Host) -> bool:
    try:
        return bool(host.run("true").rc == 0)
    except RuntimeError:
        return False


def is_ready(host: Host) -> bool:
    """Tell whether a start has been reported on, with nothing missing."""
    return lets_in(host) and host.file("/var/lib/gardeligne/first-boot-done").exists


def test_out_of_the_box_it_offers_nothing_and_says_what_to_do(pi: Pi) -> None:
    pi.wait_for("pas encore rempli", 900)
    pi.wait_for("D'abord : Réglages", 900)
    tried = Machine("phones").run("python3", "-", pi.address, given=OFFERED).split()
    assert tried[1::2] == ["False"] * (len(tried) // 2), tried
    pi.cut()
    report = pi.read("gardeligne.txt")
    assert "[--] Réglages : foyer.txt n'est pas encore rempli" in report
    assert "« ligne > numéro »" in pi.read("foyer-erreurs.txt")


def test_filled_in_at_a_pc_it_becomes_the_households_exchange(pi: Pi, host: Host) -> None:
    pi.write("foyer.txt", FOYER)
    assert SECRET.encode() in pi.boot_partition()
    pi.again()
    eventually(lambda: is_ready(host), "it is set up and reported on", SETTING_UP)
    assert json.loads(host.file("/var/lib/gardeligne/setup.json").content)["good"]


def test_its_lines_are_registered_and_a_robot_gives_up(house: House, lab: Lab) -> None:
    verdict = lab.robot.call(house.number, "vicidial")
    assert verdict.status == "MACHINE", verdict
    house.wait_until_idle()
    assert not house.rang()


def test_a_stranger_is_put_through_and_both_hear_each_other(house: House) -> None:
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    rang = house.salon.wait("CALL_INCOMING").at
    assert WAIT - 0.2 < rang - answered < WAIT + 2
    house.salon.accept()
    house.salon.wait("CALL_ESTABLISHED")
    hear_each_other(house.stranger, house.salon)


def test_a_message_arrives_by_mail(house: House, lab: Lab) -> None:
    before = len(lab.mailsink.to(house.mailbox))
    house.known.dial(house.number)
    house.known.wait("CALL_ESTABLISHED", timeout=60)
    house.known.listen_for(14)
    house.known.hang_up()
    eventually(lambda: len(lab.mailsink.to(house.mailbox)) > before, "a mail arrives", 90)


def test_what_is_changed_at_a_pc_is_live_and_the_rest_is_kept(
    pi: Pi, host: Host, house: House
) -> None:
    house.asterisk("database put known 0655667788 keypad")
    inbox = "ls /var/spool/asterisk/voicemail/default/001/INBOX"
    messages = host.check_output(inbox).split()
    assert messages
    host.run("systemctl poweroff")
    pi.wait_for("Power down", 300)
    pi.cut()
    assert SECRET.encode() not in pi.boot_partition()
    assert MAIL.encode() not in pi.boot_partition()
    text = pi.read("foyer.txt")
    assert text.count("(enregistré)") == 3
    pi.write("foyer.txt", text.replace(f"attente: {WAIT}", f"attente: {WAIT + 4}"))
    pi.again()
    eventually(lambda: is_ready(host), "it is set up and reported on", SETTING_UP)
    assert "0655667788" in house.asterisk("database show known")
    assert host.check_output(inbox).split() == messages
    house.wait_until_reachable()
    house.stranger.dial(house.number)
    answered = house.stranger.wait("CALL_ESTABLISHED").at
    rang = house.salon.wait("CALL_INCOMING", timeout=30).at
    assert rang - answered > WAIT + 3
