"""Made-up books for measuring: merchants of every size with two years of weeks, a report and invoices or none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from sycee_scoring.batch.columns import COLUMNS, typed

AS_OF: Final = datetime(2026, 1, 5, 4, tzinfo=UTC)
_DAY: Final = date(2026, 1, 5)
_WEEKS: Final = 104
_CATEGORIES: Final = ("apparel", "beauty", "food", "electronics", "home")


def made_up(rows: int, seed: int = 0) -> pl.DataFrame:
    """A typed book of so many merchants; the same for the same seed."""
    draw = np.random.default_rng(seed)
    monthly = (10 ** draw.uniform(5.5, 9.0, rows)).astype(np.int64)
    swing = draw.uniform(0.1, 0.8, rows)
    weeks = monthly[:, None] * 0.23 * draw.normal(1.0, swing[:, None], (rows, _WEEKS))
    lines = (monthly * draw.uniform(0.0, 3.0, rows)).astype(np.int64)
    reported = draw.random(rows) < 0.8
    columns: dict[str, object] = {
        "merchant_id": [f"made-up-{number}" for number in range(rows)],
        "as_of": pl.repeat(AS_OF, rows, dtype=pl.Datetime("us", "UTC"), eager=True),
        "requested_amount_fen": (monthly * draw.uniform(0.1, 3.0, rows)).astype(np.int64),
        "term_months": draw.choice((3, 6, 12, 24), rows),
        "category": draw.choice(_CATEGORIES, rows),
        "opened_on": [_DAY - timedelta(days=int(days)) for days in draw.integers(200, 4_000, rows)],
        "employee_count": draw.integers(1, 40, rows),
        "monthly_net_12m_fen": monthly,
        "monthly_net_3m_adjusted_fen": (monthly * draw.uniform(0.4, 1.4, rows)).astype(np.int64),
        "months_of_history": draw.integers(24, 80, rows),
        "refund_rate_180d": draw.beta(1.0, 15.0, rows),
        "weekly_net_fen": pl.Series(weeks.astype(np.int64)).cast(pl.List(pl.Int64)),
        "settlement_net_fen": monthly * 11,
        "settlement_fee_fen": (monthly * draw.uniform(0.2, 2.0, rows)).astype(np.int64),
        "bureau_report_date": np.where(reported, np.datetime64(_DAY), np.datetime64("NaT")),
        "bureau_outstanding_fen": (lines * draw.uniform(0.0, 1.2, rows)).astype(np.int64),
        "bureau_credit_lines_fen": lines,
        "bureau_monthly_debt_service_fen": (monthly * draw.uniform(0.0, 0.1, rows)).astype(np.int64),
        "bureau_months_overdue_24m": draw.poisson(0.3, rows),
        "bureau_worst_overdue_24m": draw.poisson(0.2, rows),
        "bureau_enquiries_3m": draw.poisson(2.0, rows),
        "bureau_public_records": draw.poisson(0.05, rows),
        "repayment_count": draw.integers(0, 9, rows),
        "worst_days_past_due": draw.poisson(0.5, rows),
        "quality_score": draw.integers(60, 101, rows),
    }
    return typed(pl.DataFrame(columns))


def numbers_of(book: pl.DataFrame) -> pl.DataFrame:
    """The columns that are plain numbers: what a bare model would be given of each merchant."""
    kinds = {column.name: column.kind for column in COLUMNS}
    names = [name for name, kind in kinds.items() if kind.is_numeric()]
    return book.select(pl.col(name).cast(pl.Float64) for name in names).fill_null(float("nan"))
