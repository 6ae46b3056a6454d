"""What of a portrait's changes is material."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sycee_ingestion.domain.changes import MOST_CHANGES, THRESHOLDS, Change, Marks, changes
from sycee_ingestion.features.catalogue import NAMES

BEFORE = Marks(
    features={"monthly_net_12m_fen": 10_000_000.0, "refund_180d_ratio": 0.05, "bureau_enquiry_3m_count": 1.0},
    quality_score=80,
    fake_order_share=0.01,
    record_counts={"bureau_report": 1},
    anything=True,
)
NOTHING = Marks({}, 0, 0.0, {}, anything=False)


def after(features: dict[str, float] | None = None, **changed: object) -> Marks:
    return replace(BEFORE, features={**BEFORE.features, **(features or {})}, **changed)


def names(before: Marks | None, now: Marks) -> list[str]:
    return [change.name for change in changes(before, now)]


def test_the_first_portrait_is_told_and_one_of_nothing_is_not() -> None:
    assert changes(None, BEFORE) == (Change("quality.score", None, 80.0),)
    assert changes(NOTHING, BEFORE) == (Change("quality.score", None, 80.0),)
    assert changes(None, NOTHING) == ()
    assert changes(NOTHING, NOTHING) == ()
    assert changes(BEFORE, BEFORE) == ()


@pytest.mark.parametrize(
    ("name", "small", "large"),
    [
        ("monthly_net_12m_fen", 10_999_999.0, 11_000_000.0),
        ("monthly_net_12m_fen", 9_000_001.0, 9_000_000.0),
        ("refund_180d_ratio", 0.0799, 0.081),
        ("bureau_enquiry_3m_count", 2.0, 3.0),
    ],
)
def test_features_are_measured_each_by_its_own_threshold(name: str, small: float, large: float) -> None:
    assert names(BEFORE, after({name: small})) == []
    assert changes(BEFORE, after({name: large})) == (Change(name, BEFORE.features[name], large),)


def test_small_amounts_do_not_count_however_much_they_grow() -> None:
    small = after({"monthly_net_12m_fen": 10_000.0})
    assert names(small, after({"monthly_net_12m_fen": 90_000.0})) == []
    assert names(small, after({"monthly_net_12m_fen": 110_000.0})) == ["monthly_net_12m_fen"]


def test_what_appears_or_vanishes_counts() -> None:
    assert changes(BEFORE, after({"tax_rating_level": 4.0})) == (Change("tax_rating_level", None, 4.0),)
    vanished = replace(BEFORE, features={k: v for k, v in BEFORE.features.items() if k != "refund_180d_ratio"})
    assert changes(BEFORE, vanished) == (Change("refund_180d_ratio", 0.05, None),)


def test_quality_and_fake_share_have_bounds() -> None:
    assert names(BEFORE, after(quality_score=76)) == []
    assert changes(BEFORE, after(quality_score=75)) == (Change("quality.score", 80.0, 75.0),)
    assert names(BEFORE, after(fake_order_share=0.029)) == []
    assert changes(BEFORE, after(fake_order_share=0.031)) == (Change("brushing", 0.01, 0.031),)


def test_each_record_counts_and_comes_first() -> None:
    now = after({"refund_180d_ratio": 0.9}, record_counts={"bureau_report": 2, "store_penalty": 1}, quality_score=20)
    assert names(BEFORE, now) == ["store_penalty", "bureau_report", "quality.score", "refund_180d_ratio"]
    assert changes(BEFORE, now)[0] == Change("store_penalty", 0.0, 1.0)
    assert names(BEFORE, after(record_counts={})) == ["bureau_report"]


def test_the_most_telling_features_come_first_and_few_are_told() -> None:
    one, other = {"monthly_net_12m_fen": 20_000_000.0}, {"refund_180d_ratio": 0.09}
    assert names(BEFORE, after(one | other)) == ["monthly_net_12m_fen", "refund_180d_ratio"]
    every = dict.fromkeys(THRESHOLDS, 1e12)
    assert len(names(BEFORE, after(every, record_counts={"store_penalty": 1}))) == MOST_CHANGES


def test_thresholds_are_of_features_that_exist() -> None:
    assert set(THRESHOLDS) <= set(NAMES)
