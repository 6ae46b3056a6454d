"""What a merchant's own cash flow says of it: evidence read into a `Position`, judged in closed form
(`default_distance`, where every piece, constant and source is), with the causes that moved it."""

from __future__ import annotations

import math
from typing import Final

from sycee_scoring.domain.cashflow import MAX_WEEKS, CashFlow, read_weeks
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.default_distance import (
    TYPICAL_FEE_SHARE,
    TYPICAL_HERFINDAHL,
    TYPICAL_VOIDED_SHARE,
    UNSEEN_RISK,
    USUAL_PURCHASES,
    Position,
    default_log_odds,
    instalment,
    reference,
    spread,
    weekly_noise,
)
from sycee_scoring.domain.evidence import BureauReport, Evidence, Invoices, Trade
from sycee_scoring.domain.scale import HORIZON_MONTHS, probability
from sycee_scoring.domain.silence import ended_log_odds, habit, unrested_weeks

__all__ = ["NAME", "UNSEEN_RISK", "VERSION", "WEIGHT", "Position", "assess", "default_log_odds", "reference", "spread"]

NAME: Final = "structural"
VERSION: Final = "structural-2026.2"

WEIGHT: Final = 0.9
"""Weight with two years of weeks: the merchant's own cash flow is the main evidence."""

HALF_WEIGHT_WEEKS: Final = 4.0
"""Weeks that give half of the weight that endless weeks would. Few weeks also widen the spread, so the weight need not
punish them twice; and a short record that looks bad must not be pulled far back to the base rate. Judgement."""

LEVEL_ERROR_WEEKS: Final = 26
LEVEL_WEEKS: Final = 13
LEVEL_PRIOR_SD: Final = 0.35
VOIDED_PRIOR_INVOICES: Final = 25.0


def assess(evidence: Evidence) -> Opinion | None:
    """The component's opinion; None without sales. Sales that net to nothing are the worst level, not a missing one."""
    trade = evidence.trade
    if trade is None:
        return None
    if trade.monthly_net_12m_fen <= 0:
        return _without_net_sales(evidence, trade)
    flow = read_weeks(trade.weekly_net_fen, trade.monthly_net_12m_fen)
    at = _position(evidence, trade, flow)
    odds = default_log_odds(at)
    shift = math.sqrt(
        weekly_noise(at) / min(max(at.weeks, 1), LEVEL_ERROR_WEEKS) + (at.trend_error * at.risk_years) ** 2
    )
    error = (default_log_odds(at, -shift) - default_log_odds(at, shift)) / 2.0
    return Opinion(NAME, VERSION, odds, error, _weight(at.weeks), _causes(at, odds, evidence, trade))


def _weight(weeks: int) -> float:
    """The weight after coverage: grows with the weeks, full at two years of them."""
    full = MAX_WEEKS / (MAX_WEEKS + HALF_WEIGHT_WEEKS)
    return WEIGHT * weeks / (weeks + HALF_WEIGHT_WEEKS) / full


def _years_alive(evidence: Evidence, trade: Trade) -> float:
    opened = evidence.traits.opened_on if evidence.traits is not None else None
    since_opening = (evidence.day - opened).days / 365.25 if opened is not None else 0.0
    return max(since_opening, trade.months_of_history / 12.0, 0.0)


def _position(evidence: Evidence, trade: Trade, flow: CashFlow) -> Position:
    bureau: BureauReport | None = evidence.bureau
    undrawn = max(bureau.credit_lines_fen - bureau.outstanding_fen, 0) if bureau is not None else 0
    herfindahl, voided_share, purchase_ratio = _of_invoices(evidence.invoices)
    return Position(
        annual_sales_fen=12.0 * trade.monthly_net_12m_fen,
        level=_level(trade, flow),
        trend=flow.trend,
        trend_error=flow.trend_error,
        noise_variance=flow.noise_variance,
        weeks=flow.weeks,
        years_alive=_years_alive(evidence, trade),
        refund_rate=trade.refund_rate,
        fee_share=TYPICAL_FEE_SHARE if evidence.fee_share is None else evidence.fee_share,
        request_fen=12.0 * instalment(evidence.loan),
        other_debt_fen=12.0 * bureau.monthly_debt_service_fen if bureau is not None else 0.0,
        undrawn_fen=float(undrawn),
        risk_years=min(evidence.loan.term_months, HORIZON_MONTHS) / 12.0,
        ended=_ended(evidence, trade),
        customer_herfindahl=herfindahl,
        voided_share=voided_share,
        purchase_ratio=purchase_ratio,
    )


def _fall(trade: Trade) -> float:
    """By how much sales of three months lie below those of twelve, 0 to 1."""
    return 1.0 - min(max(trade.monthly_net_3m_adjusted_fen / trade.monthly_net_12m_fen, 0.0), 1.0)


def _level(trade: Trade, flow: CashFlow) -> float:
    """1 less the part of the fall that noise does not explain."""
    real, chance = LEVEL_PRIOR_SD**2, flow.noise_variance / LEVEL_WEEKS
    return 1.0 - _fall(trade) * real / (real + chance)


def _ended(evidence: Evidence, trade: Trade) -> float:
    """Probability that the trade has ended, from weeks without a sale at the end of the record."""
    known = habit(trade.weekly_net_fen)
    if known.silent_weeks == 0:
        return 0.0
    return probability(ended_log_odds(unrested_weeks(known.silent_weeks, evidence.day), known.rate))


def _of_invoices(invoices: Invoices | None) -> tuple[float, float, float]:
    """Herfindahl index of customers, share of voided sales invoices and purchases over sales; ordinary where unknown.
    Purchases below the usual ones may as well be incomplete ones."""
    if invoices is None:
        return TYPICAL_HERFINDAHL, TYPICAL_VOIDED_SHARE, USUAL_PURCHASES
    herfindahl, purchases = invoices.customer_herfindahl, invoices.purchases_to_sales
    issued = invoices.sale_count + invoices.voided_count + VOIDED_PRIOR_INVOICES
    return (
        TYPICAL_HERFINDAHL if herfindahl is None else herfindahl,
        (invoices.voided_count + VOIDED_PRIOR_INVOICES * TYPICAL_VOIDED_SHARE) / issued,
        USUAL_PURCHASES if purchases is None else max(purchases, USUAL_PURCHASES),
    )


def _voided(invoices: Invoices | None) -> float:
    """Share of sales invoices that were voided, as it is; 0 without invoices."""
    issued = invoices.sale_count + invoices.voided_count if invoices is not None else 0
    return invoices.voided_count / issued if invoices is not None and issued else 0.0


def _causes(at: Position, odds: float, evidence: Evidence, trade: Trade) -> tuple[Cause, ...]:
    """What each cause did: the log-odds as they are, less those with the cause as in the reference merchant. Figures
    are those that the merchant knows: a fall before noise is allowed for, a share before it is shrunk."""
    usual = reference(evidence.loan.term_months)
    sales = at.annual_sales_fen
    usual_request = usual.request_fen / usual.annual_sales_fen * sales
    steady = at._replace(level=1.0, trend=max(at.trend, 0.0))
    without = (
        ("REQUEST_HEAVY", at._replace(request_fen=min(at.request_fen, usual_request)), at.request_fen / sales),
        ("DEBT_SERVICE_ELSEWHERE", at._replace(other_debt_fen=0.0), at.other_debt_fen / sales),
        ("SALES_FALLING", steady, _fall(trade)),
        ("SALES_VOLATILE", at._replace(noise_variance=min(at.noise_variance, usual.noise_variance)), 0.0),
        ("SALES_SMALL", _resized(at, usual), sales / 1e6),
        ("HISTORY_SHORT", _longer_known(at, usual), min(at.years_alive * 12.0, 1200.0)),
        ("REFUNDS_HIGH", at._replace(refund_rate=min(at.refund_rate, usual.refund_rate)), at.refund_rate),
        ("TRADE_STOPPED", at._replace(ended=0.0), float(habit(trade.weekly_net_fen).silent_weeks)),
        (
            "CUSTOMERS_FEW",
            at._replace(customer_herfindahl=min(at.customer_herfindahl, usual.customer_herfindahl)),
            at.customer_herfindahl,
        ),
        (
            "INVOICES_VOIDED",
            at._replace(voided_share=min(at.voided_share, usual.voided_share)),
            _voided(evidence.invoices),
        ),
        ("MARGIN_THIN", at._replace(purchase_ratio=min(at.purchase_ratio, usual.purchase_ratio)), at.purchase_ratio),
        ("PLATFORM_FEES_HIGH", at._replace(fee_share=min(at.fee_share, usual.fee_share)), at.fee_share),
    )
    facts = {"volatility": math.sqrt(at.noise_variance), "trend": at.trend, "weeks": float(at.weeks)}
    return tuple(
        Cause(code, odds - default_log_odds(position), {"value": value, **facts})
        for code, position, value in without
        if position != at
    )


def _resized(at: Position, usual: Position) -> Position:
    """The same merchant, scaled up to the reference's sales; its debts and lines grow with it, so only size differs."""
    scale = usual.annual_sales_fen / at.annual_sales_fen
    if scale <= 1.0:
        return at
    return at._replace(
        annual_sales_fen=usual.annual_sales_fen,
        request_fen=at.request_fen * scale,
        other_debt_fen=at.other_debt_fen * scale,
        undrawn_fen=at.undrawn_fen * scale,
    )


def _longer_known(at: Position, usual: Position) -> Position:
    """The same merchant with a longer record; what more weeks would make surer becomes so only where weeks lack."""
    return at._replace(
        weeks=max(at.weeks, usual.weeks),
        years_alive=max(at.years_alive, usual.years_alive),
        trend_error=min(at.trend_error, usual.trend_error) if at.weeks < usual.weeks else at.trend_error,
    )


def _without_net_sales(evidence: Evidence, trade: Trade) -> Opinion:
    """Refunds ate all sales of the last twelve months: the worst distance, and one cause that says so."""
    usual = reference(evidence.loan.term_months)
    odds = default_log_odds(usual._replace(level=0.0))
    cause = Cause("NO_NET_SALES", odds - default_log_odds(usual), {})
    return Opinion(NAME, VERSION, odds, 1.0, _weight(len(trade.weekly_net_fen)), (cause,))
