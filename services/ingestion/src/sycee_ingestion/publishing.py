"""A batch of events from the contract into the store: judged, merged, answered for event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.clock import Clock
from sycee_service.errors import Aborted

from sycee_ingestion import convert_events
from sycee_ingestion.domain.event import Judged, Outcome, Reject
from sycee_ingestion.store.events import EventStore, MergeLostError

_MOST_RUNS = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with what is to become of each of its events."""

    request: ingestion_pb2.PublishEventsRequest
    judged: Judged


class Publisher:
    """Takes batches in. Batches may run side by side and come again: each event counts once."""

    def __init__(self, events: EventStore, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def judge(self, request: ingestion_pb2.PublishEventsRequest) -> Batch:
        """Judges each event of a batch by itself; stores nothing. Raises InvalidArgument when the batch is wrong."""
        numbers = await self.merchant_numbers(event.merchant_id for event in request.events)
        return Batch(request, convert_events.judge(request, numbers, self._clock.now()))

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

    async def store(self, batch: Batch) -> Outcome:
        """Stores a batch in the caller's transaction, once a transaction. Raises MergeLostError: judge it again."""
        judged, events = batch.judged, batch.request.events
        merged = await self._events.merge(judged.rows, self._clock.now())
        rejects = judged.rejects
        if merged.conflict_positions:
            conflicts = [convert_events.conflict(position, events[position]) for position in merged.conflict_positions]
            rejects = sorted(rejects + conflicts, key=lambda reject: reject.index)
        return Outcome(merged.accepted_count, merged.duplicate_count + judged.duplicate_count, tuple(rejects))


def renumbered(rejects: Iterable[Reject], places: list[int]) -> tuple[Reject, ...]:
    """The rejects of a batch under other numbers: `places[index]` for the event at `index`."""
    return tuple(replace(reject, index=places[reject.index]) for reject in rejects)
