"""Tax, energy and the repayment grid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from sycee_ingestion.domain.records import EnergyUse, Tax, TaxRecord, energy_section, grid_counts, tax_section

TODAY = date(2026, 3, 15)


def tax(
    first: date, last: date, fen: int | None = 1_000, *, filed: date | None = None, rating: int = 1, late: bool = False
) -> TaxRecord:
    at = filed or last
    return TaxRecord(datetime(at.year, at.month, at.day, tzinfo=UTC), first, last, fen, rating, late)


def ask(*records: TaxRecord) -> Tax:
    return tax_section(records[0], records, TODAY, lambda first, last: (last - first).days + 1)


Q4 = (date(2025, 10, 1), date(2025, 12, 31))
Q3 = (date(2025, 7, 1), date(2025, 9, 30))


def test_quarters_add_up_and_are_held_against_the_same_days() -> None:
    found = ask(tax(*Q4, 500), tax(*Q3, 700, late=True))
    assert found == Tax(rating=1, declared_sales_fen=1_200, platform_net_fen=92 + 92, late_count=1)


def test_a_later_filing_stands_for_the_days_it_overlaps_in_whatever_order_they_came() -> None:
    first = tax(*Q4, 500, filed=date(2026, 1, 10), late=True)
    corrected = tax(*Q4, 650, filed=date(2026, 2, 10))
    year = tax(date(2025, 3, 16), date(2025, 9, 30), 900, filed=date(2026, 2, 1))
    quarter = tax(*Q3, 300, filed=date(2025, 10, 15))
    results = {ask(*order).declared_sales_fen for order in permutations([first, corrected, year, quarter])}
    assert results == {1_550}
    assert {ask(*order).late_count for order in permutations([first, corrected, year, quarter])} == {0}


def test_a_period_counts_when_it_ended_within_365_whole_days() -> None:
    edge = TODAY - timedelta(days=365)
    outside = TODAY - timedelta(days=366)
    assert ask(tax(edge, edge)).declared_sales_fen == 1_000
    assert ask(tax(outside, outside)).declared_sales_fen == 0
    assert ask(tax(TODAY, TODAY)).declared_sales_fen == 0


def test_a_rating_alone_declares_nothing() -> None:
    found = ask(tax(*Q4, None, rating=3))
    assert found == Tax(rating=3, declared_sales_fen=0, platform_net_fen=0, late_count=0)


def test_bills_count_by_their_days_within_the_year() -> None:
    within = EnergyUse(date(2026, 1, 1), date(2026, 1, 31), 310)
    half_within = EnergyUse(TODAY - timedelta(days=370), TODAY - timedelta(days=361), 100)
    second_meter = EnergyUse(date(2026, 1, 1), date(2026, 1, 31), 90)
    before = EnergyUse(date(2024, 1, 1), date(2024, 1, 31), 999)
    found = energy_section([within, half_within, second_meter, before], TODAY)
    assert (found.electricity_wh, found.day_count) == (310 + 50 + 90, 31 + 5)


@pytest.mark.parametrize(
    ("grid", "counts"), [("", (0, 0)), ("NNNN", (0, 0)), ("--N1", (1, 1)), ("7N12", (3, 7)), ("-" * 24, (0, 0))]
)
def test_the_repayment_grid_is_counted(grid: str, counts: tuple[int, int]) -> None:
    assert grid_counts(grid) == counts
