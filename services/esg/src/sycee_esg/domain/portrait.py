"""The part of a merchant's portrait that ESG looks at. None means that no such event was ever received."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


class Mode(enum.Enum):
    """How parcels travel; the value is the id of the factor (ESG-07). Not known counts as a medium lorry."""

    ROAD_LIGHT = "freight.road_light"
    ROAD_MEDIUM = "freight.road_medium"
    ROAD_HEAVY = "freight.road_heavy"
    RAIL = "freight.rail"


class Packaging(enum.Enum):
    """What a parcel is packed in."""

    UNKNOWN = "unknown"
    SINGLE_USE = "single_use"
    RECYCLED = "recycled"
    REUSABLE = "reusable"


class PenaltyKind(enum.Enum):
    """What a penalty was for; the value is its name in the book."""

    COUNTERFEIT = "counterfeit"
    FAKE_TRADE = "fake_trade"
    SAFETY = "safety"
    LABOUR = "labour"
    PRIVACY = "privacy"
    ENVIRONMENT = "environment"
    OTHER = "other"


class RegisterStatus(enum.Enum):
    """State in the business register (CN-ID-05)."""

    ACTIVE = "active"
    ABNORMAL = "abnormal"
    REVOKED = "revoked"
    DEREGISTERED = "deregistered"
    SERIOUS_VIOLATION = "serious_violation"


class TaxRating(enum.Enum):
    """Tax-credit rating (ESG-09); the value is a point in the middle of the rating's range, M being new."""

    A = 95
    B = 80
    M = 65
    C = 55
    D = 20


@dataclass(frozen=True, slots=True)
class Trade:
    """Sales."""

    orders_365d: int
    monthly_net_fen: int  # of the last 12 months, refunds deducted; may be negative
    months_of_history: int
    dispute_rate: float  # disputed refunds over orders of 180 days


@dataclass(frozen=True, slots=True)
class Logistics:
    """Parcels of the last 365 days."""

    parcel_count: int
    weighed_count: int
    routed_count: int
    gram_km: Mapping[Mode, int]  # over parcels with both weight and route
    parcels_by_packaging: Mapping[Packaging, int]
    late_rate: float


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews, complaints and returns of the last 365 days."""

    review_count: int
    low_star_share: float
    complaint_count: int
    return_count: int
    order_count: int


@dataclass(frozen=True, slots=True)
class Tax:
    """Tax records of the last 365 days."""

    rating: TaxRating | None
    declared_fen: int
    platform_net_fen: int  # may be negative
    late_count: int


@dataclass(frozen=True, slots=True)
class Energy:
    """Electricity of the last 365 days."""

    electricity_wh: int
    day_count: int  # days that the bills cover, 1 or more


@dataclass(frozen=True, slots=True)
class Portrait:
    """A merchant at a moment."""

    merchant_id: str
    as_of: datetime
    category: str = ""  # empty when not known
    province_code: str = ""  # two digits of GB/T 2260, empty when not known
    register_status: RegisterStatus | None = None
    trade: Trade | None = None
    logistics: Logistics | None = None
    reviews: Reviews | None = None
    tax: Tax | None = None
    energy: Energy | None = None
    penalties: Mapping[PenaltyKind, int] | None = None
    fresh_sources: frozenset[str] | None = None  # kinds of event, stale ones left out; None when nothing ever came
