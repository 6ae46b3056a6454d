"""Greenhouse gases of a shop's last 365 days, from activity data and published factors (ESG-04 to ESG-07)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sycee_esg.domain.book import Book, Factor
from sycee_esg.domain.measurement import Measurement
from sycee_esg.domain.portrait import Energy, Logistics, Packaging, Portrait, Trade

_GRAM_KM_PER_TONNE_KM: Final = 1_000_000  # a tonne is a million grams
_WH_PER_KWH: Final = 1_000
_YEAR_DAYS: Final = 365
_DAYS_PER_MONTH: Final = 30.4375
_FEN_PER_10K_YUAN: Final = 1_000_000
_WELL_COVERED: Final = 0.5  # from here on more is measured than extrapolated

_PACKAGING_RATIOS: Final = {
    Packaging.RECYCLED: "packaging.recycled_ratio",
    Packaging.REUSABLE: "packaging.reusable_ratio",
}


@dataclass(frozen=True, slots=True)
class Emissions:
    """Kilograms of CO2e over the last 365 days, or over the shop's life where that is shorter."""

    freight_kg: float
    packaging_kg: float
    electricity_kg: float
    kg_per_order: float  # 0 when no order is known
    freight_coverage: float  # share of parcels with weight and route, 0 to 1

    @property
    def total_kg(self) -> float:
        """Freight, packaging and electricity."""
        return self.freight_kg + self.packaging_kg + self.electricity_kg


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the emissions: kilograms, how good the data are, and the factors that entered."""

    kg: float
    data_quality: int
    factors: tuple[Factor, ...]


def freight_coverage(logistics: Logistics) -> float:
    """Share of parcels with both weight and route, 0 to 1.

    The portrait counts parcels with a weight and parcels with a route, not those with both. That number lies between
    max(0, w + r - 1) and min(w, r) of the parcels; w × r, which lies between, is taken.
    """
    if not logistics.parcel_count:
        return 0.0
    return logistics.weighed_count / logistics.parcel_count * logistics.routed_count / logistics.parcel_count


def freight(logistics: Logistics, book: Book) -> Part | None:
    """Freight: Σ tonne-kilometres × factor of the mode (ESG-07), divided by coverage so that it speaks for all parcels.

    None when no parcel has both weight and route. Data quality is 3 (physical activity), 4 where most is extrapolated.
    """
    coverage = freight_coverage(logistics)
    if coverage == 0:
        return None
    factors = tuple(book.factors[mode.value] for mode in logistics.gram_km)
    measured = sum(
        gram_km / _GRAM_KM_PER_TONNE_KM * factor.value
        for gram_km, factor in zip(logistics.gram_km.values(), factors, strict=True)
    )
    return Part(measured / coverage, 3 if coverage >= _WELL_COVERED else 4, factors)


def packaging(logistics: Logistics, book: Book) -> Part | None:
    """Packaging: parcels × 0.287 kg (ESG-06) × ratio of the material; parcels of unknown packaging count as average.

    None without parcels. Data quality is 3 where the material is known for at least half, else 5 (sector average).
    """
    if not logistics.parcel_count:
        return None
    average = book.factors["packaging.average"]
    factors, saved_parcels, known_count = [average], 0.0, 0
    for material, count in logistics.parcels_by_packaging.items():
        known_count += count if material is not Packaging.UNKNOWN else 0
        if material in _PACKAGING_RATIOS and count:
            ratio = book.factors[_PACKAGING_RATIOS[material]]
            factors.append(ratio)
            saved_parcels += count * (1 - ratio.value)
    quality = 3 if known_count >= _WELL_COVERED * logistics.parcel_count else 5
    return Part(average.value * (logistics.parcel_count - saved_parcels), quality, tuple(factors))


def electricity(energy: Energy, trade: Trade | None, province_code: str, book: Book) -> Part:
    """Electricity: billed kWh × factor of the province's grid (ESG-05), scaled from the days billed to the year.

    The year is the last 365 days, or the shop's history where that is shorter. Data quality is 2 (metered energy,
    unverified), or 3 where bills cover less than half or the province's grid is not known.
    """
    factor = book.grid_factor(province_code)
    days = electricity_days(energy, trade)
    billed_kg = energy.electricity_wh / _WH_PER_KWH * factor.value
    good = energy.day_count >= _WELL_COVERED * days and province_code in book.grids
    return Part(billed_kg * days / energy.day_count, 2 if good else 3, (factor,))


def electricity_days(energy: Energy, trade: Trade | None) -> float:
    """Days that the year's electricity speaks for: at least those billed, at most 365."""
    history_days = trade.months_of_history * _DAYS_PER_MONTH if trade else 0.0
    return min(_YEAR_DAYS, max(energy.day_count, history_days))


def measure(portrait: Portrait, book: Book) -> tuple[Emissions | None, Mapping[str, Measurement]]:
    """The shop's emissions, None when nothing was measured, and its environmental metrics by code."""
    logistics, energy, trade = portrait.logistics, portrait.energy, portrait.trade
    freight_part = freight(logistics, book) if logistics else None
    packaging_part = packaging(logistics, book) if logistics else None
    power_part = electricity(energy, trade, portrait.province_code, book) if energy else None
    metrics: dict[str, Measurement] = {}
    if freight_part and logistics:
        metrics["freight_kg_per_parcel"] = _per(freight_part, logistics.parcel_count)
    if packaging_part and logistics and _packaging_known(logistics):
        metrics["packaging_kg_per_parcel"] = _per(packaging_part, logistics.parcel_count)
    if power_part and energy and trade and trade.monthly_net_fen > 0:
        sales_10k = trade.monthly_net_fen / _FEN_PER_10K_YUAN / _DAYS_PER_MONTH * electricity_days(energy, trade)
        metrics["electricity_kg_per_10k_yuan"] = _per(power_part, sales_10k)
    if not (packaging_part or power_part):
        return None, metrics
    kg = [part.kg if part else 0.0 for part in (freight_part, packaging_part, power_part)]
    orders = _order_count(portrait)
    emissions = Emissions(
        freight_kg=kg[0],
        packaging_kg=kg[1],
        electricity_kg=kg[2],
        kg_per_order=sum(kg) / orders if orders else 0.0,
        freight_coverage=freight_coverage(logistics) if logistics else 0.0,
    )
    return emissions, metrics


def _packaging_known(logistics: Logistics) -> bool:
    """Whether the packaging of any parcel is known: an average of unknowns measures nothing."""
    return any(count for material, count in logistics.parcels_by_packaging.items() if material is not Packaging.UNKNOWN)


def _order_count(portrait: Portrait) -> int:
    """Orders of the last 365 days, or parcels where no order is known."""
    if portrait.trade and portrait.trade.orders_365d:
        return portrait.trade.orders_365d
    return portrait.logistics.parcel_count if portrait.logistics else 0


def _per(part: Part, base: float) -> Measurement:
    """An intensity: a part over a positive base."""
    return Measurement(part.kg / base, part.data_quality, part.factors)
