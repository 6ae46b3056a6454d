"""Early warning from daily trade: will the next eight weeks, over the last eight, bring less than half of what they do
for peers? One shop at a time; files of shops are judged by the same figures and model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sycee_scoring.distress import words
from sycee_scoring.distress.breaks import break_days
from sycee_scoring.distress.features import FEATURES, HORIZON_DAYS, WINDOW_DAYS, features
from sycee_scoring.distress.model import DistressModel
from sycee_scoring.distress.panel import LEAST_A_DAY, LEAST_HISTORY_DAYS
from sycee_scoring.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class DailyTrade:
    """Payments of each day up to the day before `as_of`, oldest first, days without any included and none before the
    first day of trade."""

    as_of: date
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Warned:
    """Probability of distress within 56 days with its 90 % interval, and at most four causes, each in log-odds."""

    probability: float
    low: float
    high: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class NotAssessable:
    """There was too little to judge by; the reason says what."""

    reasons: tuple[Reason, ...]


def assess(model: DistressModel, trade: DailyTrade, peer_change_28d: float = 1.0) -> Warned | NotAssessable:
    """The warning for one shop. `peer_change_28d` > 0: median over peers of the trade of the last 28 days over that of
    the 28 before. Without eight weeks of history and five payments a day there is none."""
    if not trade.counts:
        return NotAssessable((words.NO_DAILY_TRADE,))
    if len(trade.counts) < LEAST_HISTORY_DAYS:
        return NotAssessable((words.history_short(len(trade.counts), LEAST_HISTORY_DAYS),))
    a_day = sum(trade.counts[-HORIZON_DAYS:]) / HORIZON_DAYS
    if a_day < LEAST_A_DAY:
        return NotAssessable((words.trade_small(a_day, LEAST_A_DAY),))
    window = np.full((1, WINDOW_DAYS), np.nan)
    known = trade.counts[-WINDOW_DAYS:]
    window[0, WINDOW_DAYS - len(known) :] = known
    figures = features(window, trade.as_of, peer_change_28d)
    probability, low, high = model.probability(float(model.log_odds(figures)[0]))
    contributions = dict(zip(FEATURES, model.contributions(figures[0]).tolist(), strict=True))
    facts = words.Facts(
        figures=dict(zip(FEATURES, figures[0].tolist(), strict=True)),
        past_break_days=int(break_days(trade.as_of - timedelta(days=HORIZON_DAYS), HORIZON_DAYS).sum()),
        coming_break_days=int(break_days(trade.as_of, HORIZON_DAYS).sum()),
    )
    return Warned(probability, low, high, words.principal(contributions, facts))
