"""The exchange itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from testinfra.host import Host

RELEASES = Path(__file__).resolve().parents[3] / "group_vars/all/releases.yml"
FILES = "extensions.conf", "modules.conf", "pjsip.conf", "sip.conf", "voicemail.conf"


def asterisk(host: Host, command: str) -> str:
    """What Asterisk answers on its console."""
    answer: str = host.check_output("asterisk -rx %s", command)
    return answer


def version_of(os_release: str) -> str:
    """Return Asterisk's version in the release that a host's /etc/os-release is of.

    Its codename is looked for in the whole text: VERSION_CODENAME is missing up to Stretch, and
    VERSION until a release is out.
    """
    releases = yaml.safe_load(RELEASES.read_text())["gardeligne_releases"]
    (version,) = (
        about["asterisk"]
        for name, about in releases.items()
        if re.search(rf"\b{name}\b", os_release)
    )
    return str(version)


@pytest.fixture
def chan_sip(host: Host) -> bool:
    """Whether this host was asked for the article's driver: its name says so, or its settings."""
    if host.file("/etc/gardeligne-card").exists:
        told = json.loads(host.file("/usr/local/etc/gardeligne-exchange.json").content_string)
        return bool(told["driver"] == "chan_sip")
    return str(host.backend.get_hostname()).endswith("-sip")


@pytest.mark.parametrize(
    "service", ["asterisk", "asterisk-trunk-watch", "gardeligne-watch", "postfix"]
)
def test_the_services_run_now_and_after_a_restart(host: Host, service: str) -> None:
    assert host.service(service).is_running
    assert host.service(service).is_enabled


def test_asterisk_is_the_version_that_the_release_table_names(host: Host) -> None:
    expected = version_of(host.file("/etc/os-release").content_string)
    assert asterisk(host, "core show version").startswith(f"Asterisk {expected}")


def test_only_the_driver_that_was_asked_for_is_loaded(host: Host, chan_sip: bool) -> None:
    loaded = asterisk(host, "module show like chan_")
    assert ("chan_sip.so" in loaded) is chan_sip
    assert ("chan_pjsip.so" in loaded) is not chan_sip


def test_every_trunk_and_handset_is_known(host: Host, chan_sip: bool) -> None:
    devices = asterisk(host, "sip show peers" if chan_sip else "pjsip show endpoints")
    for name in "free", "001":
        assert name in devices


@pytest.mark.parametrize("name", FILES)
def test_its_files_are_for_root_and_asterisk_only(host: Host, name: str) -> None:
    file = host.file(f"/etc/asterisk/{name}")
    assert (file.user, file.group, file.mode) == ("root", "asterisk", 0o640)


def test_it_started_without_an_error(host: Host) -> None:
    start = host.check_output("systemctl show --property InvocationID --value asterisk")
    log = host.check_output(
        f"journalctl --no-pager --output cat --identifier asterisk _SYSTEMD_INVOCATION_ID={start}"
    )
    lines = log.splitlines()
    assert any("WARNING[" in line or "NOTICE[" in line for line in lines), "nothing is logged"
    # The operators are not in a container's name server, and PJSIP says so twice more.
    names = "getaddrinfo(", "type 'identify'", "Identify '"
    errors = [e for e in lines if "ERROR[" in e and not any(n in e for n in names)]
    assert errors == []


def test_its_log_is_where_it_has_a_limit(host: Host) -> None:
    """In the journal: nothing rotates files, and a stranger can make them grow."""
    assert host.run("find /var/log/asterisk -name '*_log*'").stdout == ""
    assert (
        "LogRateLimitBurst=100" in host.check_output("systemctl cat asterisk.service").splitlines()
    )


def test_the_calling_tones_are_french(host: Host) -> None:
    assert "440/1500,0/3500" in asterisk(host, "indication show fr")
    assert "country=fr" in host.file("/etc/asterisk/indications.conf").content_string


def test_it_speaks_french(host: Host) -> None:
    assert host.run("ls /usr/share/asterisk/sounds/fr*/vm-received.*").rc == 0


def test_a_trunk_reaches_the_guard_and_nothing_that_dials_out(host: Host) -> None:
    for context in "from-trunk", "guard":
        lines = asterisk(host, f"dialplan show {context}")
        assert "[ Context" in lines
        assert "from-handset" not in lines
        assert "Include =>" not in lines
