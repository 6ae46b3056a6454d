"""Reading files of events in the background: in chunks, each of which is stored and counted in one transaction.

A crash at any moment leaves whole chunks behind, and the next start goes on with the first row that is not counted.
A row that the mapping gives no event_id is named by the file's digest and its place, so that even a chunk that is read
twice counts once. The next chunks are read and mapped while one is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog
from sycee_service.clock import Clock
from sycee_service.errors import Aborted, FailedPrecondition, RetryLater, SyceeError
from sycee_service.logs import describe

from sycee_ingestion.connectors import Table
from sycee_ingestion.connectors.chunks import Chunk, Digest
from sycee_ingestion.connectors.errors import UnreadableFileError
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.domain.imports import Import, ImportState, Progress
from sycee_ingestion.domain.quarantine import Origin
from sycee_ingestion.files import digest_of
from sycee_ingestion.intake import Intake, Ready, Taken, guarded, held_rows
from sycee_ingestion.pipeline import ahead
from sycee_ingestion.planning import Plan, Planner
from sycee_ingestion.store.events import MergeLostError
from sycee_ingestion.store.imports import ImportStore, LostImportError
from sycee_ingestion.store.quarantine import QuarantineStore

CHUNK_ROWS = 1_000
CHUNKS_AHEAD = 2
_MOST_RUNS = 5


@dataclass(frozen=True, slots=True, repr=False)
class _Part:
    """A chunk on its way, the first row of which stands at `start`."""

    start: int
    chunk: Chunk
    ready: Ready


class Importer:
    """Works on imports one after the other. Several processes may run one each on the same database.

    `most_held` rows of one import may be held in quarantine; more say that the mapping is wrong, and fail it.
    """

    def __init__(
        self,
        imports: ImportStore,
        quarantine: QuarantineStore,
        intake: Intake,
        planner: Planner,
        *,
        digest: Digest,
        clock: Clock,
        poll_s: float,
        most_held: int,
    ) -> None:
        self._imports = imports
        self._quarantine = quarantine
        self._intake = intake
        self._planner = planner
        self._digest = digest
        self._clock = clock
        self._poll_s = poll_s
        self._most_held = most_held

    async def run(self) -> None:
        """Works on whatever import is running, until cancelled. Raises Unavailable when the database is away."""
        while True:
            for import_id in await self._imports.running():
                async with self._imports.claim(import_id) as claimed:
                    if claimed:
                        await self._finish(import_id)
            await asyncio.sleep(self._poll_s)

    async def _finish(self, import_id: str) -> None:
        """Reads an import to its end, or ends it with the error that stops it."""
        current = await self._imports.get(import_id)
        if current is None or current.ended:
            return
        try:
            plan = await asyncio.to_thread(self._planner.plan, current.path, current.mapping_yaml)
            await self._read(await self._begun(current, plan), plan)
        except LostImportError:
            structlog.get_logger().info("another process works on the import", import_id=import_id)
        except (RetryLater, Aborted):
            raise  # the import is as it was: it goes on when the part is back
        except Exception as error:  # whatever it was, the imports after this one must have their turn
            structlog.get_logger().warning("import failed", import_id=import_id, **describe(error))
            await self._imports.end(import_id, ImportState.FAILED, _why(error), self._clock.now())
        else:
            await self._imports.end(import_id, ImportState.DONE, "", self._clock.now())

    async def _begun(self, current: Import, plan: Plan) -> Import:
        """The import with the digest of its file. Raises FailedPrecondition when the file is not what it was."""
        digest = await asyncio.to_thread(digest_of, plan.path)
        if current.file_digest is None:
            await self._imports.begin(current.import_id, digest, await asyncio.to_thread(plan.table.count))
            current = await self._imports.get(current.import_id) or current
        if current.file_digest != digest:
            raise FailedPrecondition("FILE_CHANGED", "the file is not the one that the import began with")
        return current

    async def _read(self, current: Import, plan: Plan) -> None:
        prefix = "" if current.file_digest is None else current.file_digest.hex()
        await self._quarantine.prepare(Origin(current.import_id))

        async def prepare(numbered: tuple[int, Chunk]) -> _Part:
            start, chunk = numbered
            safe = guarded(chunk, plan.mapper.personal, self._digest)
            ready = await self._intake.ready(plan.mapper, safe, lambda number: f"{prefix}-{start + number}")
            return _Part(start, safe, ready)

        chunks = _Chunks(plan.table, current.done_count)
        try:
            async with aclosing(ahead(chunks.each(), prepare, CHUNKS_AHEAD)) as parts:
                async for part in parts:
                    current = await self._store(current, part, plan)
        finally:
            await chunks.close()

    async def _store(self, current: Import, part: _Part, plan: Plan) -> Import:
        """Stores a chunk and counts it, both or neither."""
        origin = Origin(current.import_id)
        for _ in range(_MOST_RUNS):
            try:
                async with self._imports.transaction():
                    taken = await self._intake.store(part.ready)
                    return await self._count(current, origin, part, taken, plan)
            except MergeLostError:
                part = replace(part, ready=await self._intake.again(part.ready))
        raise Aborted("IMPORT_CONFLICT", f"a chunk of the file lost a race {_MOST_RUNS} times; import it again")

    async def _count(self, current: Import, origin: Origin, part: _Part, taken: Taken, plan: Plan) -> Import:
        held = held_rows(
            part.chunk, plan.mapper.personal, taken.rejects, part.ready, lambda number: (part.start + number, 0)
        )
        if current.held_count + len(held) > self._most_held:
            raise FailedPrecondition(
                "QUARANTINE_FULL", f"more than {self._most_held} rows cannot be read: mend the mapping and import again"
            )
        await self._quarantine.hold(origin, held, self._clock.now())
        rejects = tuple(_placed(reject, part.start) for reject in taken.rejects)
        progress = Progress(taken.accepted_count, taken.duplicate_count, rejects, len(held))
        return await self._imports.advance(current, progress)


def _placed(reject: Reject, start: int) -> Reject:
    return replace(reject, index=start + reject.index)


class _Chunks:
    """The chunks of a file after the first `skip` rows, read in a thread, each with the place of its first row."""

    def __init__(self, table: Table, skip: int) -> None:
        self._chunks = table.chunks(skip, CHUNK_ROWS)
        self._start = skip
        self._reading: asyncio.Future[Chunk | None] | None = None

    async def each(self) -> AsyncIterator[tuple[int, Chunk]]:
        """Every chunk, in order."""
        loop = asyncio.get_running_loop()
        while True:
            self._reading = loop.run_in_executor(None, next, self._chunks, None)
            chunk = await asyncio.shield(self._reading)
            if chunk is None:
                return
            yield self._start, chunk
            self._start += chunk.height

    async def close(self) -> None:
        """Lets the file go, after the thread that reads it."""
        if self._reading is not None:
            await asyncio.wait({self._reading})
            if not self._reading.cancelled():
                self._reading.exception()
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def _why(error: Exception) -> str:
    """What stopped an import, for its owner; without any value of the file."""
    if isinstance(error, SyceeError):
        return f"{error.reason}: {error.message}"
    if isinstance(error, UnreadableFileError):
        return f"UNREADABLE_FILE: {error}"
    if isinstance(error, OSError):
        return f"UNREADABLE_FILE: {error.strerror or type(error).__name__}"
    return "INTERNAL: internal error"
