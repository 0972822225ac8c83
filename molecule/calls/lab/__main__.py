"""`make try`: build an exchange and the lab, let people and a robot call, tell what happened."""

from __future__ import annotations

import os
import time

EXCHANGE = "forky-pjsip"
# Containers and network of its own, beside those of the tests.
os.environ["MOLECULE_SCENARIO_NAME"] = "try"

from . import Lab, open_lab  # noqa: E402
from .build import PROJECT, built  # noqa: E402
from .house import House  # noqa: E402
from .sound import seconds_of  # noqa: E402
from .world import eventually  # noqa: E402

LOG = PROJECT / ".cache/try.log"
REASONS = {
    "MAXWORDS": "it counted more words than a person says",
    "LONGGREETING": "it heard a greeting too long for a person",
    "INITIALSILENCE": "it heard nobody speak",
    "TOOLONG": "it could not tell in time",
}


class Timeline:
    """Print what happens, in seconds since the call began."""

    def __init__(self, title: str) -> None:
        """Begin a story."""
        self.start = time.time()
        print(f"\n{title}")

    def tell(self, text: str, at: float | None = None) -> None:
        """Tell one event, of now unless ``at`` says when."""
        moment = max(0.0, (at or time.time()) - self.start)
        print(f"  {moment:6.1f} s  {text}", flush=True)


def robot_calls(lab: Lab, house: House) -> None:
    """Show what a robot meets."""
    line = Timeline("A ROBOT CALLS, and listens for a human voice before it connects a salesman")
    line.tell(f"it dials {house.number}")
    verdict = lab.robot.call(house.number, "vicidial")
    line.tell("the exchange answers at once: what the robot hears is a bell", verdict.answered)
    reason = REASONS.get(verdict.cause.split("-")[0], verdict.cause)
    line.tell(f"it concludes {verdict.status}: {reason}", verdict.decided)
    house.wait_until_idle()
    line.tell("it has hung up")
    rang = [event.at for phone in house.handsets if (event := phone.saw("CALL_INCOMING"))]
    line.tell("a phone rang. That must not be!" if rang else "no phone in the house has rung")
    house.rest()


def stranger_calls(house: House) -> None:
    """Show what a person meets who is not known."""
    caller, phone = house.stranger, house.salon
    line = Timeline("A PERSON CALLS whom the house does not know")
    line.tell(f"{caller.user} dials {house.number}", caller.dial(house.number))
    line.tell("hears the line ring", caller.wait("CALL_ESTABLISHED").at)
    line.tell("the phone in the Salon rings", phone.wait("CALL_INCOMING").at)
    line.tell("the phone in the Cuisine rings", house.cuisine.wait("CALL_INCOMING").at)
    phone.listen_for(2)
    line.tell("somebody picks up in the Salon", phone.accept())
    line.tell("the other phone is quiet", house.cuisine.wait("CALL_CLOSED").at)
    caller.listen_for(3)
    caller.hang_up()
    phone.wait("CALL_CLOSED")
    house.wait_until_idle()
    heard = [seconds_of(caller.heard(), phone.tone), seconds_of(phone.heard(), caller.tone)]
    both = "both sides have heard" if min(heard) > 2 else "they have NOT both heard"
    line.tell(f"they hang up; {both} each other")
    house.rest()


def nobody_is_home(lab: Lab, house: House) -> None:
    """Show what becomes of a message."""
    caller = house.known
    line = Timeline("MAMIE CALLS, whom the house knows, and nobody is at home")
    line.tell(f"{caller.user} dials {house.number}", caller.dial(house.number))
    line.tell("the phones ring at once", house.salon.wait("CALL_INCOMING").at)
    line.tell("voicemail answers", caller.wait("CALL_ESTABLISHED", timeout=20).at)
    caller.listen_for(12)
    line.tell("she has left a message and hangs up")
    caller.hang_up()
    mail = eventually(lambda: lab.mailsink.to(house.mailbox), "a mail arrives", 30)[0]
    line.tell("a mail arrives:", mail.received)
    sound = seconds_of(mail.sound, caller.tone)
    for text in (
        f"From: {mail.message['From']}",
        f"To: {mail.message['To']}",
        f"Subject: {mail.message['Subject']}",
        "",
        *mail.text.strip().splitlines(),
        "",
        f"[attached: {len(mail.sound) // 1024} kB of sound, {sound:.0f} s of her voice]",
    ):
        print(f"            | {text}")


def main() -> None:
    """Build, call, tell, remove."""
    with built(LOG, [EXCHANGE]), open_lab([EXCHANGE]) as lab:
        house = lab.houses[EXCHANGE]
        robot_calls(lab, house)
        stranger_calls(house)
        nobody_is_home(lab, house)


if __name__ == "__main__":
    main()
