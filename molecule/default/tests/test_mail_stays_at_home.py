"""A household that set no mail relay."""

from __future__ import annotations

import time

from testinfra.host import Host


def test_mail_to_anybody_stays_on_the_machine(host: Host) -> None:
    host.check_output("rm -f /var/mail/root")
    host.check_output("printf 'Subject: gardeligne\\n\\nhello\\n' | sendmail someone@example.org")
    for _ in range(50):
        if host.file("/var/mail/root").exists and host.file("/var/mail/root").size:
            break
        time.sleep(0.2)
    assert "Subject: gardeligne" in host.file("/var/mail/root").content_string
    assert "Mail queue is empty" in host.check_output("postqueue -p")
