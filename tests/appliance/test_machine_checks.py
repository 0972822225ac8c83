"""What `gardeligne etat` and the watch find out of the machine, by files as the kernel has them."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import checks
import disk_checks
import machine_checks
import pytest
import watch_checks
from finding import Missing
from support.answering import Box
from support.journal import main
from support.shown import MAIL_DOWN

Said = pytest.CaptureFixture[str]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def state(capsys: Said) -> list[str]:
    """Return what is said of each thing."""
    main.main(["etat"])
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]


def test_what_a_board_has_no_sensor_for_is_not_told(box: Box, capsys: Said) -> None:
    assert not [line for line in state(capsys) if "Temp" in line or "Alim" in line]


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("52100\n", "[ok] Température : 52 °C"),
        ("79900\n", "[ok] Température : 80 °C"),
        ("80000\n", "[--] Température : trop chaud : 80 °C"),
    ],
)
def test_a_board_that_is_too_hot_is_told(box: Box, capsys: Said, shown: str, told: str) -> None:
    box.tells("thermal/thermal_zone0/temp", shown)
    box.tells("thermal/thermal_zone1/temp", "")  # a zone that is switched off
    assert told in state(capsys)


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        ("0\n", "[ok] Alimentation : assez de courant"),
        ("1\n", "[--] Alimentation : tension trop basse"),
    ],
)
def test_too_little_current_is_told(box: Box, capsys: Said, alarm: str, told: str) -> None:
    box.tells("hwmon/hwmon0/name", "cpu_thermal\n")
    box.tells("hwmon/hwmon0/in0_lcrit_alarm", "1\n")  # another sensor's
    box.tells("hwmon/hwmon1/name", "rpi_volt\n")
    box.tells("hwmon/hwmon1/in0_lcrit_alarm", alarm)
    assert told in state(capsys)


def test_errors_that_a_file_system_counts_are_told(box: Box, capsys: Said) -> None:
    box.tells("ext4/features/lazy_itable_init", "supported\n")
    box.tells("ext4/mmcblk0p2/errors_count", "0\n")
    assert "[ok] Erreurs de la carte : aucune" in state(capsys)
    box.tells("ext4/mmcblk0p2/errors_count", "3\n")
    assert "[--] Erreurs de la carte : 3 erreurs" in state(capsys)


@pytest.mark.parametrize(
    "words",
    [
        "I/O error, dev mmcblk0, sector 8192 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2",
        "blk_update_request: I/O error, dev mmcblk0, sector 8192",
    ],
)
def test_what_a_card_does_not_give_any_more_is_told(box: Box, capsys: Said, words: str) -> None:
    box.says("kernel", f"mmc0: new high speed SDHC card\n{words}\n")
    assert "[--] Erreurs de la carte : 1 erreur" in state(capsys)


def test_names_that_lead_nowhere_are_told(box: Box, capsys: Said) -> None:
    (box.said / "names").unlink()
    assert "[--] Noms (DNS) : aucune adresse pour freephonie.net" in state(capsys)


@pytest.mark.parametrize(
    ("lines", "hosts"),
    [
        (
            [{"host": "b.org"}, {"host": "a.org", "proxy": ""}, {"host": "a.org"}],
            ["a.org", "b.org"],
        ),
        ([{"host": "a.org", "proxy": "p.org:5080"}], ["p.org"]),
        ([{"host": "192.0.2.1", "proxy": ""}, {}], []),
    ],
)
def test_the_names_are_those_of_the_operators(
    lines: list[dict[str, str]], hosts: list[str]
) -> None:
    assert machine_checks.hosts(lines) == hosts


def test_a_clock_that_nobody_has_told_the_time_is_told(
    box: Box, capsys: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine_checks, "synchronised", lambda: False)
    assert any(line.startswith("[--] Heure : pas reçue") for line in state(capsys))
    (tmp_path / "container").touch()
    assert not any("Heure" in line for line in state(capsys)), "it has its host's"


def test_the_kernel_is_asked_for_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        def __init__(self, answer: int) -> None:
            self.adjtimex: Callable[[object], int] = lambda asked: answer

    assert machine_checks.synchronised() in (True, False)
    for answer in (0, 5):
        monkeypatch.setattr(ctypes, "CDLL", lambda _, said=answer: Kernel(said))
        assert machine_checks.synchronised() is (answer == 0)


def test_a_line_may_be_down_for_as_long_as_the_household_says(box: Box) -> None:
    patience = {check.name: check.patience for check in checks.watched()}
    assert patience["Ligne free (09 87 65 43 21)"] == 300


def test_each_phone_is_missed_that_stays_away(box: Box) -> None:
    phones = {check.name: check for check in checks.watched() if "(00" in check.name}
    assert sorted(phones) == ["Téléphone Cuisine (002)", "Téléphone Salon (001)"]
    assert all(check.once for check in phones.values())
    assert phones["Téléphone Salon (001)"].ask() == "joignable"
    with pytest.raises(Missing, match="éteint") as away:
        phones["Téléphone Cuisine (002)"].ask()
    assert "gardeligne telephone 002" in away.value.cure


def test_the_watch_does_not_look_at_itself(
    box: Box, capsys: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "watch.json"
    monkeypatch.setattr(watch_checks, "SETTINGS", str(settings))
    assert not [line for line in state(capsys) if "Surveillance" in line]
    settings.touch()
    assert "[--] Surveillance : n'a rien écrit" in state(capsys)
    assert watch_checks.NAME not in [check.name for check in checks.watched()]


def test_every_cure_that_runs_by_itself_is_a_program_of_this_system(box: Box) -> None:
    box.says("queue-j", MAIL_DOWN)
    box.numbers.unlink()
    heals = {found.name: found.heal for found in checks.findings() if found.heal}
    assert heals == {
        "Mail": (("systemctl", "--no-block", "restart", "postfix.service"),),
        "Filtrage": (("systemctl", "--no-block", "start", "gardeligne-numbers.service"),),
    }


@pytest.mark.parametrize("way", ["ro", "rw"])
def test_a_file_system_that_takes_nothing_any_more_is_told(tmp_path: Path, way: str) -> None:
    """A real one, in a name space of its own; locked away from the watch alone it is none."""
    script = f"""
set -e
mount -t tmpfs -o size=1m tmpfs {tmp_path}
mount -o remount,{"ro" if way == "ro" else "ro,bind"} {tmp_path}
exec python3 -c 'import os, disk_checks
print(disk_checks.read_only(os.stat("{tmp_path}").st_dev))'
"""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(disk_checks.__file__).parent)},
    )  # fmt: skip
    assert done.stdout.strip() == str(way == "ro"), done.stderr
