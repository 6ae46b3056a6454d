"""Probability of default from a merchant's own cash flow, without a label: first passage of sales to break-even.

A shop sells S a year, keeps a contribution k of it, pays fixed costs F and the instalments D of its loans, and can lose
its buffer B over the T years of risk. It stays solvent while k·S > F + D − B/T. With sales a geometric Brownian motion,
its logarithm starts

    X = ln( k·L / (F + D − B/T) )

above break-even, where L is the level of sales now; it drifts by g·T and spreads by s, and default is the first passage
of X through zero (`first_passage`, Black and Cox 1976). Each piece:

- L, level: the lower of the 12-month and the seasonally adjusted 3-month mean (rule LM-01). A fall counts as
  τ²/(τ² + σ²/13) of itself, the posterior mean of a fall of prior spread τ = 0.35 (judgement) seen through 13 weeks of
  noise: where trade comes by fits and starts, a thin quarter is no fall. F was sized to the 12-month mean S12, so a
  fall in sales is not made good by costs.
- k, contribution: 0.40 of net sales, less the share that platforms keep, less a tenth of what is refunded (freight
  both ways, goods that cannot be sold again) and of what was invoiced and then voided beyond the usual 8 % (the median
  of 302 Chinese firms, CUMCM 2020 C; a share is shrunk towards it by 25 invoices), less a tenth of what purchases take
  beyond 80 % of sales, up to 130 %. Purchases are often incomplete, so they can only show that a margin is thinner,
  never that it is fatter, and stocks and sales without invoices blur them: hence a tenth. Without them the prior
  stands: sales must do by themselves.
- F: 0.15·S12, so that at a fee of 5 % and no refunds a fifth of sales is left before debt service, and 12,000 yuan a
  year for the owner's bare living: a shop too small to feed its owner is given up. All three are judgements, for
  reselling shops; the last lies above the urban minimum living allowance (some 600 to 800 yuan a month since 2019).
- D: debt service elsewhere and the instalment of the loan asked for, an annuity at 18 % a year, midway between 4 ×
  LPR and the 24 % line (rules CN-RATE-02, CN-RATE-05).
- B: 19 days of sales (JPMorgan Chase Institute, Cash is King, 2016: the median small retailer's cash buffer) and half
  of the undrawn credit lines, these up to a month's sales.
- T: the term, at most the horizon of one year.
- g: the trend of weekly sales, shrunk by its own error (`cashflow`).
- s² = v²·T + (σ²/52)·(1/T + 52/n) + (error of g·T)²: the growth that nobody foresees, the noise of weeks averaged
  over the horizon, and what n weeks of history leave unknown. Where n is below 26, σ² grows by (26 − n)/(n + 1): what
  lacks of half a year counts as weeks without trade (`cashflow`), for nobody has seen any. Judgement, chosen on the
  proxy of `evaluations.invoice_outcomes` with half of the 302 firms.
- v = 0.55·(S12 / 1m yuan)^−0.17·(σ / 0.43)^0.8·(H / 0.10)^0.15·√(1 + 2/(1 + 2·years alive)), where σ² is the long-run
  variance of a week's relative deviation. Volatility falls with size as a power of −0.15 ± 0.03 (M. Stanley and others,
  Scaling behaviour in the growth of companies, Nature 379, 1996); measured on the VAT invoices of 302 Chinese small
  firms published for the 2020 national modelling contest (CUMCM 2020 C), the robust spread of yearly log-growth is 1.0,
  0.7, 0.5 and 0.4 at yearly sales of 0.2, 2, 10 and 38 million yuan, a power of −0.17. It rises with the unrest of
  weeks: over 912 Chinese shops (IJCAI-17 contest) the spread of half-year growth is 0.21, 0.31, 0.33, 0.48 and 0.60
  at σ = 0.28, 0.34, 0.43, 0.60 and 0.92, a power of 0.8. H is the Herfindahl index of sales by customer: a firm that
  lives off few of them inherits their swings (B. Herskovic, B. Kelly, H. Lustig and S. Van Nieuwerburgh, Firm
  Volatility in Granular Networks, Journal of Political Economy 128, 2020); on half of those 302 firms the spread rises
  as its power 0.25 ± 0.04 at a given size and 0.07 ± 0.04 at a given size and share of idle weeks; 0.15 lies between.
  The level 0.55 lies between the two sets. Younger firms fail more (D. Evans, Journal of Political Economy 95, 1987);
  the size of that factor is a judgement.

Where X ≤ 0 the shop is under water on paper, yet k and F are only about right: with a logistic error of scale
h = 0.25 on ln(k), the expected positive part of X is h·ln(1 + e^(X/h)), which takes the place of X and keeps the order
of merchants.

Prior correction: the log-odds of passage are moved so that the reference merchant has the portfolio's base rate. Then
a trade that has ended (probability e, `silence`) pays nothing 98 times in a hundred, and a loan fails with f = 0.3 %
for reasons that no cash flow shows, both judgements:

    1 − p = (1 − f)·(1 − 0.98·e)·(1 − p of passage)
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from sycee_scoring.domain.cashflow import MAX_WEEKS, NOISE_PRIOR_SD, WEEKS_PER_YEAR
from sycee_scoring.domain.evidence import Loan
from sycee_scoring.domain.first_passage import passage_log_odds
from sycee_scoring.domain.scale import HORIZON_MONTHS, PORTFOLIO_BASE_RATE, log_odds

GROSS_CONTRIBUTION: Final = 0.40
FIXED_COST_SHARE: Final = 0.15
SUBSISTENCE_FEN: Final = 1_200_000
LEAST_CONTRIBUTION: Final = 0.05
RETURN_COST_SHARE: Final = 0.10
TYPICAL_FEE_SHARE: Final = 0.05
TYPICAL_REFUND_RATE: Final = 0.05
TYPICAL_VOIDED_SHARE: Final = 0.08
MAX_FEE_SHARE: Final = 0.30
MAX_REFUND_RATE: Final = 0.80
MAX_VOIDED_SHARE: Final = 0.80
USUAL_PURCHASES: Final = 0.80
MAX_PURCHASES: Final = 1.30
PURCHASE_TRUST: Final = 0.10
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
KNOWN_WEEKS: Final = 26
UNREST_POWER: Final = 0.8
UNREST_BOUNDS: Final = (0.4, 12.0)
TYPICAL_HERFINDAHL: Final = 0.10
LEAST_HERFINDAHL: Final = 0.01
HERFINDAHL_POWER: Final = 0.15
ENDED_LOSS: Final = 0.98
UNSEEN_RISK: Final = 0.003

_USUALLY_VOIDED: Final = TYPICAL_VOIDED_SHARE / (1.0 - TYPICAL_VOIDED_SHARE)
_LARGEST_EXPONENT: Final = 700.0


class Position(NamedTuple):
    """A merchant as the formula sees it. Money in fen, rates a year. What only invoices tell is ordinary where there
    are none."""

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
    ended: float = 0.0  # probability that the trade has ended, 0 to 1
    customer_herfindahl: float = TYPICAL_HERFINDAHL  # 0 to 1
    voided_share: float = TYPICAL_VOIDED_SHARE  # of sales invoices, 0 to 1
    purchase_ratio: float = USUAL_PURCHASES  # purchases over sales, 0 and up


def instalment(loan: Loan) -> float:
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
        request_fen=12.0 * instalment(loan),
        other_debt_fen=0.0,
        undrawn_fen=0.0,
        risk_years=min(term_months, HORIZON_MONTHS) / 12.0,
    )


def contribution(at: Position) -> float:
    """k: what is left of a yuan of net sales before fixed costs, at least `LEAST_CONTRIBUTION`."""
    refunded = min(max(at.refund_rate, 0.0), MAX_REFUND_RATE)
    voided = min(max(at.voided_share, 0.0), MAX_VOIDED_SHARE)
    returned = refunded / (1.0 - refunded) + voided / (1.0 - voided) - _USUALLY_VOIDED
    bought = min(max(at.purchase_ratio - USUAL_PURCHASES, 0.0), MAX_PURCHASES - USUAL_PURCHASES)
    fees = min(max(at.fee_share, 0.0), MAX_FEE_SHARE)
    kept = GROSS_CONTRIBUTION - fees - RETURN_COST_SHARE * returned - PURCHASE_TRUST * bought
    return max(kept, LEAST_CONTRIBUTION)


def break_even_distance(at: Position) -> float:
    """X before it is softened: log of contribution over fixed costs and debt service less the buffer."""
    income = contribution(at) * at.annual_sales_fen * at.level
    fixed = FIXED_COST_SHARE * at.annual_sales_fen + SUBSISTENCE_FEN
    lines = min(LINE_HAIRCUT * at.undrawn_fen, MAX_LINES_OF_SALES * at.annual_sales_fen)
    buffer = (BUFFER_YEARS * at.annual_sales_fen + lines) / at.risk_years
    burden = max(fixed + at.request_fen + at.other_debt_fen - buffer, LEAST_BURDEN_OF_FIXED_COST * fixed)
    low, high = DISTANCE_BOUNDS
    return min(math.log(max(income / burden, math.exp(low))), high)


def weekly_noise(at: Position) -> float:
    """σ², with what lacks of `KNOWN_WEEKS` counted as weeks without trade."""
    return at.noise_variance + max(KNOWN_WEEKS - at.weeks, 0) / (at.weeks + 1.0)


def spread(at: Position) -> float:
    """s, the standard deviation of the log of sales over the time at risk."""
    size = min(max(at.annual_sales_fen / SIZE_FEN, SIZE_BOUNDS[0]), SIZE_BOUNDS[1])
    noise = weekly_noise(at)
    unrest = min(max(math.sqrt(noise) / NOISE_PRIOR_SD, UNREST_BOUNDS[0]), UNREST_BOUNDS[1])
    customers = min(max(at.customer_herfindahl, LEAST_HERFINDAHL), 1.0) / TYPICAL_HERFINDAHL
    youth = 1.0 + 2.0 / (1.0 + 2.0 * at.years_alive)
    volatility = GROWTH_SPREAD * size**-SIZE_POWER * unrest**UNREST_POWER * customers**HERFINDAHL_POWER
    weekly = noise * (1.0 / (WEEKS_PER_YEAR * at.risk_years) + 1.0 / max(at.weeks, 1))
    growth = volatility * volatility * youth
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
    """Log-odds of default within the horizon. Falls in level, trend, weeks, buffer and years alive; rises in refunds,
    fees, debt, noise, trend error, silence, concentration, voided share and purchases. `shift` is added to X, to see
    what an error of X would do.
    """
    odds = math.exp(min(_passage(at, shift) + _prior_correction(), _LARGEST_EXPONENT))
    survived = (1.0 - UNSEEN_RISK) * (1.0 - ENDED_LOSS * at.ended) / (1.0 + odds)
    return math.log((1.0 - survived) / survived)
