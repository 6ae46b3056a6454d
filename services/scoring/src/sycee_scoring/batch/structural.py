"""`structural.assess` on arrays: position, closed form, error and weight of every row that has sales."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sycee_scoring.batch import default_distance as closed_form
from sycee_scoring.batch.book import Book, Flags, Floats
from sycee_scoring.batch.default_distance import Positions, default_log_odds
from sycee_scoring.batch.weeks import Flows, read_all
from sycee_scoring.domain import default_distance as formula
from sycee_scoring.domain import structural as component
from sycee_scoring.domain.cashflow import MAX_WEEKS
from sycee_scoring.domain.scale import HORIZON_MONTHS


class Opinions(NamedTuple):
    """What a component says of each row; where it says nothing the weight is 0 and the rest is not meant to be read."""

    present: Flags
    log_odds: Floats
    error: Floats
    weight: Floats


def assess(book: Book) -> Opinions:
    """The component's opinion of every row."""
    monthly = book.floats("monthly_net_12m_fen")
    present = ~np.isnan(monthly)
    selling = monthly > 0.0
    weeks = book.weeks()
    flows = read_all(weeks, np.where(selling, monthly, 1.0), book.days("day"))
    at = _positions(book, np.where(selling, monthly, 1.0), flows, weeks.lengths.astype(np.float64))
    distance, width = closed_form.break_even_distance(at), closed_form.spread(at)
    seen = np.minimum(np.maximum(at.weeks, 1.0), component.LEVEL_ERROR_WEEKS)
    shift = np.sqrt(closed_form.weekly_noise(at) / seen + (at.trend_error * at.risk_years) ** 2)
    odds = default_log_odds(at, distance, width)
    error = (default_log_odds(at, distance - shift, width) - default_log_odds(at, distance + shift, width)) / 2.0
    if not selling.all():
        odds = np.where(selling, odds, _without_net_sales(book.floats("term_months")))
        error = np.where(selling, error, 1.0)
    weight = component.WEIGHT * at.weeks / (at.weeks + component.HALF_WEIGHT_WEEKS) / _FULL
    return Opinions(present, odds, error, np.where(present, weight, 0.0))


_FULL: Final = MAX_WEEKS / (MAX_WEEKS + component.HALF_WEIGHT_WEEKS)


def _without_net_sales(terms: Floats) -> Floats:
    """The log-odds of those whose refunds ate all sales: a figure for each term."""
    found = np.empty(len(terms))
    for term in np.unique(terms):
        usual = formula.reference(int(term))
        found[terms == term] = formula.default_log_odds(usual._replace(level=0.0))
    return found


def _positions(book: Book, monthly: Floats, flows: Flows, weeks: Floats) -> Positions:
    net, fee = book.floats("settlement_net_fen"), book.floats("settlement_fee_fen")
    with np.errstate(divide="ignore", invalid="ignore"):
        fee_share = fee / (net + fee)
    undrawn = np.maximum(book.floats("bureau_credit_lines_fen") - book.floats("bureau_outstanding_fen"), 0.0)
    terms = book.floats("term_months")
    herfindahl, voided, purchases = _of_invoices(book)
    return Positions(
        annual_sales_fen=12.0 * monthly,
        level=_level(book.floats("monthly_net_3m_adjusted_fen"), monthly, flows.noise_variance),
        trend=flows.trend,
        trend_error=flows.trend_error,
        noise_variance=flows.noise_variance,
        weeks=weeks,
        years_alive=_years_alive(book),
        refund_rate=_or(book.floats("refund_rate_180d"), 0.0),
        fee_share=_or(fee_share, formula.TYPICAL_FEE_SHARE),
        request_fen=12.0 * closed_form.instalment(book.floats("requested_amount_fen"), terms),
        other_debt_fen=12.0 * _or(book.floats("bureau_monthly_debt_service_fen"), 0.0),
        undrawn_fen=_or(undrawn, 0.0),
        risk_years=np.minimum(terms, HORIZON_MONTHS) / 12.0,
        ended=flows.ended,
        customer_herfindahl=herfindahl,
        voided_share=voided,
        purchase_ratio=purchases,
    )


def _or(values: Floats, otherwise: float) -> Floats:
    return np.where(np.isnan(values), otherwise, values)


def _years_alive(book: Book) -> Floats:
    since_opening = (book.days("day") - book.days("opened_on")) / 365.25
    return np.fmax(np.fmax(since_opening, book.floats("months_of_history") / 12.0), 0.0)


def _level(three_months: Floats, monthly: Floats, noise_variance: Floats) -> Floats:
    fall = 1.0 - np.clip(_or(three_months, 0.0) / monthly, 0.0, 1.0)
    real, chance = component.LEVEL_PRIOR_SD**2, noise_variance / component.LEVEL_WEEKS
    level: Floats = 1.0 - fall * real / (real + chance)
    return level


def _of_invoices(book: Book) -> tuple[Floats, Floats, Floats]:
    """Concentration of customers, voided share and purchases over sales, each the usual where it is not known."""
    prior = component.VOIDED_PRIOR_INVOICES
    sold, voided = book.floats("invoice_sale_count"), book.floats("invoice_voided_count")
    known = ~np.isnan(sold)
    share = (voided + prior * formula.TYPICAL_VOIDED_SHARE) / (sold + voided + prior)
    herfindahl, purchases = book.floats("customer_herfindahl"), book.floats("purchases_to_sales")
    usual = formula.USUAL_PURCHASES
    return (
        np.where(known & ~np.isnan(herfindahl), herfindahl, formula.TYPICAL_HERFINDAHL),
        np.where(known, share, formula.TYPICAL_VOIDED_SHARE),
        np.where(known & ~np.isnan(purchases), np.maximum(purchases, usual), usual),
    )
