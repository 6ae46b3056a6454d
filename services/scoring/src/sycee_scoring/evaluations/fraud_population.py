"""Merchants that never were: honest ones, among them those whose lives look like rings, and rings in their midst."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from sycee_scoring.evaluations.fraud_town import DAYS, START, Person, Town, sharing
from sycee_scoring.fraud.evidence import Application, DocumentSign, Trade

ALONE: Final = "alone"

# Of a thousand merchants: how many are of honest groups, and how many of each group's size.
HONEST: Final = {
    "family": (90, 2, 4),
    "family that began together": (20, 2, 4),
    "one operator, several shops": (50, 2, 5),
    "co-working hall": (120, 20, 60),
    "new market hall": (60, 20, 60),
    "warehouse": (160, 40, 300),
    "bookkeeper's clients": (60, 5, 25),
    "lent phone": (30, 2, 3),
    "comparing offers": (40, 1, 1),
    "festival seller": (40, 1, 1),
    "a little brushing": (60, 1, 1),
    "badly photographed papers": (50, 1, 1),
}
FRAUD: Final = {
    "device farm": (5, 12),
    "mule account": (4, 10),
    "whole ring": (6, 20),
    "careful ring": (8, 16),
    "around a confirmed fraud": (3, 6),
    "tries again and again": (1, 1),
    "brushed up": (1, 1),
    "forged papers": (1, 1),
    "mule's till": (1, 1),
}
RINGS_A_THOUSAND: Final = 3
"""Groups of each pattern of fraud for a thousand honest merchants, twelve where the group is one merchant."""

ALONE_FACTOR: Final = 4


def population(honest: int, seed: int) -> list[Person]:
    """So many honest merchants, and rings in proportion, in the order of their first applications."""
    town = Town(np.random.default_rng(seed))
    for pattern, (share, low, high) in HONEST.items():
        left = honest * share // 1000
        while left > 0:
            size = min(left, town.number(low, high))
            _honest_group(town, pattern, size)
            left -= size
    while len(town.people) < honest:
        town.groups += 1
        town.settle(ALONE, town.somebody(), fraud=False)
    for pattern, (low, high) in FRAUD.items():
        for _ in range(max(1, honest * RINGS_A_THOUSAND * (ALONE_FACTOR if high == 1 else 1) // 1000)):
            _fraud_group(town, pattern, town.number(low, high))
    return sorted(town.people, key=lambda person: person.applies[0])


def _honest_group(town: Town, pattern: str, size: int) -> None:
    town.groups += 1
    group = _Group(f"group {town.groups}", town.chance(0.5), town.chance(0.25))
    began_together = pattern in _BEGAN_TOGETHER
    told_together, first = began_together or town.chance(0.3), town.number(0, DAYS - 10)
    for member in range(size):
        opened = START.date() + timedelta(days=first - 60 + town.number(0, 20)) if began_together else None
        person = town.somebody(opened)
        facts: dict[str, Any] = {"at": town.moment((first, first + 10.0)) if told_together else None}
        if pattern == "comparing offers":
            at = town.moment((0.0, DAYS - 10.0))
            facts = {"applies": tuple(at + timedelta(hours=9 * again) for again in range(town.number(3, 7)))}
        elif pattern in _SHARED:
            person = sharing(person, **_SHARED[pattern](group, member))
        elif pattern in _LIVES:
            person = _LIVES[pattern](town, person)
        town.settle(pattern, person, fraud=False, **facts)


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    one_device: bool
    one_account: bool


def _family(group: _Group, _member: int) -> dict[str, str]:
    kinds = ["ADDRESS", "PHONE", "NETWORK"]
    kinds += ["DEVICE"] if group.one_device else []
    kinds += ["ACCOUNT"] if group.one_account else []
    return dict.fromkeys(kinds, group.name)


def _all_of(*kinds: str) -> Callable[[_Group, int], dict[str, str]]:
    return lambda group, _member: dict.fromkeys(kinds, group.name)


def _lent_phone(group: _Group, member: int) -> dict[str, str]:
    return {"DEVICE": f"{group.name} {member // 2}", "PHONE": group.name}


def _festival(town: Town, person: Application) -> Application:
    weeks = list(person.trade.weekly_net_fen[-20:]) if person.trade else []
    weeks[-2:] = [int(fen * town.random.uniform(2.0, 6.0)) for fen in weeks[-2:]]
    return replace(person, trade=Trade(len(weeks) * 7 // 30, tuple(weeks)))


def _little_brushing(town: Town, person: Application) -> Application:
    return replace(person, fake_share=float(town.random.uniform(0.03, 0.25)))


def _bad_papers(town: Town, person: Application) -> Application:
    signs = [DocumentSign(f"d{n}", "LOOKS_EDITED", float(town.random.uniform(0.1, 0.5))) for n in range(2)]
    return replace(person, signs=tuple(signs))


_SHARED: Final[dict[str, Callable[[_Group, int], dict[str, str]]]] = {
    "family": _family,
    "family that began together": _all_of("ADDRESS", "PHONE", "NETWORK", "DEVICE", "ACCOUNT"),
    "one operator, several shops": _all_of("OPERATOR", "PHONE", "ACCOUNT", "DEVICE"),
    "co-working hall": _all_of("ADDRESS", "NETWORK"),
    "new market hall": _all_of("ADDRESS", "NETWORK"),
    "warehouse": _all_of("ADDRESS"),
    "bookkeeper's clients": _all_of("DEVICE", "NETWORK"),
    "lent phone": _lent_phone,
}
_BEGAN_TOGETHER: Final = frozenset({"new market hall", "family that began together"})
_LIVES: Final[dict[str, Callable[[Town, Application], Application]]] = {
    "festival seller": _festival,
    "a little brushing": _little_brushing,
    "badly photographed papers": _bad_papers,
}


def _fraud_group(town: Town, pattern: str, size: int) -> None:
    town.groups += 1
    name = f"group {town.groups}"
    first = town.number(0, DAYS - 12)
    opened = START.date() + timedelta(days=first - town.number(20, 200))
    for member in range(size):
        person = town.somebody(opened + timedelta(days=town.number(0, 20)))
        facts: dict[str, Any] = {"at": town.moment((first, first + 8.0))}
        if pattern in _PATTERNS:
            person = _PATTERNS[pattern](town, person, name, member)
        elif pattern == "around a confirmed fraud":
            shared = ("PHONE", "DEVICE", "ACCOUNT")
            person = sharing(person, **dict.fromkeys(shared if member == 0 else (shared[town.number(0, 2)],), name))
            days = (first + 2.0, first + 10.0) if member else (first, first + 1.0)
            facts = {"confirmed": member == 0, "at": town.moment(days)}
        elif pattern == "tries again and again":
            at = town.moment((0.0, DAYS - 2.0))
            facts = {"applies": tuple(at + timedelta(minutes=11 * again) for again in range(town.number(8, 25)))}
        town.settle(pattern, person, fraud=True, **facts)


def _device_farm(town: Town, person: Application, name: str, _member: int) -> Application:
    return sharing(person, DEVICE=f"{name} {town.number(0, 1)}", NETWORK=name)


def _mule_account(_town: Town, person: Application, name: str, _member: int) -> Application:
    return sharing(person, ACCOUNT=name)


def _whole_ring(town: Town, person: Application, name: str, _member: int) -> Application:
    things = {"DEVICE": f"{name} {town.number(0, 2)}", "ACCOUNT": f"{name} {town.number(0, 2)}"}
    return sharing(person, **things, ADDRESS=name, PHONE=f"{name} {town.number(0, 4)}")


def _careful_ring(_town: Town, person: Application, name: str, member: int) -> Application:
    """A chain: each shares one thing with the one before and another with the one after, and nothing with the rest."""
    kinds = ("DEVICE", "PHONE", "ACCOUNT")
    before, after = {kinds[member % 3]: f"{name} {member}"}, {kinds[(member + 1) % 3]: f"{name} {member + 1}"}
    return sharing(person, **before, **after)


def _brushed_up(town: Town, person: Application, _name: str, _member: int) -> Application:
    return replace(person, fake_share=float(town.random.uniform(0.3, 0.9)))


def _forged(town: Town, person: Application, _name: str, _member: int) -> Application:
    signs = [DocumentSign(f"d{n}", "COPY_MOVE", float(town.random.uniform(0.5, 1.0))) for n in range(town.number(1, 3))]
    return replace(person, signs=tuple(signs))


def _till(town: Town, person: Application, _name: str, _member: int) -> Application:
    weeks = [int(town.random.uniform(0, 400_000)) for _ in range(town.number(2, 8))]
    weeks += [int(town.random.uniform(8_000_000, 60_000_000)) for _ in range(2)]
    ratio = float(town.random.uniform(0.05, 0.5)) if town.chance(0.6) else person.settlement_ratio
    return replace(person, trade=Trade(len(weeks) * 7 // 30, tuple(weeks)), settlement_ratio=ratio)


_PATTERNS: Final[dict[str, Callable[[Town, Application, str, int], Application]]] = {
    "device farm": _device_farm,
    "mule account": _mule_account,
    "whole ring": _whole_ring,
    "careful ring": _careful_ring,
    "brushed up": _brushed_up,
    "forged papers": _forged,
    "mule's till": _till,
}


def applications(people: list[Person]) -> Iterator[tuple[datetime, Person, Application]]:
    """All applications in the order of time, each under an id of its own."""
    moments = sorted(
        (moment, place, again) for place, person in enumerate(people) for again, moment in enumerate(person.applies)
    )
    for moment, place, again in moments:
        application = replace(people[place].application, as_of=moment, application_id=f"a{again}")
        yield moment, people[place], application
