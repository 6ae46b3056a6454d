"""Reading files of events in the background: in chunks, each of which is stored and counted in one transaction.

A crash at any moment leaves whole chunks behind, and the next start goes on with the first row that is not counted.
A row that the mapping gives no event_id is named by the file's digest and its place, so that even a chunk that is read
twice counts once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_service.clock import Clock
from sycee_service.errors import Aborted, FailedPrecondition, RetryLater, SyceeError
from sycee_service.logs import describe

from sycee_ingestion import mapping, rows
from sycee_ingestion.domain.event import Outcome, Reject
from sycee_ingestion.domain.imports import Import, ImportState, Progress
from sycee_ingestion.domain.merchant import BorrowerKind, Merchant
from sycee_ingestion.files import ImportRoot, TableFile, UnreadableFileError, open_table
from sycee_ingestion.mapping import Register
from sycee_ingestion.publishing import Publisher, renumbered
from sycee_ingestion.rows import Row, RowMapper
from sycee_ingestion.store.events import MergeLostError
from sycee_ingestion.store.imports import ImportStore, LostImportError
from sycee_ingestion.store.merchants import MerchantStore

CHUNK_ROWS = 500
_MOST_RUNS = 5
_MERCHANT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


@dataclass(frozen=True, slots=True)
class Plan:
    """A file and how to read it, found to fit each other."""

    table: TableFile
    mapper: RowMapper


@dataclass(frozen=True, slots=True)
class Mapped:
    """A chunk of rows as events: `places[i]` is the row of event `i`; the rows of the others are in `rejects`."""

    request: ingestion_pb2.PublishEventsRequest
    places: list[int]
    rejects: list[Reject]


class Importer:
    """Works on imports one after the other. Several processes may run one each on the same database."""

    def __init__(
        self,
        imports: ImportStore,
        merchants: MerchantStore,
        publisher: Publisher,
        root: ImportRoot | None,
        clock: Clock,
        *,
        poll_s: float,
    ) -> None:
        self._imports = imports
        self._merchants = merchants
        self._publisher = publisher
        self._root = root
        self._clock = clock
        self._poll_s = poll_s

    def plan(self, path: str, mapping_yaml: str) -> Plan:
        """Opens a file by a mapping; blocks. Raises NotFound, InvalidArgument when they do not fit each other, and
        FailedPrecondition when this server has no folder to import from.
        """
        if self._root is None:
            raise FailedPrecondition("IMPORTS_DISABLED", "this server has no folder to import from")
        file_mapping = mapping.parse(mapping_yaml)
        table = open_table(self._root.find(path), file_mapping.file)
        return Plan(table, rows.RowMapper(file_mapping, table.columns))

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
            plan = await asyncio.to_thread(self.plan, current.path, current.mapping_yaml)
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
        digest = await asyncio.to_thread(plan.table.digest)
        if current.file_digest is None:
            await self._imports.begin(current.import_id, digest, await asyncio.to_thread(plan.table.count))
            current = await self._imports.get(current.import_id) or current
        if current.file_digest != digest:
            raise FailedPrecondition("FILE_CHANGED", "the file is not the one that the import began with")
        return current

    async def _read(self, current: Import, plan: Plan) -> None:
        chunks = plan.table.chunks(current.done_count, CHUNK_ROWS)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            mapped = await asyncio.to_thread(_map, plan.mapper, chunk, current)
            await self._register(mapped, plan.mapper.register)
            current = await self._store(current, mapped)

    async def _register(self, mapped: Mapped, register: Register | None) -> None:
        """Registers the merchants of a chunk that are not there yet, where the mapping asks for it."""
        if register is None:
            return
        named = {event.merchant_id for event in mapped.request.events}
        known = await self._publisher.merchant_numbers(named)
        new = [merchant_id for merchant_id in named if merchant_id not in known and _MERCHANT_ID.fullmatch(merchant_id)]
        await self._merchants.add_missing([self._merchant(merchant_id, register) for merchant_id in new])

    def _merchant(self, merchant_id: str, register: Register) -> Merchant:
        return Merchant(
            merchant_id=merchant_id,
            name=merchant_id,
            borrower_kind=BorrowerKind[register.borrower_kind],
            uscc="",
            category=register.category,
            province_code=register.province_code,
            shops=(),
            employee_count=None,
            operator=None,
            register_entry=None,
            simulated=register.simulated,
            created_at=self._clock.now(),
        )

    async def _store(self, current: Import, mapped: Mapped) -> Import:
        """Stores a chunk and counts it, both or neither."""
        for _ in range(_MOST_RUNS):
            try:
                async with self._imports.transaction():
                    outcome = await self._publish(mapped)
                    rejects = (*mapped.rejects, *renumbered(outcome.rejects, mapped.places))
                    progress = Progress(outcome.accepted_count, outcome.duplicate_count, rejects)
                    return await self._imports.advance(current, progress)
            except MergeLostError:
                continue
        raise Aborted("IMPORT_CONFLICT", f"a chunk of the file lost a race {_MOST_RUNS} times; import it again")

    async def _publish(self, mapped: Mapped) -> Outcome:
        if not mapped.places:
            return Outcome(0, 0, ())
        return await self._publisher.store(await self._publisher.judge(mapped.request))


def _map(mapper: RowMapper, chunk: Sequence[Row | None], current: Import) -> Mapped:
    """The events of the rows that come next in an import."""
    file_name = "" if current.file_digest is None else current.file_digest.hex()
    mapped = Mapped(ingestion_pb2.PublishEventsRequest(), [], [])
    events: list[event_pb2.Event] = []
    for index, row in enumerate(chunk, start=current.done_count):
        made = mapper.event(row, index, file_name)
        if isinstance(made, Reject):
            mapped.rejects.append(made)
        else:
            events.append(made)
            mapped.places.append(index)
    mapped.request.events.extend(events)
    return mapped


def _why(error: Exception) -> str:
    """What stopped an import, for its owner; without any value of the file."""
    if isinstance(error, SyceeError):
        return f"{error.reason}: {error.message}"
    if isinstance(error, UnreadableFileError):
        return f"UNREADABLE_FILE: {error}"
    if isinstance(error, OSError):
        return f"UNREADABLE_FILE: {error.strerror or type(error).__name__}"
    return "INTERNAL: internal error"
