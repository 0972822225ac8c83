"""The call laboratory, seen from the builder's machine: telephones, operator, robot, mail."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from .house import House
from .parts import Mailsink, Operator, Robot
from .world import Machine, eventually


@dataclass(frozen=True)
class Lab:
    """The whole laboratory."""

    operator: Operator
    robot: Robot
    mailsink: Mailsink
    houses: dict[str, House]


@contextmanager
def open_lab(exchanges: list[str], lines: int = 2) -> Generator[Lab, None, None]:
    """Switch the telephones of these exchanges on, and off again whatever happens.

    `lines` is how many each of them has.
    """
    operator, phones = Operator(), Machine("phones")
    phones.run("systemctl", "stop", "phone-*")
    with ThreadPoolExecutor() as pool:
        houses = dict(
            zip(exchanges, pool.map(lambda name: House(name, operator, phones), exchanges))  # noqa: B905
        )
    try:
        for house in houses.values():
            for account in (house.number, house.second_account)[:lines]:
                eventually(
                    lambda account=account: operator.registered(account),  # type: ignore[misc]
                    f"{account} is registered",
                    60,
                )
        yield Lab(operator, Robot(), Mailsink(), houses)
    finally:
        for house in houses.values():
            house.close()
