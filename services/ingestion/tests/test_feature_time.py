"""Nothing later than a point enters its features, neither occurred nor received."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from feature_books import (
    LATER,
    TODAY,
    ago,
    bits,
    book,
    day,
    features_of,
    made_up,
    point,
    prepared,
    record,
    review,
    weeks_of,
    with_rows,
)
from sycee_ingestion.features.inputs import FRAME_NAMES, Frames

TIMED = ("days", "splits", "reviews", "bureau", "taxes", "energy", "penalties", "repayments")
REVISED = TIMED[2:]


def known_in_time(frames: Frames, as_of: pl.Expr, known_on: pl.Expr) -> Frames:
    """The frames without what had not yet occurred or come, as if it had been read on the day."""
    kept = {name: getattr(frames, name) for name in FRAME_NAMES}
    for name in TIMED:
        kept[name] = kept[name].filter(pl.col("day") < as_of, pl.col("received_on") < known_on)
    for name in REVISED:  # of what was superseded later, nothing was known
        later = pl.col("superseded_on") >= known_on
        kept[name] = kept[name].with_columns(superseded_on=pl.when(~later).then("superseded_on"))
    kept["fake_days"] = kept["fake_days"].filter(pl.col("day") < as_of)
    return Frames(**kept)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("then", [True, False])
def test_what_comes_later_changes_nothing(seed: int, then: bool) -> None:
    """A point in the middle of a history is the same with all that came after it and without."""
    frames = made_up(seed + 50, 8, points_each=0)
    as_of = ago(int(np.random.default_rng(seed).integers(100, 500)))
    known_on = as_of + timedelta(days=0 if then else 25)
    points = [point(as_of, known_on, point=n, merchant_no=n) for n in range(1, 9)]
    fakes = [
        {"point": n, "day": as_of + timedelta(days=a), "fake_count": 1, "fake_fen": 9} for n in (1, 2) for a in (-9, 3)
    ]
    with_all = with_rows(frames, points=points, fake_days=fakes)
    as_then = known_in_time(with_all, pl.lit(as_of), pl.lit(known_on))
    assert as_then.days.height < with_all.days.height
    for whole, part in zip(prepared()(with_all), prepared()(as_then), strict=True):
        assert bits(whole).equals(bits(part))


def test_the_day_itself_is_not_yet_in_it() -> None:
    frames = book(days=[day(5, order_count=1, order_fen=100), day(0, order_count=7, order_fen=9_000)])
    assert features_of(frames)["order_28d_count"] == 1


def test_what_was_received_on_the_day_of_knowledge_is_not_known() -> None:
    days = [day(9, order_count=1), day(9, order_count=2, late=8), day(9, order_count=4, late=9)]
    known = {d: features_of(book([point(known_on=d)], days=days))["order_28d_count"] for d in (ago(1), TODAY, LATER)}
    assert known == {ago(1): 1, TODAY: 3, LATER: 7}


def test_a_correction_counts_from_when_it_was_known() -> None:
    first = record(60, event_id="a", kind=1, fine_fen=500, points=2)
    second = {**record(60, event_id="a", kind=1, fine_fen=800, points=2), "received_on": ago(20)}
    frames = {
        known: book([point(known_on=known)], penalties=[{**first, "superseded_on": ago(20)}, second])
        for known in (ago(20), ago(19), LATER)
    }
    fines = {known: features_of(one)["fines_730d_fen"] for known, one in frames.items()}
    assert fines == {ago(20): 500, ago(19): 800, LATER: 800}


def test_what_was_withdrawn_is_gone_from_when_that_was_known() -> None:
    said = {**review(60, sentiment_milli=100), "superseded_on": ago(20)}
    gone = {**review(60, sentiment_milli=100), "received_on": ago(20), "withdrawn": True}
    counts = [
        features_of(book([point(known_on=known)], reviews=[said, gone]))["read_review_365d_count"]
        for known in (ago(20), ago(19))
    ]
    assert counts == [1, None]


def test_points_of_one_merchant_know_nothing_of_each_other() -> None:
    days = [day(age, order_count=1, order_fen=age) for age in range(1, 60)]
    points = [point(ago(9 * n), ago(9 * n), point=n) for n in range(6)]
    features, weeks = prepared()(book(points, days=days))
    for n in range(6):
        frames = book([points[n]], days=days)
        assert features.filter(pl.col("point") == n)["order_28d_count"].item() == features_of(frames)["order_28d_count"]
        assert weeks.filter(pl.col("point") == n).select("week", "net_fen", "clean_fen").rows() == weeks_of(frames)
