"""The components' opinions without their causes: the same figures, for whoever wants no reasons.

A cause asks its model again, once for each; that is half of the work of a score.
"""

from __future__ import annotations

import math
from dataclasses import replace

from sycee_scoring.domain import application, bureau, structural
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.bureau import DAYS_PAST_DUE, BureauModel
from sycee_scoring.domain.cashflow import read_weeks
from sycee_scoring.domain.causes import Opinion
from sycee_scoring.domain.default_distance import weekly_noise
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS


def structural_opinion(evidence: Evidence) -> Opinion | None:
    """As `structural.assess`."""
    trade = evidence.trade
    if trade is None:
        return None
    if trade.monthly_net_12m_fen <= 0:
        opinion = structural.assess(evidence)  # has one cause only
        return replace(opinion, causes=()) if opinion is not None else None
    at = structural._position(evidence, trade, read_weeks(trade.weekly_net_fen, trade.monthly_net_12m_fen))
    seen = min(max(at.weeks, 1), structural.LEVEL_ERROR_WEEKS)
    shift = math.sqrt(weekly_noise(at) / seen + (at.trend_error * at.risk_years) ** 2)
    error = (structural.default_log_odds(at, -shift) - structural.default_log_odds(at, shift)) / 2.0
    weight = structural._weight(at.weeks)
    return Opinion(structural.NAME, structural.VERSION, structural.default_log_odds(at), error, weight, ())


def application_opinion(model: ApplicationModel, evidence: Evidence) -> Opinion | None:
    """As `application.assess`."""
    if evidence.traits is None:
        return None
    features = application.features_of(evidence.traits, evidence, model.goods_risk)
    shares = zip(application.KNOWN_SHARES, features, strict=False)
    weight = application.WEIGHT * sum(share for share, value in shares if not math.isnan(value))
    if weight == 0.0:
        return None
    return Opinion(application.NAME, model.version, model.log_odds(features), application.ERROR, weight, ())


def bureau_opinion(model: BureauModel, evidence: Evidence) -> Opinion | None:
    """As `bureau.assess`."""
    report, repayments = evidence.bureau, evidence.repayments
    if repayments is not None and repayments.repayment_count == 0 and repayments.worst_days_past_due == 0:
        repayments = None
    if report is None and repayments is None:
        return None
    odds = BASE_LOG_ODDS if report is None else model.log_odds(bureau.features_of(report))
    if repayments is not None:
        odds -= DAYS_PAST_DUE.at(repayments.worst_days_past_due) / POINTS_PER_LOG_ODDS
    weight = bureau._weight(report, repayments, evidence.day)
    return Opinion(bureau.NAME, model.version, odds, bureau.ERROR, weight, ())
