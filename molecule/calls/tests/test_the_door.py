"""Nobody is let in without a password but the operator: real requests under every known name.

All names are asked of Asterisk itself, and each is written wherever a request has a name.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from statistics import median
from threading import Event

import pytest
from lab import Lab
from lab.house import House
from lab.network import Network
from lab.world import Answer, Machine

METHODS = (
    *("INVITE", "REGISTER", "SUBSCRIBE", "OPTIONS", "MESSAGE", "REFER", "PUBLISH", "NOTIFY"),
    *("INFO", "UPDATE", "PRACK", "BYE", "CANCEL", "NONSENSE"),
)
# Where a name may stand: in From, in To, in Contact, as a digest login with a wrong password (with
# the same From, and with a stranger's), and as the token of a registration.
PLACES = ("caller", "called", "contact", "login", "only the login", "line")
# What Asterisk has by itself, or has in many guides.
BUILT_IN = ("anonymous", "asterisk", "artificial", "default", "general", "guest", "s", "*8")
# Like the names of lines and of handsets, and of no account.
UNKNOWN = ("fred", "ovj", "004", "099")

pytestmark = pytest.mark.usefixtures("no_firewall")

LINES = ("free", "ovh")
KNOWN = (*LINES, "001", "002")
# No machine of the laboratory.
SOMEBODY = "192.0.2.77"


def accounts(house: House) -> list[str]:
    """Return the names that the configuration knows of lines, phones, logins and mailboxes."""
    found = [house.number, house.second_number, house.second_account]
    found += re.findall(r"^default +(\d+)", house.asterisk("voicemail show users"), re.M)
    if "pjsip" in house.name:
        said = house.asterisk("pjsip show endpoints")
        lines = re.findall(r"^ *(?:Endpoint|\w+Auth|Aor|Transport|Identify): +(\S+)", said, re.M)
        lines += re.findall(r"^ (\S+)/sip:", house.asterisk("pjsip show registrations"), re.M)
    else:
        lines = re.findall(r"^(\S+) +\S", house.asterisk("sip show peers"), re.M)
        lines += re.findall(r"^\S+ +[YN] +(\S+)", house.asterisk("sip show registry"), re.M)
    found += [name for line in lines for name in line.split("/")]
    assert {*KNOWN, house.number} <= set(found)
    headings = re.compile(r".*\.\.|[<(]")
    return [name for name in dict.fromkeys([*found, *BUILT_IN]) if not headings.match(name)]


def contexts(house: House) -> list[str]:
    """Return the names of the dialplan's contexts."""
    return re.findall(r"Context '([^']+)'", house.asterisk("dialplan show"))


Attempt = tuple[str, str, str]


def attempts(methods: Sequence[str], places: Sequence[str], names: Sequence[str]) -> list[Attempt]:
    """Return all with all."""
    return list(itertools.product(methods, places, names))


def request(method: str, place: str, name: str) -> dict[str, str]:
    """Return the request. It goes to a line, and media to somebody who has not asked for it."""
    written = {place: name}
    if place == "login":
        written["caller"] = name
    elif place == "only the login":
        written = {"login": name}
    return {"method": method, "called": "free", "media": SOMEBODY, "hold": "0.3", **written}


def knock(machine: Machine, house: House, them: Sequence[Attempt]) -> dict[Attempt, Answer]:
    """Make these attempts from a machine; each is answered, at least with a refusal."""
    answers = machine.knock(house.address(), [request(*attempt) for attempt in them])
    answered = dict(zip(them, answers, strict=True))
    assert not [attempt for attempt, answer in answered.items() if not answer.codes]
    return answered


@contextmanager
def nothing_happens(house: House) -> Iterator[None]:
    """See that no phone rings, nothing is dialled or recorded, and nothing sent to somebody."""
    before = house.dialled(), house.last_call()
    network = Network(house)
    network.rule("filter", "OUTPUT", "--destination", SOMEBODY)
    try:
        yield
        assert network.packets("OUTPUT") == 0, "packets were sent to somebody else"
    finally:
        network.forget_rules()
    assert not house.rang()
    assert house.calls() == 0
    assert before == (house.dialled(), house.last_call())


@cache
def heard(robot: Machine, house: House) -> dict[Attempt, Answer]:
    """Make every attempt from a stranger's machine, once for all tests; nothing happens."""
    them = attempts(METHODS, PLACES, [*accounts(house), *UNKNOWN])
    them += attempts(("INVITE", "REGISTER"), PLACES, contexts(house))
    with nothing_happens(house):
        return knock(robot, house, them)


def test_no_name_lets_anybody_in(house: House, lab: Lab) -> None:
    answers = heard(lab.robot, house)
    assert not {attempt: answer.codes for attempt, answer in answers.items() if answer.code < 400}


def test_a_name_that_is_known_is_answered_like_any_other(house: House, lab: Lab) -> None:
    """Whoever asks learns no name, and no version."""
    said: defaultdict[Attempt, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (method, place, name), answer in heard(lab.robot, house).items():
        if "pjsip" not in house.name and method == "SUBSCRIBE" and name in LINES:
            # chan_sip takes From alone for who subscribes: a line is told apart, and refused.
            assert answer.code == 403 or place not in ("caller", "login")
            continue
        said[method, place, ""]["\n".join([str(answer.codes), *answer.lines])].append(name)
    assert not {what: dict(texts) for what, texts in said.items() if len(texts) > 1}
    texts = "\n".join(text.replace("SIP/2.0", "") for texts in said.values() for text in texts)
    assert not re.search(r"(?i)asterisk|pjsip|debian|\d\.\d", texts), texts


def test_a_name_that_is_known_is_answered_no_sooner_or_later(
    house: House, lab: Lab, figures: dict[str, dict[str, str]]
) -> None:
    for method in "INVITE", "REGISTER", "OPTIONS":
        rounds = [(method, "login", name) for name in (*KNOWN, *UNKNOWN)] * 15
        answers = lab.robot.knock(house.address(), [request(*each) for each in rounds], at_once=1)
        known, unknown = (
            median(
                answer.ms or 0
                for (_, _, name), answer in zip(rounds, answers, strict=True)
                if name in group
            )
            for group in (KNOWN, UNKNOWN)
        )
        figures.setdefault(f"{method} under a known name, another", {})[house.name] = (
            f"{known:.2f} ms, {unknown:.2f} ms"
        )
        assert abs(known - unknown) < 1 + 0.3 * unknown, f"{method}: {known} ms, {unknown} ms"


def test_the_operators_address_opens_the_door_to_calls_alone(house: House, lab: Lab) -> None:
    """Whatever name is written there: no registration, no subscription, no message, no transfer."""
    methods = [method for method in METHODS if method not in ("INVITE", "OPTIONS")]
    with nothing_happens(house):
        answers = knock(
            *(
                lab.operator,
                house,
                attempts(methods, ("caller", "called", "login"), accounts(house)),
            )
        )
    assert not {attempt: answer.codes for attempt, answer in answers.items() if answer.code < 300}


def test_a_call_from_the_operators_address_dials_nothing_under_any_name(
    house: House, lab: Lab
) -> None:
    before = house.dialled()
    names = [*accounts(house), *contexts(house)]
    knock(lab.operator, house, attempts(["INVITE"], ["caller"], names))
    house.callers_hang_up()
    house.wait_until_idle(40)
    assert house.dialled() == before


def test_a_call_from_another_address_needs_the_token_of_the_registration(
    house: House, lab: Lab
) -> None:
    """The operator calls whoever registered from an address that no name leads to."""
    if "pjsip" not in house.name:
        pytest.skip("chan_sip's registrations have no token")
    elsewhere = lab.operator.address().rpartition(".")[0] + f".24{house.number[-1]}"
    network, here = Network(lab.operator), house.address()
    network.ip("address", "replace", f"{elsewhere}/32", "dev", "eth0")
    network.ip("route", "replace", here, "dev", "eth0", "src", elsewhere)
    try:
        answers = knock(lab.operator, house, attempts(["INVITE"], PLACES, KNOWN))
        assert {answer.code for answer in answers.values()} == {401}
        dialled = house.known.dial(house.number)
        assert house.salon.wait("CALL_INCOMING").at - dialled < 1
        house.callers_hang_up()
    finally:
        network.ip("route", "delete", here, "dev", "eth0")
        network.ip("address", "delete", f"{elsewhere}/32", "dev", "eth0")


def test_sixty_calls_of_a_stranger_keep_nobody_from_ringing(house: House, lab: Lab) -> None:
    call = {"method": "INVITE", "called": "free", "hold": "9"}
    flood = [{**call, "caller": name} for name in KNOWN] * 60
    answers: list[Answer] = []
    rung = Event()

    def attack() -> None:
        while not rung.is_set():
            answers.extend(lab.robot.knock(house.address(), flood, at_once=60))

    with ThreadPoolExecutor() as pool:
        attacks = pool.submit(attack)
        try:
            house.known.listen_for(1)
            dialled = house.known.dial(house.number)
            assert house.salon.wait("CALL_INCOMING").at - dialled < 2
        finally:
            rung.set()
        attacks.result()
    assert len(answers) > 60
    assert {answer.code for answer in answers} == {401}
