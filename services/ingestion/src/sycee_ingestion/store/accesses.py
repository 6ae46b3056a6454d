"""The access log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sycee_service.database import Database
from sycee_service.errors import NotFound

from sycee_ingestion.domain.access import Access

_WRITE = """
insert into accesses (merchant_no, at, caller, method, what, purpose)
select merchant_no, at, caller, method, what, purpose
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[])
    with ordinality as noted (merchant_id, at, caller, method, what, purpose, place)
join merchants using (merchant_id)
order by place
"""

_FIND_NUMBER = "select merchant_no from merchants where merchant_id = $1"

_PAGE = """
select access_id, at, caller, method, what, purpose from accesses
where merchant_no = $1 and ($2::timestamptz is null or (at, access_id) < ($2, $3::bigint))
order by at desc, access_id desc limit $4
"""

_PURGE = "delete from accesses where access_id in (select access_id from accesses where at < $1 order by at limit $2)"

PURGED_AT_ONCE = 5_000

Place = tuple[datetime, int]
"""Where a page goes on: the moment and the number of the last access on it."""


class AccessStore:
    """Readings of personal data, written once and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, accesses: Sequence[Access]) -> None:
        """Writes readings in one statement, in the caller's transaction if there is one. Merchants must be there."""
        columns = (
            [access.merchant_id for access in accesses],
            [access.at for access in accesses],
            [access.caller for access in accesses],
            [access.method for access in accesses],
            [access.what for access in accesses],
            [access.purpose for access in accesses],
        )
        async with self._database.transaction() as tx:
            await tx.driver.execute(_WRITE, *columns)

    async def page(self, merchant_id: str, after: Place | None, size: int) -> list[tuple[int, Access]]:
        """Up to `size` readings of a merchant's data with their numbers, newest first. Raises NotFound."""
        at, access_id = after or (None, None)
        async with self._database.reading() as tx:
            merchant_no = await tx.driver.fetchval(_FIND_NUMBER, merchant_id)
            if merchant_no is None:
                raise NotFound("merchant", merchant_id)
            rows = await tx.driver.fetch(_PAGE, merchant_no, at, access_id, size)
        return [
            (
                row["access_id"],
                Access(merchant_id, row["at"], row["caller"], row["method"], row["what"], row["purpose"]),
            )
            for row in rows
        ]

    async def purge_before(self, moment: datetime) -> int:
        """Forgets up to 5,000 readings older than a moment; returns how many."""
        async with self._database.transaction() as tx:
            status: str = await tx.driver.execute(_PURGE, moment, PURGED_AT_ONCE)
        return int(status.rpartition(" ")[2])
