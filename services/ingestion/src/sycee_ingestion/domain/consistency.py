"""Whether what platforms, payouts, invoices and tax reports say of a merchant's sales agrees (rule CN-ID-08)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

LEAST_COMPARED_FEN = 100_000
"""1,000 yuan: ratios of less say nothing. (Judgement.)"""

LEAST_DAYS = 60
"""Payouts and invoices follow sales by days or weeks: over fewer days the lag would pass for a difference.
(Judgement.)"""

LAGS_DAYS = (0, 3, 7, 10, 15, 20, 30)
"""How long platforms hold money back, from payout on shipment to a whole month; the lag that fits best is taken, in the
merchant's favour. (Judgement.)"""


@dataclass(frozen=True, slots=True)
class Ratios:
    """Contract: Quality. None where either side is missing or too small to compare."""

    settlement: float | None
    invoice: float | None
    tax: float | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far from 1 a ratio may lie: beyond the first of each three it is worth a note, the second a warning, the
    third severe. Grades are 0 (good) to 3."""

    below: tuple[float, float, float]
    above: tuple[float, float, float]

    def grade(self, ratio: float | None) -> int:
        """How grave a ratio is; 0 for one that is good or not known."""
        if ratio is None:
            return 0
        return max(sum(ratio < bound for bound in self.below), sum(ratio > bound for bound in self.above))


SETTLEMENT_BOUNDS = Bounds(below=(0.90, 0.75, 0.50), above=(1.10, 1.25, 1.50))
"""±10 % is good, 25 % a warning, 50 % severe. (Judgement.)"""

TAX_BOUNDS = Bounds(below=(0.80, 0.66, 0.44), above=(1.10, 1.50, float("inf")))
"""The same steps, divided by 1.13 below, since declared sales are without VAT of up to 13 %. Above, declaring more than
the platforms show is no fault of the figures that are lent on: it tells of sales elsewhere. (Judgement.)"""

INVOICE_BOUNDS = Bounds(below=(0.0, 0.0, 0.0), above=(1.10, 1.50, float("inf")))
"""Many buyers never ask for an invoice, so that invoicing less than was sold says nothing. (Judgement.)"""


def ratios(
    net_fen: Whole, settlements: tuple[Whole, Whole], invoices: tuple[Whole, Whole], declared: tuple[int, int] | None
) -> Ratios:
    """Compares a year of daily sales, net of refunds, (365,) in fen, the oldest first, with the other books.

    `settlements` and `invoices` are (count, fen) by day; `declared` is (declared, platforms' net) over the same
    periods, None where no report declares sales.
    """
    return Ratios(
        settlement=settlement_ratio(net_fen, *settlements),
        invoice=invoice_ratio(net_fen, *invoices),
        tax=None if declared is None else _ratio(*declared),
    )


def settlement_ratio(net_fen: Whole, count: Whole, settled_fen: Whole) -> float | None:
    """Platform net sales over what was settled, from the first payout on, which is left out since it pays for days
    before, to the last one, at the lag that makes them agree best. Payouts of the first month may pay for days before
    the year; they are left out as well."""
    days = np.flatnonzero(count > 0)
    days = days[days >= LAGS_DAYS[-1]]
    if len(days) < 2 or days[-1] - days[0] < LEAST_DAYS:
        return None
    first, last = int(days[0]) + 1, int(days[-1]) + 1
    settled = int(settled_fen[first:last].sum())
    found = (_ratio(int(net_fen[first - lag : last - lag].sum()), settled) for lag in LAGS_DAYS)
    known = [ratio for ratio in found if ratio is not None]
    return min(known, key=lambda ratio: abs(ratio - 1.0), default=None)


def invoice_ratio(net_fen: Whole, count: Whole, invoiced_fen: Whole) -> float | None:
    """Invoiced sales, tax included as in platform sales, over platform net sales, on the days that both have seen."""
    invoiced, sold = np.flatnonzero(count > 0), np.flatnonzero(net_fen)
    if not len(invoiced) or not len(sold):
        return None
    first, last = int(max(invoiced[0], sold[0])), int(min(invoiced[-1], sold[-1])) + 1
    if last - first < LEAST_DAYS:
        return None
    return _ratio(int(invoiced_fen[first:last].sum()), int(net_fen[first:last].sum()))


def _ratio(part_fen: int, whole_fen: int) -> float | None:
    return max(0, part_fen) / whole_fen if whole_fen >= LEAST_COMPARED_FEN else None
