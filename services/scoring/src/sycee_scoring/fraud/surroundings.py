"""What stands around an applicant: attributes, who shares them, who applied when, and what investigations found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What merchants may share; numbers of the contract's SharedAttribute.Kind."""

    OPERATOR = 1
    PHONE = 2
    ACCOUNT = 3
    ADDRESS = 4
    DEVICE = 5
    LICENCE = 6
    NETWORK = 7


class Verdict(IntEnum):
    """How an investigation came out; numbers of the contract's FraudFinding.Verdict."""

    NONE = 0
    CONFIRMED = 1
    CLEARED = 2


WINDOWS: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(days=7), timedelta(days=30))
"""Spans over which applications are counted, ending at the moment that is looked at."""

NO_APPLICATIONS: Final = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True, order=True)
class Attribute:
    """Something that may be shared, as a keyed digest, which is never shown."""

    kind: Kind
    digest: bytes

    def __repr__(self) -> str:
        return f"Attribute({self.kind.name})"


@dataclass(frozen=True, slots=True)
class Shared:
    """An attribute of the applicant. `number` names it; `sharers` counts the merchants that have it, the applicant
    among them; `walked` says whether they were looked at one by one, which those of a hub are not."""

    number: int
    kind: Kind
    sharers: int
    walked: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A merchant that shares attributes with the applicant.

    `operator` numbers its operator, None where that is not known or no account is shared; `applications` counts over
    `WINDOWS`.
    """

    shared: tuple[Shared, ...]
    operator: int | None = None
    verdict: Verdict = Verdict.NONE
    found_at: datetime | None = None
    opened_on: date | None = None
    first_applied_at: datetime | None = None
    applications: tuple[int, int, int, int] = NO_APPLICATIONS


@dataclass(frozen=True, slots=True)
class FarMember:
    """A merchant with a finding that shares one attribute, had by `sharers`, with members; `via` are their places."""

    via: tuple[int, ...]
    kind: Kind
    sharers: int
    verdict: Verdict
    found_at: datetime | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that is known around an applicant at `moment`, its application at hand not counted.

    `first_applied_at` is None for one that never applied before. `applications` are its own, over `WINDOWS`.
    `far_count` counts the merchants at two steps, `far_confirmed` the frauds among them; `far` may name one of them
    once for each attribute. `operators` numbers its operators that were seen before; one that is new has no number yet,
    which `operator_known` tells from one that is not known.
    """

    moment: datetime
    verdict: Verdict = Verdict.NONE
    found_at: datetime | None = None
    opened_on: date | None = None
    first_applied_at: datetime | None = None
    operator_known: bool = False
    operators: frozenset[int] = frozenset()
    applications: tuple[int, int, int, int] = NO_APPLICATIONS
    attributes: tuple[Shared, ...] = ()
    members: tuple[Member, ...] = ()
    far: tuple[FarMember, ...] = ()
    far_count: int = 0
    far_confirmed: int = 0

    @property
    def linked_count(self) -> int:
        """Merchants within two steps."""
        return len(self.members) + self.far_count

    @property
    def confirmed_count(self) -> int:
        """Those whose fraud was confirmed."""
        return sum(member.verdict is Verdict.CONFIRMED for member in self.members) + self.far_confirmed


@dataclass(frozen=True, slots=True)
class RingMember:
    """A merchant `steps` from the one in the middle, and the kinds of what it shares with a nearer one."""

    merchant_id: str
    steps: int
    kinds: tuple[Kind, ...]
    verdict: Verdict
    last_applied_at: datetime | None
