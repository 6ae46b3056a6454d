"""Imports of files, proposals for them, and what could not be read."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence

from sycee_service.clock import Clock
from sycee_service.errors import InvalidArgument, NotFound

from sycee_ingestion.domain.imports import Import, ImportState
from sycee_ingestion.domain.quarantine import QuarantinedRow, QuarantineState, Release
from sycee_ingestion.planning import Planner
from sycee_ingestion.releasing import Releaser
from sycee_ingestion.service import DEFAULT_PAGE_SIZE
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.quarantine import QuarantineStore
from sycee_ingestion.suggesting import Suggester, Suggestion


class ImportService:
    """Begins imports and shows how far they are; `watch_interval_s` is how often a watched one is looked at."""

    def __init__(
        self, imports: ImportStore, planner: Planner, suggester: Suggester, clock: Clock, watch_interval_s: float
    ) -> None:
        self._imports = imports
        self._planner = planner
        self._suggester = suggester
        self._clock = clock
        self._watch_interval_s = watch_interval_s

    async def import_file(self, path: str, mapping_yaml: str) -> Import:
        """Begins an import. Raises NotFound, InvalidArgument when file and mapping do not fit each other."""
        plan = await asyncio.to_thread(self._planner.plan, path, mapping_yaml)
        begun = Import(
            import_id=str(uuid.uuid4()),
            connector=plan.connector,
            path=path,
            mapping_yaml=mapping_yaml,
            state=ImportState.RUNNING,
            file_digest=None,
            row_count=None,
            done_count=0,
            accepted_count=0,
            duplicate_count=0,
            reject_count=0,
            held_count=0,
            first_rejects=(),
            error="",
            created_at=self._clock.now(),
            ended_at=None,
        )
        await self._imports.add(begun)
        return begun

    async def suggest_mapping(self, path: str, connector: str) -> Suggestion:
        """A mapping for a file, and its first rows mapped; stores nothing. Raises NotFound, InvalidArgument."""
        return await asyncio.to_thread(self._suggester.suggest, path, connector)

    async def get_import(self, import_id: str) -> Import:
        """An import. Raises NotFound."""
        found = await self._imports.get(import_id)
        if found is None:
            raise NotFound("import", import_id)
        return found

    async def watch_import(self, import_id: str) -> AsyncIterator[Import]:
        """An import now and whenever it has moved, until it has ended. Raises NotFound."""
        shown: Import | None = None
        while shown is None or not shown.ended:
            found = await self.get_import(import_id)
            if found != shown:
                yield found
            shown = found
            if not found.ended:
                await asyncio.sleep(self._watch_interval_s)


class QuarantineService:
    """Shows what is held and releases it."""

    def __init__(self, quarantine: QuarantineStore, releaser: Releaser) -> None:
        self._quarantine = quarantine
        self._releaser = releaser

    async def list_quarantine(
        self, import_id: str, state: QuarantineState | None, after: int, size: int
    ) -> tuple[list[QuarantinedRow], int]:
        """A page of rows whose number follows `after`, and the number to go on after: 0 on the last page."""
        size = size or DEFAULT_PAGE_SIZE
        page = await self._quarantine.page(after, import_id, state, size + 1)
        return page[:size], page[size - 1].quarantine_no if len(page) > size else 0

    async def release(self, request_id: str, import_id: str, numbers: Sequence[int], mapping_yaml: str) -> Release:
        """Releases the held rows of an import, or those with the numbers given; one of the two must be said.

        Raises NotFound, InvalidArgument.
        """
        if bool(import_id) == bool(numbers):
            raise InvalidArgument("import_id", "needs exactly one of import_id and quarantine_ids")
        if import_id:
            return await self._releaser.release_import(request_id, import_id, mapping_yaml)
        return await self._releaser.release_rows(request_id, list(dict.fromkeys(numbers)), mapping_yaml)
