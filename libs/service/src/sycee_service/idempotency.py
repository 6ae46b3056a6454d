"""The memory behind `request_id`: what an RPC answered, kept in the database in the transaction that did the work.

The step that uses it is `sycee_service.interceptors.idempotency`. Rows are kept `idempotency_retention_days`; a caller
must not use a request_id again after that.
"""

from __future__ import annotations

import asyncio
import hashlib

from google.protobuf.message import Message

from sycee_service.database import Database
from sycee_service.errors import AlreadyExists

PURGE_EVERY_S = 3_600
PURGE_BATCH = 1_000

_LOOK_UP = "select digest, answer from idempotency where caller = $1 and method = $2 and request_id = $3"
_PURGE = """
delete from idempotency where ctid = any(array(
    select ctid from idempotency where created_at < now() - make_interval(days => $1) limit $2))
"""


def digest_of(request: Message) -> bytes:
    """SHA-256 of the request, serialised deterministically."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


async def remembered(database: Database, caller: str, method: str, request_id: str, digest: bytes) -> bytes | None:
    """The answer that this request already got, or None. AlreadyExists when the request_id was another request's."""
    async with database.reading() as tx:
        row = await tx.driver.fetchrow(_LOOK_UP, caller, method, request_id)
    if row is None:
        return None
    if row["digest"] != digest:
        raise AlreadyExists("REQUEST_ID_REUSED", "this request_id was used with another payload", request_id=request_id)
    answer: bytes = row["answer"]
    return answer


async def purge(database: Database, retention_days: int) -> int:
    """Forgets answers older than `retention_days`, a bounded batch at a time; returns how many."""
    total = 0
    while True:
        async with database.reading() as tx:
            status = await tx.driver.execute(_PURGE, retention_days, PURGE_BATCH)
        gone = int(status.rpartition(" ")[2])
        total += gone
        if gone < PURGE_BATCH:
            return total


async def purge_forever(database: Database, retention_days: int) -> None:
    """Purges now and every hour."""
    while True:
        await purge(database, retention_days)
        await asyncio.sleep(PURGE_EVERY_S)
