"""The check as a household meets it: in the output of ansible-playbook."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.example import ROOT, VAULT

pytestmark = pytest.mark.slow  # Ansible is started

BIN = Path(sys.executable).parent
# The builder stands in for the Pi: nothing but the role household runs, and that changes nothing.
HOSTS = {
    "exchange": {
        "hosts": {
            "pi": {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "ansible_become": False,
                "household_release": "forky",
            }
        }
    }
}


class Household:
    """A copy of the example inventory, its vault encrypted."""

    def __init__(self, folder: Path) -> None:
        self.inventory = folder / "home"
        self.files = self.inventory / "host_vars/pi"
        self.password = folder / "vault-password"
        shutil.copytree(ROOT / "inventory/example", self.inventory)
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
        self.password.write_text("a password of a test\n")

    def encrypt(self, secrets: dict[str, object]) -> None:
        vault = self.files / "vault.yml"
        vault.write_text(yaml.safe_dump({"household_secrets": secrets}))
        self._run("ansible-vault", "encrypt", str(vault)).check_returncode()
        assert vault.read_text().startswith("$ANSIBLE_VAULT")

    def play(self, *options: str) -> subprocess.CompletedProcess[str]:
        arguments = ["-i", str(self.inventory), "playbook.yml", "--tags", "household", "-vvv"]
        return self._run("ansible-playbook", *arguments, *options)

    def over_ssh(self) -> Path:
        """Let the Pi be one that does not answer; return the file that each attempt leaves."""
        called = self.inventory.with_name("called")
        ssh = self.inventory.with_name("ssh")
        ssh.write_text(f"#!/bin/sh\ntouch {called}\nexit 255\n")
        ssh.chmod(0o755)
        pi = {"ansible_host": "192.0.2.1", "ansible_ssh_executable": str(ssh)}
        hosts = {"exchange": {"hosts": {"pi": pi}}}
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
        return called

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / program, *arguments, "--vault-password-file", self.password],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def check(self) -> subprocess.CompletedProcess[str]:
        """Type the command of docs/configuration.md; .venv is what runs this."""
        options = f"OPTIONS=-i {self.inventory} --vault-password-file {self.password}"
        return subprocess.run(
            ["make", "--old-file=.venv/stamp", "check", options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def generated(self) -> dict[str, str]:
        kept = self.inventory / "secrets/pi"
        return {file.name: file.read_text().strip() for file in kept.glob("*")}


@pytest.fixture
def household(tmp_path: Path) -> Household:
    return Household(tmp_path)


SECRETS = yaml.safe_load(VAULT.read_text())["household_secrets"]


def test_ansible_says_all_mistakes_and_no_secret(household: Household) -> None:
    (household.files / "handsets.yml").write_text(
        'household_handsets: [{extension: "15", name: "Salon;", mailbox: "900"}]\n'
    )
    spoilt = "Trunk;secret-of-a-test"
    household.encrypt({**SECRETS, "trunks": {"free": spoilt, "orange": "Orange-of-a-test"}})
    run = household.play("--check")
    output = run.stdout + run.stderr
    assert run.returncode == 2, output
    for file, setting in (
        ("handsets.yml:1", "household_handsets[0].extension (15, Salon;) is 15, an emergency"),
        ("handsets.yml:1", 'household_handsets[0].mailbox (15, Salon;) names "900"'),
        ("handsets.yml:1", "household_handsets[0].name (15, Salon;) has ; in it"),
        ("vault.yml:9", "household_secrets.trunks.free has characters"),
        ("vault.yml:10", "household_secrets.trunks.orange is for trunk orange"),
        ("vault.yml:8", "household_secrets.trunks.ovh is missing"),
    ):
        assert f"- host_vars/pi/{file}: {setting}" in output
    assert spoilt not in output
    assert "-of-a-test" not in output
    assert household.generated() == {}


MISTAKE = 'household_handsets: [{extension: "15", name: Salon}]\n'


def test_a_mistake_is_told_before_the_pi_is_connected_to(household: Household) -> None:
    household.encrypt(SECRETS)
    called = household.over_ssh()
    good = household.play()
    assert good.returncode == 4 and called.exists(), "a connection would not be seen"
    called.unlink()

    (household.files / "handsets.yml").write_text(MISTAKE)
    wrong = household.play()
    assert wrong.returncode == 2
    assert "- host_vars/pi/handsets.yml:1: household_handsets[0].extension" in wrong.stdout
    assert not called.exists()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("house.yml", b"household_name: 2024-01-01\n", "household_name has no quotes"),
        ("house.yml", b"household_name: .nan\n", "household_name has no quotes"),
        ("house.yml", "household_name: Lefèvre\n".encode("cp1252"), "1: is not in UTF-8"),
        ("house.yml", "household_name: Le\n".encode("utf-16"), "1: is not in UTF-8"),
        ("mail.yml", b"household_mail: 'x{% y'\n", "household_mail has { in it"),
        ("vault.yml", b"household_secrets: {mail: 'Wx{#9fuz'}\n", "household_secrets.mail has {"),
    ],
)
def test_what_ansible_stumbles_over_is_named(
    household: Household, file: str, content: bytes, said: str
) -> None:
    household.encrypt(SECRETS)
    (household.files / file).write_bytes(content)
    run = household.play("--check")
    assert run.returncode == 2
    assert f"host_vars/pi/{file}:" in run.stdout
    assert said in re.sub(r"\s+", " ", run.stdout)
    assert "9fuz" not in run.stdout + run.stderr


def test_make_check_needs_no_pi(household: Household) -> None:
    household.encrypt(SECRETS)
    called = household.over_ssh()
    good = household.check()
    assert good.returncode == 0 and "check: no mistake" in good.stdout, good.stdout + good.stderr
    (household.files / "handsets.yml").write_text(MISTAKE)
    wrong = household.check()
    assert wrong.returncode == 2
    assert "- host_vars/pi/handsets.yml:1: household_handsets[0].extension" in wrong.stdout
    assert not called.exists()
    assert household.generated() == {}


def test_what_only_the_host_can_say_is_told_before_anything_changes(household: Household) -> None:
    household.encrypt(SECRETS)
    known = "{{ 'jammy' if 'distribution_release' in ansible_facts else '' }}"
    pi = {**HOSTS["exchange"]["hosts"]["pi"], "household_release": known}
    (household.inventory / "hosts.yml").write_text(
        yaml.safe_dump({"exchange": {"hosts": {"pi": pi}}})
    )
    run = household.play()
    assert run.returncode == 2
    assert '- pi: household_release is "jammy": this host' in run.stdout
    assert household.generated() == {}


def test_generated_secrets_are_kept_private_and_said_nowhere(household: Household) -> None:
    household.encrypt({"trunks": SECRETS["trunks"], "mail": SECRETS["mail"]})

    dry = household.play("--check")
    assert dry.returncode == 0, dry.stdout + dry.stderr
    assert household.generated() == {}, "a dry run has written secrets"

    first = household.play()
    assert first.returncode == 0, first.stdout + first.stderr
    generated = household.generated()
    assert set(generated) == {"handset-001", "handset-002", "mailbox-001"}
    assert [len(generated[name]) for name in sorted(generated)] == [24, 24, 6]
    assert generated["mailbox-001"].isdecimal()
    for file in (household.inventory / "secrets/pi").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    second = household.play()
    assert second.returncode == 0, second.stdout + second.stderr
    assert household.generated() == generated

    for run in (dry, first, second):
        for secret in (*generated.values(), *SECRETS["trunks"].values(), SECRETS["mail"]):
            # Six digits of a longer number are no PIN.
            assert not re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", run.stdout + run.stderr)
