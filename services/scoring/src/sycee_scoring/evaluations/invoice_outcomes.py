"""What became of firms after a day, told by their own later invoices: an outcome without anybody's label."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Final

import polars as pl

from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.evaluations.invoice_firms import MONTH_DAYS

FOLLOWED_DAYS: Final = 182
LOST_SHARE: Final = 0.5
"""A firm has lost its trade where its ratio of later to earlier sales is below this share of the median firm's, so that
a season or a bad year that all firms share is nobody's loss."""


def lost_trade(sales: pl.DataFrame, evidence: Mapping[str, Evidence]) -> dict[str, bool]:
    """Whether each firm lost more than half of its trade: sales a day over `FOLLOWED_DAYS` days from the day of its
    evidence on, over those of the twelve months before, against the median of all firms that sold in those. A firm
    without net sales in the twelve months before has lost its trade already, unless it sells again."""
    days = pl.DataFrame({"firm": list(evidence), "day": [known.day for known in evidence.values()]})
    age = (pl.col("date") - pl.col("day")).dt.total_days()
    followed = sales.filter("valid").join(days, on="firm").filter(age.is_between(0, FOLLOWED_DAYS - 1))
    later: dict[str, int] = dict(followed.group_by("firm").agg(pl.col("net_fen").sum()).iter_rows())
    ratios = {
        firm: later.get(firm, 0) / FOLLOWED_DAYS * MONTH_DAYS / known.trade.monthly_net_12m_fen
        for firm, known in evidence.items()
        if known.trade is not None and known.trade.monthly_net_12m_fen > 0
    }
    middle = statistics.median(ratios.values()) if ratios else 0.0
    return {
        firm: ratios[firm] < LOST_SHARE * middle if firm in ratios else later.get(firm, 0) <= 0 for firm in evidence
    }
