"""Emissions against figures reckoned by hand from the published factors."""

from dataclasses import replace

import pytest
from sycee_esg.domain import emissions
from sycee_esg.domain.book import Book
from sycee_esg.domain.portrait import Energy, Logistics, Mode, Packaging, Portrait, Trade


def parcels(count: int = 1, **changes: object) -> Logistics:
    plain = Logistics(count, count, count, {}, {Packaging.SINGLE_USE: count}, 0.0)
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("mode", "kg"),
    [(Mode.ROAD_LIGHT, 33.4), (Mode.ROAD_MEDIUM, 17.9), (Mode.ROAD_HEAVY, 12.9), (Mode.RAIL, 1.0)],
)
def test_a_hundred_tonne_kilometres_by_mode(mode: Mode, kg: float, book: Book) -> None:
    """ESG-07: two tonnes over 50 km, in gram-kilometres."""
    part = emissions.freight(parcels(gram_km={mode: 2_000_000 * 50}), book)
    assert part is not None
    assert part.kg == pytest.approx(kg)
    assert [factor.factor_id for factor in part.factors] == [mode.value]


def test_freight_speaks_for_parcels_without_weight_or_route(book: Book) -> None:
    """10 parcels, 8 weighed, 5 routed: coverage 0.4, so 100 tkm stand for 250."""
    part = emissions.freight(parcels(10, weighed_count=8, routed_count=5, gram_km={Mode.RAIL: 10**8}), book)
    assert part is not None
    assert part.kg == pytest.approx(250 * 0.010)
    assert part.data_quality == 4
    covered = emissions.freight(parcels(10, gram_km={Mode.RAIL: 10**8}), book)
    assert covered is not None
    assert covered.data_quality == 3


@pytest.mark.parametrize("changes", [{"weighed_count": 0}, {"routed_count": 0}])
def test_freight_is_missing_without_weights_or_routes(changes: dict[str, int], book: Book) -> None:
    assert emissions.freight(parcels(5, **changes), book) is None
    assert emissions.freight_coverage(parcels(0)) == 0


@pytest.mark.parametrize(
    ("material", "kg", "quality"),
    [
        (Packaging.SINGLE_USE, 28.7, 3),
        (Packaging.UNKNOWN, 28.7, 5),
        (Packaging.RECYCLED, 17.22, 3),
        (Packaging.REUSABLE, 5.74, 3),
    ],
)
def test_a_hundred_parcels_by_packaging(material: Packaging, kg: float, quality: int, book: Book) -> None:
    """ESG-06: 0.287 kg a parcel, times 0.6 recycled and 0.2 reusable."""
    part = emissions.packaging(parcels(100, parcels_by_packaging={material: 100}), book)
    assert part is not None
    assert part.kg == pytest.approx(kg)
    assert part.data_quality == quality


@pytest.mark.parametrize(
    ("province", "factor"),
    [
        ("11", 0.6361), ("21", 0.5122), ("33", 0.5500), ("42", 0.5271), ("61", 0.5543), ("44", 0.4042), ("51", 0.2472),
        ("", 0.5306), ("81", 0.5306),
    ],
)  # fmt: skip
def test_a_megawatt_hour_by_grid(province: str, factor: float, book: Book) -> None:
    """ESG-05: 1,000 kWh over a whole year."""
    part = emissions.electricity(Energy(1_000_000, 365), None, province, book)
    assert part.kg == pytest.approx(1_000 * factor)
    assert part.data_quality == (2 if factor != 0.5306 else 3)


def test_every_province_of_the_mainland_has_a_grid(book: Book) -> None:
    assert len(book.grids) == 31
    assert all(book.grid_factor(province).factor_id != "grid.cn" for province in book.grids)


def test_electricity_of_a_quarter_is_scaled_to_the_year_or_the_history(book: Book) -> None:
    quarter = Energy(250_000, 73)
    old, young = Trade(1, 1, 24, 0.0), Trade(1, 1, 4, 0.0)
    assert emissions.electricity(quarter, old, "33", book).kg == pytest.approx(250 * 0.55 * 365 / 73)
    assert emissions.electricity(quarter, young, "33", book).kg == pytest.approx(250 * 0.55 * 4 * 30.4375 / 73)
    assert emissions.electricity(quarter, None, "33", book).kg == pytest.approx(250 * 0.55)
    assert emissions.electricity(quarter, old, "33", book).data_quality == 3


def test_the_worked_shop(worked_shop: Portrait, book: Book) -> None:
    total, metrics = emissions.measure(worked_shop, book)
    assert total is not None
    assert total.freight_kg == pytest.approx((1_200 * 0.129 + 600 * 0.010) / 0.9)  # 178.667
    assert total.packaging_kg == pytest.approx(0.287 * (2_500 + 1_000 * 0.6 + 500 * 0.2))  # 918.4
    assert total.electricity_kg == pytest.approx(2_400 * 0.55)  # 1,320
    assert total.total_kg == pytest.approx(2_417.067, abs=0.001)
    assert total.kg_per_order == pytest.approx(0.604267, abs=1e-6)
    assert total.freight_coverage == pytest.approx(0.9)
    assert metrics["freight_kg_per_parcel"].value == pytest.approx(0.0446667, abs=1e-6)
    assert metrics["packaging_kg_per_parcel"].value == pytest.approx(0.2296)
    assert metrics["electricity_kg_per_10k_yuan"].value == pytest.approx(11.00754, abs=1e-4)


def test_nothing_measured_gives_no_emissions(worked_shop: Portrait, book: Book) -> None:
    total, metrics = emissions.measure(replace(worked_shop, logistics=None, energy=None), book)
    assert total is None
    assert not metrics
    total, metrics = emissions.measure(replace(worked_shop, logistics=parcels(0), energy=None), book)
    assert total is None
    assert not metrics


def test_unknown_packaging_is_estimated_but_not_rated(worked_shop: Portrait, book: Book) -> None:
    shop = replace(worked_shop, logistics=parcels(10, parcels_by_packaging={Packaging.UNKNOWN: 10}))
    total, metrics = emissions.measure(shop, book)
    assert total is not None
    assert total.packaging_kg == pytest.approx(2.87)
    assert "packaging_kg_per_parcel" not in metrics


@pytest.mark.parametrize("net_fen", [0, -1])
def test_electricity_is_not_rated_without_sales(net_fen: int, worked_shop: Portrait, book: Book) -> None:
    assert worked_shop.trade is not None
    shop = replace(worked_shop, trade=replace(worked_shop.trade, monthly_net_fen=net_fen))
    total, metrics = emissions.measure(shop, book)
    assert total is not None
    assert total.electricity_kg == pytest.approx(1_320)
    assert "electricity_kg_per_10k_yuan" not in metrics
