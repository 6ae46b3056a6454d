"""Time as a part that is handed in, and the business day it falls on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands until it is moved: for tests and replays."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock wants an aware datetime")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment, aware, UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Moves the clock on (or, with a negative span, back)."""
        self._now += by


def business_day(moment: datetime) -> date:
    """The calendar day of an aware moment in Asia/Shanghai."""
    if moment.tzinfo is None:
        raise ValueError("a business day wants an aware datetime")
    return moment.astimezone(SHANGHAI).date()
