"""The firewall's rules, as nftables takes them, and what fills them.

Who gets through is seen with real packets, in the scenario `calls`.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import itertools
import json
import re
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from types import ModuleType
from typing import Any

import firewall_checks
import handover
import jinja2
import pytest
import yaml
from finding import Missing
from firewall import FilterModule
from support.example import ROOT

ROLE = ROOT / "roles/firewall"
PROGRAM = ROLE / "files/gardeligne-firewall"
WIRING = (ROOT / "group_vars/all/wiring.yml").read_text()
# A network namespace of its own, in which this user may do everything.
ALONE = ("unshare", "--user", "--map-root-user", "--net")
ROUTES = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 FE01A8C0 0003 0 0 100 00000000 0 0 0
eth0 0001A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0
wlan0 0001A8C0 00000000 0001 0 0 600 00FFFFFF 0 0 0
ppp0 007100CB 00000000 0001 0 0 0 00FFFFFF 0 0 0
tun0 0000080A 0101A8C0 0003 0 0 0 0000FFFF 0 0 0
"""
ADDRESSES = """\
fe80000000000000ba27ebfffe000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
20010db8000100020000000000000007 02 40 00 00     eth0
20010db8000300040000000000000009 03 80 00 80    wlan0
"""


def rules(**given: Any) -> str:
    """Return the rules that the role writes."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]
    values = {name: option["default"] for name, option in options.items()}
    loader = jinja2.FileSystemLoader(ROLE / "templates")
    world = jinja2.Environment(
        loader=loader,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    world.filters |= {**FilterModule().filters(), "comment": lambda text: f"# {text}"}
    return world.get_template("rules.nft.j2").render({**values, "ansible_managed": "", **given})


def alone(script: str) -> str:
    """Run a shell script where it has a network to itself; return what it says."""
    return subprocess.run(
        [*ALONE, "sh", "-eu"], input=script, text=True, capture_output=True, check=True
    ).stdout


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("firewall_program", str(PROGRAM))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(("outside", "memory"), [*itertools.product([False, True], repeat=2)])
def test_nftables_takes_the_rules_and_leaves_others_alone(
    tmp_path: Path, outside: bool, memory: bool
) -> None:
    text = rules(
        firewall_outside=outside,
        firewall_memory=memory,
        firewall_emergency_numbers=["15", "116000"],
    )
    (tmp_path / "rules").write_text(text)
    load = f"nft -f {tmp_path}/rules\n"
    told = alone(
        f"nft add table ip other\n{load * 2}nft list tables; nft list table inet gardeligne"
    )
    assert told.startswith("table ip other\ntable inet gardeligne\n")
    assert ("chain sip_outside" in told) == outside
    # What an older nftables has no words for.
    assert ("@th" in told or "socket" in told) == memory


def test_rules_that_cannot_be_loaded_leave_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(rules())
    (tmp_path / "bad").write_text(rules() + "add rule inet gardeligne nowhere accept\n")
    shown = "nft list table inet gardeligne"
    told = alone(f"nft -f {tmp_path}/good; nft -f {tmp_path}/bad 2>/dev/null || {shown}")
    assert "chain input" in told


def test_a_kernel_that_does_not_know_who_listens_has_a_firewall(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nft").write_text('#!/bin/sh\ngrep -q socket "$2" && exit 1; cp "$2" "$2.loaded"\n')
    (tmp_path / "nft").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "rules").write_text(rules())
    (tmp_path / "settings").write_text('{"networks": [], "lines": []}')
    for name, file in {"RULES": "rules", "SETTINGS": "settings", "CHANGE": "change"}.items():
        monkeypatch.setattr(program, name, str(tmp_path / file))
    assert program.main(["load"]) == 0
    loaded = (tmp_path / "change.loaded").read_text()
    assert "udp dport 10000-20000 accept" in loaded
    assert "add element inet gardeligne house4" in loaded


def test_the_text_of_a_datagram_is_matched_where_it_stands() -> None:
    begins = FilterModule().filters()["firewall_begins"]
    assert begins("ACK ") == "@th,64,32 0x41434b20"
    assert begins("15@", "INVITE sip:") == "@th,152,24 0x313540"
    for number in ("15", "112", "116000"):
        assert begins(f"{number}@", "INVITE sip:") in rules(firewall_emergency_numbers=[number])


def test_the_house_is_the_private_networks_that_the_machine_is_in(program: ModuleType) -> None:
    assert set(program.networks4(ROUTES)) == {ip_network("192.168.1.0/24")}
    assert set(map(str, program._apart(program.networks6(ADDRESSES)))) == {
        "fe80::/10", "2001:db8:1:2::/64", "2001:db8:3:4::/64",
    }  # fmt: skip


def test_before_there_is_a_network_nobody_in_a_house_is_locked_out(program: ModuleType) -> None:
    header = ROUTES.splitlines()[0]
    for routes in ("", header):
        assert ip_network("192.168.0.0/16") in program.networks4(routes)
    assert list(map(str, program.networks6(""))) == ["fe80::/10"]


def test_operators_are_what_is_written_and_what_names_lead_to(program: ModuleType) -> None:
    settings = {"lines": ["91.121.128.0/23", "192.0.2.1"]}
    told = program.lines(settings, ["192.0.2.9\n192.0.2.10\n", "", "nonsense ::1"])
    assert list(map(str, told)) == [
        "91.121.128.0/23",
        "192.0.2.1/32",
        "192.0.2.9/32",
        "192.0.2.10/32",
    ]


def test_ssh_is_reached_on_the_ports_that_it_has(program: ModuleType) -> None:
    assert program.ssh_ports(["#Port 22\n Port 2222\nPermitRootLogin no\n", "port 22\n"]) == [
        22,
        2222,
    ]


def test_it_follows_networks_and_operators_and_forgets_nobody(
    program: ModuleType, tmp_path: Path
) -> None:
    """By nftables itself: another network takes the place of the former one, in one transaction."""
    for name, network, line in (
        ("first", "192.168.1.0/24", "192.0.2.1"),
        ("then", "10.1.0.0/16", "192.0.2.2"),
    ):
        text = program.filled("house4", [network]) + program.filled("lines", [line])
        (tmp_path / name).write_text(text + program.filled("house_tcp", [22, 2222], empty=False))
    (tmp_path / "rules").write_text(rules())
    told = alone(
        f"cd {tmp_path}; cat rules first >both; nft -f both\n"
        "nft add element inet gardeligne mistyped '{ 192.0.2.66 timeout 1m }'; nft -f then\n"
        "nft list table inet gardeligne"
    )
    assert re.search(r"set house4 {[^}]*elements = { 10\.1\.0\.0/16 }", told)
    assert re.search(r"set lines {[^}]*elements = { 192\.0\.2\.2 }", told)
    assert re.search(r"set house_tcp {[^}]*elements = { 22, 2222 }", told)
    assert re.search(r"set mistyped {[^}]*elements = { 192\.0\.2\.66 ", told)


def test_networks_that_lie_in_others_are_told_once(program: ModuleType) -> None:
    given = map(ip_network, ("10.0.0.0/8", "10.1.0.0/16", "192.168.1.0/24", "192.168.1.0/24"))
    assert list(map(str, program._apart(given))) == ["10.0.0.0/8", "192.168.1.0/24"]


# What stands for the commands of the shell that watches. Each turn begins with a line of standard
# input: the networks that there are then, and whether somebody else has removed the rules, or they
# cannot be loaded.
COMMANDS = {
    "sleep": """\
read -r now how || exit 1
echo "$now" >route; echo "$how" >how
[ "$how" != gone ] || rm -f there""",
    "nft": "[ -e there ] && echo who",
    "gardeligne-firewall": """\
echo "$1" >>log
if [ "$(cat how)" = bad ]; then echo why; exit 1; fi
touch there""",
}


@pytest.mark.parametrize(
    ("turns", "done"),
    [
        (["a", "a", "a"], ["load"]),
        (["a", "a", "b", "b", "a"], ["load", "follow", "follow"]),
        (["a", "a gone", "a"], ["load", "load"]),
        # Said once, tried again and again, and no sign of a firewall until it is there.
        (["a bad", "a bad", "a", "a"], ["load", "load", "load"]),
    ],
)
def test_the_watch_loads_the_firewall_and_follows_what_changes(
    tmp_path: Path, turns: list[str], done: list[str]
) -> None:
    for name, script in COMMANDS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        (tmp_path / name).chmod(0o755)
    text = (ROLE / "files/firewall-watch").read_text()
    text = text.replace("/run/gardeligne-firewall", str(tmp_path))
    (tmp_path / "watch").write_text(text.replace("/proc/net/route", f"{tmp_path}/route"))
    ended = subprocess.run(
        ["sh", tmp_path / "watch"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        input="".join(f"{turn}\n" for turn in turns), text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert (tmp_path / "log").read_text().split() == done
    assert ended.stderr.count("why") == ("a bad" in turns)
    assert (tmp_path / "guessers").read_text() == "who\n"


GUESSERS = """\
table inet gardeligne {
	set guessers {
		type ipv4_addr
		flags dynamic,timeout
		elements = { 198.51.100.9 timeout 7d expires 6d23h59m, 192.168.1.50 timeout 7d expires 5d }
	}
}
"""


def test_the_weekly_mail_tells_who_guesses_and_from_where(program: ModuleType) -> None:
    found = program.guessers(GUESSERS, [ip_network("192.168.1.0/24")])
    assert found == [("192.168.1.50", True), ("198.51.100.9", False)]
    told = program.letter(found)
    assert "- 192.168.1.50 (dans votre maison)\n- 198.51.100.9 (à l'extérieur)\n" in told
    assert "Que faire : cherchez l'appareil" in told
    assert "Que faire : rien" in program.letter(found[1:])
    assert program.guessers("table inet gardeligne {\n}", []) == []


def test_whether_it_is_loaded_is_told_with_its_cure(tmp_path: Path) -> None:
    kept = tmp_path / "guessers"
    with pytest.raises(Missing, match="absent") as missing:
        firewall_checks.firewall(str(kept))
    assert missing.value.heal == (("systemctl", "restart", "gardeligne-firewall.service"),)
    kept.write_text("table inet gardeligne {\n}")
    assert firewall_checks.firewall(str(kept)) == "en place"
    kept.write_text(GUESSERS)
    assert firewall_checks.firewall(str(kept)).endswith("mots de passe : 2 adresses")


def test_one_that_is_switched_off_is_not_missed(tmp_path: Path) -> None:
    settings = tmp_path / "firewall.json"
    assert not firewall_checks.wanted(str(settings))
    for enabled in (False, True):
        settings.write_text(json.dumps({"enabled": enabled}))
        assert firewall_checks.wanted(str(settings)) == enabled


def test_what_the_wiring_opens_is_what_phones_ask_for() -> None:
    assert f'firewall_tcp: "{{{{ [{handover.PORT}] + ' in WIRING
