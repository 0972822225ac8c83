"""Where the release's archive has no Asterisk: it comes from our folder, and from nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from testinfra.host import Host

PROJECT = Path(__file__).resolve().parents[3]
RELEASES = yaml.safe_load((PROJECT / "group_vars/all/releases.yml").read_text())
FOLDER = yaml.safe_load((PROJECT / "group_vars/all/paths.yml").read_text())["gardeligne_paths"][
    "packages"
]["path"]
# A release that has a newer one, for apt to look at; no list of the machine's own.
LATER = "/etc/apt/later.list"
APT = f"-o Dir::Etc::sourceparts=/etc/apt/sources.list.d -o Dir::Etc::sourcelist={LATER}"


@pytest.fixture(autouse=True)
def later(host: Host) -> str:
    """Return of which release its source is; leave out what has Asterisk in its archive."""
    text = host.file("/etc/os-release").content_string
    (about,) = (
        about
        for name, about in RELEASES["gardeligne_releases"].items()
        if re.search(rf"\b{name}\b", text)
    )
    if "built" not in about:
        pytest.skip("its archive has Asterisk")
    return str(about["built"])


def policy(host: Host, options: str = "") -> str:
    said: str = host.check_output(f"LC_ALL=C apt-cache {options} policy asterisk asterisk-modules")
    return said


def test_it_is_the_one_that_was_built(host: Host) -> None:
    host.check_output("apt-get --quiet=2 update")  # a new card has no lists
    said = policy(host)
    installed = re.findall(r"Installed: (\S+)", said)
    assert len(installed) == 2
    assert all("~gardeligne" in version for version in installed)
    assert re.findall(r"Candidate: (\S+)", said) == installed
    assert re.search(rf" 990\n +500 file:{FOLDER} \./ Packages$", said, re.M), said


def test_none_of_a_later_release_is_taken_by_accident(host: Host, later: str) -> None:
    """Debian's next release has the same as ours, with a higher number."""
    sources = host.check_output("grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/ | head -n 1")
    host.check_output(f"echo 'deb {sources} {later} main' >{LATER}")
    try:
        host.check_output(f"apt-get --quiet=2 {APT} update")
        said = policy(host, APT)
        assert re.search(r"^ +1:22\S+ -1$", said, re.M), said
        candidates = re.findall(r"Candidate: (\S+)", said)
        assert len(candidates) == 2
        assert all("~gardeligne" in version for version in candidates)
        simulated = host.check_output(f"apt-get {APT} --simulate dist-upgrade")
        assert not re.search(r"^Inst asterisk(-modules|-config)? ", simulated, re.M)
    finally:
        host.check_output(f"rm {LATER}")
        host.check_output("apt-get --quiet=2 update")


def test_nobody_but_root_can_put_something_there(host: Host) -> None:
    place = Path(FOLDER)
    for path in (*reversed(place.parents), place):
        folder = host.file(str(path))
        assert (folder.user, folder.mode & 0o022) == ("root", 0), path
    found = host.check_output(f"find {FOLDER} ! -user root -o -perm /022")
    assert found == ""
    assert host.file(f"{FOLDER}/Packages").exists


def test_it_is_seen_whether_debian_has_a_newer_one(host: Host) -> None:
    """Asked of Debian's real index; what it holds against is made older for a while."""
    host.check_output("systemctl start gardeligne-updates.service")
    state = json.loads(host.file("/var/lib/gardeligne/updates.json").content_string)
    assert re.fullmatch(r"22\.[\d.]+", state["installed"])
    assert re.fullmatch(r"22\.[\d.]+", state["offered"])
    assert host.service("gardeligne-updates.timer").is_enabled
    assert host.service("gardeligne-updates.timer").is_running
    if not state["newer"]:
        assert "[ok] Mises à jour : Asterisk 22." in host.run("gardeligne etat").stdout
    older = "#!/bin/sh\necho 1:22.1.0-1~gardeligne13.1\n"
    try:
        host.check_output(f"printf %s '{older}' >/usr/local/bin/dpkg-query")
        host.check_output("chmod +x /usr/local/bin/dpkg-query")
        host.check_output("PATH=/usr/local/bin:$PATH gardeligne-updates")
        said = host.run("gardeligne etat").stdout
        assert re.search(r"\[--\] Mises à jour : Asterisk 22\S+ attend \(ici 22\.1\.0\)", said), (
            said
        )
        told = json.loads(host.file("/usr/local/etc/gardeligne-updates.json").content_string)
        assert f"Que faire : {told['cure']}" in said
    finally:
        host.check_output("rm /usr/local/bin/dpkg-query")
        host.check_output("systemctl start gardeligne-updates.service")
