"""The portrait: every section from the facts that one read of the store gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sycee_ingestion.domain import coverage, records, trade
from sycee_ingestion.domain.coverage import Received, SourceStatus
from sycee_ingestion.domain.event import EventKind

FEATURE_VERSION = "portrait-1"
"""Changes with any definition in `sycee_ingestion.domain`; the same version and events give the same portrait."""

GRAM_KM_MODES = 5
"""Transport modes of the contract, "not known" included."""

PACKAGINGS = 4
"""Kinds of packaging of the contract, "not known" included."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What the merchant is; numbers of the contract's BorrowerKind and RegisterStatus."""

    borrower_kind: int
    category: str
    province_code: str
    opened_on: date | None
    employee_count: int | None
    register_status: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class Year:
    """Sums over the 365 whole days before the portrait (visits and social: 90)."""

    return_count: int
    review_count: int
    star_sum: int
    low_star_count: int
    complaint_count: int
    parcel_count: int
    weighed_count: int
    routed_count: int
    weight_g: int
    late_count: int
    gram_km: tuple[int, ...]
    packaging: tuple[int, ...]
    settlement_fen: int
    fee_fen: int
    settlement_days: int
    page_views_90d: int
    visitors_90d: int
    visitors_90d_before: int
    posts_90d: int
    interactions_90d: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the store knows of a merchant as of a moment."""

    merchant_id: str
    traits: Traits
    received: tuple[Received, ...]
    sales: trade.DailySales
    counts: trade.TradeCounts
    year: Year
    followers: int
    bureau: records.BureauReport | None
    newest_tax: records.TaxRecord | None
    taxes: tuple[records.TaxRecord, ...]
    energy_uses: tuple[records.EnergyUse, ...]
    penalties: records.Penalties
    repayments: records.RepaymentRecord


@dataclass(frozen=True, slots=True)
class Logistics:
    """Parcels; `freight` is (mode, gram-kilometres) and `packaging` (kind, parcels), both ascending, without zeros."""

    parcel_count: int
    weighed_count: int
    routed_count: int
    weight_g: int
    freight: tuple[tuple[int, int], ...]
    packaging: tuple[tuple[int, int], ...]
    late_rate: float


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews, complaints and returns."""

    review_count: int
    mean_stars: float
    low_star_share: float
    complaint_count: int
    return_count: int
    order_count: int


@dataclass(frozen=True, slots=True)
class Settlements:
    """Platform payouts, in fen."""

    net_fen: int
    fee_fen: int
    day_count: int


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits."""

    visitor_days: int
    page_views: int
    growth: float


@dataclass(frozen=True, slots=True)
class Social:
    """Social-media activity."""

    followers: int
    posts: int
    interactions: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A merchant's portrait; a section is None where no such event was ever received."""

    merchant_id: str
    feature_version: str
    traits: Traits
    trade: trade.Trade | None
    logistics: Logistics | None
    reviews: Reviews | None
    settlements: Settlements | None
    bureau: records.BureauReport | None
    tax: records.Tax | None
    energy: records.Energy | None
    visits: Visits | None
    social: Social | None
    penalties: records.Penalties | None
    repayments: records.RepaymentRecord | None
    sources: tuple[SourceStatus, ...]
    coverage: float
    freshness_days: int | None


def portray(facts: Facts) -> Profile:
    """The portrait as of any moment of the business day `facts.sales.today`; its windows end with the day before."""
    today = facts.sales.today
    received = {entry.kind: entry for entry in facts.received}
    statuses = tuple(coverage.source_status(received[kind], today) for kind in sorted(received))
    return Profile(
        merchant_id=facts.merchant_id,
        feature_version=FEATURE_VERSION,
        traits=facts.traits,
        trade=_trade(facts, received),
        logistics=_logistics(facts.year) if EventKind.SHIPMENT in received else None,
        reviews=_reviews(facts.year, facts.counts.order_count_365d) if EventKind.REVIEW in received else None,
        settlements=_settlements(facts.year) if EventKind.SETTLEMENT in received else None,
        bureau=facts.bureau,
        tax=_tax(facts, today),
        energy=records.energy_section(facts.energy_uses, today) if EventKind.ENERGY_USE in received else None,
        visits=_visits(facts.year) if EventKind.TRAFFIC in received else None,
        social=_social(facts) if EventKind.SOCIAL_ACTIVITY in received else None,
        penalties=facts.penalties if EventKind.STORE_PENALTY in received else None,
        repayments=facts.repayments if EventKind.REPAYMENT in received else None,
        sources=statuses,
        coverage=coverage.coverage(statuses),
        freshness_days=coverage.trade_freshness_days(statuses),
    )


def _trade(facts: Facts, received: Mapping[EventKind, Received]) -> trade.Trade | None:
    orders = received.get(EventKind.ORDER)
    if orders is None:
        return None
    return trade.trade_section(orders.first_day, orders.last_day, facts.sales, facts.counts)


def _tax(facts: Facts, today: date) -> records.Tax | None:
    if facts.newest_tax is None:
        return None
    return records.tax_section(facts.newest_tax, facts.taxes, today, facts.sales.net_between)


def _logistics(year: Year) -> Logistics:
    return Logistics(
        parcel_count=year.parcel_count,
        weighed_count=year.weighed_count,
        routed_count=year.routed_count,
        weight_g=year.weight_g,
        freight=tuple((mode, gram_km) for mode, gram_km in enumerate(year.gram_km) if gram_km),
        packaging=tuple((kind, parcels) for kind, parcels in enumerate(year.packaging) if parcels),
        late_rate=_share(year.late_count, year.parcel_count),
    )


def _reviews(year: Year, order_count: int) -> Reviews:
    return Reviews(
        review_count=year.review_count,
        mean_stars=_share(year.star_sum, year.review_count),
        low_star_share=_share(year.low_star_count, year.review_count),
        complaint_count=year.complaint_count,
        return_count=year.return_count,
        order_count=order_count,
    )


def _settlements(year: Year) -> Settlements:
    return Settlements(net_fen=year.settlement_fen, fee_fen=year.fee_fen, day_count=year.settlement_days)


def _visits(year: Year) -> Visits:
    return Visits(
        visitor_days=year.visitors_90d,
        page_views=year.page_views_90d,
        growth=_share(year.visitors_90d, year.visitors_90d_before),
    )


def _social(facts: Facts) -> Social:
    return Social(followers=facts.followers, posts=facts.year.posts_90d, interactions=facts.year.interactions_90d)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
