"""Which changes of a portrait are material: worth waking whoever lends on it.

Always: the first portrait, and what came of bureau reports, tax records, penalties and repayments. Further the quality
score, the share of fake orders, and the features of THRESHOLDS, each by its own measure. All measures are judgement;
they lie below what the limits' warnings look for (rule LM-05: sales −30 %), so that no warning waits for the next day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

QUALITY, BRUSHING = "quality.score", "brushing"

QUALITY_POINTS = 5
BRUSHING_SHARE = 0.02

MOST_CHANGES = 32

RECORDS = ("store_penalty", "repayment", "bureau_report", "tax_record")
"""Kinds of which each event counts, the most telling first."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A change counts from `least` on, and from this part of the value before on."""

    least: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Marks:
    """What of a portrait is held against the one before.

    `features` by name, those that are known; `record_counts`: events of the kinds in RECORDS; `anything`: whether any
    event was ever received.
    """

    features: Mapping[str, float]
    quality_score: int
    fake_order_share: float
    record_counts: Mapping[str, int]
    anything: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed; `before` or `after` is None where there was or is none."""

    name: str
    before: float | None
    after: float | None


def changes(before: Marks | None, after: Marks) -> tuple[Change, ...]:
    """The material changes, the most telling first, at most 32; none where nothing material has changed."""
    if not after.anything and (before is None or not before.anything):
        return ()
    if before is None or not before.anything:
        return (Change(QUALITY, None, float(after.quality_score)),)
    found = [*_records(before, after), *_judgements(before, after), *_features(before.features, after.features)]
    return tuple(found[:MOST_CHANGES])


def _records(before: Marks, after: Marks) -> Iterator[Change]:
    for kind in RECORDS:
        had, has = before.record_counts.get(kind, 0), after.record_counts.get(kind, 0)
        if had != has:
            yield Change(kind, float(had), float(has))


def _judgements(before: Marks, after: Marks) -> Iterator[Change]:
    if abs(after.quality_score - before.quality_score) >= QUALITY_POINTS:
        yield Change(QUALITY, float(before.quality_score), float(after.quality_score))
    if abs(after.fake_order_share - before.fake_order_share) >= BRUSHING_SHARE:
        yield Change(BRUSHING, before.fake_order_share, after.fake_order_share)


def _features(before: Mapping[str, float], after: Mapping[str, float]) -> list[Change]:
    """By how many times their threshold they have moved; those that appear or vanish come first."""
    moved = []
    for name, threshold in THRESHOLDS.items():
        had, has = before.get(name), after.get(name)
        times = _times(had, has, threshold)
        if times >= 1.0:
            moved.append((-times, name, Change(name, had, has)))
    return [change for _, _, change in sorted(moved, key=lambda entry: entry[:2])]


def _times(had: float | None, has: float | None, threshold: Threshold) -> float:
    if had is None or has is None:
        return 0.0 if had is has else float("inf")
    return abs(has - had) / max(threshold.least, threshold.share * abs(had))


_YUAN_FEN = 100

THRESHOLDS: Mapping[str, Threshold] = {
    # Sales: a tenth, and at least what is worth a word; as lenders size loans by them (rule LM-01).
    "monthly_net_12m_fen": Threshold(1_000 * _YUAN_FEN, 0.10),
    "monthly_net_3m_fen": Threshold(1_000 * _YUAN_FEN, 0.15),
    "monthly_net_3m_adjusted_fen": Threshold(1_000 * _YUAN_FEN, 0.10),
    "monthly_clean_12m_fen": Threshold(1_000 * _YUAN_FEN, 0.10),
    "monthly_clean_3m_adjusted_fen": Threshold(1_000 * _YUAN_FEN, 0.10),
    "order_90d_count": Threshold(20, 0.25),
    "active_90d_share": Threshold(0.10),
    # Goods that come back and buyers who complain: "refund spike" (rule LM-05).
    "refund_30d_ratio": Threshold(0.05),
    "refund_180d_ratio": Threshold(0.03),
    "dispute_180d_ratio": Threshold(0.01),
    "low_star_90d_share": Threshold(0.05),
    "negative_review_90d_share": Threshold(0.10),
    "complaints_per_10000_orders_365d_ratio": Threshold(10.0, 0.25),
    # What the trade rests on.
    "buyer_top10_365d_share": Threshold(0.10),
    "late_parcel_90d_share": Threshold(0.05),
    "conversion_90d_ratio": Threshold(0.01, 0.30),
    "settled_to_sales_91d_ratio": Threshold(0.10),
    "declared_to_sales_365d_ratio": Threshold(0.10),
    "invoiced_to_sales_365d_ratio": Threshold(0.10, 0.25),
    "monthly_invoiced_12m_fen": Threshold(1_000 * _YUAN_FEN, 0.10),
    "payments_per_day_90d_count": Threshold(1.0, 0.20),
    "tax_rating_level": Threshold(1.0),
    # Debts and arrears: every step (rule LM-05 counts enquiries a month).
    "bureau_outstanding_fen": Threshold(1_000 * _YUAN_FEN, 0.10),
    "bureau_monthly_debt_service_fen": Threshold(100 * _YUAN_FEN, 0.10),
    "bureau_overdue_24m_count": Threshold(1.0),
    "bureau_worst_overdue_24m_months": Threshold(1.0),
    "bureau_enquiry_3m_count": Threshold(2.0),
    "bureau_public_record_count": Threshold(1.0),
    "worst_delay_days": Threshold(1.0),
    "missed_repayment_count": Threshold(1.0),
    "penalty_points_365d_count": Threshold(1.0),
}
"""Features whose changes are material, each with its measure."""
