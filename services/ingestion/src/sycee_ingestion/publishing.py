"""A batch of events from the contract into the store: judged, merged, answered for event by event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.clock import Clock
from sycee_service.errors import Aborted

from sycee_ingestion import convert_events
from sycee_ingestion.domain.event import Judged, Merged, Outcome, Reject
from sycee_ingestion.store.events import EventStore, MergeLostError

_MOST_RUNS = 5
_DAY: Final = 10  # in STAGED_COLUMNS


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with what is to become of each of its events; the position of the first one is `first_position`."""

    request: ingestion_pb2.PublishEventsRequest
    judged: Judged
    first_position: int


class Publisher:
    """Takes batches in. Batches may run side by side and come again: each event counts once."""

    def __init__(self, events: EventStore, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._next_position = 0

    async def judge(self, request: ingestion_pb2.PublishEventsRequest) -> Batch:
        """Judges each event of a batch by itself; stores nothing. Raises InvalidArgument when the batch is wrong.

        It makes the partitions that the batch wants, on a connection of its own: best not called in a transaction.
        """
        numbers = await self.merchant_numbers(event.merchant_id for event in request.events)
        first_position = self._next_position
        self._next_position += len(request.events)
        steps = convert_events.judging(request, numbers, self._clock.now(), first_position)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                judged: Judged = done.value
                break
            await asyncio.sleep(0)  # what has come from the database meanwhile goes first
        await self._events.make_room({row[_DAY] for row in judged.rows})
        return Batch(request, judged, first_position)

    async def merchant_numbers(self, merchant_ids: Iterable[str]) -> Mapping[str, int]:
        """The numbers of those merchants that are registered."""
        return await self._events.merchant_numbers(merchant_ids)

    async def publish(self, batch: Batch) -> Outcome:
        """Stores a batch and says what became of each event; when it returns, the accepted ones are durable.

        Raises Aborted when it loses every race with others.
        """
        for _ in range(_MOST_RUNS):
            try:
                return await self.store(batch)
            except MergeLostError:
                batch = await self.judge(batch.request)
        raise Aborted("PUBLISH_CONFLICT", f"the batch lost a race {_MOST_RUNS} times; send it again")

    async def publish_together(self, batches: Sequence[Batch]) -> list[Outcome]:
        """Stores batches in their order, as `publish` would one after the other, but durable at one stroke.

        Raises Aborted when one of them loses every race with others; those before it may be stored then.
        """
        if len(batches) > 1:
            try:
                rows = list(chain.from_iterable(batch.judged.rows for batch in batches))
                merged = await self._events.merge(rows, self._clock.now())
                return [_outcome(batch, merged) for batch in batches]
            except MergeLostError:
                pass
        return [await self.publish(batch) for batch in batches]

    async def store(self, batch: Batch) -> Outcome:
        """Stores a batch in the caller's transaction, once a transaction. Raises MergeLostError: judge it again."""
        return _outcome(batch, await self._events.merge(batch.judged.rows, self._clock.now()))


def _outcome(batch: Batch, merged: Merged) -> Outcome:
    """What became of a batch; `merged` may tell of others as well."""
    judged, first, events = batch.judged, batch.first_position, batch.request.events
    positions = range(first, first + len(events))
    refused = {position: convert_events.conflict for position in merged.conflicts if position in positions}
    refused |= {position: convert_events.moved for position in merged.moved if position in positions}
    duplicate_count = sum(position in positions for position in merged.duplicates)
    rejects = judged.rejects + [
        reject(position - first, events[position - first]) for position, reject in refused.items()
    ]
    rejects.sort(key=lambda reject: reject.index)
    return Outcome(len(events) - duplicate_count - len(rejects), duplicate_count, tuple(rejects))


def renumbered(rejects: Iterable[Reject], places: list[int]) -> tuple[Reject, ...]:
    """The rejects of a batch under other numbers: `places[index]` for the event at `index`."""
    return tuple(replace(reject, index=places[reject.index]) for reject in rejects)
