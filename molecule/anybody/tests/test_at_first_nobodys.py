"""From a card that is given away to a household's exchange: each test goes on from the last."""

from __future__ import annotations

import json

from lab.build import roles_done
from lab.emulated import READY, SETTING_UP, Pi, set_up_in
from lab.world import DATA, SECRET, WAIT, Machine, eventually
from testinfra.host import Host

from image import tools

LOG = "/var/log/gardeligne-setup.log"
KEY = (tools.CACHE / "card/key.pub").read_text().strip()
NUMBER = f"098765000{DATA['lab_lines']['pi']}"
MAIL: str = DATA["lab_mail_secret"]
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
courrier:
  adresse: famille.martin@example.net
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


def test_out_of_the_box_it_offers_nothing_and_says_what_to_do(pi: Pi) -> None:
    pi.wait_for("pas encore rempli", 900)
    pi.wait_for("D'abord : Réglages", 900)
    tried = Machine("phones").run("python3", "-", pi.address, given=OFFERED).split()
    assert tried[1::2] == ["False"] * (len(tried) // 2), tried
    # What the console says is on the card some moments later.
    eventually(lambda: pi.has("gardeligne.txt"), "its report is on the card", 120)
    pi.cut()
    report = pi.read("gardeligne.txt")
    assert "[--] Réglages : foyer.txt n'est pas encore rempli" in report
    assert "« ligne > numéro »" in pi.read("foyer-erreurs.txt")


def test_filled_in_at_a_pc_it_becomes_the_households_exchange(
    pi: Pi, host: Host, figures: dict[str, dict[str, str]]
) -> None:
    pi.write("foyer.txt", FOYER)
    assert SECRET.encode() in pi.boot_partition()
    pi.again()
    pi.wait_for(READY, SETTING_UP)
    figures["switched on, filled in: ready"] = {"pi": pi.on_for()}
    assert json.loads(host.file("/var/lib/gardeligne/setup.json").content)["good"]
    figures["of which the first set-up"] = {"pi": set_up_in(host)}
    said = host.file(LOG).content_string
    assert "system" not in roles_done(said), "its image has all packages already"
