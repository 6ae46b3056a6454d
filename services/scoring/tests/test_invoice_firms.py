"""Evidence out of invoices, checked by hand, and days on which books were copied."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from merchant_invoices import END, Row, book, invoice, read, shared_file
from sycee_scoring.domain import structural
from sycee_scoring.domain.combine import Result, combine
from sycee_scoring.domain.evidence import Evidence, Loan
from sycee_scoring.evaluations.invoice_files import read_invoices
from sycee_scoring.evaluations.invoice_firms import MONTH_DAYS, firms_on
from sycee_scoring.evaluations.invoice_outcomes import FOLLOWED_DAYS, lost_trade
from sycee_scoring.evaluations.invoice_records import record_ends

DAY = END + timedelta(days=1)
LOAN = Loan(0, 12)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def one(sales: list[Row], purchases: list[Row] | None = None) -> Evidence:
    bought = None if purchases is None else read(purchases)
    return firms_on({"E1": DAY}, read(sales), bought, LOAN).evidence["E1"]


def test_voided_invoices_are_no_sales_and_red_letters_are_taken_off() -> None:
    found = one(
        [
            invoice("E1", ago(1), 100.0, 1),
            invoice("E1", ago(2), -30.0, 2),
            invoice("E1", ago(8), 50.0, 3),
            invoice("E1", ago(8), 999.0, 4, valid=False),
            invoice("E1", ago(300), 10.0, 5),
        ]
    )
    assert found.trade is not None
    assert found.trade.weekly_net_fen[-2:] == (5000, 7000)
    assert len(found.trade.weekly_net_fen) == 300 // 7 + 1
    assert found.trade.weekly_net_fen[0] == 1000
    assert found.trade.monthly_net_12m_fen == round(13_000 * MONTH_DAYS / 300)
    assert found.trade.monthly_net_3m_adjusted_fen == round(12_000 * MONTH_DAYS / 91)
    assert found.trade.refund_rate == pytest.approx(30 / 150)
    assert found.trade.months_of_history == 9
    assert found.invoices is not None
    assert (found.invoices.sale_count, found.invoices.voided_count) == (4, 1)


def test_the_season_of_last_year_is_taken_out() -> None:
    """Twice the usual sales in the newest 91 days, as in the same days a year before: no rise and no fall."""
    rows = [invoice("E1", ago(age), 200.0 if age % 365 <= 91 else 100.0, age) for age in range(1, 730)]
    trade = one(rows).trade
    assert trade is not None
    assert trade.monthly_net_3m_adjusted_fen == pytest.approx(trade.monthly_net_12m_fen, rel=0.02)


def test_concentration_is_that_of_named_customers() -> None:
    half = [invoice("E1", ago(5 + n), 100.0, n, counterparty=f"C{n % 2}") for n in range(10)]
    assert one(half).invoices.customer_herfindahl == pytest.approx(0.5)  # type: ignore[union-attr]
    unnamed = [row | {"counterparty": None} for row in half]
    assert one(half + unnamed).invoices.customer_herfindahl == pytest.approx(0.5)  # type: ignore[union-attr]
    assert one(half[:4] + unnamed).invoices.customer_herfindahl is None  # type: ignore[union-attr]


def test_purchases_are_optional_and_counted_without_voided_ones() -> None:
    sales = [invoice("E1", ago(5), 100.0, 1)]
    bought = [invoice("E1", ago(5), 60.0, 1), invoice("E1", ago(5), 60.0, 2, valid=False)]
    assert one(sales).invoices.purchases_to_sales is None  # type: ignore[union-attr]
    assert one(sales, bought).invoices.purchases_to_sales == pytest.approx(0.6)  # type: ignore[union-attr]
    other = [invoice("E2", ago(5), 60.0, 1)]
    assert one(sales, other).invoices.purchases_to_sales is None  # type: ignore[union-attr]


def test_what_comes_on_the_day_or_after_it_is_not_seen() -> None:
    before = [invoice("E1", ago(5), 100.0, 1)]
    assert one([*before, invoice("E1", DAY, 7.0, 2), invoice("E1", ago(-9), 7.0, 3)]) == one(before)


def test_firms_without_a_valid_sale_are_refused() -> None:
    rows = [
        invoice("E1", ago(1), 5.0, 1, valid=False),
        invoice("E2", ago(1), -5.0, 1),
        invoice("E3", ago(-1), 5.0, 1),
        invoice("E4", ago(1), 5.0, 1),
    ]
    found = firms_on(dict.fromkeys(("E1", "E2", "E3", "E4", "E5"), DAY), read(rows), None, LOAN)
    assert found.refused == ("E1", "E2", "E3", "E5")
    assert set(found.evidence) == {"E4"}


def test_books_that_end_together_were_copied_together() -> None:
    october = date(2019, 10, 31)
    ends = {f"O{n}": october for n in range(3)} | {
        "stopped": date(2019, 3, 2),
        "newest": END,
        "late": date(2019, 12, 5),
    }
    sales = read([invoice(firm, day, 1.0, 1) for firm, day in ends.items()])
    assert record_ends(sales, None) == {
        **dict.fromkeys(("O0", "O1", "O2", "stopped"), october),
        **dict.fromkeys(("late", "newest"), END),
    }


def test_a_week_of_copying_has_as_many_days_as_books() -> None:
    """Of 200 firms, four in a week are enough; whoever ends before the fourth is on record until that one."""
    days = [date(2019, 10, 24), date(2019, 10, 25), date(2019, 10, 28), date(2019, 10, 30), date(2019, 10, 31)]
    lone = [date(2019, 3, 1), date(2019, 3, 7), date(2019, 3, 9)]
    ends = {f"O{n}": day for n, day in enumerate([*days, *lone])} | {f"F{n}": END for n in range(192)}
    found = record_ends(read([invoice(firm, day, 1.0, 1) for firm, day in ends.items()]), None)
    assert [found[f"O{n}"] for n in range(8)] == [*[days[3]] * 4, days[4], *[days[3]] * 3]


def test_purchases_show_that_a_record_goes_on() -> None:
    sales = read([invoice("E1", date(2019, 6, 1), 1.0, 1), invoice("E2", END, 1.0, 1)])
    purchases = read([invoice("E1", date(2020, 1, 3), 1.0, 1, valid=False)])
    assert record_ends(sales, purchases) == {"E1": END, "E2": END}


def test_trade_is_lost_against_the_median_firm() -> None:
    """All sell a third less after the day, one sells nothing; the shared fall is nobody's loss."""
    cut = END - timedelta(days=FOLLOWED_DAYS - 1)
    rows: list[Row] = []
    for firm in ("E1", "E2", "E3"):
        rows += [row | ({"net_amount": 66.0} if row["date"] >= cut else {}) for row in book(firm, 100.0)]
    rows += [row for row in book("E4", 100.0) if row["date"] < cut]
    sales = read(rows)
    evidence = firms_on(dict.fromkeys(("E1", "E2", "E3", "E4"), cut), sales, None, LOAN).evidence
    assert lost_trade(sales, evidence) == {"E1": False, "E2": False, "E3": False, "E4": True}


@pytest.mark.shared_data
def test_what_three_months_say_of_a_real_firm_holds_what_two_years_say() -> None:
    """The 90 % interval on the last 13 weeks holds the probability on the whole record, for nine firms in ten."""
    sales, _ = read_invoices("--sales", shared_file("cumcm302_sales.parquet"))
    cut = date(2019, 1, 1)
    days = dict.fromkeys(sales["firm"].unique(), cut)
    whole = firms_on(days, sales, None, LOAN).evidence
    newest = firms_on(days, sales.filter(pl.col("date") >= cut - timedelta(weeks=13)), None, LOAN).evidence
    known = [firm for firm in newest if whole[firm].trade.months_of_history >= 22]  # type: ignore[union-attr]

    def scored(evidence: Evidence) -> Result:
        opinion = structural.assess(evidence)
        assert opinion is not None
        return combine((opinion,))

    held = [
        part.low <= scored(whole[firm]).default_probability <= part.high
        for firm in known
        for part in (scored(newest[firm]),)
    ]
    assert len(held) > 150
    assert sum(held) / len(held) >= 0.9
