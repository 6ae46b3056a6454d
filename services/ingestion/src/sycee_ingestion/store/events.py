"""Events: the numbers of their merchants, the merge of a batch, and whom to tell of what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from secrets import randbits

import asyncpg
from sycee_service.database import Database
from sycee_service.outbox import Event

from sycee_ingestion.domain.event import STAGED_COLUMNS, Merged, Staged
from sycee_ingestion.store.merge import CREATE_STAGED, DROP_KNOWN, ENTER, MERGE

MOST_CACHED_MERCHANTS = 200_000
ANNOUNCED_AT_ONCE = 500

_FIND_NUMBERS = "select merchant_id, merchant_no from merchants where merchant_id = any($1::text[])"

_TAKE_UNANNOUNCED = """
with taken as (
    update feeds set unannounced = false
    where (merchant_no, source) in (
        select merchant_no, source from feeds where unannounced
        order by merchant_no, source limit $1 for update skip locked
    )
    returning merchant_no
)
select merchant_id, count(*) as feeds from taken join merchants using (merchant_no)
group by merchant_id order by merchant_id
"""


class MergeLostError(Exception):
    """Nothing was stored: the batch lost a race, or names a merchant that is gone. Judge and merge it again."""


class EventStore:
    """Takes events in. What `merge` has answered survives any crash once its transaction is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}

    async def merchant_numbers(self, merchant_ids: Iterable[str]) -> Mapping[str, int]:
        """The numbers of those merchants that are registered; known ones come from a bounded cache."""
        wanted = set(merchant_ids)
        found = {merchant_id: no for merchant_id in wanted if (no := self._numbers.get(merchant_id)) is not None}
        missing = [merchant_id for merchant_id in wanted if merchant_id not in found and "\x00" not in merchant_id]
        if missing:
            async with self._database.reading() as tx:
                rows = await tx.driver.fetch(_FIND_NUMBERS, missing)
            found |= {row["merchant_id"]: row["merchant_no"] for row in rows}
            self._remember(found)
        return found

    def _remember(self, numbers: Mapping[str, int]) -> None:
        self._numbers |= numbers
        while len(self._numbers) > MOST_CACHED_MERCHANTS:
            del self._numbers[next(iter(self._numbers))]

    async def merge(self, rows: Sequence[Staged], received_at: datetime) -> Merged:
        """Stores the rows of one batch, in the caller's transaction if there is one, else in one of its own.

        Each (source, event_id) may stand in `rows` once. A pair that is stored already counts as a duplicate, or as a
        conflict where its content differs; neither changes anything. Sums grow by exactly the rows that are new,
        whatever other transactions store at the same time. Runs once a transaction. Raises MergeLostError.
        """
        if not rows:
            return Merged(0, 0, ())
        try:
            async with self._database.transaction() as tx:
                await tx.driver.execute(CREATE_STAGED)
                await tx.driver.copy_records_to_table("staged", records=rows, columns=STAGED_COLUMNS)
                batch = randbits(63)
                status: str = await tx.driver.execute(ENTER, batch)
                accepted = int(status.rpartition(" ")[2])
                known = [] if accepted == len(rows) else await tx.driver.fetch(DROP_KNOWN, batch)
                if accepted:
                    await tx.driver.execute(MERGE, received_at)
        except asyncpg.ForeignKeyViolationError as error:
            self._numbers.clear()
            raise MergeLostError from error
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            raise MergeLostError from error
        conflicts = tuple(row["position"] for row in known if row["conflicts"])
        return Merged(accepted, len(known) - len(conflicts), conflicts)

    async def announce(self) -> int:
        """Emits one event for each merchant in up to 500 marked feeds; returns how many feeds that were.

        A merchant that is published to while this runs is announced again later: no change goes untold.
        """
        async with self._database.transaction() as tx:
            rows = await tx.driver.fetch(_TAKE_UNANNOUNCED, ANNOUNCED_AT_ONCE)
            for row in rows:
                merchant_id = row["merchant_id"]
                tx.emit(Event("sycee.ingestion.profile_changed.v1", merchant_id, {"merchant_id": merchant_id}))
        return sum(row["feeds"] for row in rows)
