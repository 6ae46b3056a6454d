"""Every bound with its value and its source: LM-01 to LM-03, the caps in law, and how they move."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee_limits.domain.application import Books, Case, Constraint, Position
from sycee_limits.domain.catalogue import Capital, Catalogue
from sycee_limits.domain.kinds import BorrowerKind, Grade, RepaymentMethod
from sycee_limits.domain.sizing import constraints, legal_caps, limit_fen, season_share_milli

EMPTY = Books((), {}, 0)
YUAN = 100


def bounds(
    catalogue: Catalogue, asks: Any, *, lender_id: str = "river-bank", books: Books = EMPTY, **changes: Any
) -> dict[str, Constraint]:
    application = asks.application(**changes)
    case = Case(application, catalogue.products[application.product_id], catalogue.policy, books)
    return {bound.code: bound for bound in constraints(case, catalogue.lenders[lender_id], 781)}


def limit(catalogue: Catalogue, asks: Any, **changes: Any) -> int:
    return limit_fen(bounds(catalogue, asks, **changes).values())


def test_each_bound_of_a_grown_shop(catalogue: Catalogue, asks: Any) -> None:
    found = bounds(catalogue, asks, grade=Grade.B)
    assert found["REQUESTED"].amount_fen == 50_000 * YUAN
    assert found["PRODUCT_MAX"].amount_fen == 425_000 * YUAN  # 500,000 × 0.85
    assert found["SALES_MULTIPLE"].amount_fen == 127_500 * YUAN  # 1.5 × 100,000 × 0.85
    # 100,000 × 15 % ÷ 1.3 × 0.85 = 9,807.69 a month; ÷ 0.0868979 of an annuity at 7.81 % = 112,865
    assert found["DEBT_SERVICE"].amount_fen == 112_800 * YUAN
    assert found["TOTAL_DEBT"].amount_fen == 340_000 * YUAN  # 4 × 100,000 × 0.85
    assert found["LENDER_BORROWER_CAP"].amount_fen == 1_000_000 * YUAN
    assert found["LENDER_PROGRAMME"].amount_fen == 400_000_000 * YUAN
    assert found["MERCHANT_CAP"].amount_fen == 1_000_000 * YUAN
    assert "TENURE" not in found
    assert "SEASON" not in found


def test_exactly_one_bound_is_binding_and_it_is_the_least(catalogue: Catalogue, asks: Any) -> None:
    for requested_fen in (1_000_000, 20_000_000):
        found = bounds(catalogue, asks, requested_fen=requested_fen)
        binding = [bound for bound in found.values() if bound.binding]
        assert len(binding) == 1
        assert binding[0].amount_fen == min(bound.amount_fen for bound in found.values())
    assert bounds(catalogue, asks, requested_fen=1_000_000)["REQUESTED"].binding
    assert bounds(catalogue, asks, requested_fen=20_000_000)["DEBT_SERVICE"].binding


@pytest.mark.parametrize(("months", "share"), [(2, 0), (3, 300), (5, 300), (6, 600), (11, 600), (12, 1000)])
def test_tenure_opens_the_limit_by_steps(catalogue: Catalogue, asks: Any, months: int, share: int) -> None:
    """LM-02. The steps multiply the least bound of a grown shop, 132,750 yuan of debt service."""
    assert catalogue.policy.tenure_factor_milli(months) == share
    found = bounds(catalogue, asks, months_of_history=months, requested_fen=20_000_000)
    if share == 1000:
        assert "TENURE" not in found
    else:
        grown = bounds(catalogue, asks, requested_fen=20_000_000)["DEBT_SERVICE"].amount_fen
        assert found["TENURE"].binding
        assert found["TENURE"].rule_id == "LM-02"
        assert abs(found["TENURE"].amount_fen - grown * share / 1000) <= 10_000


def test_tenure_cannot_be_borrowed_around_twice(catalogue: Catalogue, asks: Any) -> None:
    first = bounds(catalogue, asks, months_of_history=4)["TENURE"].amount_fen
    held = Books((Position("river-bank", "shopkeeper", first, 0),), {}, first)
    assert bounds(catalogue, asks, months_of_history=4, books=held)["TENURE"].amount_fen == 0


def test_what_is_used_counts_against_every_merchant_bound(catalogue: Catalogue, asks: Any) -> None:
    used_fen, service_fen = 40_000 * YUAN, 3_500 * YUAN
    books = Books((Position("river-bank", "shopkeeper", used_fen, service_fen),), {"river-bank": used_fen}, used_fen)
    before, after = bounds(catalogue, asks), bounds(catalogue, asks, books=books)
    for code in ("PRODUCT_MAX", "SALES_MULTIPLE", "TOTAL_DEBT", "LENDER_BORROWER_CAP", "LENDER_PROGRAMME"):
        assert before[code].amount_fen - after[code].amount_fen == used_fen, code
    assert before["MERCHANT_CAP"].amount_fen - after["MERCHANT_CAP"].amount_fen == used_fen
    assert after["DEBT_SERVICE"].amount_fen < before["DEBT_SERVICE"].amount_fen


def test_a_position_elsewhere_leaves_this_lenders_room(catalogue: Catalogue, asks: Any) -> None:
    used_fen = 40_000 * YUAN
    books = Books((Position("hill-microloan", "green", used_fen, 0),), {"hill-microloan": used_fen}, 0)
    before, after = bounds(catalogue, asks), bounds(catalogue, asks, books=books)
    for code in ("PRODUCT_MAX", "LENDER_BORROWER_CAP", "LENDER_PROGRAMME"):
        assert before[code] == after[code], code
    assert before["SALES_MULTIPLE"].amount_fen - after["SALES_MULTIPLE"].amount_fen == used_fen


def test_the_microloan_cap_stands_on_the_year_end_before(catalogue: Catalogue, asks: Any) -> None:
    """Worked case 1: net assets of 60m at the year-end before, 70m now; 10 % = 6m, so 6.2m is too much."""
    lender = replace(
        catalogue.lenders["hill-microloan"],
        capital=(Capital(date(2025, 12, 31), 60_000_000 * YUAN), Capital(date(2026, 6, 30), 70_000_000 * YUAN)),
    )
    caps = dict(reversed(cap) for cap in legal_caps(asks.application(), catalogue.products["shopkeeper"], lender))
    assert caps["CN-MICRO-03"] == 6_000_000 * YUAN
    assert caps["CN-MICRO-02"] == 10_000_000 * YUAN
    assert min(caps.values()) < 6_200_000 * YUAN


def test_a_small_microloan_company_binds_by_its_net_assets(catalogue: Catalogue, asks: Any) -> None:
    small = replace(catalogue.lenders["hill-microloan"], capital=(Capital(date(2025, 12, 31), 400_000 * YUAN),))
    case = Case(asks.application(), catalogue.products["shopkeeper"], catalogue.policy, EMPTY)
    found = {bound.code: bound for bound in constraints(case, small, 1_500)}
    assert found["LENDER_BORROWER_CAP"].binding
    assert found["LENDER_BORROWER_CAP"] == Constraint("LENDER_BORROWER_CAP", 40_000 * YUAN, "CN-MICRO-03", binding=True)


@pytest.mark.parametrize("kind", [BorrowerKind.INDIVIDUAL, BorrowerKind.UNSPECIFIED])
def test_without_a_licence_the_consumer_cap_stands(catalogue: Catalogue, asks: Any, kind: BorrowerKind) -> None:
    """CN-MICRO-01; in the spirit of worked case 2, where "business" without evidence does not count as such."""
    found = bounds(catalogue, asks, lender_id="hill-microloan", borrower_kind=kind)["LENDER_BORROWER_CAP"]
    assert (found.amount_fen, found.rule_id) == (200_000 * YUAN, "CN-MICRO-01")
    held = Books((Position("hill-microloan", "shopkeeper", 180_000 * YUAN, 0),), {}, 0)
    left = bounds(catalogue, asks, lender_id="hill-microloan", borrower_kind=kind, books=held)["LENDER_BORROWER_CAP"]
    assert left.amount_fen == 20_000 * YUAN


def test_a_consumer_finance_company_has_no_room_for_business(catalogue: Catalogue, asks: Any) -> None:
    """Worked case 3."""
    found = bounds(catalogue, asks, lender_id="lake-consumer")["LENDER_BORROWER_CAP"]
    assert (found.amount_fen, found.rule_id) == (0, "CN-CFC-01")


def test_a_capital_figure_lasts_a_year(catalogue: Catalogue) -> None:
    lender = catalogue.lenders["hill-microloan"]
    assert lender.capital_for(date(2025, 7, 1)).day == date(2024, 12, 31)
    assert lender.capital_for(date(2026, 1, 1)).day == date(2025, 12, 31)
    assert lender.capital_for(date(2026, 12, 31)).day == date(2025, 12, 31)
    assert lender.capital_for(date(1998, 7, 1)).day == date(2024, 12, 31)


@pytest.mark.parametrize(("share", "milli"), [(0.0, 0), (28 / 365, 0), (0.1, 303), (0.5, 500), (1.0, 500)])
def test_a_season_adds_its_own_uplift_and_at_most_half(catalogue: Catalogue, share: float, milli: int) -> None:
    assert season_share_milli(share, catalogue.policy) == milli


def test_a_season_is_a_sub_limit_of_its_own(catalogue: Catalogue, asks: Any) -> None:
    found = bounds(
        catalogue,
        asks,
        product_id="festival",
        term_months=3,
        method=RepaymentMethod.INTEREST_FIRST,
        peak_28d_share=0.1,
        requested_fen=20_000_000,
    )
    assert found["SEASON"].amount_fen == 45_400 * YUAN  # 150,000 × 0.303
    assert found["SEASON"].rule_id == "LM-03"
    assert found["SEASON"].binding
    assert found["SALES_MULTIPLE"].amount_fen == 195_400 * YUAN


def test_a_new_shop_is_sized_by_its_operators_grade(catalogue: Catalogue, asks: Any) -> None:
    new = {"product_id": "startup", "months_of_history": 0, "monthly_net_fen": 0}
    found = bounds(catalogue, asks, **new, grade=Grade.C)
    assert found["PRODUCT_MAX"].amount_fen == 32_500 * YUAN
    assert found["TOTAL_DEBT"].amount_fen == 97_500 * YUAN
    assert not {"SALES_MULTIPLE", "DEBT_SERVICE", "TENURE", "SEASON"} & found.keys()
    assert "DEBT_SERVICE" in bounds(catalogue, asks, **{**new, "months_of_history": 3})


def test_what_is_left_of_a_programme_is_the_products_bound(catalogue: Catalogue, asks: Any) -> None:
    product = catalogue.products["shopkeeper"]
    nearly_full = Books((), {}, product.programme_limit_fen - 1_234_567)
    found = bounds(catalogue, asks, books=nearly_full)["PRODUCT_MAX"]
    assert (found.amount_fen, found.rule_id, found.binding) == (1_234_567, "CATALOGUE", True)


amounts = st.integers(0, 10**13)
cases = st.fixed_dictionaries(
    {
        "monthly_net_fen": st.integers(-(10**9), 10**12),
        "other_debt_fen": st.integers(0, 10**12),
        "other_debt_service_fen": st.integers(0, 10**10),
        "months_of_history": st.integers(0, 60),
        "grade": st.sampled_from(list(Grade)),
        "term_months": st.integers(1, 60),
        "peak_28d_share": st.floats(0, 1),
        "product_id": st.sampled_from(["shopkeeper", "festival", "startup", "green"]),
        "method": st.sampled_from([m for m in RepaymentMethod if m is not RepaymentMethod.UNSPECIFIED]),
        "borrower_kind": st.sampled_from(list(BorrowerKind)),
    }
)
lender_ids = st.sampled_from(["river-bank", "hill-microloan"])


@given(case=cases, lender_id=lender_ids, more=amounts)
def test_more_sales_never_lower_the_limit(
    catalogue: Catalogue, asks: Any, case: dict[str, Any], lender_id: str, more: int
) -> None:
    richer = {**case, "monthly_net_fen": case["monthly_net_fen"] + more}
    before, after = (limit(catalogue, asks, lender_id=lender_id, **one) for one in (case, richer))
    assert 0 <= before <= after


@given(case=cases, lender_id=lender_ids, debt=amounts, service=amounts)
def test_more_debt_never_raises_the_limit(
    *, catalogue: Catalogue, asks: Any, case: dict[str, Any], lender_id: str, debt: int, service: int
) -> None:
    deeper = {
        **case,
        "other_debt_fen": case["other_debt_fen"] + debt,
        "other_debt_service_fen": case["other_debt_service_fen"] + service,
    }
    before, after = (limit(catalogue, asks, lender_id=lender_id, **one) for one in (case, deeper))
    assert before >= after >= 0


@given(case=cases, lender_id=lender_ids, used=st.integers(0, 10**10))
def test_what_is_used_never_raises_the_limit(
    catalogue: Catalogue, asks: Any, case: dict[str, Any], lender_id: str, used: int
) -> None:
    books = Books((Position(lender_id, case["product_id"], used, used // 12),), {lender_id: used}, used)
    before = limit(catalogue, asks, lender_id=lender_id, **case)
    assert limit(catalogue, asks, lender_id=lender_id, books=books, **case) <= before


@given(case=cases, lender_id=lender_ids)
def test_a_better_grade_never_lowers_the_limit(
    catalogue: Catalogue, asks: Any, case: dict[str, Any], lender_id: str
) -> None:
    graded = [{**case, "grade": grade} for grade in (Grade.A, Grade.B, Grade.C, Grade.D, Grade.E)]
    limits = [limit(catalogue, asks, lender_id=lender_id, **one) for one in graded]
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == 0
