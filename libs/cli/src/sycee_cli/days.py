"""Business days: those of Asia/Shanghai, which has had no summer time since 1991."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))


def yesterday() -> date:
    """The last day that is over."""
    return (datetime.now(SHANGHAI) - timedelta(days=1)).date()
