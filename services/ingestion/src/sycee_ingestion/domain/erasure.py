"""Erasing a merchant's data: what goes at once, what law wants kept and until when (rules CN-PIPL-05, CN-AML-02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sycee_service.errors import InvalidArgument

from sycee_ingestion.domain.event import EARLIEST_DAY, EventKind

HOLD_YEARS = 10
"""Identity data is kept ten years after the relationship ends, transactions ten years after each (rule CN-AML-02)."""

HOLD_RULE = "CN-AML-02"

IDENTITY, DOCUMENTS, TRANSACTIONS = "identity", "identity_documents", "transactions"
"""What may be held. Documents are those that prove who somebody is: licences and id cards."""

HELD_KINDS = frozenset(
    {
        EventKind.ORDER,
        EventKind.REFUND,
        EventKind.SHIPMENT,
        EventKind.SETTLEMENT,
        EventKind.REPAYMENT,
        EventKind.INVOICE,
        EventKind.DAILY_COUNT,
    }
)
"""Events that record transactions or prove them (money, goods, papers). That a parcel or a count of payments belongs to
them is judgement; what else came (reviews with buyers' words, visits, bureau and tax reports, energy, penalties) has no
ground to stay, and goes at once."""

ACCESSES_KEPT_YEARS = 3
"""Records of how personal data was handled are kept three years (rule CN-PIPL-06)."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What law wants kept, and the last day of it."""

    what: str
    rule_id: str
    until: date


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a merchant's data: kinds of values that are gone, and what is kept."""

    merchant_id: str
    erased_at: datetime
    erased: tuple[str, ...]
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """Who asked for an erasure, why, when, and the day on which the business relationship ended."""

    requested_by: str
    reason: str
    at: datetime
    relationship_ended_on: date


def relationship_end(said: date | None, today: date) -> date:
    """The day that law counts from; today where none is said. Raises InvalidArgument for a day that cannot be it."""
    if said is None:
        return today
    if not EARLIEST_DAY <= said <= today:
        rule = f"must lie between {EARLIEST_DAY} and today"
        raise InvalidArgument("relationship_ended_on", rule, value=said.isoformat())
    return said


def years_after(day: date, years: int) -> date:
    """The same day that many years on; of 29 February the day after 28 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def years_before(day: date, years: int) -> date:
    """The same day that many years ago; of 29 February 28 February where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def holds(ended_on: date, last_transaction: date | None, *, documents: bool) -> tuple[Hold, ...]:
    """What must be kept of a merchant whose relationship ended on a day and whose last transaction was on another.

    A record of a transaction without knowing whose it was is none: the identity stays as long as the last of them.
    """
    until = years_after(max(ended_on, last_transaction or ended_on), HOLD_YEARS)
    found = [Hold(IDENTITY, HOLD_RULE, until)]
    if documents:
        found.append(Hold(DOCUMENTS, HOLD_RULE, until))
    if last_transaction is not None:
        found.append(Hold(TRANSACTIONS, HOLD_RULE, years_after(last_transaction, HOLD_YEARS)))
    return tuple(found)
