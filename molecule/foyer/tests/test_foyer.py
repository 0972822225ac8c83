"""A machine that sets itself up: each test goes on where the one before it has ended."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from lab.build import roles_done
from testinfra.host import Host

FOYER = "/boot/firmware/foyer.txt"
ERRORS = "/boot/firmware/foyer-erreurs.txt"
SIP, MAIL = "Line-secret-of-a-test-1", "Mail-secret-of-a-test-1"
MADE = "/etc/gardeligne/setup/inventory/secrets/gardeligne/handset-001"
MESSAGE = "/var/spool/asterisk/voicemail/default/001/INBOX/msg0000.txt"


def start(host: Host) -> dict[str, Any]:
    """Let the machine look at its card as at a start; how the settings were taken."""
    host.run_test("systemctl start gardeligne-setup.service")
    told: dict[str, Any] = json.loads(host.file("/var/lib/gardeligne/setup.json").content)
    return told


def write(host: Host, text: str) -> None:
    """Write foyer.txt as Windows does."""
    raw = text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8-sig")
    host.check_output("echo %s | base64 -d >%s", base64.b64encode(raw).decode(), FOYER)


def text(host: Host) -> str:
    return str(host.file(FOYER).content, "utf-8-sig")


def runs(host: Host) -> str:
    """Tell one run of the playbook from another."""
    return str(host.run("stat --format %%Y.%%Z /var/log/gardeligne-setup.log").stdout)


def done(host: Host) -> set[str]:
    """Return the roles that the last run of the playbook did not leave out."""
    return roles_done(host.file("/var/log/gardeligne-setup.log").content_string)


def asterisk(host: Host, command: str) -> str:
    return str(host.check_output("asterisk -rx %s", command))


def uptime(host: Host) -> int:
    """Return for how many seconds Asterisk has been running."""
    found = re.search(r"System uptime: (\d+)", asterisk(host, "core show uptime seconds"))
    assert found
    return int(found[1])


def offered(host: Host) -> list[str]:
    """Return what listens beyond the machine."""
    lines = host.check_output("ss -Hlntu").splitlines()
    return [line for line in lines if not line.split()[4].startswith(("127.", "[::1]"))]


def is_of_nobody(host: Host) -> None:
    assert offered(host) == []
    for service in "asterisk", "asterisk-trunk-watch", "ssh":
        assert not host.service(service).is_running, service
        assert not host.service(service).is_enabled, service
    assert "type=registration" not in host.file("/etc/asterisk/pjsip.conf").content_string
    assert "type=auth" not in host.file("/etc/asterisk/pjsip.conf").content_string
    assert not host.file("/etc/gardeligne/setup/inventory/hosts.yml").exists


def test_it_is_of_nobody_and_offers_nothing(host: Host) -> None:
    is_of_nobody(host)
    for user in "pi", "root":
        assert host.check_output(f"passwd --status {user}").split()[1] == "L"
    keys = host.file("/home/pi/.ssh/authorized_keys").content_string.splitlines()
    assert [key for key in keys if key and not key.startswith("#")] == []
    for package in "ansible-core", "asterisk", "postfix", "openssh-server", "wpasupplicant":
        assert host.package(package).is_installed


def test_the_file_to_be_filled_in_is_there_as_any_pc_reads_it(host: Host) -> None:
    raw = host.file(FOYER).content
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n") > 20


def test_nothing_of_the_builder_is_on_it(host: Host) -> None:
    project = "/usr/local/lib/gardeligne-setup/project"
    listed = host.check_output(f"ls {project}").split()
    files = ["LICENSE", "VERSION", "ansible.cfg", "check.yml", "playbook.yml"]
    assert sorted(listed) == sorted([*files, "group_vars", "roles"])
    assert host.check_output(f"find {project} -name secrets -o -name '*.pyc'") == ""
    assert host.check_output(f"find {project} ! -user root -o -perm /022 ! -type l") == ""


def test_unless_it_is_filled_in_nothing_changes(host: Host) -> None:
    told = start(host)
    assert not told["good"]
    assert "pas encore rempli" in told["what"]
    assert host.file(ERRORS).content.startswith(b"\xef\xbb\xbf")
    is_of_nobody(host)


def test_a_file_filled_in_makes_it_an_exchange_without_a_network(host: Host) -> None:
    filled = text(host).replace("numéro: ''", "numéro: '09 87 65 43 21'", 1)
    for old, new in ("mot de passe", SIP), ("adresse", "famille.martin@free.fr"):
        filled = filled.replace(f"  {old}: ''", f"  {old}: '{new}'", 1)
    filled = filled.replace("\n  mot de passe: ''", f"\n  mot de passe: '{MAIL}'", 1)
    assert filled.count("''") < text(host).count("''") - 3
    write(host, filled)
    host.check_output("ip link set eth0 down")
    told = start(host)
    assert told["good"], host.file("/var/log/gardeligne-setup.log").content_string[-3000:]
    assert host.service("asterisk").is_running
    assert host.service("asterisk").is_enabled
    assert "free/sip:freephonie.net" in asterisk(host, "pjsip show registrations")
    assert "001" in asterisk(host, "pjsip show endpoints")
    assert "smtp.free.fr" in host.file("/etc/postfix/main.cf").content_string
    assert not host.service("ssh").is_running
    assert not host.file(ERRORS).exists
    # Packages, locale and time are of nobody: the image has them, as it was left.
    assert "system" not in done(host)
    assert {"asterisk", "mail", "dialplan"} <= done(host)


def test_the_secrets_have_left_the_card_and_are_for_root_alone(host: Host) -> None:
    assert text(host).count("'(enregistré)'") == 2
    assert host.run(f"grep -rE '{SIP}|{MAIL}' /boot/firmware /var/log /run/gardeligne-setup").rc
    found = host.run(f"grep -rlE '{SIP}|{MAIL}' /etc /var /root /usr/local").stdout
    assert "/etc/gardeligne/setup/inventory/group_vars/exchange/foyer.yml" in found
    for name in found.split():
        assert host.file(name).mode & 0o007 == 0, name
    assert host.run(f"journalctl --no-pager | grep -E '{SIP}|{MAIL}'").rc


def test_the_next_start_does_nothing(host: Host) -> None:
    before = runs(host)
    assert start(host)["good"]
    assert runs(host) == before


def test_a_bad_change_changes_nothing(host: Host) -> None:
    before, good = runs(host), text(host)
    write(host, good.replace("attente: 4", "attente: longtemps"))
    told = start(host)
    assert not told["good"]
    assert "restent en service" in told["what"]
    assert "attente" in host.file(ERRORS).content.decode("utf-8-sig")
    assert runs(host) == before
    assert host.service("asterisk").is_running
    write(host, good)
    assert start(host)["good"]
    assert not host.file(ERRORS).exists


def test_a_change_is_live_and_what_the_household_has_stays(host: Host) -> None:
    made = host.file(MADE).content_string
    asterisk(host, "database put known 0612345678 keypad")
    host.check_output(f"mkdir -p $(dirname {MESSAGE}) && echo message >{MESSAGE}")
    since = uptime(host)
    assert "SET_wait=4" in asterisk(host, "dialplan show globals")
    write(host, text(host).replace("attente: 4", "attente: 9"))
    assert start(host)["good"]
    assert "SET_wait=9" in asterisk(host, "dialplan show globals")
    assert uptime(host) > since, "it was started anew"
    assert "0612345678" in asterisk(host, "database show known")
    assert host.file(MESSAGE).exists
    assert host.file(MADE).content_string == made
    assert text(host).count("'(enregistré)'") == 2
    assert done(host) == {"dialplan"}


def test_once_a_week_all_is_looked_through(host: Host) -> None:
    assert host.service("gardeligne-setup-whole.timer").is_enabled
    host.check_output("chmod 755 /var/spool/asterisk")  # nothing that a run for a change looks at
    since = uptime(host)
    host.check_output("systemctl start gardeligne-setup-whole.service")
    assert {"system", "asterisk", "dialplan"} <= done(host)
    assert host.file("/var/spool/asterisk").mode == 0o750
    assert uptime(host) > since, "it was started anew"


def test_another_household_cannot_have_the_former_ones_account(host: Host) -> None:
    before = runs(host)
    write(host, text(host).replace("09 87 65 43 21", "09 11 22 33 44"))
    assert not start(host)["good"]
    assert runs(host) == before
    assert host.file(MESSAGE).exists


def test_another_household_replaces_all(host: Host) -> None:
    made = host.file(MADE).content_string
    other = text(host).replace("famille.martin@free.fr", "les.durand@free.fr")
    write(host, other.replace("'(enregistré)'", "'Other-secret-of-a-test-2'"))
    assert start(host)["good"], host.file("/var/log/gardeligne-setup.log").content_string[-3000:]
    assert {"system", "asterisk", "numbers", "journal"} <= done(host)
    assert host.service("asterisk").is_running
    assert "0911223344" in host.file("/etc/asterisk/pjsip.conf").content_string
    assert "0612345678" not in asterisk(host, "database show known")
    assert not host.file(MESSAGE).exists
    assert host.file(MADE).content_string != made
    found = host.run(f"grep -rlE '{SIP}|{MAIL}|famille.martin' /etc /var /root /boot/firmware")
    assert found.stdout == ""
