"""Records that are few and read one by one: bureau, tax, energy, penalties, repayments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class BureauReport:
    """A bureau's report; amounts in fen, the repayment grid already counted (see `grid_counts`)."""

    report_date: date
    open_accounts: int
    outstanding_fen: int
    credit_lines_fen: int
    monthly_debt_service_fen: int
    months_overdue_24m: int
    worst_overdue_24m: int
    enquiries_3m: int
    public_records: int


@dataclass(frozen=True, slots=True)
class TaxRecord:
    """A tax report of a period, both ends included; `rating` carries the number of the contract's TaxRating.

    `declared_sales_fen` is None in a record that only tells of a rating.
    """

    occurred_at: datetime
    period_first: date
    period_last: date
    declared_sales_fen: int | None
    rating: int
    late: bool


@dataclass(frozen=True, slots=True)
class EnergyUse:
    """Electricity of a period, both ends included."""

    period_first: date
    period_last: date
    electricity_wh: int


@dataclass(frozen=True, slots=True)
class RepaymentRecord:
    """Repayments seen, and the longest delay in days."""

    repayment_count: int
    worst_days_past_due: int


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax section of a portrait."""

    rating: int
    declared_sales_fen: int
    platform_net_fen: int
    late_count: int


@dataclass(frozen=True, slots=True)
class Energy:
    """The energy section of a portrait."""

    electricity_wh: int
    day_count: int


@dataclass(frozen=True, slots=True)
class Penalties:
    """The penalty section of a portrait, over 730 days: (kind, count) ascending by kind, and the sum of the fines.

    `kind` carries the number of the contract's StorePenalty.Kind.
    """

    counts: tuple[tuple[int, int], ...]
    fines_fen: int


def grid_counts(grid: str) -> tuple[int, int]:
    """Months overdue and the worst state in a repayment grid ("N" paid, "1" to "7" months overdue, "-" no account)."""
    overdue = [int(mark) for mark in grid if mark.isdigit()]
    return len(overdue), max(overdue, default=0)


def tax_section(
    newest: TaxRecord, records: Iterable[TaxRecord], today: date, net_between: Callable[[date, date], int]
) -> Tax:
    """Tax over the 365 whole days before `today`: the records whose period ended in them.

    Periods that overlap count once: the record that was filed last stands for them, since it corrects the others.
    `net_between(first, last)` gives the platforms' sales net of refunds in fen over whole days, both included; it is
    asked for exactly the periods that were declared, so that the two sums can be held against each other (CN-ID-08).
    """
    since = today - timedelta(days=365)
    in_window = sorted((r for r in records if since <= r.period_last < today), key=_filing_order, reverse=True)
    declared: list[tuple[TaxRecord, int]] = []
    for record in in_window:
        if record.declared_sales_fen is not None and not any(_overlap(record, other) for other, _ in declared):
            declared.append((record, record.declared_sales_fen))
    late_by_period = {(record.period_first, record.period_last): record.late for record in reversed(in_window)}
    return Tax(
        rating=newest.rating,
        declared_sales_fen=sum(fen for _, fen in declared),
        platform_net_fen=sum(net_between(record.period_first, record.period_last) for record, _ in declared),
        late_count=sum(late_by_period.values()),
    )


def _overlap(one: TaxRecord, other: TaxRecord) -> bool:
    return one.period_first <= other.period_last and other.period_first <= one.period_last


def _filing_order(record: TaxRecord) -> tuple[datetime, date, date, int, bool]:
    """Total, so that the order in which records arrived cannot matter."""
    return record.occurred_at, record.period_last, record.period_first, record.declared_sales_fen or 0, record.late


def energy_section(records: Iterable[EnergyUse], today: date) -> Energy:
    """Electricity of the 365 whole days before `today`; a bill that reaches beyond them counts by its days within.

    Bills of several meters add up; a day that two bills cover is one day.
    """
    first, last = today - timedelta(days=365), today - timedelta(days=1)
    covered: set[int] = set()
    electricity_wh = 0
    for record in records:
        begin, end = max(record.period_first, first), min(record.period_last, last)
        days = (end - begin).days + 1
        if days <= 0:
            continue
        electricity_wh += record.electricity_wh * days // ((record.period_last - record.period_first).days + 1)
        covered.update(range(begin.toordinal(), end.toordinal() + 1))
    return Energy(electricity_wh=electricity_wh, day_count=len(covered))
