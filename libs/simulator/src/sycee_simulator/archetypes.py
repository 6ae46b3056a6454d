"""The kinds of shop that the simulated market is made of, and the numbers that make each one what it is.

Every figure here is a judgement that makes archetypes tell-tale and the volume of events bounded; none is measured.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


class Archetype(enum.Enum):
    """How a simulated shop behaves."""

    STEADY = "steady"
    GROWING = "growing"
    SEASONAL = "seasonal"
    COLLAPSING = "collapsing"
    BRUSHING = "brushing"
    NEW = "new"
    RETURNS_HEAVY = "returns_heavy"
    GREEN = "green"
    SANCTIONED = "sanctioned"
    REVOKED = "revoked"


DECK: Final[tuple[tuple[Archetype, int], ...]] = (
    (Archetype.STEADY, 5),
    (Archetype.GROWING, 3),
    (Archetype.SEASONAL, 2),
    (Archetype.COLLAPSING, 2),
    (Archetype.BRUSHING, 2),
    (Archetype.NEW, 2),
    (Archetype.RETURNS_HEAVY, 1),
    (Archetype.GREEN, 1),
    (Archetype.SANCTIONED, 1),
    (Archetype.REVOKED, 1),
)
"""Cards in one deck of twenty. Decks are shuffled and dealt one after the other, so that any 40 neighbouring shops
hold a whole deck and with it every archetype."""

DECK_SIZE: Final = sum(count for _, count in DECK)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The ranges that a shop of one archetype is drawn from. Pairs are lower and upper bounds of a uniform draw."""

    history_days: tuple[int, int]
    orders_per_day: tuple[float, float] = (0.6, 1.4)
    monthly_sales_yuan: float = 90_000.0  # median of a log-normal
    drift_per_year: tuple[float, float] = (-0.08, 0.12)  # of the logarithm of sales
    season_strength: float = (
        0.12  # exponent of the yearly swing; 1.1 sells nine times as much at its peak as in its trough
    )
    week_noise: float = 0.10  # standard deviation of the logarithm of a week's sales
    refund_rate: tuple[float, float] = (0.03, 0.08)  # share of orders
    dispute_share: float = 0.08  # of refunds
    low_star_share: tuple[float, float] = (0.02, 0.06)  # of reviews
    complaint_rate: float = 0.001  # of orders
    late_rate: tuple[float, float] = (0.02, 0.08)  # of parcels
    brushed_share: tuple[float, float] = (0.0, 0.0)  # of orders
    penalties_per_year: float = 0.08
    tax_late_rate: float = 0.05  # of filings
    declared_share: tuple[float, float] = (0.93, 1.0)  # of net platform sales
    buffer_months: float = 3.0  # median of a log-normal: months of outgoings that are held in cash
    default_logit: float = -3.4  # log-odds of default within a year at a buffer of two months


PATTERNS: Final[dict[Archetype, Pattern]] = {
    Archetype.STEADY: Pattern(history_days=(240, 660)),
    Archetype.GROWING: Pattern(
        history_days=(270, 540), drift_per_year=(0.5, 1.1), week_noise=0.14, buffer_months=2.6, default_logit=-3.1
    ),
    Archetype.SEASONAL: Pattern(
        history_days=(470, 912), orders_per_day=(0.4, 0.7), season_strength=1.1, buffer_months=2.8, default_logit=-3.0
    ),
    Archetype.COLLAPSING: Pattern(
        history_days=(300, 600),
        refund_rate=(0.06, 0.14),
        dispute_share=0.18,
        low_star_share=(0.07, 0.16),
        complaint_rate=0.004,
        late_rate=(0.08, 0.2),
        week_noise=0.2,
        tax_late_rate=0.25,
        buffer_months=0.8,
        default_logit=-0.3,
    ),
    Archetype.BRUSHING: Pattern(
        history_days=(240, 480),
        orders_per_day=(0.5, 1.0),
        monthly_sales_yuan=55_000.0,
        low_star_share=(0.05, 0.12),
        brushed_share=(0.25, 0.5),
        penalties_per_year=0.9,
        declared_share=(0.45, 0.65),
        buffer_months=1.2,
        default_logit=-0.9,
    ),
    Archetype.NEW: Pattern(
        history_days=(35, 150),
        orders_per_day=(1.2, 3.2),
        monthly_sales_yuan=30_000.0,
        drift_per_year=(0.2, 1.2),
        week_noise=0.22,
        penalties_per_year=0.03,
        buffer_months=1.8,
        default_logit=-2.2,
    ),
    Archetype.RETURNS_HEAVY: Pattern(
        history_days=(270, 600),
        refund_rate=(0.24, 0.4),
        dispute_share=0.22,
        low_star_share=(0.14, 0.26),
        complaint_rate=0.012,
        late_rate=(0.1, 0.25),
        week_noise=0.16,
        penalties_per_year=0.6,
        buffer_months=1.6,
        default_logit=-1.6,
    ),
    Archetype.GREEN: Pattern(
        history_days=(240, 540),
        low_star_share=(0.01, 0.03),
        complaint_rate=0.0004,
        tax_late_rate=0.0,
        default_logit=-3.6,
    ),
    Archetype.SANCTIONED: Pattern(history_days=(240, 480), monthly_sales_yuan=160_000.0, default_logit=-2.0),
    Archetype.REVOKED: Pattern(
        history_days=(240, 480),
        monthly_sales_yuan=140_000.0,
        penalties_per_year=1.2,
        tax_late_rate=0.4,
        declared_share=(0.3, 0.6),
        default_logit=-0.8,
    ),
}
"""One pattern an archetype. Revoked shops sell well: strong sales without a licence must not help (rule CN-ID-05)."""
