"""`default_distance` on arrays: the closed form, spelt out a second time; a test holds both to the same figures."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sycee_scoring.batch.book import Floats
from sycee_scoring.batch.first_passage import passage_log_odds
from sycee_scoring.domain import default_distance as formula
from sycee_scoring.domain.cashflow import NOISE_PRIOR_SD, WEEKS_PER_YEAR


class Positions(NamedTuple):
    """`default_distance.Position`, an array a field."""

    annual_sales_fen: Floats
    level: Floats
    trend: Floats
    trend_error: Floats
    noise_variance: Floats
    weeks: Floats
    years_alive: Floats
    refund_rate: Floats
    fee_share: Floats
    request_fen: Floats
    other_debt_fen: Floats
    undrawn_fen: Floats
    risk_years: Floats
    ended: Floats
    customer_herfindahl: Floats
    voided_share: Floats
    purchase_ratio: Floats


def instalment(amount_fen: Floats, term_months: Floats) -> Floats:
    """Monthly instalment, in fen."""
    rate = formula.INSTALMENT_RATE / 12.0
    found: Floats = amount_fen * rate / (1.0 - np.power(1.0 + rate, -term_months))
    return found


def contribution(at: Positions) -> Floats:
    """What is left of a yuan of net sales before fixed costs."""
    returned = _odds_within(at.refund_rate, formula.MAX_REFUND_RATE)
    returned += _odds_within(at.voided_share, formula.MAX_VOIDED_SHARE)
    usually = formula.TYPICAL_VOIDED_SHARE / (1.0 - formula.TYPICAL_VOIDED_SHARE)
    bought = np.clip(at.purchase_ratio - formula.USUAL_PURCHASES, 0.0, formula.MAX_PURCHASES - formula.USUAL_PURCHASES)
    left = formula.GROSS_CONTRIBUTION - np.clip(at.fee_share, 0.0, formula.MAX_FEE_SHARE)
    left -= formula.RETURN_COST_SHARE * (returned - usually) + formula.PURCHASE_TRUST * bought
    return np.maximum(left, formula.LEAST_CONTRIBUTION)


def _odds_within(share: Floats, most: float) -> Floats:
    kept = np.clip(share, 0.0, most)
    odds: Floats = kept / (1.0 - kept)
    return odds


def break_even_distance(at: Positions) -> Floats:
    """X before it is softened."""
    income = contribution(at) * at.annual_sales_fen * at.level
    fixed = formula.FIXED_COST_SHARE * at.annual_sales_fen + formula.SUBSISTENCE_FEN
    lines = np.minimum(formula.LINE_HAIRCUT * at.undrawn_fen, formula.MAX_LINES_OF_SALES * at.annual_sales_fen)
    buffer = (formula.BUFFER_YEARS * at.annual_sales_fen + lines) / at.risk_years
    burden = fixed + at.request_fen + at.other_debt_fen - buffer
    np.maximum(burden, formula.LEAST_BURDEN_OF_FIXED_COST * fixed, out=burden)
    low, high = formula.DISTANCE_BOUNDS
    found: Floats = np.minimum(np.log(np.maximum(income / burden, math.exp(low))), high)
    return found


def weekly_noise(at: Positions) -> Floats:
    """The variance of a week, with what lacks of the weeks that it takes to know it."""
    noise: Floats = at.noise_variance + np.maximum(formula.KNOWN_WEEKS - at.weeks, 0.0) / (at.weeks + 1.0)
    return noise


def spread(at: Positions) -> Floats:
    """The standard deviation of the log of sales over the time at risk."""
    size = np.clip(at.annual_sales_fen / formula.SIZE_FEN, *formula.SIZE_BOUNDS)
    noise = weekly_noise(at)
    unrest = np.clip(np.sqrt(noise) / NOISE_PRIOR_SD, *formula.UNREST_BOUNDS)
    customers = np.clip(at.customer_herfindahl, formula.LEAST_HERFINDAHL, 1.0) / formula.TYPICAL_HERFINDAHL
    youth = 1.0 + 2.0 / (1.0 + 2.0 * at.years_alive)
    volatility = formula.GROWTH_SPREAD * np.power(size, -formula.SIZE_POWER) * np.power(unrest, formula.UNREST_POWER)
    volatility *= np.power(customers, formula.HERFINDAHL_POWER)
    weekly = noise * (1.0 / (WEEKS_PER_YEAR * at.risk_years) + 1.0 / np.maximum(at.weeks, 1.0))
    growth = volatility * volatility * youth
    found: Floats = np.sqrt(growth * at.risk_years + weekly + (at.trend_error * at.risk_years) ** 2)
    return found


def default_log_odds(at: Positions, distance: Floats, width: Floats) -> Floats:
    """Log-odds of default within the horizon, with X and s as given, so that both are worked out once."""
    softened = formula.BREAK_EVEN_SCALE * np.log1p(np.exp(distance / formula.BREAK_EVEN_SCALE))
    passed = passage_log_odds(softened, at.trend * at.risk_years, width) + formula._prior_correction()
    odds = np.exp(np.minimum(passed, formula._LARGEST_EXPONENT))
    survived = (1.0 - formula.UNSEEN_RISK) * (1.0 - formula.ENDED_LOSS * at.ended) / (1.0 + odds)
    found: Floats = np.log((1.0 - survived) / survived)
    return found


def probability(log_odds_bad: Floats) -> Floats:
    """`scale.probability`."""
    odds = np.exp(np.clip(-np.abs(log_odds_bad), -700.0, 0.0))
    found: Floats = np.where(log_odds_bad >= 0.0, 1.0, odds) / (1.0 + odds)
    return found
