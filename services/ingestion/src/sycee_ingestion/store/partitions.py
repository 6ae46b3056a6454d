"""Partitions of `events`: one for each month of Asia/Shanghai, made when the first event of it comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from sycee_service.clock import SHANGHAI
from sycee_service.database import Database

from sycee_ingestion.store.locks import MAKE_PARTITION

_MAKE = """
do $$ begin
    perform pg_advisory_xact_lock({lock});
    if to_regclass('{name}') is null then
        create table {name} (like events including all);
        alter table events attach partition {name} for values from ('{begin}') to ('{end}');
    end if;
end $$
"""
"""A table made apart and then attached: unlike `create table … partition of` that does not wait for running merges, nor
they for it. All or nothing, and whoever comes second finds it made."""


class Partitions:
    """Makes the partitions that events want, each once, and remembers which ones are there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[tuple[int, int]] = set()

    async def make(self, days: Iterable[date]) -> None:
        """Makes the partitions that hold these business days, in transactions of their own, where they are missing."""
        missing = {(day.year, day.month) for day in days} - self._known
        if not missing:
            return
        driver = await self._database.acquire()
        try:
            for month in sorted(missing):
                await driver.execute(_statement(*month))
        finally:
            await self._database.release(driver)
        self._known |= missing

    def forget(self) -> None:
        """Looks again from now on: somebody has taken partitions away."""
        self._known.clear()


def _statement(year: int, month: int) -> str:
    """The statement for a month; only numbers and moments enter its text."""
    begin = datetime(year, month, 1, tzinfo=SHANGHAI)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=SHANGHAI)
    return _MAKE.format(
        lock=MAKE_PARTITION,
        name=f"events_{year:04}_{month:02}",
        begin=begin.astimezone(UTC).isoformat(),
        end=end.astimezone(UTC).isoformat(),
    )
