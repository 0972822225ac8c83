"""Language and time of a French household."""

from __future__ import annotations

from testinfra.host import Host


def test_the_french_locale_is_made_and_the_default(host: Host) -> None:
    assert "fr_FR.utf8" in host.check_output("locale -a").splitlines()
    assert "LANG=fr_FR.UTF-8" in host.file("/etc/default/locale").content_string


def test_dates_are_written_in_french(host: Host) -> None:
    assert host.check_output("LC_ALL=fr_FR.UTF-8 date -d 2026-08-15 +%B") == "août"


def test_the_clock_shows_the_time_of_paris(host: Host) -> None:
    assert host.check_output("date -d @1786788000 +%H:%M") == "12:00"
    assert host.check_output("date -d @1770000000 +%Z") == "CET"


def test_the_network_is_asked_for_the_time_at_every_start(host: Host) -> None:
    assert host.service("systemd-timesyncd").is_enabled
