"""Whatever happens between the exchange and its operator: the line comes back by itself.

The operator grants half an hour, so a registration that was lost is not renewed by chance.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from typing import Any

import pytest
from lab import Lab
from lab.build import settle
from lab.house import House
from lab.network import Network, Router
from lab.world import HOUSEHOLD, eventually

Figures = dict[str, dict[str, str]]

# Longer than any outage that the exchange may overlook (asterisk-trunk-watch says why).
OUTAGE = 50


@pytest.fixture(scope="module")
def routers(lab: Lab) -> Generator[dict[str, Router], None, None]:
    """Stand between each house and its operator."""
    routers = {name: Router(house, lab.operator) for name, house in lab.houses.items()}
    yield routers
    for name, house in lab.houses.items():
        routers[name].remove()
        house.run("systemctl", "restart", "asterisk")
    for house in lab.houses.values():
        house.wait_until_reachable()


def heals(house: House, figures: Figures, fault: str, since: float) -> None:
    """Wait until a house can be called and can call, and note how long that took."""
    house.wait_until_reachable()
    note(house, figures, f"{fault}: called again", since)
    eventually(lambda: calls_out(house), f"{house.name} can call", 60)


def note(house: House, figures: Figures, what: str, since: float) -> None:
    """Keep how long something took."""
    figures.setdefault(what, {})[house.name] = f"{time.time() - since:.0f} s"


def calls_out(house: House) -> bool:
    """Tell whether a call to a landline is answered."""
    house.salon.forget()
    house.salon.dial("0123456789")
    house.salon.listen_for(2)
    house.salon.hang_up()
    house.wait_until_idle(40)
    return house.salon.saw("CALL_ESTABLISHED") is not None


@pytest.fixture(scope="module")
def operator_crashed(lab: Lab) -> float:
    """Let the operator forget all registrations, and refuse those of the second lines."""
    lab.operator.refuse(house.second_account for house in lab.houses.values())
    lab.operator.crash(OUTAGE)
    return time.time()


def test_a_registration_that_the_operator_has_lost_is_made_again(
    house: House, operator_crashed: float, figures: Figures
) -> None:
    heals(house, figures, "operator forgot", operator_crashed)


def test_a_line_that_is_refused_leaves_the_other_alone(
    house: House, lab: Lab, operator_crashed: float
) -> None:
    assert not lab.operator.registered(house.second_account)
    dialled = house.known.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1


@pytest.fixture(scope="module")
def operator_accepts(lab: Lab) -> float:
    lab.operator.refuse([])
    return time.time()


def test_a_line_comes_back_when_it_is_not_refused_any_more(
    house: House, lab: Lab, operator_accepts: float, figures: Figures
) -> None:
    account = house.second_account
    eventually(lambda: lab.operator.registered(account), f"{account} is back", 60)
    note(house, figures, "refused line: registered again", operator_accepts)
    house.known.dial(house.second_number)
    house.salon.wait("CALL_INCOMING")


@pytest.fixture(scope="module")
def without_names(lab: Lab) -> float:
    lab.operator.names(on=False)
    time.sleep(OUTAGE)
    return time.time()


def test_calls_arrive_while_no_name_resolves(house: House, without_names: float) -> None:
    dialled = house.known.dial(house.number)
    assert house.salon.wait("CALL_INCOMING").at - dialled < 1


@pytest.fixture(scope="module")
def names_are_back(lab: Lab) -> float:
    lab.operator.names(on=True)
    return time.time()


def test_calls_go_out_when_names_resolve_again(
    house: House, names_are_back: float, figures: Figures
) -> None:
    eventually(lambda: calls_out(house), f"{house.name} can call", 90)
    note(house, figures, "names away: calls out again", names_are_back)
    house.wait_until_reachable()


@pytest.fixture(scope="module")
def started_without_names(lab: Lab) -> float:
    """Start each exchange while no name resolves; then let the names resolve again."""
    lab.operator.names(on=False)
    for house in lab.houses.values():
        house.run("systemctl", "restart", "asterisk")
    for house in lab.houses.values():
        house.run("asterisk", "-rx", "core waitfullybooted")
    lab.operator.names(on=True)
    return time.time()


def test_names_that_do_not_resolve_at_the_start_do_not_leave_the_line_dead(
    house: House, started_without_names: float, figures: Figures
) -> None:
    heals(house, figures, "names away at the start", started_without_names)


@pytest.fixture(scope="module")
def started_without_a_network(lab: Lab) -> float:
    """Start each exchange before it has an address: after a power cut the box takes longer."""
    for house in lab.houses.values():
        (link,) = json.loads(house.run("ip", "-json", "-4", "address", "show", "dev", "eth0"))
        (here,) = link["addr_info"]
        ways = json.loads(house.run("ip", "-json", "-4", "route", "show", "default"))
        network = Network(house)
        network.ip("address", "flush", "dev", "eth0")
        house.run("systemctl", "restart", "asterisk")
        house.run("asterisk", "-rx", "core waitfullybooted")
        house.run("systemctl", "restart", "asterisk-trunk-watch")
        time.sleep(5)  # it has looked in vain
        network.ip("address", "add", f"{here['local']}/{here['prefixlen']}", "dev", "eth0")
        for way in ways:
            network.ip("route", "add", "default", "via", way["gateway"], "dev", "eth0")
    return time.time()


def test_a_start_before_there_is_a_network_does_not_leave_the_line_dead(
    house: House, started_without_a_network: float, figures: Figures
) -> None:
    heals(house, figures, "no address at the start", started_without_a_network)


@pytest.fixture(scope="module")
def routers_restarted(routers: dict[str, Router]) -> float:
    for router in routers.values():
        router.switch_off()
    time.sleep(OUTAGE)
    for router in routers.values():
        router.switch_on()
    return time.time()


def test_a_router_that_restarts_with_another_port_is_no_end(
    house: House, routers_restarted: float, figures: Figures
) -> None:
    heals(house, figures, "router restarted", routers_restarted)


def move(lab: Lab, routers: dict[str, Router], back: bool) -> float:
    """Give the operator's names another address, and let the other one be deaf."""
    here = lab.operator.address()
    elsewhere = here.rpartition(".")[0] + ".250"
    Network(lab.operator).ip("address", "replace", f"{elsewhere}/32", "dev", "eth0")
    old, new = (elsewhere, here) if back else (here, elsewhere)
    for router in routers.values():
        router.find()
    for router in routers.values():
        router.redirect(old, new)
    lab.operator.names_lead_to(new, old)
    return time.time()


@pytest.fixture(scope="module")
def operator_moved(lab: Lab, routers: dict[str, Router]) -> Generator[float, None, None]:
    yield move(lab, routers, back=False)
    move(lab, routers, back=True)


def test_an_operator_that_moves_is_followed(
    house: House, operator_moved: float, figures: Figures
) -> None:
    heals(house, figures, "operator moved", operator_moved)


@pytest.fixture(scope="module")
def operator_moved_back(lab: Lab, routers: dict[str, Router], operator_moved: float) -> float:
    return move(lab, routers, back=True)


def test_an_operator_that_moves_back_is_followed(
    house: House, operator_moved_back: float, figures: Figures
) -> None:
    heals(house, figures, "operator moved back", operator_moved_back)


@pytest.fixture(scope="module")
def first_line_dead(routers: dict[str, Router]) -> None:
    """Lose all that is sent to the first trunk, of a sudden."""
    for router in routers.values():
        router.lose("freephonie.net")


def test_an_emergency_call_does_not_wait_long_for_a_dead_line(
    house: House, lab: Lab, first_line_dead: None, figures: Figures
) -> None:
    dialled = house.salon.dial("15")
    took = house.salon.wait("CALL_ESTABLISHED", timeout=20).at - dialled
    figures.setdefault("line dies: emergency by the other", {})[house.name] = f"{took:.1f} s"
    assert "15" in lab.operator.dialled(house.second_account)
    assert took < 8


def renamed(old: str, new: str) -> dict[str, Any]:
    """Return the household with another name for a trunk."""
    secrets = HOUSEHOLD["household_secrets"]
    return {
        "household_trunks": [
            {**trunk, "name": new if trunk["name"] == old else trunk["name"]}
            for trunk in HOUSEHOLD["household_trunks"]
        ],
        "household_routes": {
            kind: [new if name == old else name for name in names]
            for kind, names in HOUSEHOLD["household_routes"].items()
        },
        "household_secrets": {
            **secrets,
            "trunks": {new if k == old else k: v for k, v in secrets["trunks"].items()},
        },
    }


@pytest.fixture(scope="module")
def trunk_renamed(lab: Lab, routers: dict[str, Router]) -> Generator[float, None, None]:
    """Rename a trunk by the playbook while people talk; name it as before in the end."""
    for router in routers.values():
        router.find()
    for house in lab.houses.values():
        house.wait_until_reachable()
        house.known.dial(house.number)
    for house in lab.houses.values():
        house.salon.wait("CALL_INCOMING")
        house.salon.accept()
        house.known.wait("CALL_ESTABLISHED")
    settle(list(lab.houses), "asterisk,dialplan", **renamed("free", "maison"))
    yield time.time()
    settle(list(lab.houses), "asterisk,dialplan")
    for house in lab.houses.values():
        house.wait_until_reachable()


def test_nothing_is_left_of_a_trunk_that_was_renamed(
    house: House, lab: Lab, trunk_renamed: float, figures: Figures
) -> None:
    assert not house.known.saw("CALL_CLOSED"), "the call has ended"
    house.known.hang_up()
    heals(house, figures, "trunk renamed", trunk_renamed)
    # What either driver registers, and what the operator has of it.
    registry = "".join(map(house.asterisk, ("sip show registry", "pjsip show registrations")))
    assert registry.count("freephonie.net") == 1 and "free/" not in registry
    contact = lab.operator.asterisk(f"pjsip show aor {house.number}")
    assert contact.count(f"Contact:  {house.number}/sip:") == 1 and "/sip:maison@" in contact
    assert "'free'" not in house.asterisk("dialplan show from-trunk")
