"""Clocks and business days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sycee_service.clock import ManualClock, SystemClock, business_day


def test_manual_clock_moves_only_when_moved() -> None:
    clock = ManualClock(datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))))
    assert clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(days=1))
    assert clock.now() == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 31, 15, 59, 59, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 1, 31, 16, 0, 0, tzinfo=UTC), date(2026, 2, 1)),
        # Shanghai kept summer time in 1986–1991: UTC+9 then.
        (datetime(1988, 7, 1, 15, 0, 0, tzinfo=UTC), date(1988, 7, 2)),
    ],
)
def test_business_day_is_that_of_shanghai(moment: datetime, day: date) -> None:
    assert business_day(moment) == day


def test_naive_times_are_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="aware"):
        business_day(naive)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(naive)


def test_system_clock_is_aware() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
