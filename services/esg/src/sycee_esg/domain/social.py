"""How a shop treats its buyers: complaints, reviews, returns, delays and disputes (ESG-11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sycee_esg.domain.measurement import Measurement
from sycee_esg.domain.portrait import Portrait

# Rare events in a small shop are mostly chance, so both rates are drawn towards an ordinary shop's rate as if by this
# many more observations: the mean of a Gamma-Poisson and of a Beta-binomial posterior. The figures are judgements.
PRIOR_ORDERS: Final = 1_000
PRIOR_COMPLAINTS: Final = 1.0
PRIOR_REVIEWS: Final = 20
PRIOR_LOW_STARS: Final = 1.2


def measure(portrait: Portrait) -> Mapping[str, Measurement]:
    """The social metrics that the portrait allows to measure, by code."""
    metrics: dict[str, Measurement] = {}
    reviews, trade, logistics = portrait.reviews, portrait.trade, portrait.logistics
    if reviews and reviews.order_count:
        rate = complaints_per_10k_orders(reviews.complaint_count, reviews.order_count)
        metrics["complaints_per_10k_orders"] = Measurement(rate)
        metrics["return_rate"] = Measurement(reviews.return_count / reviews.order_count)
    if reviews and reviews.review_count:
        metrics["low_star_share"] = Measurement(low_star_share(reviews.low_star_share, reviews.review_count))
    if logistics and logistics.parcel_count:
        metrics["late_parcel_rate"] = Measurement(logistics.late_rate)
    if trade and trade.orders_365d:
        metrics["dispute_rate"] = Measurement(trade.dispute_rate)
    return metrics


def complaints_per_10k_orders(complaint_count: int, order_count: int) -> float:
    """Complaints per 10,000 orders, drawn towards 10 by 1,000 orders more."""
    return (complaint_count + PRIOR_COMPLAINTS) / (order_count + PRIOR_ORDERS) * 10_000


def low_star_share(share: float, review_count: int) -> float:
    """Share of reviews with one or two stars, drawn towards 6 % by 20 reviews more."""
    return (share * review_count + PRIOR_LOW_STARS) / (review_count + PRIOR_REVIEWS)
