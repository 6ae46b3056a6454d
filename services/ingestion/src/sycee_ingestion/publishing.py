"""A batch of events from the contract into the store: judged, merged, answered for event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_service.clock import Clock
from sycee_service.errors import Aborted

from sycee_ingestion import convert_events
from sycee_ingestion.domain.event import Judged, Outcome, Reject
from sycee_ingestion.store.events import EventStore, MergeLostError

_MOST_RUNS = 5


class Publisher:
    """Takes batches in. Batches may run side by side and come again: each event counts once."""

    def __init__(self, events: EventStore, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def publish(self, request: ingestion_pb2.PublishEventsRequest) -> Outcome:
        """Stores a batch and says what became of each event; when it returns, the accepted ones are durable.

        Raises InvalidArgument when the batch itself is wrong, Aborted when it loses every race with others.
        """
        for _ in range(_MOST_RUNS):
            judged = await self.judge(request)
            try:
                return await self.store(request.events, judged)
            except MergeLostError:
                continue
        raise Aborted("PUBLISH_CONFLICT", f"the batch lost a race {_MOST_RUNS} times; send it again")

    async def judge(self, request: ingestion_pb2.PublishEventsRequest) -> Judged:
        """Judges each event of a batch by itself; stores nothing."""
        numbers = await self.merchant_numbers(event.merchant_id for event in request.events)
        return convert_events.judge(request, numbers, self._clock.now())

    async def merchant_numbers(self, merchant_ids: Iterable[str]) -> Mapping[str, int]:
        """The numbers of those merchants that are registered."""
        return await self._events.merchant_numbers(merchant_ids)

    async def store(self, events: Iterable[event_pb2.Event], judged: Judged) -> Outcome:
        """Stores the rows of a judged batch, once a transaction. Raises MergeLostError: judge it again."""
        merged = await self._events.merge(judged.rows, self._clock.now())
        rejects = list(judged.rejects)
        if merged.conflict_positions:
            of_batch = list(events)
            rejects += [convert_events.conflict(position, of_batch[position]) for position in merged.conflict_positions]
            rejects.sort(key=lambda reject: reject.index)
        return Outcome(merged.accepted_count, merged.duplicate_count + judged.duplicate_count, tuple(rejects))


def renumbered(rejects: Iterable[Reject], places: list[int]) -> tuple[Reject, ...]:
    """The rejects of a batch under other numbers: `places[index]` for the event at `index`."""
    return tuple(replace(reject, index=places[reject.index]) for reject in rejects)
