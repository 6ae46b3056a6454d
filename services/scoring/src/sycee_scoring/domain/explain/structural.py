"""The structural component down to its inputs: exact Shapley values of the closed form against the reference merchant.

Debts, lines and the loan asked for count as shares of the merchant's own sales, so that a reference merchant of another
size is still compared like with like. Years alive, weeks of record and the error that few weeks leave in the trend are
one feature: none grows without the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from sycee_scoring.domain import structural
from sycee_scoring.domain.cashflow import read_weeks
from sycee_scoring.domain.causes import Opinion
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.explain.opened import Contribution, Opened
from sycee_scoring.domain.explain.shapley import shapley
from sycee_scoring.domain.structural import Position

_OF_SALES: Final = frozenset({"request_fen", "other_debt_fen", "undrawn_fen"})
"""Amounts of a position that count as shares of its yearly sales."""


class _Feature(NamedTuple):
    """`fields` of a position that move together; `shown` is the figure that people see."""

    name: str
    fields: tuple[str, ...]
    reason_code: str
    shown: Callable[[Position], float]


_KNOWN: Final = (
    _Feature("annual_net_sales_fen", ("annual_sales_fen",), "SALES_SMALL", lambda at: at.annual_sales_fen),
    _Feature("level_of_3_months", ("level",), "SALES_FALLING", lambda at: at.level),
    _Feature("trend_a_year", ("trend",), "SALES_FALLING", lambda at: at.trend),
    _Feature("weekly_swing", ("noise_variance",), "SALES_VOLATILE", lambda at: math.sqrt(at.noise_variance)),
    _Feature("years_of_record", ("weeks", "trend_error", "years_alive"), "HISTORY_SHORT", lambda at: at.years_alive),
    _Feature("refund_rate", ("refund_rate",), "REFUNDS_HIGH", lambda at: at.refund_rate),
    _Feature("fee_share", ("fee_share",), "PLATFORM_FEES_HIGH", lambda at: at.fee_share),
    _Feature(
        "request_share_of_sales", ("request_fen",), "REQUEST_HEAVY", lambda at: at.request_fen / at.annual_sales_fen
    ),
    _Feature(
        "debt_service_share_of_sales",
        ("other_debt_fen",),
        "DEBT_SERVICE_ELSEWHERE",
        lambda at: at.other_debt_fen / at.annual_sales_fen,
    ),
    _Feature("probability_that_trade_has_ended", ("ended",), "TRADE_STOPPED", lambda at: at.ended),
    _Feature("customer_herfindahl", ("customer_herfindahl",), "CUSTOMERS_FEW", lambda at: at.customer_herfindahl),
    _Feature("voided_share", ("voided_share",), "INVOICES_VOIDED", lambda at: at.voided_share),
    _Feature("purchase_ratio", ("purchase_ratio",), "MARGIN_THIN", lambda at: at.purchase_ratio),
    _Feature("undrawn_lines_share_of_sales", ("undrawn_fen",), "", lambda at: at.undrawn_fen / at.annual_sales_fen),
)


def _alone(field: str) -> _Feature:
    def shown(at: Position) -> float:
        return float(getattr(at, field))

    return _Feature(field, (field,), "", shown)


_SAME: Final = "risk_years"
"""The reference merchant asks for the same term."""

_NAMED: Final = frozenset((_SAME, *(field for feature in _KNOWN for field in feature.fields)))
FEATURES: Final = (*_KNOWN, *(_alone(field) for field in Position._fields if field not in _NAMED))
"""Every input of the formula but the time at risk is in exactly one feature."""


def open_structural(evidence: Evidence, opinion: Opinion) -> Opened:
    """Opens the component's opinion of merchants that have sales."""
    trade = evidence.trade
    usual = structural.reference(evidence.loan.term_months)
    usual_odds = structural.default_log_odds(usual)
    if trade is None or trade.monthly_net_12m_fen <= 0:
        net = None if trade is None else float(12 * trade.monthly_net_12m_fen)
        name, reference = "annual_net_sales_fen", usual.annual_sales_fen
        return Opened(
            opinion, usual_odds, (Contribution(name, net, reference, opinion.log_odds - usual_odds, "NO_NET_SALES"),)
        )
    at = structural._position(evidence, trade, read_weeks(trade.weekly_net_fen, trade.monthly_net_12m_fen))
    own, theirs = _by_sales(at), _by_sales(usual)
    moved = [feature for feature in FEATURES if any(own[place] != theirs[place] for place in _places(feature))]
    places = [_places(feature) for feature in moved]

    def log_odds(mask: int) -> float:
        mixed = list(theirs)
        for player, moving in enumerate(places):
            if mask >> player & 1:
                for place in moving:
                    mixed[place] = own[place]
        return structural.default_log_odds(_position(mixed))

    added = shapley(len(moved), log_odds)
    shares = {feature.name: share for feature, share in zip(moved, added, strict=True)}
    return Opened(
        opinion,
        usual_odds,
        tuple(
            Contribution(f.name, f.shown(at), f.shown(usual), shares.get(f.name, 0.0), f.reason_code) for f in FEATURES
        ),
    )


def _places(feature: _Feature) -> tuple[int, ...]:
    return tuple(Position._fields.index(field) for field in feature.fields)


def _by_sales(at: Position) -> tuple[float, ...]:
    """The position with its amounts as shares of sales."""
    return tuple(
        value / at.annual_sales_fen if field in _OF_SALES else value
        for field, value in zip(Position._fields, at, strict=True)
    )


_SALES_PLACE: Final = Position._fields.index("annual_sales_fen")
_OF_SALES_PLACES: Final = tuple(Position._fields.index(field) for field in _OF_SALES)


def _position(by_sales: list[float]) -> Position:
    for place in _OF_SALES_PLACES:
        by_sales[place] *= by_sales[_SALES_PLACE]
    return Position._make(by_sales)
