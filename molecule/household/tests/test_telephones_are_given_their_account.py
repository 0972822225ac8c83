"""`gardeligne telephone`: what it says, and the files that its service hands over."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from email import message_from_string, policy
from pathlib import Path

import pytest
from support import terminal
from testinfra.host import Host

FOLDER = "/run/gardeligne-handover"
UNIT = "gardeligne-handover.service"
PASSWORD = "Handset-secret-of-a-test-1"  # noqa: S105 - of a house that does not exist
ACCOUNT = "famille.martin@example.org"
PIDS = Path(__file__).parents[3] / ".cache/pids"


class Told:
    """What the command printed for a telephone."""

    def __init__(self, host: Host, text: str) -> None:
        self.host = host
        self.lines = text.splitlines()
        self.server = self._after("Serveur (registrar, domaine)")
        self.linphone, self.grandstream = (
            next(word for word in text.split() if re.fullmatch(f"http://.+/{name}", word))
            for name in (r"linphone\.xml", r"cfg\.xml")
        )

    def _after(self, name: str) -> str:
        return next(line.split(name)[1].strip() for line in self.lines if name in line)

    @property
    def words(self) -> list[str]:
        """What nobody else may learn: the secret parts of the addresses."""
        return [url.split("/")[3] for url in (self.linphone, self.grandstream)]


@pytest.fixture
def told(host: Host) -> Generator[Told, None, None]:
    yield Told(host, host.check_output("gardeligne telephone 001"))
    host.check_output(f"systemctl stop {UNIT} && rm -rf {FOLDER}")


def fetch(url: str) -> tuple[int, str]:
    """Ask as a telephone of the house does: from the builder, in the containers' network."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - http
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def running(host: Host) -> bool:
    for _ in range(50):
        state = host.run(f"systemctl is-active {UNIT}").stdout.strip()
        if state in ("active", "inactive", "failed"):
            break
        time.sleep(0.1)
    return bool(state == "active")


def ended(host: Host) -> bool:
    """Tell whether the service ends by itself, within what a busy machine takes."""
    for _ in range(60):
        if not running(host):
            return True
        time.sleep(0.5)
    return False


def test_it_tells_the_account_that_asterisk_has(host: Host, told: Told) -> None:
    assert f"  Mot de passe                  {PASSWORD}" in told.lines
    assert host.run(f"grep -qF {PASSWORD} /etc/asterisk/sip.conf /etc/asterisk/pjsip.conf").rc == 0
    assert told.server in host.check_output("ip -4 address show scope global")


def test_the_code_on_the_screen_is_the_address(told: Told, tmp_path: Path) -> None:
    assert terminal.scanned(told.lines, tmp_path) == told.linphone


def test_each_address_serves_once_and_then_the_service_ends(host: Host, told: Told) -> None:
    status, text = fetch(told.linphone)
    assert (status, PASSWORD in text) == (200, True)
    assert fetch(told.linphone)[0] == 404
    assert running(host)
    # Under the name that the device asks for first.
    assert fetch(told.grandstream.replace("cfg.xml", "cfg000b820102ab.xml"))[0] == 200
    assert ended(host)
    assert host.run(f"systemctl is-failed {UNIT}").stdout.strip() == "inactive"
    assert host.check_output("ss -Hlnt 'sport = :8090'") == ""


def test_a_wrong_word_is_refused(told: Told) -> None:
    for word in told.words:
        wrong = word[:-1] + ("a" if word[-1] != "a" else "b")
        assert fetch(told.linphone.replace(told.words[0], wrong))[0] == 404
    assert fetch(told.linphone)[0] == 200


def test_when_its_time_is_over_it_is_refused(host: Host, told: Told) -> None:
    """Its quarter of an hour is over as soon as its files say so."""
    offers = host.check_output(f"cat {FOLDER}/*").replace("}{", "}\n{").splitlines()
    now = float(host.check_output("cat /proc/uptime").split()[0])
    for offer in offers:
        assert now + 600 < json.loads(offer)["until"] < now + 900
    host.check_output(f'sed -i \'s/"until": [0-9.]*/"until": {now + 1}/\' {FOLDER}/*')
    assert ended(host)
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        fetch(told.linphone)
    assert host.check_output(f"ls {FOLDER}") == ""


def test_a_second_question_does_not_spoil_the_first(host: Host, told: Told) -> None:
    second = Told(host, host.check_output("gardeligne telephone 002"))
    assert "Handset-secret-of-a-test-2" in fetch(second.linphone)[1]
    assert PASSWORD in fetch(told.linphone)[1]


def test_from_outside_the_house_it_is_refused(host: Host, told: Told) -> None:
    """Somebody with another network's address, in the container's own network namespace."""
    pid = (PIDS / str(host.backend.get_hostname())).read_text().strip()
    inside = ["nsenter", f"--net=/proc/{pid}/ns/net"]
    address = ["ip", "address"]
    stranger = ["203.0.113.9/32", "dev", "lo"]
    ask = ["curl", "--silent", "--max-time", "5", told.linphone, "--interface"]
    subprocess.run([*inside, *address, "add", *stranger], check=True)
    try:
        refused = subprocess.run([*inside, *ask, "203.0.113.9"], capture_output=True)
    finally:
        subprocess.run([*inside, *address, "delete", *stranger], check=True)
    assert refused.returncode in (52, 56), refused.stderr  # nothing was answered
    assert refused.stdout == b""
    near = subprocess.run([*inside, *ask, told.server], capture_output=True, check=True)
    assert PASSWORD.encode() in near.stdout


def test_no_word_is_on_a_command_line_in_the_log_or_in_a_file(host: Host, told: Told) -> None:
    fetch(told.linphone)
    fetch(told.linphone)
    places = {
        "processes": "ps -eo args",
        "environments": "cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
        "log": "journalctl --no-pager",
        "files": f"grep -r . {FOLDER}",
        "unit": f"systemctl show {UNIT}",
    }
    for place, command in places.items():
        found = host.run(command).stdout
        assert found, place
        for word in told.words:
            assert word not in found, place
    journal = host.check_output(f"journalctl --no-pager --output cat --unit {UNIT}")
    assert "linphone.xml, téléphone 001" in journal
    assert PASSWORD not in journal


PROBE = """\
[Service]
Type=oneshot
ExecStart=
ExecStart=/bin/sh -c 'id -un; cat {folder}/* >/dev/null && echo reads offers; \
    for file in {secrets}; do cat $$file >/dev/null 2>&1 && echo reads $$file; done; \
    touch /usr/local/x /tmp/x && echo writes; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status'
"""
SECRETS = (
    "/usr/local/etc/gardeligne-phones.json",
    "/etc/asterisk/voicemail.conf",
    "/etc/postfix/sasl_passwd",
    "/etc/shadow",
    "/var/log/asterisk/master.db",
)


def test_its_service_sees_no_secret_but_those_asked_for(host: Host, told: Told) -> None:
    """Another program in the service's place, which looks around and tells."""
    for secret in SECRETS:
        assert host.file(secret).exists
    folder = f"/run/systemd/system/{UNIT}.d"
    probe = PROBE.format(folder=FOLDER, secrets=" ".join(SECRETS))
    host.check_output(f"mkdir -p {folder} && printf %%s %s >{folder}/probe.conf", probe)
    since = host.check_output("date '+%F %T'")
    try:
        host.check_output(f"systemctl daemon-reload && systemctl restart {UNIT}")
        told_by_it = host.check_output(f"journalctl -o cat --since '{since}' -u {UNIT}")
    finally:
        host.check_output(f"rm -r {folder} && systemctl daemon-reload")
    words = [line.split() for line in told_by_it.splitlines()]
    assert ["gardeligne-handover"] in words
    assert [rest for verb, *rest in words if verb == "reads"] == [["offers"]]
    assert ["writes"] not in words
    assert ["NoNewPrivs:", "1"] in words
    assert ["CapBnd:", "0" * 16] in words


def test_passwords_are_for_root_only(host: Host) -> None:
    file = host.file("/usr/local/etc/gardeligne-phones.json")
    assert (file.user, file.group, file.mode) == ("root", "root", 0o600)
    assert json.loads(file.content_string)[0] == {
        "extension": "001",
        "name": "Salon",
        "secret": PASSWORD,
        "transports": ["udp"],
        "codecs": ["g722", "alaw"],
    }
    said = host.run("runuser -u nobody -- gardeligne telephone 001")
    assert (said.rc, said.stdout) == (1, "")


def test_the_service_is_not_started_by_itself(host: Host) -> None:
    assert host.run(f"systemctl is-enabled {UNIT}").stdout.strip() == "static"
    assert not running(host)


def test_a_household_without_a_builder_is_sent_its_accounts(host: Host) -> None:
    host.check_output("postsuper -d ALL && rm -f /var/lib/gardeligne/phones-sent")
    send = f"gardeligne-telephone --courriel {ACCOUNT}"
    assert [host.check_output(send) for _ in range(2)] == ["sent", "known"]
    for _ in range(50):
        queue = host.check_output("postqueue -j").splitlines()
        if queue:
            break
        time.sleep(0.2)
    assert len(queue) == 1
    name = json.loads(queue[0])["queue_id"]
    mail = message_from_string(host.check_output("postcat -qhb %s", name), policy=policy.default)
    host.check_output("postsuper -d ALL")
    assert (mail["Subject"], mail["To"]) == ("Vos téléphones", ACCOUNT)
    assert mail["From"] == f"Gardeligne <{ACCOUNT}>"
    text = mail.get_content()
    for word in PASSWORD, "Handset-secret-of-a-test-2", "Salon", "Cuisine":
        assert word in text


def test_the_console_says_how_to_ask(host: Host) -> None:
    issue = host.file("/etc/issue.d/gardeligne-phones.issue")
    assert "sudo gardeligne telephone" in issue.content_string
    assert PASSWORD not in issue.content_string
    assert host.service("gardeligne-phones-mail").is_enabled
