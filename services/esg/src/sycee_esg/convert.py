"""Between the contracts and the domain. Total: every message gives a portrait or InvalidArgument naming the field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, TypeVar

from sycee.common.v1 import common_pb2
from sycee.esg.v1 import esg_pb2
from sycee.ingestion.v1 import event_pb2, profile_pb2
from sycee_service import wire
from sycee_service.errors import InvalidArgument

from sycee_esg.domain.book import Factor, Pillar, Rating
from sycee_esg.domain.emissions import Emissions
from sycee_esg.domain.portrait import (
    Energy,
    Logistics,
    Mode,
    Packaging,
    PenaltyKind,
    Portrait,
    RegisterStatus,
    Reviews,
    Tax,
    TaxRating,
    Trade,
)
from sycee_esg.domain.rating import Assessment, Metric, PillarScore

T = TypeVar("T")
_LAST_YEAR: Final = 9998  # so that the business day in Shanghai is still a day

_MODES: Final[Mapping[int, Mode]] = {
    event_pb2.TRANSPORT_MODE_UNSPECIFIED: Mode.ROAD_MEDIUM,  # as the contract says of a mode that is not known
    event_pb2.TRANSPORT_MODE_ROAD_LIGHT: Mode.ROAD_LIGHT,
    event_pb2.TRANSPORT_MODE_ROAD_MEDIUM: Mode.ROAD_MEDIUM,
    event_pb2.TRANSPORT_MODE_ROAD_HEAVY: Mode.ROAD_HEAVY,
    event_pb2.TRANSPORT_MODE_RAIL: Mode.RAIL,
}
_PACKAGING: Final[Mapping[int, Packaging]] = {
    event_pb2.PACKAGING_UNSPECIFIED: Packaging.UNKNOWN,
    event_pb2.PACKAGING_SINGLE_USE: Packaging.SINGLE_USE,
    event_pb2.PACKAGING_RECYCLED: Packaging.RECYCLED,
    event_pb2.PACKAGING_REUSABLE: Packaging.REUSABLE,
}
_PENALTIES: Final[Mapping[int, PenaltyKind]] = {
    event_pb2.StorePenalty.KIND_UNSPECIFIED: PenaltyKind.OTHER,
    event_pb2.StorePenalty.KIND_COUNTERFEIT: PenaltyKind.COUNTERFEIT,
    event_pb2.StorePenalty.KIND_FAKE_TRADE: PenaltyKind.FAKE_TRADE,
    event_pb2.StorePenalty.KIND_SAFETY: PenaltyKind.SAFETY,
    event_pb2.StorePenalty.KIND_LABOUR: PenaltyKind.LABOUR,
    event_pb2.StorePenalty.KIND_PRIVACY: PenaltyKind.PRIVACY,
    event_pb2.StorePenalty.KIND_ENVIRONMENT: PenaltyKind.ENVIRONMENT,
    event_pb2.StorePenalty.KIND_OTHER: PenaltyKind.OTHER,
}
_REGISTER_STATES: Final[Mapping[int, RegisterStatus | None]] = {
    common_pb2.REGISTER_STATUS_UNSPECIFIED: None,
    common_pb2.REGISTER_STATUS_ACTIVE: RegisterStatus.ACTIVE,
    common_pb2.REGISTER_STATUS_ABNORMAL: RegisterStatus.ABNORMAL,
    common_pb2.REGISTER_STATUS_REVOKED: RegisterStatus.REVOKED,
    common_pb2.REGISTER_STATUS_DEREGISTERED: RegisterStatus.DEREGISTERED,
    common_pb2.REGISTER_STATUS_SERIOUS_VIOLATION: RegisterStatus.SERIOUS_VIOLATION,
}
_TAX_RATINGS: Final[Mapping[int, TaxRating | None]] = {
    event_pb2.TAX_RATING_UNSPECIFIED: None,
    event_pb2.TAX_RATING_A: TaxRating.A,
    event_pb2.TAX_RATING_B: TaxRating.B,
    event_pb2.TAX_RATING_M: TaxRating.M,
    event_pb2.TAX_RATING_C: TaxRating.C,
    event_pb2.TAX_RATING_D: TaxRating.D,
}
_PILLARS: Final[Mapping[Pillar, esg_pb2.Pillar.ValueType]] = {
    Pillar.ENVIRONMENT: esg_pb2.PILLAR_ENVIRONMENT,
    Pillar.SOCIAL: esg_pb2.PILLAR_SOCIAL,
    Pillar.GOVERNANCE: esg_pb2.PILLAR_GOVERNANCE,
}
_RATINGS: Final[Mapping[Rating | None, esg_pb2.Rating.ValueType]] = {
    None: esg_pb2.RATING_UNSPECIFIED,
    Rating.AAA: esg_pb2.RATING_AAA,
    Rating.AA: esg_pb2.RATING_AA,
    Rating.A: esg_pb2.RATING_A,
    Rating.BBB: esg_pb2.RATING_BBB,
    Rating.BB: esg_pb2.RATING_BB,
    Rating.B: esg_pb2.RATING_B,
    Rating.CCC: esg_pb2.RATING_CCC,
}


def portrait_from_proto(profile: profile_pb2.Profile) -> Portrait:
    """The part of a portrait that ESG looks at. Raises InvalidArgument for what no portrait can hold."""
    traits = profile.traits
    as_of = wire.time_from_proto("profile.as_of", profile.as_of)
    if as_of.year > _LAST_YEAR:
        raise InvalidArgument("profile.as_of", f"must not be after the year {_LAST_YEAR}", value=as_of.year)
    return Portrait(
        merchant_id=profile.merchant_id,
        as_of=as_of,
        category=traits.category,
        province_code=traits.province_code,
        register_status=_known(_REGISTER_STATES, "profile.traits.register_status", traits.register_status),
        trade=_trade(profile.trade) if profile.HasField("trade") else None,
        logistics=_logistics(profile.logistics) if profile.HasField("logistics") else None,
        reviews=_reviews(profile.reviews) if profile.HasField("reviews") else None,
        tax=_tax(profile.tax) if profile.HasField("tax") else None,
        energy=_energy(profile.energy) if profile.HasField("energy") else None,
        penalties=_penalties(profile.penalties) if profile.HasField("penalties") else None,
        fresh_sources=frozenset(source.event_type for source in profile.sources if not source.stale)
        if profile.sources
        else None,
    )


def _trade(trade: profile_pb2.Trade) -> Trade:
    return Trade(
        orders_365d=trade.order_count_365d,
        monthly_net_fen=trade.monthly_net_12m_fen,
        months_of_history=trade.months_of_history,
        dispute_rate=_rate("profile.trade.dispute_rate_180d", trade.dispute_rate_180d),
    )


def _logistics(logistics: profile_pb2.Logistics) -> Logistics:
    path, parcels = "profile.logistics", logistics.parcel_count
    for name, count in (("weighed_count", logistics.weighed_count), ("routed_count", logistics.routed_count)):
        if count > parcels:
            raise InvalidArgument(f"{path}.{name}", "must not exceed parcel_count", value=count)
    gram_km: dict[Mode, int] = {}
    for place, leg in enumerate(logistics.freight):
        mode = _known(_MODES, f"{path}.freight[{place}].mode", leg.mode)
        gram_km[mode] = gram_km.get(mode, 0) + leg.gram_km
    if any(gram_km.values()) and not (logistics.weighed_count and logistics.routed_count):
        raise InvalidArgument(f"{path}.freight", "must be empty when no parcel has both weight and route")
    packed: dict[Packaging, int] = {}
    for place, group in enumerate(logistics.packaging):
        material = _known(_PACKAGING, f"{path}.packaging[{place}].packaging", group.packaging)
        packed[material] = packed.get(material, 0) + group.parcel_count
    if sum(packed.values()) > parcels:
        raise InvalidArgument(f"{path}.packaging", "must not sum to more than parcel_count", value=sum(packed.values()))
    late_rate = _share(f"{path}.late_rate", logistics.late_rate)
    return Logistics(parcels, logistics.weighed_count, logistics.routed_count, gram_km, packed, late_rate)


def _reviews(reviews: profile_pb2.Reviews) -> Reviews:
    return Reviews(
        review_count=reviews.review_count,
        low_star_share=_share("profile.reviews.low_star_share", reviews.low_star_share),
        complaint_count=reviews.complaint_count,
        return_count=reviews.return_count,
        order_count=reviews.order_count,
    )


def _tax(tax: profile_pb2.Tax) -> Tax:
    if tax.declared_sales_fen < 0:
        raise InvalidArgument("profile.tax.declared_sales_fen", "must be 0 or more", value=tax.declared_sales_fen)
    rating = _known(_TAX_RATINGS, "profile.tax.rating", tax.rating)
    return Tax(rating, tax.declared_sales_fen, tax.platform_net_fen, tax.late_count)


def _energy(energy: profile_pb2.Energy) -> Energy | None:
    """Bills of no day measure nothing when they hold no energy either, and cannot be otherwise."""
    if energy.day_count == 0:
        if energy.electricity_wh:
            raise InvalidArgument("profile.energy.day_count", "must be 1 or more when there is electricity", value=0)
        return None
    return Energy(energy.electricity_wh, min(energy.day_count, 366))


def _penalties(penalties: profile_pb2.Penalties) -> Mapping[PenaltyKind, int]:
    counts: dict[PenaltyKind, int] = {}
    for place, entry in enumerate(penalties.counts):
        kind = _known(_PENALTIES, f"profile.penalties.counts[{place}].kind", entry.kind)
        counts[kind] = counts.get(kind, 0) + entry.count
    return counts


def _known(names: Mapping[int, T], field: str, number: int) -> T:
    """The domain's name of an enum number."""
    if number not in names:
        raise InvalidArgument(field, "must be a defined value", value=number)
    return names[number]


def _rate(field: str, value: float) -> float:
    """A finite number, 0 or more."""
    if not (math.isfinite(value) and value >= 0):
        raise InvalidArgument(field, "must be a finite number, 0 or more", value=value)
    return value


def _share(field: str, value: float) -> float:
    """A number within 0 and 1."""
    if not 0 <= value <= 1:  # NaN compares false
        raise InvalidArgument(field, "must lie within 0 and 1", value=value)
    return value


def assessment_to_proto(portrait: Portrait, assessment: Assessment) -> esg_pb2.Assessment:
    """An assessment on the wire."""
    return esg_pb2.Assessment(
        merchant_id=portrait.merchant_id,
        as_of=wire.time_to_proto(portrait.as_of),
        score=assessment.score,
        rating=_RATINGS[assessment.rating],
        coverage=assessment.coverage,
        pillars=[_pillar(pillar) for pillar in assessment.pillars],
        metrics=[_metric(metric) for metric in assessment.metrics],
        emissions=_emissions(assessment.emissions) if assessment.emissions else None,
        discount_bp=assessment.discount_bp,
        factor_version=assessment.version,
    )


def _pillar(pillar: PillarScore) -> esg_pb2.PillarScore:
    return esg_pb2.PillarScore(
        pillar=_PILLARS[pillar.pillar], score=pillar.score, coverage=pillar.coverage, weight=pillar.weight
    )


def _metric(metric: Metric) -> esg_pb2.Metric:
    return esg_pb2.Metric(
        code=metric.code,
        pillar=_PILLARS[metric.pillar],
        measured=metric.value is not None,
        value=metric.value or 0.0,
        unit=metric.unit,
        score=metric.score or 0.0,
        weight=metric.weight,
        data_quality=metric.data_quality,
        method=metric.method,
        factors=[_factor(factor) for factor in metric.factors],
    )


def _factor(factor: Factor) -> esg_pb2.Factor:
    return esg_pb2.Factor(
        factor_id=factor.factor_id,
        value=factor.value,
        unit=factor.unit,
        source=factor.source,
        year=factor.year,
        rule_id=factor.rule_id,
    )


def _emissions(emissions: Emissions) -> esg_pb2.Emissions:
    return esg_pb2.Emissions(
        freight_kg=emissions.freight_kg,
        packaging_kg=emissions.packaging_kg,
        electricity_kg=emissions.electricity_kg,
        total_kg=emissions.total_kg,
        kg_per_order=emissions.kg_per_order,
        freight_coverage=emissions.freight_coverage,
    )
