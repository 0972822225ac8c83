"""What the relay does not take."""

from __future__ import annotations

import re

import pytest
from lab.house import House
from lab.world import eventually

KEPT = "/var/mail/refused"
# Two megabytes, as of a message of two minutes.
# An address that is not there yet.
FAIL = """
cd /etc/postfix
cp -p main.cf main.cf.good
postconf -e inet_interfaces=192.0.2.99
systemctl restart postfix
sleep 2
mv main.cf.good main.cf
"""
STATUS = "postfix status >/dev/null 2>&1 && echo runs || :"
SEND = """
{ printf 'To: nobody@example.net\\nSubject: Refuse-this\\n\\nThe message begins.\\n'
  head -c 1500000 /dev/urandom | base64
  echo 'The message ends.'; } | setpriv --reuid asterisk --clear-groups sendmail -t
"""
LOG = "journalctl --no-pager --output cat --identifier postfix/smtp --since @{}"


def test_what_the_relay_refuses_for_good_is_kept_whole_and_not_sent_again(house: House) -> None:
    house.run("rm", "-f", KEPT)
    began = house.run("date", "+%s").strip()
    house.run("sh", given=SEND)
    eventually(lambda: "Mail queue is empty" in house.run("postqueue", "-p"), "nothing waits", 30)
    assert house.run("sh", "-c", LOG.format(began)).count("refused by policy") == 1
    assert house.run("stat", "-c", "%a %U", KEPT).split() == ["600", "mail"]
    kept = house.read(KEPT).decode()
    assert "550 5.7.1 refused by policy" in re.sub(r"\s+", " ", kept)
    assert "The message begins." in kept and "The message ends." in kept
    house.run("rm", "-f", KEPT)


def test_postfix_starts_again_after_a_start_that_failed(house: House) -> None:
    house.run("sh", given=FAIL)
    with pytest.raises(RuntimeError):
        house.run("postfix", "status")
    eventually(lambda: "runs" in house.run("sh", "-c", STATUS), "postfix runs", 30)
