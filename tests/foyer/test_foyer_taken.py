"""What of foyer.txt is taken, and what the household model has from it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from gardeligne_setup.foyer import FoyerError, offered, read, template
from gardeligne_setup.foyer.lists import PRESETS, RESCUE
from gardeligne_setup.foyer.mail_servers import SERVERS, SLIPS
from household.model import household_model
from support.example import PRODUCT, ROOT, values_of
from support.foyer import (
    BASE,
    FOYERS,
    GOOD,
    MAIL,
    NUMBER,
    SIP,
    by_stem,
    errors_in,
    filled,
    said_of,
)

MISSING = [
    "« ligne > numéro » : il manque.",
    "« ligne > mot de passe » : il manque.",
    "« courrier > adresse » : elle manque.",
    "« courrier > mot de passe » : il manque.",
]


@pytest.mark.parametrize("path", GOOD, ids=by_stem)
def test_the_household_model_has_nothing_to_add(path: Path) -> None:
    foyer = read(path.read_bytes())
    assert errors_in(foyer) == []
    written = yaml.safe_dump({**foyer.variables, "household_secrets": foyer.secrets})
    house = household_model(values_of({"house.yml": written}), {})
    assert house["trunks"][0]["secret"] == foyer.secrets["trunks"][house["trunks"][0]["name"]]
    assert house["mail"]["relay"]["password"] == foyer.secrets["mail"]


def test_everything_that_can_be_said() -> None:
    foyer = read((FOYERS / "good/tout.txt").read_bytes())
    assert foyer.variables == {
        "household_self_setup": True,
        "household_name": "Famille Martin",
        "household_trunks": [
            {
                "name": "ligne",
                "provider": "generic",
                "number": NUMBER,
                "host": "sip.exemple.fr",
                "user": "camille",
                "port": 5080,
            },
            {"name": "ovh", "provider": "ovh", "number": "09 72 65 43 21"},
        ],
        "household_handsets": [
            {"extension": "001", "name": "Salon", "mailbox": "001"},
            {"extension": "002", "name": "Cuisine", "mailbox": "001"},
        ],
        "household_guard": {"wait": 6},
        "household_allow": [
            {"number": "0612345678", "name": "Mamie"},
            {"number": "01420000*", "name": "Cabinet médical"},
            {"number": "0612345679", "name": "Papi"},
            {"number": "0123456789", "name": "École"},
            {"number": "0223456789", "name": "Mairie (accueil)"},
            {"number": "003221234567", "name": "Tante d'Anvers"},
        ],
        "household_block": [
            {"preset": "demarchage", "action": "voicemail"},
            {"number": "0999*", "name": "Sondages"},
        ],
        "household_mail": {
            "sender": "camille@martin.example",
            "admin": "camille@martin.example",
            "relay": {
                "host": "smtp.martin.example",
                "port": 465,
                "tls": "implicit",
                "user": "camille",
            },
        },
        "household_mailboxes": [
            {"number": "001", "name": "Famille Martin", "email": "camille@martin.example"}
        ],
        "household_backup": {"usb": True},
        "household_card": {
            "hostname": "gardeligne",
            "ssh_keys": [
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxhOw7sPm5M2eGKunHUXGN0mmmgI3lSpZzPRVHFJqR0"
                " essai@exemple"
            ],
            "network": {
                "address": "192.168.1.10/24",
                "gateway": "192.168.1.254",
                "dns": ["192.168.1.254"],
            },
            "wifi": {"country": "FR", "ssid": "Livebox-1234", "hidden": True},
        },
    }
    assert foyer.secrets == {
        "trunks": {"ligne": SIP, "ovh": "Autre-de-test-3"},
        "mail": "Courrier: test #2",
        "wifi": "wifi de test #4",
        "mailboxes": {"001": "4711"},
        "outgoing": "290317",
        "backup": "Cheval pile agrafe 5",
    }


def test_four_values_are_enough() -> None:
    foyer = read((FOYERS / "good/le-moins.txt").read_bytes())
    assert foyer.variables["household_name"] == "Maison"
    assert [phone["name"] for phone in foyer.variables["household_handsets"]] == [
        "Salon",
        "Cuisine",
    ]
    assert foyer.variables["household_block"] == [{"preset": "demarchage", "action": "voicemail"}]
    assert foyer.variables["household_guard"] == {"wait": 4}


def test_who_takes_the_list_away_blocks_nobody() -> None:
    foyer = read((FOYERS / "good/jamais-personne.txt").read_bytes())
    assert foyer.variables["household_block"] == []


def test_two_lines_have_two_names() -> None:
    trunks = read((FOYERS / "good/deux-lignes-ovh.txt").read_bytes()).variables["household_trunks"]
    assert [(trunk["name"], trunk["provider"]) for trunk in trunks] == [
        ("ovh", "ovh"),
        ("ovh2", "ovh_proxy"),
    ]


def test_a_password_of_google_may_be_copied_in_its_groups() -> None:
    assert read((FOYERS / "good/gmail.txt").read_bytes()).secrets["mail"] == "abcdefghijklmnop"


def test_the_lists_of_the_product_are_there() -> None:
    assert {entry["preset"] for entry in PRESETS.values()} <= PRODUCT["household_presets"].keys()
    assert list(RESCUE) == PRODUCT["household_rescue_callers"]


@pytest.mark.parametrize("domain", SERVERS)
def test_a_known_provider_needs_no_server(domain: str) -> None:
    foyer = read(BASE.replace("@free.fr", f"@{domain}").replace(MAIL, "abcdefghijklmnop").encode())
    relay = foyer.variables["household_mail"]["relay"]
    assert (relay["port"], relay["tls"]) in ((465, "implicit"), (587, "starttls"))
    local = domain in ("free.fr", "laposte.net")
    assert relay["user"] == ("camille.martin" if local else f"camille.martin@{domain}")
    assert errors_in(foyer) == []


@pytest.mark.parametrize(
    ("lines", "port", "tls"),
    [
        ("serveur: smtp.free.fr", 465, "implicit"),
        ("serveur: smtp.martin.example", 587, "starttls"),
        ("serveur: smtp.martin.example\n  port: 465", 465, "implicit"),
        ("port: 465", 465, "implicit"),
    ],
)
def test_a_server_may_be_written(lines: str, port: int, tls: str) -> None:
    foyer = read(BASE.replace("  adresse:", f"  {lines}\n  adresse:").encode())
    relay = foyer.variables["household_mail"]["relay"]
    assert (relay["port"], relay["tls"]) == (port, tls)
    assert errors_in(foyer) == []


def test_a_slip_in_an_address_is_none_that_exists() -> None:
    assert not SLIPS.keys() & SERVERS.keys()
    assert set(SLIPS.values()) <= SERVERS.keys()


def test_the_template_asks_for_four_values() -> None:
    with pytest.raises(FoyerError) as caught:
        read(template())
    assert caught.value.unfilled
    assert len(caught.value.problems) == len(MISSING)
    for sentence, start in zip(caught.value.problems, MISSING, strict=True):
        assert re.fullmatch(rf"Ligne \d+, {re.escape(start)} .+", sentence)
    assert not FoyerError(said_of(BASE.replace(SIP, ""))).unfilled


def test_the_template_filled_in_is_a_household() -> None:
    foyer = read(filled(offered()).encode())
    assert errors_in(foyer) == []
    assert foyer.variables["household_card"] == {"hostname": "gardeligne"}


def test_every_option_of_the_template_works_without_its_mark() -> None:
    text = filled(offered())
    opened = re.sub(r"(?m)^#(?=[^\s#]|  )", "", text)
    opened = opened.replace("  numéro: ''", "  numéro: '09 72 65 43 21'")
    opened = opened.replace("  nom: ''", "  nom: 'Livebox'")
    opened = opened.replace("  mot de passe: ''", "  mot de passe: 'Un-de-plus-3'")
    opened = opened.replace("  messagerie: ''", "  messagerie: '4711'")
    opened = re.sub("(?m)^(?=clé ssh)", "#", opened)
    foyer = read(opened.encode())
    assert errors_in(foyer) == []
    assert len(foyer.variables["household_trunks"]) == 2
    assert len(foyer.variables["household_allow"]) == 2
    assert len(foyer.variables["household_block"]) == 2
    assert foyer.variables["household_card"].keys() == {"hostname", "network", "wifi"}
    assert foyer.secrets.keys() == {"trunks", "mail", "wifi", "mailboxes", "backup"}
    assert foyer.variables["household_backup"] == {"usb": True}


def test_the_template_fits_an_editors_window() -> None:
    lines = offered().splitlines()
    assert max(map(len, lines)) <= 100 and len(lines) <= 80
    assert template().startswith(b"\xef\xbb\xbf# foyer.txt") and b"\r\n" in template()


def test_it_runs_from_the_project_as_on_the_box(tmp_path: Path) -> None:
    for part in ("roles/selfsetup/files", "roles/household", "group_vars"):
        shutil.copytree(ROOT / part, tmp_path / part)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from gardeligne_setup.foyer import read;"
        "print(read(open(sys.argv[2], 'rb').read()).secrets['mail'])"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code,
         tmp_path / "roles/selfsetup/files", FOYERS / "good/le-moins.txt"],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert run.stdout == f"{MAIL}\n"


@pytest.mark.slow
def test_the_playbook_puts_it_onto_the_card_as_the_box_would(tmp_path: Path) -> None:
    tasks = yaml.safe_load((ROOT / "roles/selfsetup/tasks/main.yml").read_text())
    copy = tasks[-1]["ansible.builtin.copy"]
    del copy["owner"], copy["group"]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"selfsetup_boot": str(tmp_path)},
        "tasks": tasks[-1:],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "play.yml"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_LOOKUP_PLUGINS": str(ROOT / "roles/selfsetup/lookup_plugins"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert (tmp_path / "foyer.txt").read_bytes() == template()
