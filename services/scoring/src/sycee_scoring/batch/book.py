"""A book as arrays, and a row of it as evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from sycee_scoring.batch.columns import day_of
from sycee_scoring.domain.evidence import BureauReport, Evidence, Invoices, Loan, Repayments, Trade, Traits

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weekly sales of every row, one after the other: row i has `lengths[i]` weeks from `starts[i]` on."""

    values: Integers
    starts: Integers
    lengths: Integers

    def of(self, row: int) -> tuple[int, ...]:
        """The weeks of one row."""
        start = int(self.starts[row])
        return tuple(self.values[start : start + int(self.lengths[row])].tolist())

    def matrix(self, rows: Integers, length: int) -> Floats:
        """The weeks of rows that have all the same number of them, as (rows, length)."""
        if len(rows) and int(self.starts[rows[-1]]) - int(self.starts[rows[0]]) == length * (len(rows) - 1):
            start = int(self.starts[rows[0]])  # side by side already, as where every merchant has two years
            return self.values[start : start + length * len(rows)].reshape(len(rows), length).astype(np.float64)
        found: Floats = self.values[self.starts[rows][:, None] + np.arange(length)].astype(np.float64)
        return found


class Book:
    """Typed columns (`columns.typed`), each turned into an array when it is first asked for."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame.with_columns(day=day_of(pl.col("as_of")))
        self._floats: dict[str, Floats] = {}

    def __len__(self) -> int:
        return self.frame.height

    def floats(self, name: str) -> Floats:
        """A column of numbers, NaN where one is missing."""
        if name not in self._floats:
            self._floats[name] = self.frame[name].cast(pl.Float64).fill_null(math.nan).to_numpy()
        return self._floats[name]

    def days(self, name: str) -> Floats:
        """A column of days since 1970, NaN where one is missing."""
        return self.frame[name].cast(pl.Int32).cast(pl.Float64).fill_null(math.nan).to_numpy()

    def given(self, name: str) -> Flags:
        """Where a column has a value."""
        return self.frame[name].is_not_null().to_numpy()

    def weeks(self) -> Weeks:
        """Weekly sales; none where the column is empty."""
        column = self.frame["weekly_net_fen"].fill_null(pl.Series([[]], dtype=pl.List(pl.Int64)))
        lengths = column.list.len().cast(pl.Int64).to_numpy()
        values = column.filter(column.list.len() > 0).explode().to_numpy()
        return Weeks(values.astype(np.int64, copy=False), np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)

    def evidence(self) -> list[Evidence]:
        """Every row as the online service would see it."""
        return [_evidence(row) for row in self.frame.iter_rows(named=True)]


_Row = dict[str, object]


def _evidence(row: _Row) -> Evidence:
    quality = row["quality_score"]
    as_of, day = row["as_of"], row["day"]
    if not isinstance(as_of, datetime) or not isinstance(day, date):
        raise TypeError("as_of is a moment")
    return Evidence(
        merchant_id=str(row["merchant_id"]),
        as_of=as_of,
        day=day,
        loan=Loan(_whole(row, "requested_amount_fen"), _whole(row, "term_months")),
        traits=_traits(row),
        trade=_trade(row),
        fee_share=_fee_share(row),
        bureau=_report(row),
        repayments=_repayments(row),
        quality=1.0 if quality is None else _whole(row, "quality_score") / 100,
        invoices=_invoices(row),
    )


def _whole(row: _Row, name: str) -> int:
    value = row[name]
    return value if isinstance(value, int) else 0


def _number(row: _Row, name: str) -> float | None:
    value = row[name]
    return value if isinstance(value, float) else None


def _day(row: _Row, name: str) -> date | None:
    value = row[name]
    return value if isinstance(value, date) else None


def _traits(row: _Row) -> Traits | None:
    if row["category"] is None and row["opened_on"] is None and row["employee_count"] is None:
        return None
    people = row["employee_count"]
    return Traits(
        category=str(row["category"] or ""),
        opened_on=_day(row, "opened_on"),
        employee_count=people if isinstance(people, int) else None,
    )


def _trade(row: _Row) -> Trade | None:
    if row["monthly_net_12m_fen"] is None:
        return None
    weeks = row["weekly_net_fen"]
    return Trade(
        months_of_history=_whole(row, "months_of_history"),
        monthly_net_12m_fen=_whole(row, "monthly_net_12m_fen"),
        monthly_net_3m_adjusted_fen=_whole(row, "monthly_net_3m_adjusted_fen"),
        refund_rate=_number(row, "refund_rate_180d") or 0.0,
        weekly_net_fen=tuple(weeks) if isinstance(weeks, list) else (),
    )


def _fee_share(row: _Row) -> float | None:
    if row["settlement_net_fen"] is None:
        return None
    net, fee = _whole(row, "settlement_net_fen"), _whole(row, "settlement_fee_fen")
    return fee / (net + fee) if net + fee > 0 else None


def _report(row: _Row) -> BureauReport | None:
    report_date = _day(row, "bureau_report_date")
    if report_date is None:
        return None
    return BureauReport(
        report_date=report_date,
        outstanding_fen=_whole(row, "bureau_outstanding_fen"),
        credit_lines_fen=_whole(row, "bureau_credit_lines_fen"),
        monthly_debt_service_fen=_whole(row, "bureau_monthly_debt_service_fen"),
        months_overdue_24m=_whole(row, "bureau_months_overdue_24m"),
        worst_overdue_24m=_whole(row, "bureau_worst_overdue_24m"),
        enquiries_3m=_whole(row, "bureau_enquiries_3m"),
        public_records=_whole(row, "bureau_public_records"),
    )


def _repayments(row: _Row) -> Repayments | None:
    if row["repayment_count"] is None and row["worst_days_past_due"] is None:
        return None
    return Repayments(_whole(row, "repayment_count"), _whole(row, "worst_days_past_due"))


def _invoices(row: _Row) -> Invoices | None:
    if row["invoice_sale_count"] is None:
        return None
    return Invoices(
        sale_count=_whole(row, "invoice_sale_count"),
        voided_count=_whole(row, "invoice_voided_count"),
        customer_herfindahl=_number(row, "customer_herfindahl"),
        purchases_to_sales=_number(row, "purchases_to_sales"),
    )
