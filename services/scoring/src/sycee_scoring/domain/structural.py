"""Probability of default from a merchant's own cash flow, without a label: first passage of sales to break-even.

A shop sells S a year, keeps a contribution k of it, pays fixed costs F and the instalments D of its loans, and can lose
its buffer B over the T years of risk. It stays solvent while k·S > F + D − B/T. With sales a geometric Brownian motion,
its logarithm starts

    X = ln( k·L / (F + D − B/T) )

above break-even, where L is the level of sales now; it drifts by g·T and spreads by s, and default is the first passage
of X through zero (`first_passage`, Black and Cox 1976). Each piece:

- L, level: the lower of the 12-month and the seasonally adjusted 3-month mean (rule LM-01). F was sized to the
  12-month mean S12, so a fall in sales is not made good by costs.
- k, contribution: 0.40 of net sales, less the share that platforms keep, less a tenth of what is refunded (freight
  both ways, goods that cannot be sold again). F = 0.15·S12. At a fee of 5 % and no refunds a fifth of sales is left
  before debt service. Judgements for reselling shops; purchases are often incomplete, so sales must stand by
  themselves.
- D: debt service elsewhere and the instalment of the loan asked for, an annuity at 18 % a year, midway between 4 ×
  LPR and the 24 % line (rules CN-RATE-02, CN-RATE-05).
- B: 19 days of sales (JPMorgan Chase Institute, Cash is King, 2016: the median small retailer's cash buffer) and half
  of the undrawn credit lines, these up to a month's sales.
- T: the term, at most the horizon of one year.
- g: the trend of weekly sales, shrunk by its own error (`cashflow`).
- s² = v²·T + (σ²/52)·(1/T + 52/n) + (error of g·T)²: the growth that nobody foresees, the noise of weeks averaged
  over the horizon, and what n weeks of history leave unknown.
- v = 0.55·(S12 / 1m yuan)^−0.17·(σ / 0.43)^0.8·√(1 + 2/(1 + 2·years alive)), where σ² is the long-run variance of a
  week's relative deviation. Volatility falls with size as a power of −0.15 ± 0.03 (M. Stanley and others, Scaling
  behaviour in the growth of companies, Nature 379, 1996); measured on the VAT invoices of 302 Chinese small firms
  published for the 2020 national modelling contest (CUMCM 2020 C), the robust spread of yearly log-growth is 1.0,
  0.7, 0.5 and 0.4 at yearly sales of 0.2, 2, 10 and 38 million yuan, a power of −0.17. It rises with the unrest of
  weeks: over 912 Chinese shops (IJCAI-17 contest) the spread of half-year growth is 0.21, 0.31, 0.33, 0.48 and 0.60
  at σ = 0.28, 0.34, 0.43, 0.60 and 0.92, a power of 0.8. The level 0.55 lies between the two sets. Younger firms fail
  more (D. Evans, Journal of Political Economy 95, 1987); the size of that factor is a judgement.

Where X ≤ 0 the shop is under water on paper, yet k and F are only about right: with a logistic error of scale
h = 0.25 on ln(k), the expected positive part of X is h·ln(1 + e^(X/h)), which takes the place of X and keeps the order
of merchants.

Prior correction: the log-odds of passage are moved so that the reference merchant has the portfolio's base rate. Then
p becomes f + (1 − f)·p with f = 0.3 %: loans also fail for reasons that no cash flow shows. Judgement.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from sycee_scoring.domain.cashflow import MAX_WEEKS, NOISE_PRIOR_SD, WEEKS_PER_YEAR, CashFlow, read_weeks
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.evidence import BureauReport, Evidence, Loan, Trade
from sycee_scoring.domain.first_passage import passage_log_odds
from sycee_scoring.domain.scale import HORIZON_MONTHS, PORTFOLIO_BASE_RATE, log_odds, probability

NAME: Final = "structural"
VERSION: Final = "structural-2026.1"

WEIGHT: Final = 0.9
"""Weight with two years of weeks: the merchant's own cash flow is the main evidence."""

HALF_WEIGHT_WEEKS: Final = 13.0
"""Weeks that give half of the weight that endless weeks would."""

GROSS_CONTRIBUTION: Final = 0.40
FIXED_COST_SHARE: Final = 0.15
LEAST_CONTRIBUTION: Final = 0.05
RETURN_COST_SHARE: Final = 0.10
TYPICAL_FEE_SHARE: Final = 0.05
TYPICAL_REFUND_RATE: Final = 0.05
MAX_FEE_SHARE: Final = 0.30
MAX_REFUND_RATE: Final = 0.80
INSTALMENT_RATE: Final = 0.18
BUFFER_YEARS: Final = 19.0 / 365.0
LINE_HAIRCUT: Final = 0.5
MAX_LINES_OF_SALES: Final = 1.0 / 12.0
LEAST_BURDEN_OF_FIXED_COST: Final = 0.25
BREAK_EVEN_SCALE: Final = 0.25
DISTANCE_BOUNDS: Final = (-1.5, 3.0)
GROWTH_SPREAD: Final = 0.55
SIZE_POWER: Final = 0.17
SIZE_FEN: Final = 100_000_000
"""One million yuan: the yearly sales that GROWTH_SPREAD belongs to, and the reference merchant's."""

SIZE_BOUNDS: Final = (0.01, 100.0)
UNREST_POWER: Final = 0.8
UNREST_BOUNDS: Final = (0.4, 4.0)
UNSEEN_RISK: Final = 0.003
LEVEL_ERROR_WEEKS: Final = 26


class Position(NamedTuple):
    """A merchant as the formula sees it. Money in fen, rates a year."""

    annual_sales_fen: float  # above 0: S12
    level: float  # L over S12, 0 to 1
    trend: float
    trend_error: float
    noise_variance: float
    weeks: int
    years_alive: float
    refund_rate: float
    fee_share: float
    request_fen: float  # instalments of the loan asked for
    other_debt_fen: float
    undrawn_fen: float
    risk_years: float  # above 0, at most 1


def _instalment(loan: Loan) -> float:
    """Monthly instalment, in fen, of an annuity at INSTALMENT_RATE: P·r / (1 − (1 + r)^−n)."""
    rate = INSTALMENT_RATE / 12.0
    return loan.amount_fen * rate / (1.0 - (1.0 + rate) ** -loan.term_months)


@lru_cache(maxsize=64)
def reference(term_months: int) -> Position:
    """The reference merchant: two years old and known for two years, one million yuan a year, steady, ordinary noise,
    no other debt, asking one month's sales over a year. Only the time at risk is the applicant's own."""
    loan = Loan(SIZE_FEN // 12, 12)
    return Position(
        annual_sales_fen=float(SIZE_FEN),
        level=1.0,
        trend=0.0,
        trend_error=0.15,  # of two ordinary years of weeks
        noise_variance=NOISE_PRIOR_SD**2,
        weeks=MAX_WEEKS,
        years_alive=2.0,
        refund_rate=TYPICAL_REFUND_RATE,
        fee_share=TYPICAL_FEE_SHARE,
        request_fen=12.0 * _instalment(loan),
        other_debt_fen=0.0,
        undrawn_fen=0.0,
        risk_years=min(term_months, HORIZON_MONTHS) / 12.0,
    )


def break_even_distance(at: Position) -> float:
    """X before it is softened: log of contribution over fixed costs and debt service less the buffer."""
    refunded = min(max(at.refund_rate, 0.0), MAX_REFUND_RATE)
    fees = min(max(at.fee_share, 0.0), MAX_FEE_SHARE)
    contribution = GROSS_CONTRIBUTION - fees - RETURN_COST_SHARE * refunded / (1.0 - refunded)
    income = max(contribution, LEAST_CONTRIBUTION) * at.annual_sales_fen * at.level
    fixed = FIXED_COST_SHARE * at.annual_sales_fen
    lines = min(LINE_HAIRCUT * at.undrawn_fen, MAX_LINES_OF_SALES * at.annual_sales_fen)
    buffer = (BUFFER_YEARS * at.annual_sales_fen + lines) / at.risk_years
    burden = max(fixed + at.request_fen + at.other_debt_fen - buffer, LEAST_BURDEN_OF_FIXED_COST * fixed)
    low, high = DISTANCE_BOUNDS
    return min(math.log(max(income / burden, math.exp(low))), high)


def spread(at: Position) -> float:
    """s, the standard deviation of the log of sales over the time at risk."""
    size = min(max(at.annual_sales_fen / SIZE_FEN, SIZE_BOUNDS[0]), SIZE_BOUNDS[1])
    unrest = min(max(math.sqrt(at.noise_variance) / NOISE_PRIOR_SD, UNREST_BOUNDS[0]), UNREST_BOUNDS[1])
    youth = 1.0 + 2.0 / (1.0 + 2.0 * at.years_alive)
    growth = (GROWTH_SPREAD * size**-SIZE_POWER * unrest**UNREST_POWER) ** 2 * youth
    weekly = at.noise_variance * (1.0 / (WEEKS_PER_YEAR * at.risk_years) + 1.0 / max(at.weeks, 1))
    return math.sqrt(growth * at.risk_years + weekly + (at.trend_error * at.risk_years) ** 2)


def _passage(at: Position, shift: float = 0.0) -> float:
    distance = break_even_distance(at) + shift
    softened = BREAK_EVEN_SCALE * math.log1p(math.exp(distance / BREAK_EVEN_SCALE))
    return passage_log_odds(softened, at.trend * at.risk_years, spread(at))


@lru_cache(maxsize=1)
def _prior_correction() -> float:
    """What moves the reference merchant's log-odds of passage to the portfolio's base rate, less what is unseen."""
    seen = (PORTFOLIO_BASE_RATE - UNSEEN_RISK) / (1.0 - UNSEEN_RISK)
    return log_odds(seen) - _passage(reference(HORIZON_MONTHS))


def default_log_odds(at: Position, shift: float = 0.0) -> float:
    """Log-odds of default within the horizon. Falls in level, trend, buffer and years alive; rises in refunds, fees,
    debt, noise and trend error. `shift` is added to X, to see what an error of X would do.
    """
    seen = probability(_passage(at, shift) + _prior_correction())
    return log_odds(UNSEEN_RISK + (1.0 - UNSEEN_RISK) * seen)


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
        at.noise_variance / min(max(at.weeks, 1), LEVEL_ERROR_WEEKS) + (at.trend_error * at.risk_years) ** 2
    )
    error = (default_log_odds(at, -shift) - default_log_odds(at, shift)) / 2.0
    return Opinion(NAME, VERSION, odds, error, _weight(at.weeks), _causes(at, odds, evidence.loan))


def _weight(weeks: int) -> float:
    """The weight after coverage: grows with the weeks, full at two years of them."""
    full = MAX_WEEKS / (MAX_WEEKS + HALF_WEIGHT_WEEKS)
    return WEIGHT * weeks / (weeks + HALF_WEIGHT_WEEKS) / full


def _years_alive(evidence: Evidence, trade: Trade) -> float:
    opened = evidence.traits.opened_on if evidence.traits is not None else None
    since_opening = (evidence.day - opened).days / 365.25 if opened is not None else 0.0
    return max(since_opening, trade.months_of_history / 12.0, 0.0)


def _position(evidence: Evidence, trade: Trade, flow: CashFlow) -> Position:
    annual = 12.0 * trade.monthly_net_12m_fen
    bureau: BureauReport | None = evidence.bureau
    undrawn = max(bureau.credit_lines_fen - bureau.outstanding_fen, 0) if bureau is not None else 0
    return Position(
        annual_sales_fen=annual,
        level=min(max(12.0 * trade.monthly_net_3m_adjusted_fen / annual, 0.0), 1.0),
        trend=flow.trend,
        trend_error=flow.trend_error,
        noise_variance=flow.noise_variance,
        weeks=flow.weeks,
        years_alive=_years_alive(evidence, trade),
        refund_rate=trade.refund_rate,
        fee_share=TYPICAL_FEE_SHARE if evidence.fee_share is None else evidence.fee_share,
        request_fen=12.0 * _instalment(evidence.loan),
        other_debt_fen=12.0 * bureau.monthly_debt_service_fen if bureau is not None else 0.0,
        undrawn_fen=float(undrawn),
        risk_years=min(evidence.loan.term_months, HORIZON_MONTHS) / 12.0,
    )


def _causes(at: Position, odds: float, loan: Loan) -> tuple[Cause, ...]:
    """What each cause did: the log-odds as they are, less those with the cause as in the reference merchant."""
    usual = reference(loan.term_months)
    sales = at.annual_sales_fen
    usual_request = usual.request_fen / usual.annual_sales_fen * sales
    steady = at._replace(level=1.0, trend=max(at.trend, 0.0))
    without = (
        ("REQUEST_HEAVY", at._replace(request_fen=min(at.request_fen, usual_request)), at.request_fen / sales),
        ("DEBT_SERVICE_ELSEWHERE", at._replace(other_debt_fen=0.0), at.other_debt_fen / sales),
        ("SALES_FALLING", steady, 1.0 - at.level),
        ("SALES_VOLATILE", at._replace(noise_variance=min(at.noise_variance, usual.noise_variance)), 0.0),
        ("SALES_SMALL", _resized(at, usual), sales / 1e6),
        ("HISTORY_SHORT", _longer_known(at, usual), min(at.years_alive * 12.0, 1200.0)),
        ("REFUNDS_HIGH", at._replace(refund_rate=min(at.refund_rate, usual.refund_rate)), at.refund_rate),
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
