"""Events: the numbers of their merchants, and the merge of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from secrets import randbits
from typing import Final

import asyncpg
from sycee_service.clock import business_day
from sycee_service.database import Database

from sycee_ingestion.domain.event import ERASED, STAGED_COLUMNS, Merged, Staged
from sycee_ingestion.store import corrections
from sycee_ingestion.store.merge import ENTER, PREPARE, merge_of, signed_merge
from sycee_ingestion.store.partitions import Partitions

MOST_CACHED_MERCHANTS = 200_000

_KIND: Final = 6  # in STAGED_COLUMNS
_WITHDRAWN: Final = 8

_FIND_NUMBERS = """
select merchant_id, merchant_no, erased_at is not null as erased from merchants where merchant_id = any($1::text[])
"""


class MergeLostError(Exception):
    """Nothing was stored: the batch lost a race, or names a merchant that is gone. Judge and merge it again."""


class EventStore:
    """Takes events in. What `merge` has answered survives any crash once its transaction is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}
        self._partitions = Partitions(database)

    async def merchant_numbers(self, merchant_ids: Iterable[str]) -> Mapping[str, int]:
        """The numbers of those merchants that are registered, ERASED for those whose data was erased.

        Known ones come from a bounded cache. A merchant that is erased later may still come with its number: `merge`
        does not store anything of it.
        """
        wanted = set(merchant_ids)
        found = {merchant_id: no for merchant_id in wanted if (no := self._numbers.get(merchant_id)) is not None}
        missing = [merchant_id for merchant_id in wanted if merchant_id not in found and "\x00" not in merchant_id]
        if missing:
            async with self._database.reading() as tx:
                rows = await tx.driver.fetch(_FIND_NUMBERS, missing)
            found |= {row["merchant_id"]: ERASED if row["erased"] else row["merchant_no"] for row in rows}
            self._remember(found)
        return found

    def _remember(self, numbers: Mapping[str, int]) -> None:
        self._numbers |= numbers
        while len(self._numbers) > MOST_CACHED_MERCHANTS:
            del self._numbers[next(iter(self._numbers))]

    async def make_room(self, days: Iterable[date]) -> None:
        """Makes sure that events of these business days can be merged. Not within a transaction that merges."""
        await self._partitions.make(days)

    async def merge(self, rows: Sequence[Staged], received_at: datetime) -> Merged:
        """Stores rows, in the caller's transaction if there is one, else in one of its own.

        The positions of rows are unique, and rows that tell of one event take their turns. Of an event the highest
        revision counts, in whatever order they come: a lower one, or the same one again, is a duplicate; the same one
        with another content is a conflict and a correction of another merchant, kind or day has moved, and neither
        changes anything. Sums grow by exactly what is new, whatever other transactions store at the same time. Runs
        once a transaction. Raises MergeLostError.
        """
        if not rows:
            return Merged()
        try:
            async with self._database.transaction() as tx:
                await tx.driver.execute(PREPARE)
                return await self._take(tx.driver, rows, received_at)
        except asyncpg.ForeignKeyViolationError as error:
            self._numbers.clear()
            raise MergeLostError from error
        except asyncpg.CheckViolationError as error:
            self._partitions.forget()
            raise MergeLostError from error
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            raise MergeLostError from error

    async def _take(self, driver: asyncpg.Connection, rows: Sequence[Staged], received_at: datetime) -> Merged:
        await driver.copy_records_to_table("staged", records=rows, columns=STAGED_COLUMNS)
        batch, received_on = randbits(63), business_day(received_at)
        status: str = await driver.execute(ENTER, batch)
        entered = int(status.rpartition(" ")[2])
        if entered == len(rows) and not any(row[_WITHDRAWN] for row in rows):
            await self._merge(driver, merge_of({row[_KIND] for row in rows}), received_at)
            return Merged()
        settled = await corrections.settle(driver, rows, batch, received_on)
        if settled.accepted_count:
            await self._merge(driver, signed_merge(), received_at)
            await corrections.mark_again(driver, settled.corrections, received_on)
        return settled.merged

    async def _merge(self, driver: asyncpg.Connection, statement: str, received_at: datetime) -> None:
        if await driver.fetchval(statement, received_at, business_day(received_at)):
            self._numbers.clear()
            raise MergeLostError
