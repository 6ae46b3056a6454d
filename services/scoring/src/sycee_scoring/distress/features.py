"""What daily counts say about the weeks to come: seven figures of a shop, the same code for files and for one request.

The window is the last 182 days before the day of judgement, which is what a portrait carries. Figures that are not
sourced are judgements, set before the outcomes from June 2016 on were looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sycee_scoring.distress.breaks import break_days
from sycee_scoring.distress.normal import normal_cdf

Array = NDArray[np.float64]

WINDOW_DAYS: Final = 182
HORIZON_DAYS: Final = 56
"""How far the warning looks ahead, and over how many days the trade before is taken."""

FEATURES: Final = ("half_risk", "below_peak", "restless", "season_turn", "weekday_break", "trend", "gaps")
"""Columns of what `features` returns."""

RAISES: Final = (1, -1, 1, -1, -1, -1, 1)
"""1 where a larger figure means a larger probability of distress, -1 where a smaller one does."""

_SOFT: Final = 0.5
"""Payments a day added before a logarithm, so that closed days have one."""

_SENSITIVITIES: Final = np.array([-4.5, -2.0, -0.8, -0.3, 0.0, 0.3])
"""What a school break may do to the logarithm of a shop's trade: three kinds of shop that live on schools, three that
do not. The quantiles of 960 Koubei shops in the winter of 2016: 1 % -4.6, 5 % -2.9, 10 % -1.5, 25 % -0.5, 50 % -0.1,
75 % 0.2."""

_OF_SCHOOL_SHOPS: Final = np.array([0.4, 0.3, 0.3, 0.0, 0.0, 0.0])
_OF_OTHERS: Final = np.array([0.0, 0.0, 0.0, 0.25, 0.5, 0.25])
_SCHOOL_SHARE: Final = 0.15
_SCHOOL_BY_WEEKEND: Final = -3.0
"""Log-odds of being a school shop per unit of the logarithm of weekend over weekday trade."""

_LEAST_BREAK_DAYS: Final = 3
_LEAST_TERM_DAYS: Final = 7
_TERM_NEAR_DAYS: Final = 42
"""Days of term this close to a break are what the break is compared with: growth would blur what is further off."""

_UNREST_FLOOR: Final = 0.25
_CLOSED: Final = 0.3
"""A day on which a break leaves less than this of the trade says nothing about the level of the term."""


@dataclass(frozen=True, slots=True)
class _Season:
    """The school calendar around a day of judgement; arrays of shape (182,)."""

    breaks: Array
    near_term: Array
    coming: float
    past: float
    recent: float
    weekend: Array


@lru_cache(maxsize=1024)
def _season(as_of: date) -> _Season:
    first = as_of - timedelta(days=WINDOW_DAYS)
    breaks = break_days(first, WINDOW_DAYS)
    places = np.flatnonzero(breaks)
    near = np.zeros(WINDOW_DAYS)
    for place in places:
        near[max(0, place - _TERM_NEAR_DAYS) : place + _TERM_NEAR_DAYS + 1] = 1.0
    weekdays = (first.weekday() + np.arange(WINDOW_DAYS)) % 7
    return _Season(
        breaks=breaks,
        near_term=near * (1.0 - breaks),
        coming=float(break_days(as_of, HORIZON_DAYS).mean()),
        past=float(breaks[-HORIZON_DAYS:].mean()),
        recent=float(breaks[-14:].mean()),
        weekend=(weekdays >= 5).astype(np.float64),
    )


def features(counts: Array, as_of: date, peer_change_28d: float = 1.0) -> Array:
    """The figures of `FEATURES` for shops at one day of judgement, shape (shops, 7).

    `counts`: payments a day of the 182 days before `as_of`, shape (shops, 182), oldest first, 0 on days without trade
    and NaN before a shop's first day; at least the last 56 days must be known. `peer_change_28d` > 0: median over peers
    of the trade of the last 28 days over that of the 28 before.
    """
    season = _season(as_of)
    known = ~np.isnan(counts)
    trade = np.where(known, counts, 0.0)
    base = trade[:, -HORIZON_DAYS:].mean(axis=1)
    weekend = _weekend(trade, season)
    weights, sensitivity = _sensitivity(trade, known, season, weekend)
    weeks = _term_weeks(trade, known, season, sensitivity)
    recent = trade[:, -14:].mean(axis=1)
    of_break = np.exp(_SENSITIVITIES)
    shares = [(1.0 - share) + share * of_break for share in (season.recent, season.coming, season.past)]
    turn = weights @ (np.log(shares[1]) - np.log(shares[2]))
    forecast = np.log((recent + _SOFT)[:, None] * (shares[1] / shares[0]) + 0.2 * _SOFT) - np.log(base + _SOFT)[:, None]
    spread = np.hypot(_UNREST_FLOOR, np.clip(_unrest(weeks), 0.05, 1.5))
    half = (weights * normal_cdf((math.log(0.5) - forecast) / spread[:, None])).sum(axis=1)
    last_56 = trade[:, -HORIZON_DAYS:]
    return np.column_stack(
        (
            half,
            _below_peak(weeks, recent),
            np.log(last_56.std(axis=1) / (base + _SOFT) + 0.05),
            turn,
            weekend * (season.coming - season.past),
            _trend(trade) - math.log(peer_change_28d) / 4.0,
            (trade[:, -28:] == 0.0).mean(axis=1),
        )
    )


def _weekend(trade: Array, season: _Season) -> Array:
    """Logarithm of weekend over weekday trade in the last 56 days."""
    is_weekend = season.weekend[-HORIZON_DAYS:]
    last_56 = trade[:, -HORIZON_DAYS:]
    weekend, weekday = last_56 @ is_weekend / 16.0, last_56 @ (1.0 - is_weekend) / 40.0
    return np.asarray(np.log((weekend + _SOFT) / (weekday + _SOFT)))


def _sensitivity(trade: Array, known: NDArray[np.bool_], season: _Season, weekend: Array) -> tuple[Array, Array]:
    """Weights of `_SENSITIVITIES` for each shop, and their mean: what breaks in the window did to its trade, as far as
    it was seen, on top of what its weekday pattern suggests."""
    break_count, term_count = known @ season.breaks, known @ season.near_term
    in_break = trade @ season.breaks / np.maximum(break_count, 1.0)
    in_term = trade @ season.near_term / np.maximum(term_count, 1.0)
    seen = np.clip(np.log((in_break + _SOFT) / (in_term + _SOFT)), -4.7, 1.0)
    variance = 0.25 + 2.8 / np.maximum(break_count, 1.0) + 1.4 / np.maximum(term_count, 1.0)
    fit = -0.5 * (seen[:, None] - _SENSITIVITIES) ** 2 / variance[:, None]
    fit *= ((break_count >= _LEAST_BREAK_DAYS) & (term_count >= _LEAST_TERM_DAYS))[:, None]
    odds = math.log(_SCHOOL_SHARE / (1.0 - _SCHOOL_SHARE)) + _SCHOOL_BY_WEEKEND * np.clip(weekend, -1.5, 1.5)
    school = (1.0 / (1.0 + np.exp(-odds)))[:, None]
    weights = (school * _OF_SCHOOL_SHOPS + (1.0 - school) * _OF_OTHERS) * np.exp(fit - fit.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights, weights @ _SENSITIVITIES


def _term_weeks(trade: Array, known: NDArray[np.bool_], season: _Season, sensitivity: Array) -> Array:
    """Logarithm of the mean day of each of 26 weeks, breaks allowed for; NaN where no day tells, shape (shops, 26)."""
    factor = np.where(season.breaks > 0.0, np.exp(sensitivity)[:, None], 1.0)
    tells = known & (factor > _CLOSED)
    days = tells.reshape(len(trade), 26, 7).sum(axis=2)
    sums = np.where(tells, (trade + _SOFT) / factor, 0.0).reshape(len(trade), 26, 7).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(days > 0, np.log(sums / days), np.nan)


def _unrest(weeks: Array) -> Array:
    """Root mean square of the change from week to week; 1 where no two weeks follow each other."""
    change = np.diff(weeks, axis=1)
    told = ~np.isnan(change)
    pairs = told.sum(axis=1)
    square = np.where(told, change, 0.0) ** 2
    return np.where(pairs > 0, np.sqrt(square.sum(axis=1) / np.maximum(pairs, 1)), 1.0)


def _below_peak(weeks: Array, recent: Array) -> Array:
    """Logarithm of the last two weeks over the best week of the half-year; by plain counts where a break hides both."""
    told = ~np.isnan(weeks)
    peak = np.where(told, weeks, -np.inf).max(axis=1)
    peak = np.where(np.isfinite(peak), peak, 0.0)
    both = told[:, -1] & told[:, -2]
    last = np.where(both, np.where(told, weeks, 0.0)[:, -2:].mean(axis=1), np.log(recent + _SOFT))
    return np.asarray(last - peak)


def _trend(trade: Array) -> Array:
    """Slope of the logarithm of the last four weeks, per week."""
    weeks = np.log(trade[:, -28:].reshape(len(trade), 4, 7).mean(axis=2) + _SOFT)
    return np.asarray(weeks @ np.array([-0.3, -0.1, 0.1, 0.3]))
