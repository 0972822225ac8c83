"""`make try`: build an exchange and the lab, let people and a robot call, tell what happened.

What should have happened is known: if something else did, it says so and ends with an error.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from . import Lab, open_lab
from .build import built
from .house import House
from .parts import Mail
from .sound import seconds_of
from .world import PROJECT, RECOMMENDED, WAIT, eventually

SCENARIO = "try"  # containers and network of its own, beside those of the tests
LOG = PROJECT / ".cache/try.log"
PATIENCE = 30  # seconds in which a mail arrives
REASONS = {
    "MAXWORDS": "it counted more words than a person says",
    "LONGGREETING": "it heard a greeting too long for a person",
    "INITIALSILENCE": "it heard nobody speak",
    "TOOLONG": "it could not tell in time",
}
# What the lab raises when it waits in vain, or when one of its machines cannot do what it should.
FAULTS = (AssertionError, RuntimeError, OSError, subprocess.SubprocessError)


class Story:
    """Prints what happens, in seconds since the call began; keeps what should not have happened."""

    def __init__(self, title: str) -> None:
        """Begin it."""
        self.start = time.time()
        self.broken: list[str] = []
        print(f"\n{title}")

    def tell(self, text: str, at: float | None = None) -> None:
        """Tell one event, of now unless ``at`` says when."""
        moment = max(0.0, (at or time.time()) - self.start)
        print(f"  {moment:6.1f} s  {text}", flush=True)

    def expect(self, holds: bool, text: str, otherwise: str, at: float | None = None) -> None:
        """Tell an event that should be so, or what was so instead."""
        if holds:
            self.tell(text, at)
        else:
            self.fault(otherwise, at)

    def fault(self, text: str, at: float | None = None) -> None:
        """Tell what should not be."""
        self.tell(f"{text}. That must not be!", at)
        self.broken.append(text)


def robot_calls(line: Story, lab: Lab, house: House) -> None:
    """Show what a robot meets."""
    line.tell(f"it dials {house.number}")
    verdict = lab.robot.call(house.number, "vicidial")
    waited = verdict.answered - line.start
    line.expect(
        waited < WAIT - 1,
        "the exchange answers at once: what the robot hears is a bell",
        f"it is answered after {waited:.1f} s only",
        verdict.answered,
    )
    reason = REASONS.get(verdict.cause.split("-")[0], verdict.cause)
    concludes = f"it concludes {verdict.status}: {reason}"
    line.expect(verdict.status == "MACHINE", concludes, concludes, verdict.decided)
    house.wait_until_idle()
    line.tell("it has hung up")
    line.expect(not house.rang(), "no phone in the house has rung", "a phone in the house has rung")


def stranger_calls(line: Story, lab: Lab, house: House) -> None:
    """Show what a stranger who is a person meets."""
    caller, phone = house.stranger, house.salon
    line.tell(f"{caller.user} dials {house.number}", caller.dial(house.number))
    answered = caller.wait("CALL_ESTABLISHED").at
    line.tell("hears the line ring", answered)
    rings = phone.wait("CALL_INCOMING").at
    line.expect(
        rings - answered > WAIT - 1,  # each of the two is told some tenths of a second late
        "the phone in the Salon rings",
        f"the phone in the Salon rings {rings - answered:.1f} s after the answer, not after {WAIT}",
        rings,
    )
    line.tell("the phone in the Cuisine rings", house.cuisine.wait("CALL_INCOMING").at)
    phone.listen_for(2)
    line.tell("somebody picks up in the Salon", phone.accept())
    line.tell("the other phone is quiet", house.cuisine.wait("CALL_CLOSED").at)
    caller.listen_for(3)
    caller.hang_up()
    phone.wait("CALL_CLOSED")
    house.wait_until_idle()
    heard = seconds_of(caller.heard(), phone.tone), seconds_of(phone.heard(), caller.tone)
    line.expect(
        min(heard) > 2,
        "they hang up; both sides have heard each other",
        "of 3 s the caller has heard {:.1f}, and the house {:.1f}".format(*heard),
    )


def nobody_is_home(line: Story, lab: Lab, house: House) -> None:
    """Show what becomes of a message."""
    caller = house.known
    dialled = caller.dial(house.number)
    line.tell(f"{caller.user} dials {house.number}", dialled)
    rings = house.salon.wait("CALL_INCOMING").at
    line.expect(
        rings - dialled < WAIT - 1,
        "the phones ring at once",
        f"the phones ring after {rings - dialled:.1f} s only",
        rings,
    )
    line.tell("voicemail answers", caller.wait("CALL_ESTABLISHED", timeout=20).at)
    caller.listen_for(12)
    line.tell("she has left a message and hangs up")
    caller.hang_up()

    def mails() -> list[Mail]:
        return [mail for mail in lab.mailsink.to(house.mailbox) if mail.received > dialled]

    mail = eventually(mails, "a mail arrives", PATIENCE)[0]
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
    if sound < 1:
        line.fault(f"the mail's sound has {sound:.1f} s of her voice")


STORIES: dict[str, Callable[[Story, Lab, House], None]] = {
    "A ROBOT CALLS, and listens for a human voice before it connects a salesman": robot_calls,
    "A PERSON CALLS whom the house does not know": stranger_calls,
    "MAMIE CALLS, whom the house knows, and nobody is at home": nobody_is_home,
}


def tell_all(
    lab: Lab, house: House, stories: Mapping[str, Callable[[Story, Lab, House], None]] = STORIES
) -> list[str]:
    """Run every scene, even after a failed one; return what should not have happened."""
    broken = []
    for title, story in stories.items():
        line = Story(title)
        try:
            try:
                story(line, lab, house)
            finally:
                house.rest()
        except FAULTS as error:
            line.fault(str(error))
        broken += line.broken
    return broken


def main() -> None:
    """Build, call, tell, remove."""
    try:
        with built(SCENARIO, LOG, [RECOMMENDED]), open_lab([RECOMMENDED]) as lab:
            broken = tell_all(lab, lab.houses[RECOMMENDED])
    except FAULTS as error:
        broken = [str(error)]
    conclude(broken)


def conclude(broken: Sequence[str]) -> None:
    """Say how it went; end with an error if something should not have happened."""
    if broken:
        sys.exit("\n  ".join(["\nThis should not have happened:", *broken, f"(log: {LOG})"]))
    print(f"\nAll {len(STORIES)} went as they should.")


if __name__ == "__main__":
    main()
