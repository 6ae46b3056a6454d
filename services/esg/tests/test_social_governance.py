"""Social and governance metrics against figures reckoned by hand."""

from dataclasses import replace

import pytest
from sycee_esg.domain import governance, social
from sycee_esg.domain.book import Book
from sycee_esg.domain.portrait import Portrait, RegisterStatus, Reviews, Tax, TaxRating, Trade


def test_social_metrics_of_the_worked_shop(worked_shop: Portrait) -> None:
    values = {code: measured.value for code, measured in social.measure(worked_shop).items()}
    assert values == pytest.approx(
        {
            "complaints_per_10k_orders": 8.0,  # (3 + 1) of (4,000 + 1,000)
            "low_star_share": 21.2 / 520,  # 20 of 500, drawn to 6 % by 20
            "return_rate": 0.12,
            "late_parcel_rate": 0.06,
            "dispute_rate": 0.002,
        }
    )


def test_chance_in_a_small_shop_is_not_judged() -> None:
    """No complaint in ten orders says next to nothing; none in 100,000 says much."""
    assert social.complaints_per_10k_orders(0, 10) == pytest.approx(9.9, abs=0.01)
    assert social.complaints_per_10k_orders(1, 10) == pytest.approx(19.8, abs=0.01)
    assert social.complaints_per_10k_orders(0, 100_000) == pytest.approx(0.099, abs=0.001)
    assert social.low_star_share(1.0, 1) == pytest.approx(2.2 / 21)


def test_social_metrics_without_their_base_are_missing(worked_shop: Portrait) -> None:
    nothing = replace(worked_shop, reviews=Reviews(0, 0.0, 0, 0, 0), trade=Trade(0, 0, 0, 0.0), logistics=None)
    assert not social.measure(nothing)
    assert not social.measure(replace(worked_shop, reviews=None, trade=None, logistics=None))


def test_governance_metrics_of_the_worked_shop(worked_shop: Portrait, book: Book) -> None:
    values = {code: measured.value for code, measured in governance.measure(worked_shop, book).items()}
    assert values == pytest.approx(
        {
            "register_status": 2,
            "late_filings": 0,
            "tax_rating": 80,
            "sales_reconciliation": 0.9,
            "disclosure": 0.75,  # six of eight: neither bureau nor traffic; refunds are not asked for
        }
    )


def test_an_unrated_sole_trader_is_missing_not_bad(worked_shop: Portrait, book: Book) -> None:
    unrated = replace(worked_shop, tax=Tax(None, 0, 120_000_000, 0))
    measured = governance.measure(unrated, book)
    assert "tax_rating" not in measured
    assert "sales_reconciliation" not in measured
    assert "tax_rating" not in governance.measure(replace(worked_shop, tax=None), book)


@pytest.mark.parametrize(
    ("rating", "lowest", "highest"),
    [(TaxRating.A, 90, 100), (TaxRating.B, 70, 90), (TaxRating.C, 40, 70), (TaxRating.D, 0, 40)],
)
def test_tax_ratings_lie_in_the_range_of_their_points(rating: TaxRating, lowest: int, highest: int) -> None:
    """ESG-09."""
    assert lowest <= rating.value < highest


@pytest.mark.parametrize("platform_net_fen", [0, -5])
def test_sales_are_not_reconciled_with_nothing(platform_net_fen: int, worked_shop: Portrait, book: Book) -> None:
    shop = replace(worked_shop, tax=Tax(TaxRating.A, 100, platform_net_fen, 0))
    assert "sales_reconciliation" not in governance.measure(shop, book)


@pytest.mark.parametrize(
    ("status", "value"),
    [
        (RegisterStatus.ACTIVE, 2),
        (RegisterStatus.ABNORMAL, 1),
        (RegisterStatus.REVOKED, 0),
        (RegisterStatus.DEREGISTERED, 0),
        (RegisterStatus.SERIOUS_VIOLATION, 0),
    ],
)
def test_register_states(status: RegisterStatus, value: int, worked_shop: Portrait, book: Book) -> None:
    assert governance.measure(replace(worked_shop, register_status=status), book)["register_status"].value == value


def test_an_unknown_register_state_is_missing(worked_shop: Portrait, book: Book) -> None:
    assert "register_status" not in governance.measure(replace(worked_shop, register_status=None), book)
