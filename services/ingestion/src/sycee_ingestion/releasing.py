"""Reading held rows again: those that can be read now become events, under the names that they would have had.

A thousand rows at a time: their events, their state and the counts of their import change in one transaction, apart
from the transaction of the call, so that a call that is cut off has done some thousands wholly and the others not at
all. The same request goes on from there, and counts what it has done before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar

from sycee.ingestion.v1 import event_pb2
from sycee_service.clock import Clock
from sycee_service.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound

from sycee_ingestion import mapping
from sycee_ingestion.connectors import registry
from sycee_ingestion.connectors.chunks import Broken, Chunk, Digest, Records
from sycee_ingestion.convert_events import INVALID_FIELD
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.domain.imports import MERCHANT_ERASED
from sycee_ingestion.domain.quarantine import MOST_READ_AT_ONCE, OpenedRow, Origin, Release, Verdict
from sycee_ingestion.held_rows import HeldEvent, HeldRow, from_text
from sycee_ingestion.intake import Intake, Ready, guarded
from sycee_ingestion.mapping import FIELD, Draft, Personal
from sycee_ingestion.planning import Planner
from sycee_ingestion.rows import RowMapper
from sycee_ingestion.store.events import MergeLostError
from sycee_ingestion.store.imports import ImportStore
from sycee_ingestion.store.quarantine import QuarantineStore

BATCH_ROWS = 1_000
_MOST_RUNS = 5
_GONE = "what stood there is gone"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a call asks for; `mapping_yaml` is empty where rows are to be read as they were before."""

    request_id: str
    mapping_yaml: str


class Releaser:
    """Releases rows. `subscriptions` are the mappings of those that run, by durable name."""

    def __init__(
        self,
        imports: ImportStore,
        quarantine: QuarantineStore,
        intake: Intake,
        planner: Planner,
        *,
        digest: Digest,
        clock: Clock,
        subscriptions: Mapping[str, str],
    ) -> None:
        self._imports = imports
        self._quarantine = quarantine
        self._intake = intake
        self._planner = planner
        self._digest = digest
        self._clock = clock
        self._subscriptions = subscriptions

    async def release_import(self, request_id: str, import_id: str, mapping_yaml: str) -> Release:
        """Releases up to 10,000 held rows of an import, those that were tried least first. Raises NotFound,
        InvalidArgument for a mapping that does not fit, Aborted when it loses every race.
        """
        if await self._imports.get(import_id) is None:
            raise NotFound("import", import_id)
        wish = _Wish(request_id, mapping_yaml)
        tried: list[OpenedRow] = []
        left = MOST_READ_AT_ONCE - sum(await self._quarantine.released_by(request_id))
        while left > 0:
            seen = [row.quarantine_no for row in tried]
            rows = await self._quarantine.next_held(import_id, seen, min(left, BATCH_ROWS))
            if not rows:
                break
            tried += rows
            left -= len(rows)
            await self._release(wish, Origin(import_id), rows)
        stored, known = await self._quarantine.released_by(request_id)
        held = await self._quarantine.held_count(import_id)
        tries = min((row.tries for row in tried), default=0) + 1
        more = await self._quarantine.any_left(import_id, tries, [row.quarantine_no for row in tried])
        return Release(stored, known, held, more)

    async def release_rows(self, request_id: str, numbers: Sequence[int], mapping_yaml: str) -> Release:
        """Releases rows by their numbers, wherever they come from. Raises as `release_import` does."""
        rows, there = await self._quarantine.named(numbers)
        missing = next((number for number in numbers if number not in there), None)
        if missing is not None:
            raise NotFound("quarantined row", f"q-{missing}")
        for origin in dict.fromkeys(row.origin for row in rows):
            await self._release(_Wish(request_id, mapping_yaml), origin, [row for row in rows if row.origin == origin])
        stored, known = await self._quarantine.released_by(request_id)
        still_held, _ = await self._quarantine.named(numbers)
        return Release(stored, known, len(still_held), more=False)

    async def _release(self, wish: _Wish, origin: Origin, rows: Sequence[OpenedRow]) -> None:
        """Releases rows of one origin, at most 1,000: those of each kind in a transaction of their own."""
        opened = [_Opened(row, Broken(_GONE, None) if row.content is None else from_text(row.content)) for row in rows]
        for kind in (Broken, HeldRow, HeldEvent):
            alike = [one for one in opened if isinstance(one.content, kind)]
            if alike:
                await self._release_alike(wish, origin, alike)

    async def _release_alike(self, wish: _Wish, origin: Origin, opened: list[_Opened]) -> None:
        for _ in range(_MOST_RUNS):
            ready = await self._ready(wish, origin, opened)
            try:
                if await _apart(self._store(wish, origin, opened, ready)):
                    return
            except MergeLostError:
                continue
            held, _ = await self._quarantine.named([one.row.quarantine_no for one in opened])
            left = {row.quarantine_no for row in held}  # another call has released the others
            opened = [one for one in opened if one.row.quarantine_no in left]
            if not opened:
                return
        raise Aborted("RELEASE_CONFLICT", f"the rows lost a race {_MOST_RUNS} times; release them again")

    async def _ready(self, wish: _Wish, origin: Origin, opened: Sequence[_Opened]) -> Ready:
        """The rows, ready to be stored; broken ones are rejected by the rule that they break."""
        events = [event_pb2.Event.FromString(one.content.body) for one in opened if isinstance(one.content, HeldEvent)]
        if events:
            return await _apart(self._intake.ready_events(events))
        contents = [one.content for one in opened if isinstance(one.content, HeldRow)]
        if contents:
            mapper, prefix = await self._mapper(wish, origin, contents)
            places = [one.row.place for one in opened]
            chunk = _guarded_again(contents, mapper.personal, self._digest)
            return await _apart(self._intake.ready(mapper, chunk, lambda number: f"{prefix}-{places[number]}"))
        rules = [one.content.rule if isinstance(one.content, Broken) else "" for one in opened]
        rejects = [Reject(place, "", "", INVALID_FIELD, "", rule) for place, rule in enumerate(rules)]
        return Ready(None, [], [], rejects, {})

    async def _mapper(self, wish: _Wish, origin: Origin, contents: Sequence[HeldRow]) -> tuple[RowMapper, str]:
        """What reads the rows, and what names those that the mapping gives no event_id."""
        if not origin.is_import:
            return _mapper(mapping.read(self._text_of_subscription(wish, origin)), contents), origin.name
        current = await self._imports.get(origin.name)
        if current is None:
            raise NotFound("import", origin.name)
        prefix = "" if current.file_digest is None else current.file_digest.hex()
        if wish.mapping_yaml:
            _refuse_other_file(mapping.read(wish.mapping_yaml), mapping.read(current.mapping_yaml))
        text = wish.mapping_yaml or current.mapping_yaml
        try:
            return (await asyncio.to_thread(self._planner.plan, current.path, text)).mapper, prefix
        except NotFound:  # the file is gone: its columns are those of the rows
            return _mapper(mapping.read(text), contents), prefix

    def _text_of_subscription(self, wish: _Wish, origin: Origin) -> str:
        text = wish.mapping_yaml or self._subscriptions.get(origin.name)
        if text is None:
            raise FailedPrecondition("SUBSCRIPTION_GONE", "the subscription runs no more: give the mapping")
        return text

    async def _store(self, wish: _Wish, origin: Origin, opened: Sequence[_Opened], ready: Ready) -> bool:
        """Stores what is ready, marks and counts the rows; False when some of them are not held any more.

        Which rows were stored and which were there before is known by their numbers alone, and marked so.
        """
        numbers = [one.row.quarantine_no for one in opened]
        async with self._quarantine.transaction():
            if await self._quarantine.lock(numbers) != set(numbers):
                return False
            taken = await self._intake.store(ready)
            refused = {numbers[reject.index]: reject for reject in taken.rejects}
            good = [number for number in numbers if number not in refused]
            stored, known = good[: taken.accepted_count], good[taken.accepted_count :]
            now = self._clock.now()
            await self._quarantine.release(stored, wish.request_id, now, stored=True)
            await self._quarantine.release(known, wish.request_id, now, stored=False)
            if origin.is_import:
                await self._imports.release(origin.name, len(stored), len(known))
            verdicts = [Verdict(number, one.reason, one.field, one.description) for number, one in refused.items()]
            erased = [number for number, reject in refused.items() if reject.reason == MERCHANT_ERASED]
            await self._quarantine.keep(verdicts, erased)
        return True


@dataclass(frozen=True, slots=True, repr=False)
class _Opened:
    """A held row with its content."""

    row: OpenedRow
    content: HeldRow | HeldEvent | Broken


def _mapper(draft: Draft, contents: Sequence[HeldRow]) -> RowMapper:
    columns = tuple(dict.fromkeys(name for content in contents for name in content.row))
    return RowMapper(draft.filled(registry.find(draft.connector).defaults(columns, draft.options)), None)


def _refuse_other_file(given: Draft, before: Draft) -> None:
    """Raises InvalidArgument unless the mended mapping reads the same file in the same way."""
    if given.connector != before.connector:
        raise InvalidArgument(f"{FIELD}.connector", "must be that of the import", value=given.connector)
    if given.file != before.file:
        raise InvalidArgument(f"{FIELD}.file", "must be that of the import: what was read cannot be read otherwise")


def _guarded_again(contents: Sequence[HeldRow], personal: Personal, digest: Digest) -> Chunk:
    """The rows as a chunk; columns that are digests already are not digested again."""
    done = {column for content in contents for column in content.digested}
    left = Personal(drop=personal.drop, digest=tuple(column for column in personal.digest if column not in done))
    return guarded(Records([content.row for content in contents]), left, digest)


async def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Does something outside the transaction of the call."""
    return await asyncio.create_task(work, context=Context())
