"""Imports: how far each is, moved on in the same transaction as the rows it counts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b

import asyncpg
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sycee_service.database import Database, TransactionContext

from sycee_ingestion.domain.event import Reject
from sycee_ingestion.domain.imports import Import, ImportState, Progress, shown_rejects
from sycee_ingestion.schema.imports import imports

_RUNNING_AT_ONCE = 100


class LostImportError(Exception):
    """Another worker has moved the import on: what this one did meanwhile must not count."""


class ImportStore:
    """The imports and their progress."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> TransactionContext:
        """A transaction that `advance` and the merge of the rows it counts join."""
        return self._database.transaction()

    async def add(self, new: Import) -> None:
        """Stores a new import."""
        values: dict[str, object] = {
            "import_id": new.import_id,
            "connector": new.connector,
            "path": new.path,
            "mapping_yaml": new.mapping_yaml,
            "state": new.state.value,
            "done_count": 0,
            "accepted_count": 0,
            "duplicate_count": 0,
            "reject_count": 0,
            "held_count": 0,
            "first_rejects": [],
            "error": "",
            "created_at": new.created_at,
        }
        async with self._database.transaction() as tx:
            await tx.execute(insert(imports).values(values))

    async def get(self, import_id: str) -> Import | None:
        """An import, or None."""
        async with self._database.reading() as tx:
            rows = await tx.execute(select(imports).where(imports.c.import_id == import_id))
        return _import(rows[0]) if rows else None

    async def running(self) -> list[str]:
        """Up to 100 imports that are not ended, oldest first."""
        statement = select(imports.c.import_id).where(imports.c.state == ImportState.RUNNING.value)
        async with self._database.reading() as tx:
            rows = await tx.execute(statement.order_by(imports.c.created_at).limit(_RUNNING_AT_ONCE))
        return [row["import_id"] for row in rows]

    @asynccontextmanager
    async def claim(self, import_id: str) -> AsyncIterator[bool]:
        """Whether this process may work on an import; others are kept off until the block ends or the process dies.

        It spares two processes from reading the same file. That no row counts twice does not rest on it: see `advance`.
        """
        key = int.from_bytes(blake2b(import_id.encode(), digest_size=8).digest(), "big", signed=True)
        async with self._database.reading() as tx:
            claimed: bool = await tx.driver.fetchval("select pg_try_advisory_lock($1)", key)
            try:
                yield claimed
            finally:
                if claimed and not tx.driver.is_closed():
                    await tx.driver.execute("select pg_advisory_unlock($1)", key)

    async def begin(self, import_id: str, file_digest: bytes, row_count: int) -> None:
        """Remembers what the file was when it was first read through."""
        statement = update(imports).where(imports.c.import_id == import_id)
        async with self._database.transaction() as tx:
            await tx.execute(statement.values(file_digest=file_digest, row_count=row_count))

    async def advance(self, before: Import, progress: Progress) -> Import:
        """Counts a chunk of rows, in the caller's transaction, the one that stores the rows: both happen or neither.

        Raises LostImportError when the import is not where `before` says it is; the caller's transaction must end.
        """
        rejects = shown_rejects(before.first_rejects, progress.rejects)
        statement = (
            update(imports)
            .where(
                imports.c.import_id == before.import_id,
                imports.c.done_count == before.done_count,
                imports.c.state == ImportState.RUNNING.value,
            )
            .values(
                done_count=imports.c.done_count + progress.done_count,
                accepted_count=imports.c.accepted_count + progress.accepted_count,
                duplicate_count=imports.c.duplicate_count + progress.duplicate_count,
                reject_count=imports.c.reject_count + len(progress.rejects),
                held_count=imports.c.held_count + progress.held_count,
                first_rejects=[asdict(reject) for reject in rejects],
            )
            .returning(imports)
        )
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement)
        if not rows:
            raise LostImportError(before.import_id)
        return _import(rows[0])

    async def release(self, import_id: str, released_count: int, duplicate_count: int) -> None:
        """Counts held rows that were read after all, in the caller's transaction: they are rejects no more."""
        moved = released_count + duplicate_count
        statement = (
            update(imports)
            .where(imports.c.import_id == import_id)
            .values(
                accepted_count=imports.c.accepted_count + released_count,
                duplicate_count=imports.c.duplicate_count + duplicate_count,
                reject_count=imports.c.reject_count - moved,
                held_count=imports.c.held_count - moved,
            )
        )
        async with self._database.transaction() as tx:
            await tx.execute(statement)

    async def end(self, import_id: str, state: ImportState, error: str, ended_at: datetime) -> None:
        """Ends an import that is still running; one that has ended stays as it is."""
        statement = (
            update(imports)
            .where(imports.c.import_id == import_id, imports.c.state == ImportState.RUNNING.value)
            .values(state=state.value, error=error, ended_at=ended_at)
        )
        async with self._database.transaction() as tx:
            await tx.execute(statement)


def _import(row: asyncpg.Record) -> Import:
    return Import(
        import_id=row["import_id"],
        connector=row["connector"],
        path=row["path"],
        mapping_yaml=row["mapping_yaml"],
        state=ImportState(row["state"]),
        file_digest=row["file_digest"],
        row_count=row["row_count"],
        done_count=row["done_count"],
        accepted_count=row["accepted_count"],
        duplicate_count=row["duplicate_count"],
        reject_count=row["reject_count"],
        held_count=row["held_count"],
        first_rejects=tuple(Reject(**reject) for reject in json.loads(row["first_rejects"])),
        error=row["error"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )
