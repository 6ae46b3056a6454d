"""`cashflow.read_weeks` and the habits of `silence` on many rows at once: the same steps in the same order.

Rows are taken by their number of weeks, which share one design, and in blocks that stay within the cache.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from sycee_scoring.batch.book import Floats, Integers, Weeks
from sycee_scoring.domain import cashflow, silence
from sycee_scoring.domain.scale import probability

BLOCK_ROWS: Final = 1024
_EPOCH: Final = date(1970, 1, 1)


class Flows(NamedTuple):
    """What the weeks of each row say, and how likely it is that its trade has ended."""

    trend: Floats
    trend_error: Floats
    noise_variance: Floats
    ended: Floats  # 0 where the newest week had a sale


def read_all(weeks: Weeks, monthly_net_fen: Floats, days: Floats) -> Flows:
    """Reads every row; a scale that is not above 0 gives figures without meaning. `days` are those of the portraits."""
    count = len(weeks.lengths)
    none = cashflow.NO_WEEKS
    flows = Flows(
        np.full(count, none.trend),
        np.full(count, none.trend_error),
        np.full(count, none.noise_variance),
        np.zeros(count),
    )
    for length in np.unique(weeks.lengths):
        rows = np.flatnonzero(weeks.lengths == length)
        for start in range(0, len(rows) if length else 0, BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            _read_block(weeks.matrix(block, int(length)), monthly_net_fen[block], days[block], block, flows)
    return flows


@lru_cache(maxsize=100_000)
def _ended(observed: int, active: int, silent: int, day: int) -> float:
    """As `structural` has it for one merchant: few are silent, and many of them alike."""
    known = silence.Habit(observed, active, silent)
    unrested = silence.unrested_weeks(silent, _EPOCH + timedelta(days=day))
    return probability(silence.ended_log_odds(unrested, known.rate))


def _read_block(sales: Floats, monthly: Floats, days: Floats, rows: Integers, flows: Flows) -> None:
    weeks = sales.shape[1]
    active = sales > 0.0
    active_weeks = active.sum(axis=1)
    silent = np.where(active_weeks > 0, active[:, ::-1].argmax(axis=1), weeks)
    for place in np.flatnonzero(silent):
        observed = weeks - int(silent[place])
        flows.ended[rows[place]] = _ended(observed, int(active_weeks[place]), int(silent[place]), int(days[place]))
    relative = sales
    relative *= (365.25 / 12.0 / 7.0 / monthly)[:, None]
    np.clip(relative, *cashflow.CLIP, out=relative)
    design = cashflow._design(weeks)
    steps = relative[:, 1:] - relative[:, :-1]
    variance = _with_prior(np.einsum("ij,ij->i", steps, steps) / 2.0, weeks - 1)
    projected = relative @ design.weighted.T
    relative -= (projected / (design.evidence + variance[:, None])) @ design.columns.T
    newest = active[:, -cashflow.IDLE_WEEKS :]
    traded = newest.sum(axis=1)
    idle_odds = (newest.shape[1] - traded) / (traded + 1.0)
    long_run = np.minimum(_long_run_variance(design, relative) + idle_odds, cashflow.MAX_NOISE_VARIANCE)
    precision = design.evidence + long_run[:, None]
    on_trend = design.axes[1]
    flows.trend[rows] = np.clip((projected / precision) @ on_trend, -cashflow.MAX_TREND, cashflow.MAX_TREND)
    flows.trend_error[rows] = np.sqrt((on_trend / precision) @ on_trend * long_run)
    flows.noise_variance[rows] = long_run


def _long_run_variance(design: cashflow._Design, residuals: Floats) -> Floats:
    weeks = residuals.shape[1]
    weighted = residuals * design.weights
    variance = _with_prior(np.einsum("ij,ij->i", weighted, residuals) * design.scale, weeks)
    products = np.einsum("ij,ij->i", weighted[:, 1:], residuals[:, :-1])
    covariance = products * design.scale / (weeks + cashflow.NOISE_PRIOR_WEEKS)
    correlation = np.clip(covariance / variance, 0.0, cashflow.MAX_AUTOCORRELATION)
    long_run: Floats = variance * (1.0 + correlation) / (1.0 - correlation)
    return long_run


def _with_prior(sum_of_squares: Floats, count: int) -> Floats:
    prior = cashflow.NOISE_PRIOR_WEEKS * cashflow.NOISE_PRIOR_SD**2
    variance: Floats = (sum_of_squares + prior) / (count + cashflow.NOISE_PRIOR_WEEKS)
    return variance
