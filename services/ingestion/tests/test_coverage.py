"""Freshness, staleness and coverage."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sycee_ingestion.domain.coverage import (
    STANDARDS,
    Received,
    SourceStatus,
    coverage,
    source_status,
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
