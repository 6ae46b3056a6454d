"""Bureau, tax, energy, penalties and repayments, on records made by hand."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from feature_books import TODAY, ago, day, features, record

SALES = [day(age, order_count=1, order_fen=1_000, refund_fen=100) for age in range(1, 733)]

# ---- bureau ----

REPORT = {
    "open_accounts": 3,
    "outstanding_fen": 1_000_000,
    "credit_lines_fen": 4_000_000,
    "monthly_debt_service_fen": 20_000,
    "repayment_grid": "NNNNNN1N2N3N-NN7",
    "enquiries_3m": 4,
    "public_records": 1,
}


def test_the_newest_report_counts() -> None:
    older = record(5, ends=40, event_id="late", **{**REPORT, "open_accounts": 9})
    found = features(days=SALES, bureau=[older, record(30, event_id="new", **REPORT)])
    assert found["bureau_report_age_days"] == 30
    assert found["bureau_open_account_count"] == 3
    assert found["bureau_utilisation_ratio"] == 0.25
    assert [found[f"bureau_overdue_{months}m_count"] for months in (6, 12, 24)] == [0, 3, 4]
    assert (found["bureau_worst_overdue_24m_months"], found["bureau_grid_months"]) == (7, 15)
    assert (found["bureau_enquiry_3m_count"], found["bureau_public_record_count"]) == (4, 1)
    assert found["bureau_monthly_debt_service_fen"] == 20_000
    assert found["bureau_debt_service_to_sales_ratio"] == pytest.approx(20_000 / (900 * 30.4375))
    assert found["bureau_debt_to_monthly_sales_ratio"] == pytest.approx(1_000_000 / (900 * 30.4375))


def test_a_report_without_lines_sales_or_history() -> None:
    found = features(bureau=[record(3, **{**REPORT, "credit_lines_fen": 0, "repayment_grid": ""})])
    assert found["bureau_utilisation_ratio"] is found["bureau_debt_service_to_sales_ratio"] is None
    assert (
        found["bureau_overdue_24m_count"]
        == found["bureau_worst_overdue_24m_months"]
        == found["bureau_grid_months"]
        == 0
    )


# ---- tax ----


def tax(
    filed: int, last: int, first: int, fen: int | None, *, rating: int = 0, late: bool = False, event_id: str = "t"
):
    return record(
        filed,
        ends=last,
        period_first=ago(first),
        declared_sales_fen=fen,
        rating=rating,
        late=late,
        event_id=f"{event_id}{filed}-{last}-{first}",
    )


def test_declared_sales_are_held_against_the_same_days() -> None:
    found = features(days=SALES, taxes=[tax(80, 90, 179, 81_000), tax(170, 180, 269, 90_000, late=True)])
    assert found["declared_365d_fen"] == 171_000
    assert found["declared_365d_days"] == 180
    assert found["declared_period_net_fen"] == 180 * 900
    assert found["declared_to_sales_365d_ratio"] == 171_000 / 162_000
    assert found["late_filing_365d_count"] == 1


def test_a_period_counts_by_when_it_ended() -> None:
    inside, outside = tax(300, 365, 730, 500), tax(301, 366, 400, 7_000)
    found = features(days=SALES, taxes=[inside, outside])
    assert (found["declared_365d_fen"], found["declared_period_net_fen"]) == (500, 366 * 900)
    found = features(days=SALES, taxes=[outside])
    assert found["declared_365d_fen"] is found["declared_to_sales_365d_ratio"] is None
    assert found["late_filing_365d_count"] == 0
    running = tax(2, -20, 40, 900)  # a period that is not over yet
    assert features(days=SALES, taxes=[running])["declared_365d_fen"] is None


def test_of_periods_that_overlap_the_one_filed_last_stands() -> None:
    quarter = tax(80, 90, 179, 81_000)
    corrected = tax(60, 90, 179, 70_000)
    found = features(days=SALES, taxes=[quarter, corrected])
    assert (found["declared_365d_fen"], found["declared_365d_days"]) == (70_000, 90)
    month = tax(50, 100, 129, 20_000)
    found = features(days=SALES, taxes=[quarter, corrected, month])
    assert (found["declared_365d_fen"], found["declared_365d_days"]) == (20_000, 30)
    assert found["declared_period_net_fen"] == 30 * 900


def test_a_period_filed_late_and_then_in_order_is_in_order() -> None:
    late, mended = tax(80, 90, 179, 1, late=True), tax(70, 90, 179, 1, late=False)
    assert features(taxes=[late])["late_filing_365d_count"] == 1
    assert features(taxes=[late, mended])["late_filing_365d_count"] == 0


@pytest.mark.parametrize(
    ("rating", "level", "new"), [(1, 4, 0), (2, 3, 0), (3, None, 1), (4, 2, 0), (5, 1, 0), (0, None, 0)]
)
def test_ratings_have_levels(rating: int, level: int | None, new: int) -> None:
    found = features(taxes=[tax(40, 60, 90, None, rating=rating), tax(30, 400, 430, None, rating=1)])
    assert (found["tax_rating_level"], found["tax_rating_new_flag"]) == (level, new)
    assert found["declared_365d_fen"] is None


def test_a_declaration_without_sales_to_hold_it_against() -> None:
    found = features(taxes=[tax(80, 90, 179, 81_000)])
    assert found["declared_365d_fen"] == 81_000
    assert found["declared_period_net_fen"] is found["declared_to_sales_365d_ratio"] is None


# ---- energy ----


def bill(last: int, first: int, wh: int, event_id: str = "b"):
    return record(
        max(last - 2, 1), ends=last, period_first=ago(first), electricity_wh=wh, event_id=f"{event_id}{last}-{first}"
    )


def test_bills_count_by_their_days_within() -> None:
    found = features(days=SALES, energy=[bill(1, 30, 30_000), bill(351, 380, 3_001)])
    assert found["electricity_365d_wh"] == 30_000 + 3_001 * 15 // 30
    assert found["electricity_365d_days"] == 45
    assert found["electricity_365d_share"] == 45 / 365
    assert found["electricity_per_10000_yuan_365d_wh"] == pytest.approx((31_500 / 45) / 900 * 1_000_000)


def test_old_bills_are_none_and_no_bills_are_unknown() -> None:
    found = features(energy=[bill(400, 430, 9)])
    assert (found["electricity_365d_wh"], found["electricity_365d_days"]) == (0, 0)
    assert found["electricity_per_10000_yuan_365d_wh"] is None
    assert features(days=SALES)["electricity_365d_wh"] is None


def test_days_that_two_bills_cover_are_one_day_each() -> None:
    rng = random.Random(8)
    for _ in range(8):
        bills = []
        covered: set[int] = set()
        used = 0
        for number in range(rng.randrange(1, 9)):
            last = rng.randrange(1, 420)
            first = last + rng.randrange(0, 90)
            wh = rng.randrange(10**6)
            bills.append(bill(last, first, wh, event_id=str(number)))
            inside = set(range(last, min(first, 365) + 1))
            covered |= inside
            used += wh * len(inside) // (first - last + 1)
        found = features(energy=bills)
        assert (found["electricity_365d_days"], found["electricity_365d_wh"]) == (len(covered), used)


# ---- penalties and repayments ----


def test_penalties() -> None:
    penalties = [
        record(10, event_id="a", kind=2, fine_fen=5_000, points=12),
        record(400, event_id="b", kind=2, fine_fen=1_000, points=6),
        record(700, event_id="c", kind=1, fine_fen=0, points=3),
        record(731, event_id="d", kind=7, fine_fen=99_000, points=3),
    ]
    found = features(penalties=penalties)
    assert (found["penalty_365d_count"], found["penalty_730d_count"]) == (1, 3)
    assert (found["fines_730d_fen"], found["penalty_points_365d_count"]) == (6_000, 12)
    assert (found["penalty_fake_trade_730d_count"], found["penalty_counterfeit_730d_count"]) == (2, 1)
    assert (found["penalty_other_730d_count"], found["since_last_penalty_days"]) == (0, 10)


def test_having_no_penalty_may_be_not_being_told() -> None:
    found = features(days=SALES)
    assert {value for name, value in found.items() if "penalt" in name or "repayment" in name} == {None}


def test_repayments() -> None:
    def paid(age: int, fen: int, delay: int):
        return record(age, event_id=f"r{age}", facility_id="f", due_date=ago(age), amount_fen=fen, days_past_due=delay)

    found = features(repayments=[paid(10, 500, 0), paid(40, 500, 3), paid(70, 0, 31), paid(900, 500, 60)])
    assert (found["repayment_count"], found["repayment_365d_count"]) == (4, 3)
    assert (found["worst_delay_days"], found["worst_delay_365d_days"]) == (60, 31)
    assert (found["bad_repayment_count"], found["missed_repayment_count"]) == (2, 1)
    assert found["late_repayment_share"] == 0.75


def test_ties_are_broken_by_the_source_and_the_name() -> None:
    same = [record(9, event_id=name, **{**REPORT, "open_accounts": n}) for n, name in enumerate("cab")]
    for rows in (same, same[::-1]):
        assert features(bureau=rows)["bureau_open_account_count"] == 0
    assert TODAY - timedelta(days=9) == same[0]["ends_on"]
