"""What a run of weekly net sales says: trend, and how much a year's sales may miss it by chance.

The weeks are read by a Bayesian weighted regression on level, trend and one yearly harmonic, so that three months
give an answer as well as two years do, only with a wider error. Priors keep what few weeks cannot tell (a season from
a trend) near zero instead of guessing; as weeks come in, they fade."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

WEEKS_PER_YEAR: Final = 365.25 / 7.0
MAX_WEEKS: Final = 104

HALF_LIFE_WEEKS: Final = 16.0
"""A week counts half of one that is half a year newer: what a shop does now matters more than how it began."""

TREND_PRIOR_SD: Final = 0.35
"""Prior standard deviation of the trend, a year, as a share of the level. Judgement."""

SEASON_PRIOR_SD: Final = 0.30
"""Prior standard deviation of each coefficient of the yearly harmonic, as a share of the level. Judgement."""

NOISE_PRIOR_SD: Final = 0.43
NOISE_PRIOR_WEEKS: Final = 8.0
"""Prior of a week's relative deviation, worth eight weeks of evidence: the median over 912 Chinese shops' weekly
payment counts, 2015–2016 (IJCAI-17 contest)."""

CLIP: Final = (-1.0, 2.0)
"""A week counts as at most two ordinary ones and at least minus one: a festival is no level."""

MAX_AUTOCORRELATION: Final = 0.8
MAX_TREND: Final = 0.6

IDLE_WEEKS: Final = 52
"""Newest weeks by which it is told how often trade comes."""

MAX_NOISE_VARIANCE: Final = 25.0
"""Beyond it, rarer trade is not told apart."""


@dataclass(frozen=True, slots=True)
class CashFlow:
    """What the weeks say, relative to the mean week of the last twelve months."""

    weeks: int
    trend: float  # a year, within ±MAX_TREND; 0.1 = sales grow by a tenth of the level in a year
    trend_error: float  # standard error of the trend
    noise_variance: float  # of a week's relative deviation: σ²·(1 + ρ)/(1 − ρ) + idle odds, above 0


NO_WEEKS: Final = CashFlow(0, 0.0, TREND_PRIOR_SD, NOISE_PRIOR_SD**2)


_PRIOR_PRECISION: Final = np.diag((1e-9, TREND_PRIOR_SD**-2, SEASON_PRIOR_SD**-2, SEASON_PRIOR_SD**-2))


@dataclass(frozen=True, slots=True)
class _Design:
    """The regression for one number of weeks, turned to axes M in which both the prior's precision Λ and the evidence
    X'WX are diagonal (M'ΛM = 1, M'X'WXM = D), so that the posterior under any noise σ² needs no inverse: its covariance
    is M·(D/σ² + 1)⁻¹·M'. The phase of the season does not matter to the trend, so weeks are counted back from now."""

    axes: npt.NDArray[np.float64]  # 4 × 4: M; rows are level, trend in a year, cosine, sine
    evidence: npt.NDArray[np.float64]  # 4: D
    weighted: npt.NDArray[np.float64]  # 4 × weeks: M'X'W
    columns: npt.NDArray[np.float64]  # weeks × 4: XM
    weights: npt.NDArray[np.float64]  # weeks
    scale: float  # weeks over the sum of the weights


@lru_cache(maxsize=MAX_WEEKS)
def _design(weeks: int) -> _Design:
    age = np.arange(weeks - 1, -1, -1, dtype=np.float64)
    turn = 2.0 * math.pi * age / WEEKS_PER_YEAR
    columns = np.column_stack((np.ones(weeks), -age / WEEKS_PER_YEAR, np.cos(turn), np.sin(turn)))
    weights = np.exp2(-age / HALF_LIFE_WEEKS)
    whitening = np.diag(np.diag(_PRIOR_PRECISION) ** -0.5)
    evidence, rotation = np.linalg.eigh(whitening @ (columns.T * weights @ columns) @ whitening)
    axes = whitening @ rotation
    turned = columns @ axes
    return _Design(axes, np.maximum(evidence, 0.0), turned.T * weights, turned, weights, weeks / float(weights.sum()))


def read_weeks(weekly_net_fen: tuple[int, ...], monthly_net_fen: int) -> CashFlow:
    """Reads weekly net sales, oldest first, at most `MAX_WEEKS`; `monthly_net_fen` above 0 is the scale.

    The posterior of (level, trend, season) under noise σ² is normal with covariance (X'WX/σ² + Λ)⁻¹. A first fit takes
    σ² from successive differences, which no trend or season disturbs (von Neumann's estimator). Its residuals give the
    long-run variance σ²·(1 + ρ)/(1 − ρ) of an AR(1) with correlation ρ (T. W. Anderson, The Statistical Analysis of
    Time Series, 1971, section 8.2: variance of the mean of an autocorrelated series), and the second fit uses that:
    where the weeks hang together, each tells less. Negative correlation is not credited.

    What clipping hides of a trade that comes in few weeks is added to it: weeks without trade, a share q, have the
    relative variance q/(1 − q) (that of a Bernoulli variable over its squared mean). On the sales invoices of half of
    302 Chinese firms (CUMCM 2020 C), the robust spread of half-year growth is 0.22, 0.37, 0.51, 0.61 and 1.41 at
    q = 0.08, 0.31, 0.50, 0.66 and 0.84, near in proportion to √(0.43² + q/(1 − q)), while the clipped variance alone
    runs against it. Where trade is rare the two overlap, which errs to caution.
    """
    weeks = len(weekly_net_fen)
    if weeks == 0:
        return NO_WEEKS
    relative = np.array(weekly_net_fen, dtype=np.float64)
    relative *= 365.25 / 12.0 / 7.0 / monthly_net_fen
    np.minimum(np.maximum(relative, CLIP[0], out=relative), CLIP[1], out=relative)
    design = _design(weeks)
    steps = relative[1:] - relative[:-1]
    variance = _with_prior(float(steps @ steps) / 2.0, weeks - 1)
    projected = design.weighted @ relative
    fitted = design.columns @ (projected / (design.evidence + variance))
    long_run = min(
        _long_run_variance(design, relative - fitted) + _idle_odds(weekly_net_fen[-IDLE_WEEKS:]), MAX_NOISE_VARIANCE
    )
    precision = design.evidence + long_run
    on_trend = design.axes[1]
    trend = float(on_trend @ (projected / precision))
    error = math.sqrt(float(on_trend @ (on_trend / precision)) * long_run)
    return CashFlow(weeks, min(max(trend, -MAX_TREND), MAX_TREND), error, long_run)


def _long_run_variance(design: _Design, residuals: npt.NDArray[np.float64]) -> float:
    """σ²·(1 + ρ)/(1 − ρ) of the residuals, recent weeks counting more; ρ within 0 and `MAX_AUTOCORRELATION`."""
    weeks = len(residuals)
    weighted = design.weights * residuals
    variance = _with_prior(float(weighted @ residuals) * design.scale, weeks)
    covariance = float(weighted[1:] @ residuals[:-1]) * design.scale / (weeks + NOISE_PRIOR_WEEKS)
    correlation = min(max(covariance / variance, 0.0), MAX_AUTOCORRELATION)
    return variance * (1.0 + correlation) / (1.0 - correlation)


def _with_prior(sum_of_squares: float, count: int) -> float:
    """A variance out of a sum of squares over `count` weeks, with the prior's weeks added."""
    return (sum_of_squares + NOISE_PRIOR_WEEKS * NOISE_PRIOR_SD**2) / (count + NOISE_PRIOR_WEEKS)


def _idle_odds(weekly_net_fen: tuple[int, ...]) -> float:
    """q/(1 − q) of the weeks without trade; one week with trade is added to what was seen, so that it stays finite."""
    active = sum(1 for fen in weekly_net_fen if fen > 0)
    return (len(weekly_net_fen) - active) / (active + 1.0)
