"""Scores, bands, caps and discounts: the README's shop by hand, then what must hold for any shop."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sycee_esg.catalogue import load_catalogue
from sycee_esg.domain import rating
from sycee_esg.domain.book import Book, Pillar, Rating
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

BOOK = load_catalogue().at(date(2026, 11, 20))
SECTIONS = ("register_status", "trade", "logistics", "reviews", "tax", "energy", "fresh_sources")

counts = st.integers(0, 10**7)
shares = st.floats(0, 1)


@st.composite
def logistics(draw: st.DrawFn) -> Logistics:
    parcels = draw(st.integers(1, 10**6))
    weighed, routed = draw(st.integers(0, parcels)), draw(st.integers(0, parcels))
    covered = weighed and routed
    gram_km = draw(st.dictionaries(st.sampled_from(Mode), st.integers(0, 10**15))) if covered else {}
    kinds = draw(st.lists(st.sampled_from(Packaging), unique=True))
    packed = {kind: draw(st.integers(0, parcels // len(kinds))) for kind in kinds}
    return Logistics(parcels, weighed, routed, gram_km, packed, draw(shares))


portraits = st.builds(
    Portrait,
    merchant_id=st.just("m"),
    as_of=st.just(datetime(2026, 11, 20, tzinfo=UTC)),
    category=st.sampled_from(["", "apparel", "food", "pets", "unheard-of"]),
    province_code=st.sampled_from(["", "11", "33", "51", "99"]),
    register_status=st.none() | st.sampled_from(RegisterStatus),
    trade=st.none() | st.builds(Trade, counts, st.integers(-(10**12), 10**12), st.integers(0, 400), st.floats(0, 50)),
    logistics=st.none() | logistics(),
    reviews=st.none() | st.builds(Reviews, counts, shares, counts, counts, counts),
    tax=st.none()
    | st.builds(
        Tax, st.none() | st.sampled_from(TaxRating), st.integers(0, 10**13), st.integers(-(10**12), 10**13), counts
    ),
    energy=st.none() | st.builds(Energy, st.integers(0, 10**14), st.integers(1, 366)),
    penalties=st.none() | st.dictionaries(st.sampled_from(PenaltyKind), st.integers(0, 5)),
    fresh_sources=st.none() | st.frozensets(st.sampled_from([*sorted(BOOK.disclosable), "refund", "repayment"])),
)


def test_the_worked_shop(worked_shop: Portrait, book: Book) -> None:
    """Every number of the README's table."""
    assessment = rating.assess(worked_shop, book)
    scores = {metric.code: metric.score for metric in assessment.metrics if metric.score is not None}
    assert scores == pytest.approx(
        {
            "freight_kg_per_parcel": 72.170,
            "packaging_kg_per_parcel": 60.0,
            "electricity_kg_per_10k_yuan": 52.127,
            "complaints_per_10k_orders": 56.667,
            "low_star_share": 62.821,
            "return_rate": 62.0,
            "late_parcel_rate": 57.5,
            "dispute_rate": 71.0,
            "tax_rating": 72.0,
            "late_filings": 72.0,
            "sales_reconciliation": 73.333,
            "register_status": 60.0,
            "disclosure": 83.75,
        },
        abs=0.001,
    )
    assert [pillar.score for pillar in assessment.pillars] == pytest.approx([63.294, 61.465, 72.296], abs=0.001)
    assert [pillar.weight for pillar in assessment.pillars] == pytest.approx([0.35, 0.35, 0.30])
    assert assessment.score == pytest.approx(65.354, abs=0.001)
    assert assessment.rating is Rating.A
    assert assessment.coverage == pytest.approx(1)
    assert assessment.discount_bp == 20
    assert assessment.version == "factors-2026.1"


def test_every_metric_is_listed_measured_or_not(worked_shop: Portrait, book: Book) -> None:
    full = rating.assess(worked_shop, book)
    empty = rating.assess(Portrait("m", worked_shop.as_of), book)
    assert [metric.code for metric in full.metrics] == [metric.code for metric in empty.metrics]
    assert all(metric.value is None and metric.score is None for metric in empty.metrics)
    for pillar in Pillar:
        weights = [metric.weight for metric in full.metrics if metric.pillar is pillar]
        assert sum(weights) == pytest.approx(1)


def test_nothing_known_is_neutral_and_unrated(book: Book) -> None:
    assessment = rating.assess(Portrait("m", datetime(2026, 1, 1, tzinfo=UTC)), book)
    assert assessment.score == pytest.approx(50)
    assert assessment.rating is None
    assert assessment.coverage == 0
    assert assessment.discount_bp == 0
    assert assessment.emissions is None


@pytest.mark.parametrize(
    ("score", "expected"),
    [(100, Rating.AAA), (85.8, Rating.AAA), (85.7, Rating.AA), (57.2, Rating.A), (50, Rating.BBB), (42.8, Rating.BB),
     (14.3, Rating.B), (14.2, Rating.CCC), (0, Rating.CCC)],
)  # fmt: skip
def test_bands(score: float, expected: Rating, book: Book) -> None:
    assert rating.band(score, book) is expected


@pytest.mark.parametrize(
    ("penalties", "expected"),
    [
        ({PenaltyKind.OTHER: 1}, Rating.A),  # its cap, AA, lies above the shop's own band
        ({PenaltyKind.LABOUR: 1}, Rating.BBB),
        ({PenaltyKind.FAKE_TRADE: 1}, Rating.BB),
        ({PenaltyKind.FAKE_TRADE: 2}, Rating.B),
        ({PenaltyKind.SAFETY: 9}, Rating.CCC),
        ({PenaltyKind.COUNTERFEIT: 0}, Rating.A),
    ],
)
def test_penalties_cap_the_band(
    penalties: dict[PenaltyKind, int], expected: Rating, worked_shop: Portrait, book: Book
) -> None:
    assessment = rating.assess(replace(worked_shop, penalties=penalties), book)
    assert assessment.rating is expected


def test_penalties_take_points_off_their_pillar(worked_shop: Portrait, book: Book) -> None:
    clean = rating.assess(worked_shop, book).pillars
    penalties = {PenaltyKind.SAFETY: 1, PenaltyKind.LABOUR: 1, PenaltyKind.ENVIRONMENT: 1, PenaltyKind.OTHER: 2}
    stained = rating.assess(replace(worked_shop, penalties=penalties), book).pillars
    lost = [before.score - after.score for before, after in zip(clean, stained, strict=True)]
    assert lost == pytest.approx([10, 25, 8])


@pytest.mark.parametrize(
    ("status", "expected"),
    [(RegisterStatus.ABNORMAL, Rating.BB), (RegisterStatus.REVOKED, Rating.CCC)],
)
def test_the_register_caps_the_band(
    status: RegisterStatus, expected: Rating, worked_shop: Portrait, book: Book
) -> None:
    assert rating.assess(replace(worked_shop, register_status=status), book).rating is expected


@pytest.mark.parametrize(
    ("band", "coverage", "bp"),
    [(Rating.AAA, 1, 50), (Rating.AAA, 0.65, 30), (Rating.AA, 0.6, 30), (Rating.A, 0.7, 20), (Rating.A, 0.69, 10),
     (Rating.AAA, 0.44, 0), (Rating.BBB, 1, 0), (Rating.CCC, 1, 0)],
)  # fmt: skip
def test_discount_grid(band: Rating, coverage: float, bp: int, book: Book) -> None:
    assert rating.discount_bp(band, coverage, book) == bp


def test_weights_follow_the_category(worked_shop: Portrait, book: Book) -> None:
    """The same return rate weighs on a stationer and not on a clothes shop."""
    apparel = rating.assess(worked_shop, book)
    stationery = rating.assess(replace(worked_shop, category="stationery"), book)

    def returns(assessment: rating.Assessment) -> float | None:
        return next(metric.score for metric in assessment.metrics if metric.code == "return_rate")

    assert returns(apparel) == pytest.approx(62)
    assert returns(stationery) == pytest.approx(50 - 30 * (0.12 / 0.7 - 0.10) / 0.12)


@given(portrait=portraits)
def test_scores_stay_within_bounds_and_discounts_within_50_bp(portrait: Portrait) -> None:
    assessment = rating.assess(portrait, BOOK)
    everything = [assessment.score, *(pillar.score for pillar in assessment.pillars)]
    everything += [metric.score for metric in assessment.metrics if metric.score is not None]
    assert all(0 <= score <= 100 for score in everything)
    assert 0 <= assessment.coverage <= 1 + 1e-9
    assert 0 <= assessment.discount_bp <= 50


@given(portrait=portraits, mode=st.sampled_from(Mode), more=st.integers(0, 10**15))
def test_more_kilometres_never_lower_emissions_nor_raise_the_score(portrait: Portrait, mode: Mode, more: int) -> None:
    parcels = portrait.logistics
    assume(parcels is not None and parcels.weighed_count and parcels.routed_count)
    assert parcels is not None
    further = {**parcels.gram_km, mode: parcels.gram_km.get(mode, 0) + more}
    before = rating.assess(portrait, BOOK)
    after = rating.assess(replace(portrait, logistics=replace(parcels, gram_km=further)), BOOK)
    assert before.emissions is not None
    assert after.emissions is not None
    assert after.emissions.freight_kg >= before.emissions.freight_kg * (1 - 1e-12)
    assert after.emissions.total_kg >= before.emissions.total_kg * (1 - 1e-12)
    assert after.score <= before.score + 1e-9


@given(portrait=portraits, hidden=st.sets(st.sampled_from(SECTIONS)))
def test_missing_counts_as_exactly_neutral(portrait: Portrait, hidden: set[str]) -> None:
    """Hiding sections takes away what their metrics added or cost, and nothing else; coverage never rises by it."""
    full = rating.assess(replace(portrait, penalties=None), BOOK)
    partial = rating.assess(replace(portrait, penalties=None, **dict.fromkeys(hidden)), BOOK)
    assert partial.coverage <= full.coverage + 1e-9
    for before, after in zip(full.pillars, partial.pillars, strict=True):
        measured = [m for m in partial.metrics if m.pillar is after.pillar and m.score is not None]
        assert after.score == pytest.approx(50 + sum(m.weight * (m.score - 50) for m in measured))
        if all(m.score >= 50 for m in measured):
            assert after.score >= 50 - 1e-9
        if all(m.score <= 50 for m in measured):
            assert after.score <= 50 + 1e-9
        assert before.weight == after.weight


@given(portrait=portraits)
def test_undisclosed_is_never_worse_than_neutral(portrait: Portrait) -> None:
    for metric in rating.assess(portrait, BOOK).metrics:
        if metric.code == "disclosure" and metric.score is not None:
            assert metric.score >= 50


@given(portrait=portraits, kind=st.sampled_from(PenaltyKind), more=st.integers(1, 5))
def test_a_controversy_never_raises(portrait: Portrait, kind: PenaltyKind, more: int) -> None:
    penalties = dict(portrait.penalties or {})
    penalties[kind] = penalties.get(kind, 0) + more
    before = rating.assess(portrait, BOOK)
    after = rating.assess(replace(portrait, penalties=penalties), BOOK)
    assert after.score <= before.score + 1e-9
    assert after.coverage == before.coverage
    assert after.discount_bp <= before.discount_bp
    if before.rating is not None:
        assert after.rating is not None
        assert after.rating >= before.rating


def test_the_strategy_covers_every_field() -> None:
    """A new field of the portrait must be hidden and varied here too."""
    assert {field.name for field in fields(Portrait)} - set(SECTIONS) == {
        "merchant_id", "as_of", "category", "province_code", "penalties",
    }  # fmt: skip
