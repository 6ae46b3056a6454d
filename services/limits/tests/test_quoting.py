"""Which lender wins, and what a merchant is told when nothing, or less, is offered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_limits.catalogue_files import load_catalogue
from sycee_limits.domain.application import Books, Position, Quote
from sycee_limits.domain.catalogue import Catalogue
from sycee_limits.domain.kinds import Grade, LenderKind, LoanPurpose, RepaymentMethod
from sycee_limits.domain.quoting import quote

EMPTY = Books((), {}, 0)


def codes(found: Quote) -> list[str]:
    return [reason.code for reason in found.reasons]


def with_lenders(catalogue: Catalogue, **changes: dict[str, Any]) -> Catalogue:
    lenders = {
        lender_id: replace(lender, **changes.get(lender_id.replace("-", "_"), {}))
        for lender_id, lender in catalogue.lenders.items()
    }
    return replace(catalogue, lenders=lenders)


def test_the_cheapest_lender_that_can_fund_it_wins(catalogue: Catalogue, asks: Any) -> None:
    found = quote(asks.application(), catalogue, EMPTY).offer
    assert found is not None
    assert (found.lender_id, found.lender_kind) == ("river-bank", LenderKind.BANK)
    assert found.amount_fen == 5_000_000
    assert found.nominal_rate_bp == 781
    assert found.effective_rate_bp == 810
    assert found.first_payment_fen == 434_503
    assert found.total_cost_fen == 12 * 434_503 - 5_000_000 + 1  # the last payment is a fen more


def test_a_dearer_lender_that_can_fund_all_beats_a_cheaper_one_that_cannot(catalogue: Catalogue, asks: Any) -> None:
    narrow = with_lenders(catalogue, river_bank={"max_per_borrower_fen": 2_000_000})
    found = quote(asks.application(), narrow, EMPTY).offer
    assert found is not None
    assert (found.lender_id, found.amount_fen) == ("hill-microloan", 5_000_000)


def test_when_none_can_fund_all_the_one_that_can_fund_most_wins(catalogue: Catalogue, asks: Any) -> None:
    narrow = with_lenders(
        catalogue, river_bank={"max_per_borrower_fen": 2_000_000}, hill_microloan={"max_per_borrower_fen": 3_000_000}
    )
    found = quote(asks.application(), narrow, EMPTY)
    assert found.offer is not None
    assert (found.offer.lender_id, found.offer.amount_fen) == ("hill-microloan", 3_000_000)
    assert codes(found) == ["LENDER_BORROWER_CAP_REACHED"]


def test_ties_go_to_the_first_id(catalogue: Catalogue, asks: Any) -> None:
    bank = catalogue.lenders["river-bank"]
    twins = replace(catalogue, lenders={name: replace(bank, lender_id=name) for name in ("b-bank", "a-bank")})
    found = quote(asks.application(), twins, EMPTY).offer
    assert found is not None
    assert found.lender_id == "a-bank"


def test_a_lender_can_be_named(catalogue: Catalogue, asks: Any) -> None:
    found = quote(asks.application(lender_id="hill-microloan"), catalogue, EMPTY).offer
    assert found is not None
    assert found.lender_id == "hill-microloan"
    assert found.above_four_lpr


def test_the_method_defaults_to_the_products_first(catalogue: Catalogue, asks: Any) -> None:
    found = quote(asks.application(method=RepaymentMethod.UNSPECIFIED), catalogue, EMPTY).offer
    assert found is not None
    assert found.method is RepaymentMethod.EQUAL_INSTALMENT


@pytest.mark.parametrize("product_id", ["shopkeeper", "festival", "startup", "green"])
def test_consumer_finance_never_funds_a_business(catalogue: Catalogue, asks: Any, product_id: str) -> None:
    """CN-CFC-01 and worked case 3, whatever the product."""
    terms = {"festival": 3}.get(product_id, 12)
    method = catalogue.products[product_id].methods[0]
    application = asks.application(product_id=product_id, term_months=terms, method=method, lender_id="lake-consumer")
    found = quote(application, catalogue, EMPTY)
    assert found.offer is None
    assert codes(found) == ["NO_LENDER_FOR_PURPOSE"]
    anyone = quote(replace(application, lender_id=""), catalogue, EMPTY)
    assert anyone.offer is not None
    assert anyone.offer.lender_kind is not LenderKind.CONSUMER_FINANCE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"months_of_history": 2}, "HISTORY_TOO_SHORT"),
        ({"grade": Grade.UNSPECIFIED}, "NOT_GRADED"),
        ({"grade": Grade.E}, "GRADE_TOO_WEAK"),
        ({"monthly_net_fen": 0}, "SALES_TOO_SMALL"),
        ({"monthly_net_fen": -5_000}, "SALES_TOO_SMALL"),
        ({"monthly_net_fen": 100_000}, "DEBT_SERVICE_TOO_HIGH"),
        ({"requested_fen": 499_999}, "AMOUNT_BELOW_MINIMUM"),
        ({"term_months": 7}, "TERM_NOT_OFFERED"),
        ({"product_id": "green", "method": RepaymentMethod.INTEREST_FIRST}, "METHOD_NOT_OFFERED"),
        ({"other_debt_fen": 39_900_000}, "TOTAL_DEBT_TOO_HIGH"),
        ({"other_debt_service_fen": 1_200_000}, "DEBT_SERVICE_TOO_HIGH"),
        ({"default_probability": 0.2}, "PRICE_ABOVE_CAP"),
        ({"product_id": "festival", "term_months": 3, "as_of": date(2026, 8, 1)}, "OUT_OF_SEASON"),
        ({"product_id": "festival", "term_months": 3, "peak_28d_share": 0.05}, "NO_SEASONAL_UPLIFT"),
        ({"product_id": "festival", "term_months": 4}, "TERM_PAST_SEASON"),
    ],
)
def test_why_there_is_no_offer(catalogue: Catalogue, asks: Any, changes: dict[str, Any], code: str) -> None:
    found = quote(asks.application(**changes), catalogue, EMPTY)
    assert found.offer is None
    assert code in codes(found)
    assert len(found.reasons) <= 4
    for reason in found.reasons:
        assert reason.text_zh
        assert reason.text_en
        assert "综合评分不足" not in reason.text_zh  # worked case 12


def test_a_weak_grade_is_told_by_its_risk_and_by_what_is_taken(catalogue: Catalogue, asks: Any) -> None:
    """XP-01: "score too low" is not a reason."""
    found = quote(asks.application(grade=Grade.E, default_probability=0.3), catalogue, EMPTY)
    assert "30.00 %" in found.reasons[0].text_en
    assert "grade D or better" in found.reasons[0].text_en
    assert "30.00 %" in found.reasons[0].text_zh


def test_all_that_is_unmet_is_told_and_at_most_four(catalogue: Catalogue, asks: Any) -> None:
    everything = asks.application(
        product_id="festival",
        months_of_history=1,
        grade=Grade.UNSPECIFIED,
        monthly_net_fen=0,
        requested_fen=1,
        term_months=60,
    )
    found = quote(everything, catalogue, EMPTY)
    assert codes(found) == ["HISTORY_TOO_SHORT", "NOT_GRADED", "SALES_TOO_SMALL", "AMOUNT_BELOW_MINIMUM"]


def test_less_than_asked_says_why(catalogue: Catalogue, asks: Any) -> None:
    found = quote(asks.application(requested_fen=20_000_000), catalogue, EMPTY)
    assert found.offer is not None
    assert found.offer.amount_fen == found.offer.limit_fen == 13_270_000
    assert codes(found) == ["DEBT_SERVICE_TOO_HIGH", "SALES_TOO_SMALL"]
    assert "132,700" in found.reasons[0].text_en


def test_a_full_offer_needs_no_reason(catalogue: Catalogue, asks: Any) -> None:
    assert quote(asks.application(), catalogue, EMPTY).reasons == ()


def test_a_used_limit_is_told_as_such(catalogue: Catalogue, asks: Any) -> None:
    books = Books((Position("river-bank", "shopkeeper", 14_900_000, 0),), {}, 14_900_000)
    found = quote(asks.application(), catalogue, books)
    assert found.offer is None
    assert codes(found) == ["MERCHANT_LIMIT_USED"]
    assert "149,000" in found.reasons[0].text_zh


def test_a_full_book_is_told_as_such(catalogue: Catalogue, asks: Any) -> None:
    full = {lender.lender_id: lender.programme_limit_fen for lender in catalogue.lenders.values()}
    found = quote(asks.application(), catalogue, Books((), full, 0))
    assert found.offer is None
    assert codes(found) == ["LENDER_BOOK_FULL"]


def test_nobody_lends_where_nobody_may(catalogue: Catalogue, asks: Any) -> None:
    """CN-NET-05: a local bank in its own area only."""
    local = with_lenders(
        catalogue, river_bank={"provinces": frozenset({"33"})}, hill_microloan={"provinces": frozenset({"11"})}
    )
    assert quote(asks.application(province_code="33"), local, EMPTY).offer is not None
    for province in ("44", ""):
        assert codes(quote(asks.application(province_code=province), local, EMPTY)) == ["NO_LENDER_IN_REGION"]


def test_nobody_funds_a_purpose_that_nobody_takes(catalogue: Catalogue, asks: Any) -> None:
    none = {"appetite": {LoanPurpose.CONSUMPTION: Grade.C}}
    found = quote(asks.application(), with_lenders(catalogue, river_bank=none, hill_microloan=none), EMPTY)
    assert codes(found) == ["NO_LENDER_FOR_PURPOSE"]


def test_an_esg_discount_lowers_the_price_and_never_lifts_it_over_a_cap(catalogue: Catalogue, asks: Any) -> None:
    plain = quote(asks.application(), catalogue, EMPTY).offer
    green = quote(asks.application(esg_discount_bp=50), catalogue, EMPTY).offer
    assert plain is not None
    assert green is not None
    assert green.nominal_rate_bp == plain.nominal_rate_bp - 50
    # A rate that the cap would take only after the discount is not taken.
    over = next(
        pd / 10_000
        for pd in range(1, 3_000)
        if quote(asks.application(grade=Grade.D, default_probability=pd / 10_000), catalogue, EMPTY).offer is None
    )
    found = quote(asks.application(grade=Grade.D, default_probability=over, esg_discount_bp=50), catalogue, EMPTY)
    assert found.offer is None
    assert codes(found) == ["PRICE_ABOVE_CAP"]


def test_seasons_are_dated_and_lunar_new_year_moves(catalogue: Catalogue) -> None:
    festival = catalogue.products["festival"]
    events = {season.event for season in festival.seasons if season.name_zh == "春节"}
    assert events == {date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6)}
    for year in (2025, 2026, 2027):
        assert {date(year, 6, 18), date(year, 11, 11)} <= {season.event for season in festival.seasons}
    season = festival.season_on(date(2026, 11, 24))
    assert season is not None
    assert (season.name_zh, season.event) == ("年货节", date(2027, 1, 17))
    assert festival.season_on(date(2026, 12, 20)).name_zh == "春节"  # type: ignore[union-attr] # two are open
    assert festival.season_on(date(2026, 8, 1)) is None


def test_out_of_season_names_the_next_one(catalogue: Catalogue, asks: Any) -> None:
    found = quote(asks.application(product_id="festival", term_months=3, as_of=date(2026, 8, 1)), catalogue, EMPTY)
    assert "2026-09-12" in found.reasons[0].text_zh
    after_all = quote(asks.application(product_id="festival", term_months=3, as_of=date(2028, 8, 1)), catalogue, EMPTY)
    assert "no later window" in after_all.reasons[0].text_en


def test_a_day_long_ago_can_be_judged(catalogue: Catalogue, asks: Any) -> None:
    assert quote(asks.application(as_of=date(1998, 7, 1)), catalogue, EMPTY).offer is not None


def test_the_same_question_has_the_same_answer(catalogue: Catalogue, asks: Any) -> None:
    application = asks.application(requested_fen=20_000_000, esg_discount_bp=20)
    assert quote(application, catalogue, EMPTY) == quote(application, load_catalogue(), EMPTY)


def test_a_lower_cap_of_the_operator_is_held(catalogue_with: Callable[..., Path], asks: Any) -> None:
    folder = catalogue_with(policy={"nominal_cap_bp: 2400": "nominal_cap_bp: 700"})
    found = quote(asks.application(), load_catalogue(folder), EMPTY)
    assert found.offer is None
    assert codes(found) == ["PRICE_ABOVE_CAP"]


@given(
    requested=st.integers(1, 10**11),
    sales=st.integers(-(10**9), 10**12),
    pd=st.floats(0, 1),
    grade=st.sampled_from(list(Grade)),
    months=st.integers(0, 100),
    used=st.integers(0, 10**9),
)
def test_an_offer_is_always_within_its_bounds(
    *, catalogue: Catalogue, asks: Any, requested: int, sales: int, pd: float, grade: Grade, months: int, used: int
) -> None:
    application = asks.application(
        requested_fen=requested, monthly_net_fen=sales, default_probability=pd, grade=grade, months_of_history=months
    )
    books = Books((Position("river-bank", "shopkeeper", used, used // 12),), {"river-bank": used}, used)
    found = quote(application, catalogue, books)
    assert len(found.reasons) <= 4
    if found.offer is None:
        assert found.reasons
        return
    assert found.offer.amount_fen == min(requested, found.offer.limit_fen)
    assert found.offer.amount_fen >= catalogue.products["shopkeeper"].min_fen
    assert all(found.offer.amount_fen <= bound.amount_fen for bound in found.constraints)
    assert sum(bound.binding for bound in found.constraints) == 1
    assert found.offer.nominal_rate_bp <= 2_171
    assert found.offer.effective_rate_bp <= 2_400
    assert bool(found.reasons) == (found.offer.amount_fen < requested)


@given(sales=st.integers(0, 10**9), more=st.integers(0, 10**9), grade=st.sampled_from(list(Grade)))
def test_more_sales_never_lower_the_offer(catalogue: Catalogue, asks: Any, sales: int, more: int, grade: Grade) -> None:
    amounts = []
    for monthly_net_fen in (sales, sales + more):
        application = asks.application(monthly_net_fen=monthly_net_fen, grade=grade, requested_fen=30_000_000)
        offer = quote(application, catalogue, EMPTY).offer
        amounts.append(offer.amount_fen if offer else 0)
    assert amounts[0] <= amounts[1]
