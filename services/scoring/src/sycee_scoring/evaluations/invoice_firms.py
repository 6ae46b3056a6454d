"""The evidence that a firm's invoices give on a day, with the windows and definitions of the portrait.

Sales are net of red-letter invoices and without those that were voided; a window ends with the last whole day. What the
portrait takes from orders (level, season, weeks, refunds) is here taken from sales invoices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

import polars as pl

from sycee_scoring.domain.cashflow import MAX_WEEKS
from sycee_scoring.domain.evidence import Evidence, Invoices, Loan, Trade

YEAR_DAYS: Final = 365
HALF_YEAR_DAYS: Final = 180
QUARTER_DAYS: Final = 91
MONTH_DAYS: Final = 30.4375
SEASON_HISTORY_DAYS: Final = 456
"""Fifteen months: what a season's index needs."""

SEASON_BOUNDS: Final = (0.25, 4.0)

_AGE: Final = pl.col("age")
_NET: Final = pl.col("net_fen")


@dataclass(frozen=True, slots=True)
class Firms:
    """Firms in the order of their names. `refused` have no valid sale before the day: there is nothing to score."""

    evidence: Mapping[str, Evidence]
    refused: tuple[str, ...]


def firms_on(days: Mapping[str, date], sales: pl.DataFrame, purchases: pl.DataFrame | None, loan: Loan) -> Firms:
    """Every firm of `days` as known on its day, from invoices before it; each asks for the same loan."""
    when = pl.DataFrame({"firm": list(days), "day": list(days.values())}, schema={"firm": pl.String, "day": pl.Date})
    facts = _facts(_aged(sales, when), None if purchases is None else _aged(purchases, when))
    evidence = {
        row["firm"]: _evidence(row, days[row["firm"]], loan) for row in facts.sort("firm").iter_rows(named=True)
    }
    return Firms(evidence, tuple(firm for firm in sorted(days) if firm not in evidence))


def _aged(invoices: pl.DataFrame, when: pl.DataFrame) -> pl.DataFrame:
    """Invoices before the firm's day, with their `age` in days, 1 for the day before."""
    age = (pl.col("day") - pl.col("date")).dt.total_days().alias("age")
    return invoices.join(when, on="firm").with_columns(age).filter(_AGE >= 1)


def _facts(sales: pl.DataFrame, purchases: pl.DataFrame | None) -> pl.DataFrame:
    """One row a firm with at least one valid sale."""
    valid = sales.filter("valid")
    year = valid.filter(_AGE <= YEAR_DAYS)
    half = _AGE <= HALF_YEAR_DAYS
    facts = (
        valid.group_by("firm")
        .agg(
            pl.col("age").filter(_NET > 0).max().alias("history"),
            _NET.filter(_AGE <= YEAR_DAYS).sum().alias("year_fen"),
            _NET.filter(_AGE <= QUARTER_DAYS).sum().alias("quarter_fen"),
            _NET.filter(_AGE.is_between(YEAR_DAYS + 1, YEAR_DAYS + QUARTER_DAYS)).sum().alias("last_quarter_fen"),
            _NET.filter(_AGE.is_between(QUARTER_DAYS + 1, QUARTER_DAYS + YEAR_DAYS)).sum().alias("last_year_fen"),
            _NET.filter(half, _NET > 0).sum().alias("paid_fen"),
            (-_NET.filter(half, _NET < 0)).sum().alias("refunded_fen"),
            (_AGE <= YEAR_DAYS).sum().alias("sale_count"),
        )
        .filter(pl.col("history").is_not_null())
    )
    voided = sales.filter(~pl.col("valid"), _AGE <= YEAR_DAYS).group_by("firm").agg(pl.len().alias("voided_count"))
    facts = facts.join(voided, on="firm", how="left").join(_weeks(valid), on="firm", how="left")
    facts = facts.join(_herfindahl(year), on="firm", how="left")
    if purchases is None:
        return facts.with_columns(pl.lit(None, pl.Int64).alias("bought_fen"))
    bought = purchases.filter("valid").group_by("firm").agg(_NET.filter(_AGE <= YEAR_DAYS).sum().alias("bought_fen"))
    return facts.join(bought, on="firm", how="left")


def _weeks(valid: pl.DataFrame) -> pl.DataFrame:
    """Sums of whole weeks counted back from the day, as lists of `week` (0 is the last one) and `week_fen`."""
    weeks = valid.with_columns(((_AGE - 1) // 7).alias("week")).filter(pl.col("week") < MAX_WEEKS)
    sums = weeks.group_by("firm", "week").agg(_NET.sum().alias("week_fen"))
    return sums.group_by("firm").agg("week", "week_fen")


def _herfindahl(year: pl.DataFrame) -> pl.DataFrame:
    """The Herfindahl index of sales by customer, of firms that name customers for at least half of them."""
    by_customer = year.group_by("firm", "counterparty").agg(_NET.sum().clip(0).alias("fen"))
    named = pl.col("fen").filter(pl.col("counterparty").is_not_null()).cast(pl.Float64)
    sums = by_customer.group_by("firm").agg(
        named.sum().alias("named"), pl.col("fen").sum().alias("all"), (named / named.sum()).pow(2).sum().alias("hhi")
    )
    return sums.filter(pl.col("named") > 0, pl.col("named") * 2 >= pl.col("all")).select("firm", "hhi")


def _evidence(row: Mapping[str, Any], day: date, loan: Loan) -> Evidence:
    return Evidence(
        merchant_id=row["firm"],
        as_of=datetime.combine(day, time(), UTC),
        day=day,
        loan=loan,
        traits=None,
        trade=_trade(row),
        fee_share=None,
        bureau=None,
        repayments=None,
        invoices=_invoices(row),
    )


def _trade(row: Mapping[str, Any]) -> Trade:
    history = row["history"]
    quarter = _monthly(row["quarter_fen"], QUARTER_DAYS, history)
    paid, refunded = row["paid_fen"], row["refunded_fen"]
    return Trade(
        months_of_history=int(history / MONTH_DAYS),
        monthly_net_12m_fen=round(_monthly(row["year_fen"], YEAR_DAYS, history)),
        monthly_net_3m_adjusted_fen=round(quarter / _season(row)),
        refund_rate=refunded / paid if paid > 0 else float(refunded > 0),
        weekly_net_fen=_weekly(row),
    )


def _monthly(fen: int, days: int, history: int) -> float:
    return fen * MONTH_DAYS / max(min(days, history), MONTH_DAYS)


def _season(row: Mapping[str, Any]) -> float:
    """Last year's same 91 days over the mean of the 365 days that began with them; 1 with less than fifteen months."""
    if row["history"] < SEASON_HISTORY_DAYS or row["last_quarter_fen"] <= 0 or row["last_year_fen"] <= 0:
        return 1.0
    index: float = (row["last_quarter_fen"] / QUARTER_DAYS) / (row["last_year_fen"] / YEAR_DAYS)
    return min(max(index, SEASON_BOUNDS[0]), SEASON_BOUNDS[1])


def _weekly(row: Mapping[str, Any]) -> tuple[int, ...]:
    count = min((row["history"] - 1) // 7 + 1, MAX_WEEKS)
    weeks = [0] * count
    for week, fen in zip(row["week"] or (), row["week_fen"] or (), strict=True):
        if week < count:
            weeks[count - 1 - week] = fen
    return tuple(weeks)


def _invoices(row: Mapping[str, Any]) -> Invoices:
    year, bought = row["year_fen"], row["bought_fen"]
    return Invoices(
        sale_count=row["sale_count"],
        voided_count=row["voided_count"] or 0,
        customer_herfindahl=row["hhi"],
        purchases_to_sales=bought / year if bought is not None and year > 0 else None,
    )
