"""Freshness, staleness and coverage."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sycee_ingestion.domain.coverage import (
    STANDARDS,
    Feed,
    Received,
    SourceStatus,
    Span,
    coverage,
    received_now,
    source_status,
    sources_before,
    trade_freshness_days,
)
from sycee_ingestion.domain.event import EventKind

TODAY = date(2026, 3, 15)


def status(kind: EventKind, age_days: int, *sources: str) -> SourceStatus:
    last = TODAY - timedelta(days=age_days)
    return source_status(Received(kind, 1, last, last, sources or ("taobao",)), TODAY)


def test_weights_add_up_to_one_and_every_kind_has_a_standard() -> None:
    assert set(STANDARDS) == set(EventKind)
    assert sum(standard.weight for standard in STANDARDS.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if STANDARDS[kind].stale_after_days is not None])
def test_a_kind_is_stale_the_day_after_its_threshold(kind: EventKind) -> None:
    days = STANDARDS[kind].stale_after_days
    assert days is not None
    assert (status(kind, days).stale, status(kind, days + 1).stale) == (False, True)


@pytest.mark.parametrize("kind", [EventKind.STORE_PENALTY, EventKind.REPAYMENT])
def test_what_has_no_threshold_never_ages(kind: EventKind) -> None:
    assert not status(kind, 5_000).stale


def test_coverage_counts_what_is_there_and_fresh() -> None:
    assert coverage([]) == 0.0
    fresh = [status(kind, 0) for kind in EventKind]
    assert coverage(fresh) == pytest.approx(1.0)
    assert coverage([status(EventKind.ORDER, 31), status(EventKind.REVIEW, 0)]) == STANDARDS[EventKind.REVIEW].weight


def test_trade_is_as_fresh_as_its_newest_event() -> None:
    assert trade_freshness_days([status(EventKind.REVIEW, 0)]) is None
    found = trade_freshness_days(
        [status(EventKind.ORDER, 9), status(EventKind.REFUND, 4), status(EventKind.TRAFFIC, 0)]
    )
    assert found == 4


def test_sources_are_sorted_apart_and_bounded() -> None:
    names = [f"s{n:02}" for n in range(30)]
    assert status(EventKind.ORDER, 0, *reversed(names), "s00").sources == tuple(names[:16])


def test_an_event_of_the_near_future_is_fresh() -> None:
    assert status(EventKind.ORDER, -1).freshness_days == 0


FEEDS = (
    Feed("douyin", 1, {EventKind.ORDER: Span(2, TODAY - timedelta(days=9), TODAY)}),
    Feed(
        "taobao",
        4,
        {
            EventKind.ORDER: Span(5, TODAY - timedelta(days=90), TODAY - timedelta(days=3)),
            EventKind.REFUND: Span(0, TODAY, TODAY),
        },
    ),
)


def test_feeds_add_up_by_kind() -> None:
    orders, refunds = received_now(FEEDS)
    assert orders == Received(EventKind.ORDER, 7, TODAY - timedelta(days=90), TODAY, ("douyin", "taobao"))
    assert (refunds.kind, refunds.event_count) == (EventKind.REFUND, 0)  # withdrawn, and yet a feed that speaks
    assert received_now(()) == []


def test_sources_of_the_past_are_those_that_had_begun() -> None:
    assert sources_before(FEEDS, EventKind.ORDER, TODAY - timedelta(days=9)) == ("taobao",)
    assert sources_before(FEEDS, EventKind.ORDER, TODAY - timedelta(days=8)) == ("douyin", "taobao")
    assert sources_before(FEEDS, EventKind.REFUND, TODAY) == ()
