"""What is said of a telephone's account, and the files that telephones read it from."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
import xml.etree.ElementTree as ET
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

import handover
import network
import provisioning
import pytest
import telephone
import yaml
from support import terminal

ROLE = Path(__file__).parents[2] / "roles/phones"
PASSWORD = "a<b>&\"c'1234"  # noqa: S105 - with what XML has to escape
ACCOUNT = provisioning.Account("001", 'Salon "bas" & cour', PASSWORD, ["udp"], ["g722", "alaw"])
SERVER = "192.0.2.10"
ADDRESS = "http://192.0.2.10:8090/abcdefghij234567/linphone.xml"

needs_qrencode = pytest.mark.skipif(not shutil.which("qrencode"), reason="not run, no qrencode")

Said = pytest.CaptureFixture[str]


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "phones.json"
    other: dict[str, Any] = {"extension": "002", "name": "Cuisine", "password": "other-secret"}
    several = [ACCOUNT, ACCOUNT._replace(**other)]
    entries = [account._asdict() for account in several]
    file.write_text(json.dumps([{"secret": each.pop("password"), **each} for each in entries]))
    monkeypatch.setattr(telephone.read, "__defaults__", (str(file),))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(network, "address", lambda: SERVER)
    return file


# ------------------------------------------------------------------------------ the files


def entries(file: provisioning.File) -> dict[str, dict[str, str | None]]:
    space = "{http://www.linphone.org/xsds/lpconfig.xsd}"
    return {
        section.attrib["name"]: {
            entry.attrib["name"]: entry.text for entry in section.iter(f"{space}entry")
        }
        for section in ET.fromstring(file.body).iter(f"{space}section")  # noqa: S314 - ours
    }


def test_linphone_is_told_the_account() -> None:
    told = entries(provisioning.linphone(ACCOUNT, SERVER))
    assert told["auth_info_0"] == {
        "username": "001", "userid": "001", "passwd": PASSWORD, "domain": SERVER,
    }  # fmt: skip
    assert told["proxy_0"]["reg_identity"] == '"Salon bas & cour" <sip:001@192.0.2.10>'
    assert told["proxy_0"]["reg_proxy"] == "<sip:192.0.2.10:5060;transport=udp>"
    assert told["misc"] == {"transient_provisioning": "1"}
    codecs = [told[f"audio_codec_{position}"]["mime"] for position in range(2)]
    assert codecs == ["G722", "PCMA"]


def settings(account: provisioning.Account) -> dict[str, str | None]:
    root = ET.fromstring(provisioning.grandstream(account, SERVER).body)  # noqa: S314 - ours
    assert root.tag == "gs_provision"
    return {setting.tag: setting.text for setting in root.iterfind("config/*")}


def test_grandstream_is_told_the_account() -> None:
    told = settings(ACCOUNT)
    expected = {"P271": "1", "P47": "192.0.2.10:5060", "P35": "001", "P36": "001", "P34": PASSWORD}
    assert {name: told[name] for name in expected} == expected
    assert [told[choice] for choice in provisioning.VOCODERS] == ["9", *["8"] * 7]


def test_a_codec_that_an_adapter_lacks_is_left_out() -> None:
    told = settings(ACCOUNT._replace(codecs=["gsm", "ulaw"]))
    assert {told[choice] for choice in provisioning.VOCODERS} == {"0"}
    assert "P57" not in settings(ACCOUNT._replace(codecs=["gsm"]))


def test_every_codec_that_a_household_may_name_has_its_words() -> None:
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]["phones_handsets"]["options"]
    assert set(options["codecs"]["choices"]) == set(provisioning.MIME) == set(telephone.CODECS)


# ------------------------------------------------------------------------------ the network


def test_the_address_is_the_one_on_the_way_to_the_router(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = (
        "2: eth0    inet 198.51.100.7/24 brd 198.51.100.255 scope global eth0\\   valid_lft\n"
        "3: wlan0    inet 192.0.2.10/25 metric 600 brd 192.0.2.127 scope global dynamic wlan0\\\n"
    )
    way = "default via 192.0.2.1 dev wlan0 proto dhcp src 192.0.2.10 metric 600\n"
    said = {"address": shown, "route": way}
    monkeypatch.setattr(
        network, "ip", lambda *words: said["address" if "address" in words else "route"]
    )
    assert network.interfaces()["wlan0"] == [IPv4Interface("192.0.2.10/25")]
    assert network.address() == "192.0.2.10"
    assert IPv4Network("198.51.100.0/24") in network.networks()
    assert IPv4Network("192.0.2.0/25") in network.networks()
    said["route"] = ""
    assert network.address() == "198.51.100.7"
    said["address"] = ""
    with pytest.raises(network.NoAddress):
        network.address()


def test_this_machine_is_understood() -> None:
    assert all(re.fullmatch(r"[\w.@-]+", name) for name in network.interfaces())
    assert IPv4Network("127.0.0.0/8") in network.networks()


# ------------------------------------------------------------------------------ the command


def test_the_telephones_are_listed(accounts: Path, capsys: Said) -> None:
    assert telephone.main([]) == 0
    told = capsys.readouterr().out
    assert '  001     Salon "bas" & cour\n  002     Cuisine\n' in told
    assert PASSWORD not in told


def test_a_card_for_nobody_yet_says_so(accounts: Path, capsys: Said) -> None:
    accounts.write_text("[]")
    for words in [], ["001"], ["--courriel", "famille@example.org"]:
        assert telephone.main(words) == 2
    assert capsys.readouterr().err == f"{telephone.NO_PHONES}\n" * 3


def test_an_unknown_one_is_answered_by_the_list(accounts: Path, capsys: Said) -> None:
    assert telephone.main(["salon"]) == 2
    told = capsys.readouterr()
    assert told.err.splitlines()[0] == "Il n'y a pas de téléphone « salon ». Il y a :"
    assert told.err.splitlines()[2] == "  002     Cuisine"
    assert told.out == ""


def test_what_to_type_is_told(
    accounts: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = {"linphone": ADDRESS, "grandstream": "http://192.0.2.10:8090/word/cfg.xml"}
    monkeypatch.setattr(telephone, "offer", lambda account, server: offers)
    assert telephone.main(["001"]) == 0
    told = capsys.readouterr().out
    for line in (
        "  Serveur (registrar, domaine)  192.0.2.10",
        "  Port, transport               5060, UDP",
        "  Utilisateur et identifiant    001",
        f"  Mot de passe                  {PASSWORD}",
        "  Codecs, le meilleur d'abord   G.722, G.711 A-law (PCMA)",
        f"  {ADDRESS}",
    ):
        assert line in told.splitlines()
    assert "« 192.0.2.10:8090/word »" in told


def test_without_its_service_it_still_tells_what_to_type(
    accounts: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_user() -> None:
        raise KeyError

    monkeypatch.setattr(handover, "make_folder", no_user)
    assert telephone.main(["001"]) == 2
    told = capsys.readouterr()
    assert PASSWORD in told.out
    assert "saisissez ce qui précède à la main" in told.err


def test_without_a_network_it_says_so(
    accounts: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise network.NoAddress

    monkeypatch.setattr(network, "address", nowhere)
    assert telephone.main(["001"]) == 1
    assert capsys.readouterr().err.startswith("L'appareil n'a pas d'adresse : branchez un câble")


def test_passwords_are_private(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert telephone.main(["001"]) == 1
    expected = "Les mots de passe sont privés : sudo gardeligne telephone 001\n"
    assert capsys.readouterr() == ("", expected)


@needs_qrencode
@pytest.mark.skipif(not shutil.which("zbarimg"), reason="not run, no zbarimg")
def test_a_camera_reads_the_address_on_the_screen(tmp_path: Path) -> None:
    assert terminal.scanned(telephone.drawn(ADDRESS), tmp_path) == ADDRESS


@needs_qrencode
def test_the_address_is_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A qrencode that notes its command line, before it does what it is for."""
    noted, stand_in = tmp_path / "noted", tmp_path / "qrencode"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >{noted}\nexec {shutil.which("qrencode")} "$@"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert len(terminal.drawing(telephone.drawn(ADDRESS))) > 10
    assert "192.0.2.10" not in noted.read_text()


def test_a_missing_qrencode_costs_the_code_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert telephone.drawn(ADDRESS) == ["  (pas de QR code : le paquet qrencode manque)"]


# ------------------------------------------------------------------------------ the mail


def test_the_mail_tells_every_account_and_what_to_do_with_it(accounts: Path) -> None:
    told = email.message_from_bytes(
        telephone.mail(telephone.read(), SERVER, "famille@example.org"), policy=email.policy.default
    )
    assert told["Subject"] == "Vos téléphones"
    assert told["To"] == "famille@example.org"
    body = told.get_body()
    assert body
    text = body.get_content()
    for word in PASSWORD, "other-secret", "002", "192.0.2.10, port 5060, UDP", "supprimez-le":
        assert word in text


def test_the_mail_is_sent_once_for_the_same_accounts(
    accounts: Path, tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = tmp_path / "sent"
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat >>{sent}\n")
    sendmail.chmod(0o755)
    monkeypatch.setattr(telephone, "SENDMAIL", str(sendmail))
    monkeypatch.setattr(telephone, "SENT", str(tmp_path / "state/phones-sent"))
    mailed = ["--courriel", "famille@example.org"]
    assert telephone.main(mailed) == telephone.main(mailed) == 0
    assert capsys.readouterr().out == "sent\nknown\n"
    assert sent.read_text().count("Subject:") == 1
    assert (tmp_path / "state/phones-sent").stat().st_mode & 0o777 == 0o600
    accounts.write_text(accounts.read_text().replace("other-secret", "another-one"))
    assert telephone.main(mailed) == 0
    assert capsys.readouterr().out == "sent\n"
    sendmail.write_text("#!/bin/sh\nexit 75\n")
    accounts.write_text(accounts.read_text().replace("another-one", "a-third-one"))
    assert telephone.main(mailed) == 1
    sendmail.write_text("#!/bin/sh\ncat\n")
    assert telephone.main(mailed) == 0
