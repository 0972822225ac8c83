"""Security updates, from an archive made here and signed: installed, taken back, told.

Debian's own unattended-upgrade, apt and dpkg install them. The archive calls itself Debian's
security archive; Asterisk's packages in it are made of the installed ones.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from testinfra.host import Host

Figures = dict[str, dict[str, str]]
ARCHIVE = "/srv/archive"
STATE = "/var/lib/gardeligne/security.json"
RUN = "systemctl start gardeligne-security"
MAILS = "/var/mail/root"
LISTS = "/etc/apt/sources.list"
# Where the real archive is broken, no Asterisk of it is taken: shared/hooks/bullseye.
PIN = "/etc/apt/preferences.d/asterisk"
# What a new Asterisk says that it is: newer than that of a run of before.
NEXT, AFTER = (f"+test{time.time():.0f}.{number}" for number in (1, 2))
# Where packages for this archive are made.
PARTS = "/srv/parts"
# Run on the exchange: python3 -c MAKE_ASTERISK VERSION'S-END PREINST [SPOILT MODULE]
MAKE_ASTERISK = f"""
import glob, os, re, shutil, subprocess, sys
sys.path.append("/usr/local/lib")
from gardeligne_security import packages
end, preinst, spoilt = sys.argv[1:4]
shutil.rmtree("{PARTS}", ignore_errors=True)
os.makedirs("{PARTS}")
for name, version in packages.asterisk().items():
    here = re.sub(r"[+]test.*", "", version)
    packages.make_again(name, "{PARTS}")
    deb, root = "{PARTS}/" + name + ".deb", "{PARTS}/" + name
    subprocess.check_call(["dpkg-deb", "-R", deb, root])
    os.unlink(deb)
    with open(root + "/DEBIAN/control") as file:
        control = file.read().replace(version, here + end)
    with open(root + "/DEBIAN/control", "w") as file:
        file.write(control)
    # As Debian's have it: configuration of its own, which is not what the household has.
    # Those that it had at first: what is put back has none.
    kept = "{ARCHIVE}/" + name + ".conffiles"
    if not os.path.exists(kept):
        with open(kept, "w") as file:
            subprocess.check_call(["dpkg-query", "-W", "-f", "${{Conffiles}}", name], stdout=file)
    with open(kept) as file:
        files = sorted(word for word in file.read().split() if word.startswith("/"))
    for path in files:
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w") as file:
            file.write("; Debian's " + end + "\\n")
    if files:
        with open(root + "/DEBIAN/conffiles", "w") as file:
            file.write("".join(path + "\\n" for path in files))
    if name == "asterisk":
        with open(root + "/DEBIAN/preinst", "w") as file:
            file.write("#!/bin/sh\\n" + preinst + "\\ntrue\\n")
        os.chmod(root + "/DEBIAN/preinst", 0o755)
    for path in spoilt and glob.glob(root + "/usr/lib/**/" + spoilt, recursive=True):
        os.unlink(path)
        with open(path, "w") as file:
            file.write("spoilt")
    made = "{ARCHIVE}/" + name + end + ".deb"
    subprocess.check_call(["dpkg-deb", "-Znone", "--build", root, made])
"""
MAKE_DUMMY = f"""
mkdir -p {PARTS}/dummy/DEBIAN && cd {PARTS} && cat >dummy/DEBIAN/control <<END
Package: gardeligne-dummy
Version: $1
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: nothing
END
printf '#!/bin/sh\\n%s\\n' "$2" >dummy/DEBIAN/postinst && chmod 755 dummy/DEBIAN/postinst
dpkg-deb -Znone --build dummy {ARCHIVE}/dummy-$1.deb
"""
# Packages and Release of what lies there.
INDEX = f"""
import glob, hashlib, os, subprocess
os.chdir("{ARCHIVE}")
def sums(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest(), os.path.getsize(path)
with open("Packages", "w") as index:
    for path in glob.glob("*.deb"):
        about = subprocess.check_output(["dpkg-deb", "-f", path], universal_newlines=True).strip()
        index.write(about + "\\nFilename: ./%s\\nSHA256: %s\\nSize: %d\\n\\n" % (path, *sums(path)))
with open("/etc/os-release") as file:
    (name,) = [line.split("=")[1].strip() for line in file if line.startswith("VERSION_CODENAME")]
print("Origin: Debian\\nLabel: Debian-Security")
print("Suite: %s-security\\nCodename: %s-security" % (name, name))
print("Date: " + subprocess.check_output(["date", "-Ru"], universal_newlines=True).strip())
print("SHA256:\\n %s %d Packages" % sums("Packages"))
"""


def eventually(look: Callable[[], object], what: str, timeout: float) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < end, f"not within {timeout:g} s: {what}"
        time.sleep(0.5)


class Archive:
    """An archive of updates on the exchange, and the key that signs it, here."""

    def __init__(self, host: Host, home: Path) -> None:
        self.host = host
        home.mkdir(mode=0o700)
        self.environment = {**os.environ, "GNUPGHOME": str(home)}
        self.gpg("--quick-gen-key", "nobody@example.org", "rsa3072", "sign", "never")
        host.check_output(f"mkdir -p {ARCHIVE} {PARTS}")
        self.put("key.asc", self.gpg("--armor", "--export"))

    def gpg(self, *arguments: str, text: bytes = b"") -> bytes:
        command = ["gpg", "--batch", "--quiet", "--passphrase", "", *arguments]
        return subprocess.run(
            command, input=text, stdout=subprocess.PIPE, check=True, env=self.environment
        ).stdout

    def put(self, name: str, content: bytes) -> None:
        text = base64.b64encode(content).decode()
        self.host.check_output(f"echo {text} | base64 -d >{ARCHIVE}/{name}")

    def index(self) -> None:
        release = self.host.check_output("python3 -c %s", INDEX) + "\n"
        self.put("InRelease", self.gpg("--clearsign", text=release.encode()))

    def dummy(self, version: str, postinst: str = "") -> None:
        self.host.check_output("sh -euc %s - %s %s", MAKE_DUMMY, version, postinst)
        self.index()

    def asterisk(self, end: str, preinst: str = "", spoilt: str = "") -> None:
        made = "PYTHONDONTWRITEBYTECODE=1 python3 -c %s %s %s %s"
        self.host.check_output(made, MAKE_ASTERISK, end, preinst, spoilt)
        self.index()


@pytest.fixture(scope="module")
def archive(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Generator[Archive]:
    """Have no other archive than this; in the end, all as it was."""
    found = Archive(host, tmp_path_factory.mktemp("archive") / "keys")
    host.run(f"mv {PIN} {PIN}.kept")
    host.check_output(
        f"mv {LISTS} {LISTS}.kept && rm -f {STATE} && : >{MAILS} &&"
        f"echo 'deb [signed-by={ARCHIVE}/key.asc] file:{ARCHIVE} ./' >{LISTS}"
    )
    found.dummy("1")
    host.check_output(f"dpkg -i {ARCHIVE}/dummy-1.deb")
    yield found
    host.run("dpkg -P gardeligne-dummy")
    host.run(f"mv {PIN}.kept {PIN}")
    host.check_output(f"mv {LISTS}.kept {LISTS} && rm -rf {ARCHIVE} {PARTS} {STATE}")
    host.run("apt-get --quiet=2 update")


# A call that lasts until it is ended. What begins it is not loaded on an exchange.
CALL = [
    "module load res_clioriginate.so",
    "dialplan add extension wait,1,Wait,600 into testing",
    "channel originate Local/wait@testing application Wait 600",
    "module unload res_clioriginate.so",
]
BEGIN = "\n".join(f"asterisk -rx '{command}' >/dev/null" for command in CALL)


def hang_up(host: Host) -> None:
    host.check_output("asterisk -rx 'channel request hangup all'")


def has(host: Host, name: str) -> str:
    return str(host.run("dpkg-query -W -f '${Version}' %s", name).stdout)


def told(host: Host) -> str:
    """Return what the household's command says of security updates."""
    lines = str(host.run("gardeligne etat").stdout).splitlines()
    (at,) = (number for number, line in enumerate(lines) if "] Mises à jour de sécurité" in line)
    return "\n".join(lines[at : at + 2])


def state(host: Host) -> dict[str, object]:
    return dict(json.loads(host.file(STATE).content_string))


def process(host: Host) -> str:
    return str(host.check_output("systemctl show --property=MainPID --value asterisk"))


def idle(host: Host) -> bool:
    """Tell whether the run is over."""
    said = host.run("systemctl is-active gardeligne-security").stdout.strip()
    return str(said) in ("inactive", "failed")


def test_nothing_stays_in_memory_for_it(host: Host) -> None:
    assert host.service("gardeligne-security.timer").is_running
    assert not host.service("unattended-upgrades").is_running
    assert not host.service("unattended-upgrades").is_enabled
    assert idle(host)


def test_an_update_is_installed_and_not_during_a_call(host: Host, archive: Archive) -> None:
    assert "[ok] Mises à jour de sécurité : les premières la nuit prochaine" in told(host)
    archive.dummy("2")
    host.run(BEGIN)
    host.check_output(f"{RUN} --no-block")
    time.sleep(8)
    assert not idle(host)
    assert has(host, "gardeligne-dummy") == "1"
    hang_up(host)
    eventually(lambda: idle(host), "the run is over", 60)
    assert has(host, "gardeligne-dummy") == "2"
    assert "[ok] Mises à jour de sécurité : cherchées le" in told(host)


def test_a_download_that_fails_is_told(host: Host, archive: Archive) -> None:
    archive.dummy("3")
    host.check_output(f"mv {ARCHIVE}/dummy-3.deb {ARCHIVE}/away")
    assert host.run(RUN).rc != 0
    assert state(host)["failed"] == "les mises à jour ne s'installent pas"
    assert "[ok]" in told(host), "not for one night"
    host.check_output(f"mv {ARCHIVE}/InRelease {ARCHIVE}/InRelease.away")
    assert host.run(RUN).rc != 0
    assert state(host)["failed"] == "les listes de Debian ne se téléchargent pas"
    older = dict(state(host), since=time.time() - 3 * 86400)
    host.check_output(f"echo %s >{STATE}", json.dumps(older))
    assert "[--] Mises à jour de sécurité : échouent depuis le" in told(host)
    assert "listes de Debian ne se téléchargent pas" in told(host)
    host.check_output(f"cd {ARCHIVE} && mv InRelease.away InRelease && mv away dummy-3.deb")
    host.check_output(RUN)
    assert "[ok]" in told(host)
    assert has(host, "gardeligne-dummy") == "3"


def test_what_a_power_cut_leaves_is_concluded_by_the_next_start(
    host: Host, archive: Archive
) -> None:
    archive.dummy("4", f"[ ! -e {ARCHIVE}/slow ] || sleep 600")
    host.check_output(f"touch {ARCHIVE}/slow")
    host.check_output(f"{RUN} --no-block")
    half = "dpkg-query -W -f '${db:Status-Status}' gardeligne-dummy"
    eventually(lambda: host.run(half).stdout == "half-configured", "it is half installed", 60)
    host.check_output("systemctl kill --signal=KILL gardeligne-security")
    eventually(lambda: idle(host), "the run is over", 30)
    host.check_output(f"rm {ARCHIVE}/slow")
    assert host.check_output("systemctl is-enabled gardeligne-security-resume") == "enabled"
    host.check_output("systemctl start gardeligne-security-resume")
    eventually(lambda: host.run(half).stdout == "installed", "it is installed", 60)
    eventually(lambda: idle(host), "the run is over", 60)
    assert host.check_output("dpkg --audit") == ""
    assert not host.file("/var/lib/gardeligne/security").exists


def settings(host: Host) -> str:
    """Return what the household's configuration of Asterisk is, by its sum, and whose."""
    whose = "stat --format '%U %G %a %n' /etc/asterisk /etc/asterisk/*.conf"
    return str(host.check_output(f"{whose}; cat /etc/asterisk/*.conf | sha256sum"))


def test_an_asterisk_that_breaks_the_exchange_is_taken_back_and_told(
    host: Host, archive: Archive, figures: Figures
) -> None:
    before, written = has(host, "asterisk"), settings(host)
    sip = "chan_sip.so" if "bullseye" in str(host.backend.get_hostname()) else "res_pjsip.so"
    loaded = host.check_output("asterisk -rx 'module show' | grep -c Running")
    archive.asterisk(NEXT, spoilt=sip)
    # Of each thing one mail a day: what was mailed before does not count.
    forget = "rm -f /run/gardeligne-watch/* /var/lib/gardeligne/watch.json"
    host.check_output(f"systemctl stop gardeligne-watch; {forget}; : >{MAILS}")
    host.check_output("systemctl start gardeligne-watch")
    began = time.monotonic()
    host.check_output(RUN)
    name = str(host.backend.get_hostname()).split("-", 2)[2]
    took = f"{time.monotonic() - began:.0f} s"
    figures.setdefault("a broken Asterisk: installed and taken back", {})[name] = took
    installed = f"grep -F '{NEXT}' /var/log/dpkg.log | grep 'status installed asterisk-modules'"
    assert host.run(installed).rc == 0, "it was never tried"
    assert has(host, "asterisk") == has(host, "asterisk-modules") == before
    assert host.check_output("asterisk -rx 'module show' | grep -c Running") == loaded
    assert host.check_output("dpkg --audit") == ""
    assert settings(host) == written
    assert not host.file("/usr/sbin/policy-rc.d").exists
    assert "[--] Mises à jour de sécurité : Asterisk " in told(host)
    assert sip in told(host)
    assert "Que faire : Rien ne presse" in told(host)
    read = (
        "import mailbox, email.policy as p, email\n"
        f"for m in mailbox.mbox('{MAILS}'):\n"
        "    m = email.message_from_bytes(m.as_bytes(), policy=p.default)\n"
        "    print(' '.join(m.get_content().split()))\n"
    )
    mailed = "PYTHONIOENCODING=utf-8 python3 -c %s"
    eventually(
        lambda: "la suivante le sera d'elle-même" in host.check_output(mailed, read), "a mail", 150
    )
    # That one is not tried again, by hand neither.
    running = process(host)
    host.check_output(RUN)
    assert process(host) == running
    assert has(host, "asterisk") == before
    assert "asterisk" not in host.check_output("LC_ALL=C apt-get --simulate dist-upgrade")


def test_the_next_asterisk_is_taken_and_waits_for_the_end_of_a_call(
    host: Host, archive: Archive
) -> None:
    """Somebody begins to talk while it is being installed."""
    before, written = process(host), settings(host)
    archive.asterisk(AFTER, preinst=BEGIN)
    host.check_output(f"{RUN} --no-block")
    # No package waits for the end of the call: that would end it after a quarter of an hour.
    whole = "dpkg-query -W -f '${Version} ${db:Status-Status}' asterisk asterisk-modules"
    wanted = f"{AFTER} installed"
    eventually(lambda: host.run(whole).stdout.count(wanted) == 2, "it is installed", 90)
    time.sleep(10)
    assert process(host) == before
    assert "0 active calls" not in host.check_output("asterisk -rx 'core show channels count'")
    hang_up(host)
    eventually(lambda: idle(host), "the run is over", 60)
    assert process(host) != before
    assert settings(host) == written
    assert "[ok] Mises à jour de sécurité : cherchées le" in told(host)
    assert not host.file("/etc/apt/preferences.d/gardeligne-refused").exists
