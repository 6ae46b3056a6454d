"""Events on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.access import Allow

from sycee_ingestion.convert import events as convert
from sycee_ingestion.handlers.callers import OPERATOR_ONLY, WRITE, Context
from sycee_ingestion.pipeline import ahead_in_groups
from sycee_ingestion.publishing import Publisher

ACCESS = {"PublishEvents": Allow(scope=WRITE, peers=OPERATOR_ONLY)}

OWN_VALIDATION = frozenset({"PublishEvents"})
"""Its events are judged one by one: a bad one is a reject and not the end of the stream."""

BATCHES_AHEAD = 4
"""Batches of one stream that are judged and wait; as many are being stored. What was received beyond is not read."""


class EventHandlers:
    """PublishEvents."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def PublishEvents(
        self, request_iterator: AsyncIterator[ingestion_pb2.PublishEventsRequest], _context: Context
    ) -> AsyncIterator[ingestion_pb2.PublishEventsResponse]:
        """Takes batches of events, one after the other; the next ones are judged while some are made durable."""
        async with aclosing(
            ahead_in_groups(request_iterator, self._publisher.judge, BATCHES_AHEAD, BATCHES_AHEAD)
        ) as groups:
            async for batches in groups:
                outcomes = await self._publisher.publish_together(batches)
                for batch, outcome in zip(batches, outcomes, strict=True):
                    yield convert.outcome_to_proto(batch.request.batch_id, outcome)
