"""Merchants that never were, before they live: what each has of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from sycee_scoring.fraud.evidence import Application, Trade
from sycee_scoring.fraud.surroundings import Attribute, Kind

START: Final = datetime(2026, 5, 1, tzinfo=UTC)
DAYS: Final = 120


@dataclass(frozen=True, slots=True)
class Person:
    """A merchant: its pattern, the group it is of, when it applies, and what it says."""

    pattern: str
    fraud: bool
    group: int
    applies: tuple[datetime, ...]
    application: Application
    confirmed: bool = False


@dataclass(slots=True)
class Town:
    """The merchants so far, with what draws them."""

    random: np.random.Generator
    people: list[Person] = field(default_factory=list)
    groups: int = 0

    def somebody(self, opened: date | None = None) -> Application:
        """An honest merchant that shares nothing."""
        number = len(self.people)
        opened = opened or START.date() - timedelta(days=int(self.random.gamma(2.0, 400.0)))
        base_fen = float(self.random.lognormal(13.5, 0.8))
        weeks = max(2, min(104, (START.date() - opened).days // 7))
        weekly = self.random.lognormal(np.log(base_fen), 0.35, weeks).round().astype(int)
        own = (Kind.OPERATOR, Kind.PHONE, Kind.ACCOUNT, Kind.ADDRESS, Kind.DEVICE, Kind.NETWORK)
        return Application(
            merchant_id=f"m{number}",
            as_of=START,
            application_id="first",
            attributes=tuple(sorted(attribute(kind, f"m{number}") for kind in own)),
            opened_on=opened,
            trade=Trade(weeks * 7 // 30, tuple(int(fen) for fen in weekly)),
            fake_share=float(self.random.beta(0.6, 40.0)),
            settlement_ratio=float(self.random.lognormal(0.03, 0.08)),
        )

    def settle(self, pattern: str, application: Application, *, fraud: bool, **facts: Any) -> None:
        """Moves a merchant in, of the newest group."""
        at = facts.pop("at", None) or self.moment()
        self.people.append(Person(pattern, fraud, self.groups, facts.pop("applies", (at,)), application, **facts))

    def moment(self, within: tuple[float, float] = (0.0, DAYS)) -> datetime:
        """A moment of the days that are looked at."""
        return START + timedelta(days=float(self.random.uniform(*within)))

    def chance(self, share: float) -> bool:
        """Whether something that happens so often does."""
        return bool(self.random.random() < share)

    def number(self, low: int, high: int) -> int:
        """A whole number of a range, both ends included."""
        return int(self.random.integers(low, high + 1))


def attribute(kind: Kind, thing: str) -> Attribute:
    """A digest that stands for a thing."""
    return Attribute(kind, hashlib.blake2b(thing.encode(), digest_size=16).digest())


def sharing(application: Application, **things: str) -> Application:
    """The same with other things in place of its own, by the names of their kinds."""
    other = {Kind[name]: thing for name, thing in things.items()}
    kept = [one for one in application.attributes if one.kind not in other]
    new = [attribute(kind, thing) for kind, thing in other.items()]
    return replace(application, attributes=tuple(sorted({*kept, *new})))
