"""Up to which day each firm's invoices are on record.

Files of many firms are seldom taken on one day: in the invoices of the 302 firms of CUMCM 2020 C, firms with sales in
every week end together on 2019-09-20, 2019-10-31, 2019-11-30, 2019-12-12 and so on, sales and purchases alike. They did
not close together: that was the day on which their books were copied. Taken as silence until the end of the file, it
would make half of the firms look dead.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import polars as pl

WINDOW_DAYS: Final = 7
LEAST_FIRMS: Final = 3
LEAST_SHARE: Final = 0.02
"""A week in which the invoices of so many firms end, and of such a share of all, was one of copying; the last day of
the file was one in any case. Judgement: firms that really stop do not agree on the week, and whoever sells weekly ends
within one of the day of copying. Where it is wrong, a firm that stopped is given the benefit of the doubt for some
weeks of its silence."""


def record_ends(sales: pl.DataFrame, purchases: pl.DataFrame | None) -> Mapping[str, date]:
    """The last day on record of each firm: the first day of copying that is not before its last invoice, of sales or
    purchases, valid or voided."""
    columns = ("firm", "date")
    both = sales.select(columns) if purchases is None else pl.concat([sales.select(columns), purchases.select(columns)])
    last: dict[str, date] = dict(both.group_by("firm").agg(pl.col("date").max()).iter_rows())
    copied = _copied_on(sorted(last.values()))
    return {firm: copied[bisect_left(copied, day)] for firm, day in last.items()}


def _copied_on(ends: Sequence[date]) -> list[date]:
    """Days of copying, sorted, out of the sorted last days of all firms."""
    enough = max(LEAST_FIRMS, math.ceil(LEAST_SHARE * len(ends)))
    week = timedelta(days=WINDOW_DAYS)
    days = {day for at, day in enumerate(ends, start=1) if at >= enough and day - ends[at - enough] < week}
    return sorted({*days, ends[-1]})
