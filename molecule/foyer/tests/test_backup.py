"""A household's card is lost: a new one, with the backup beside foyer.txt, is what that was.

The machine is as the scenario made it, of nobody: an image of it is a new card. The first one of
it is set up, used, backed up and destroyed; the second is made anew.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Generator
from typing import Any

import pytest
import testinfra
from testinfra.host import Host

NEW, MACHINE = "localhost/gardeligne/foyer-new", "gardeligne-foyer-anew"
FOYER = "/boot/firmware/foyer.txt"
NAME = "gardeligne-20261130-031000.sauvegarde"
SIP, MAIL = "Line-secret-of-a-test-1", "Mail-secret-of-a-test-1"
PHRASE = "Cheval pile agrafe 5é"
MADE = "/etc/gardeligne/setup/inventory/secrets/gardeligne/handset-001"
MESSAGE = "/var/spool/asterisk/voicemail/default/001/INBOX/msg0000"


def podman(*arguments: str) -> str:
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


def switched_on() -> Host:
    """Return a machine made anew of the card."""
    podman(
        "run", "--detach", "--replace", "--systemd=always", "--cap-add=SYS_ADMIN", "--no-hosts",
        "--cap-add=NET_ADMIN", f"--name={MACHINE}", "--hostname=gardeligne", "--network=none",
        "--tmpfs=/boot/firmware:size=64m", NEW, "/sbin/init",
    )  # fmt: skip
    host = testinfra.get_host(f"podman://{MACHINE}")
    for _ in range(120):
        if host.run("systemctl is-system-running").stdout.strip() in ("running", "degraded"):
            break
        time.sleep(0.5)
    host.check_output("umount /etc/hostname")  # podman's: the card has its own
    return host


def put(host: Host, path: str, content: bytes) -> None:
    host.check_output("echo %s | base64 -d >%s", base64.b64encode(content).decode(), path)


def start(host: Host) -> None:
    """Let the machine look at its card as at a start."""
    done = host.run("systemctl start gardeligne-setup.service")
    log = host.run(
        "journalctl --no-pager -u gardeligne-setup; tail -50 /var/log/gardeligne-setup.log"
    )
    assert done.rc == 0, log.stdout
    told = host.file("/var/lib/gardeligne/setup.json").content_string
    assert '"good": true' in told, told + log.stdout


def accounts(host: Host) -> str:
    """Return the accounts of lines and phones as Asterisk has them."""
    return str(host.file("/etc/asterisk/pjsip.conf").content_string)


def asterisk(host: Host, command: str) -> str:
    return str(host.check_output("asterisk -rx %s", command))


@pytest.fixture(scope="module")
def empty() -> Generator[bytes]:
    """Make the new card of the scenario's machine; return its foyer.txt."""
    podman("commit", "--quiet", "gardeligne-foyer-foyer", NEW)
    yield testinfra.get_host("podman://gardeligne-foyer-foyer").file(FOYER).content
    podman("rm", "--force", "--time=0", "--ignore", MACHINE)
    podman("rmi", "--force", NEW)


@pytest.fixture(scope="module")
def lost(empty: bytes) -> dict[str, Any]:
    """What a household had, whose card is lost: the backup is all that is left."""
    host = switched_on()
    text = empty.decode("utf-8-sig").replace("numéro: ''", "numéro: '09 87 65 43 21'", 1)
    for old, new in ("mot de passe", SIP), ("adresse", "famille.martin@free.fr"):
        text = text.replace(f"  {old}: ''", f"  {old}: '{new}'", 1)
    text = text.replace("\n  mot de passe: ''", f"\n  mot de passe: '{MAIL}'", 1)
    text = text.replace(
        "#sauvegarde:\r\n#  mot de passe: ''", f"sauvegarde:\r\n  mot de passe: '{PHRASE}'"
    )
    put(host, FOYER, text.encode("utf-8-sig"))
    start(host)
    folder = MESSAGE.rpartition("/")[0]
    host.check_output(f"install -d -o asterisk -g asterisk -m 0770 {folder}")
    host.check_output(f"runuser -u asterisk -- sh -c 'echo hello >{MESSAGE}.txt'")
    asterisk(host, 'database put known 0612345678 "1700000000 dialled"')
    insert = (
        "import sqlite3, time; c = sqlite3.connect('/var/log/asterisk/master.db');"
        "row = (str(int(time.time())), '0145678901');"
        "c.execute('INSERT INTO calls (started, number) VALUES (?, ?)', row);"
        "c.commit()"
    )
    host.check_output("runuser -u asterisk -- python3 -c %s", insert)
    made = host.run("gardeligne sauvegarder")
    assert "Sauvegarde faite" in made.stdout
    assert "aucune clé USB nommée GARDELIGNE n'est branchée" in made.stdout
    assert made.rc == 1, "nobody would be told that no stick is there"
    path = host.check_output("ls /var/lib/gardeligne/backup/gardeligne-*.sauvegarde")
    found = {
        "backup": host.file(path).content,
        "accounts": accounts(host),
        "made": host.file(MADE).content_string,
    }
    journal = host.check_output("journalctl --no-pager --output=cat")
    assert PHRASE not in journal
    for place in host.run(
        f"grep -rlF '{PHRASE}' /etc /var /root /usr/local /run /boot"
    ).stdout.split():
        assert place.startswith("/etc/gardeligne/"), place
        assert host.file(place).mode & 0o077 == 0, place
    copied_by_ssh(host)
    podman("rm", "--force", "--time=0", MACHINE)
    return found


def copied_by_ssh(host: Host) -> None:
    """Let the machine copy to a real sshd: its own, by another account."""
    host.check_output("useradd --create-home --shell /bin/bash --password '*' nas")
    host.check_output("ssh-keygen -q -t ed25519 -N '' -f /root/host_key && mkdir -p /run/sshd")
    key = host.check_output("cut -d' ' -f1,2 /root/host_key.pub")
    host.check_output(
        "/usr/sbin/sshd -p 2222 -h /root/host_key -o PidFile=none -o UsePAM=no -o AllowUsers=nas"
    )
    settings = (
        "import json, sys; p = '/usr/local/etc/gardeligne-backup.json'; s = json.load(open(p));"
        "s.update(usb=False, ssh='nas@127.0.0.1:2222/copies', ssh_host_key=sys.argv[1]);"
        "json.dump(s, open(p, 'w'))"
    )
    host.check_output("python3 -c %s %s", settings, key)
    refused = host.run("gardeligne sauvegarder")
    assert refused.rc == 1 and "authorized_keys : ssh-ed25519 " in refused.stdout, refused.stdout
    host.check_output(
        "install -d -o nas -m 0700 /home/nas/.ssh && install -o nas -m 0600 "
        "/var/lib/gardeligne/backup/id_ed25519.pub /home/nas/.ssh/authorized_keys"
    )
    for _ in range(11):
        told = host.run("gardeligne sauvegarder")
        assert told.rc == 0 and "SSH : copiée." in told.stdout, told.stdout + told.stderr
        time.sleep(1)  # each has its own name
    names = host.check_output("ls -A /home/nas/copies").split()
    assert len(names) == 10 and not [name for name in names if name.endswith(".part")]
    last = host.check_output("ls /var/lib/gardeligne/backup/gardeligne-*.sauvegarde | tail -1")
    host.check_output(f"cmp {last} /home/nas/copies/{last.rpartition('/')[2]}")
    # At night, with no more rights than the unit has; its template adds these for SSH.
    host.check_output(
        "mkdir -p /run/systemd/system/gardeligne-backup.service.d && printf '[Service]\\n"
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK\\n' "
        ">/run/systemd/system/gardeligne-backup.service.d/ssh.conf && systemctl daemon-reload"
    )
    host.check_output("rm /var/lib/gardeligne/backup/state.json")
    host.check_output("systemctl start gardeligne-backup.service")
    state = json.loads(host.file("/var/lib/gardeligne/backup/state.json").content)
    assert (state["error"], state["copies"]["ssh"]["error"]) == ("", ""), state
    # A machine that is not the one that it was.
    host.check_output(
        "python3 -c %s %s",
        settings,
        host.check_output("cut -d' ' -f1,2 /var/lib/gardeligne/backup/id_ed25519.pub"),
    )
    assert "Host key verification failed" in host.run("gardeligne sauvegarder").stdout


def only_the_passphrase(empty: bytes, passphrase: str = PHRASE) -> bytes:
    old, new = (
        "#sauvegarde:\r\n#  mot de passe: ''",
        f"sauvegarde:\r\n  mot de passe: '{passphrase}'",
    )
    text = empty.decode("utf-8-sig")
    assert old in text
    return text.replace(old, new).encode("utf-8-sig")


def test_a_new_card_with_the_backup_beside_foyer_txt_is_what_the_old_one_was(
    empty: bytes, lost: dict[str, Any], figures: dict[str, dict[str, str]]
) -> None:
    host = switched_on()
    assert not host.file(MADE).exists
    # First by a passphrase that is wrong, with a file that is cut: nothing happens.
    for passphrase, content in (
        ("Une autre phrase 7", lost["backup"]),
        (PHRASE, lost["backup"][:-50]),
    ):
        put(host, FOYER, only_the_passphrase(empty, passphrase))
        put(host, f"/boot/firmware/{NAME}", content)
        host.check_output("systemctl start gardeligne-setup.service")
        assert NAME in host.file("/boot/firmware/foyer-erreurs.txt").content_string
        assert not host.file("/etc/gardeligne/setup/inventory/hosts.yml").exists
        assert not host.service("asterisk").is_running
    put(host, FOYER, only_the_passphrase(empty))
    put(host, f"/boot/firmware/{NAME}", lost["backup"])
    began = time.monotonic()
    start(host)
    took = time.monotonic() - began
    figures.setdefault("a new card takes a backup back", {})["foyer"] = f"{took:.0f} s"
    figures.setdefault("its backup", {})["foyer"] = f"{len(lost['backup'])} bytes"
    assert host.service("asterisk").is_running
    # The phones have the passwords that they had, the line has its own.
    assert accounts(host) == lost["accounts"]
    assert SIP in accounts(host) and host.file(MADE).content_string == lost["made"]
    assert "0612345678" in asterisk(host, "database show known")
    assert "01 45 67 89 01" in host.check_output("gardeligne appels")
    assert host.file(f"{MESSAGE}.txt").content_string == "hello\n"
    assert host.file(f"{MESSAGE}.txt").user == "asterisk"
    assert host.check_output("ls /boot/firmware | grep sauvegarde") == NAME + ".reprise"
    foyer = host.file(FOYER).content.decode("utf-8-sig")
    assert foyer.count("'(enregistré)'") == 3
    assert host.run(f"grep -rlE '{SIP}|{MAIL}|{PHRASE}' /boot/firmware").stdout == ""
    # The next start takes nothing back.
    asterisk(host, 'database put known 0699999999 "1700000000 dialled"')
    start(host)
    assert "0699999999" in asterisk(host, "database show known")


def test_it_goes_on_making_backups(empty: bytes, lost: dict[str, Any]) -> None:
    host = testinfra.get_host(f"podman://{MACHINE}")
    assert host.service("gardeligne-backup.timer").is_enabled
    host.check_output("gardeligne sauvegarder || true")
    (path,) = host.check_output("ls /var/lib/gardeligne/backup/gardeligne-*.sauvegarde").split()
    told = host.run(f"gardeligne restaurer {path} --oui")
    assert told.rc == 0, told.stderr
    assert "Réglages des téléphones en cours" in told.stdout
    assert accounts(host) == lost["accounts"]
    assert "0699999999" in asterisk(host, "database show known")
