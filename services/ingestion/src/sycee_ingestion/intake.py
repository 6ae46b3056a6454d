"""From rows to stored events: what imports, subscriptions and releases from quarantine have in common.

A row is taken whole or not at all. Its further events (a refund that an order's row tells of as well) are stored first,
each once by its own name; only then the row's own event, in the transaction that counts the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_service.clock import Clock

from sycee_ingestion.connectors.chunks import Broken, Chunk, Digest, Guarded
from sycee_ingestion.domain.event import Outcome, Reject
from sycee_ingestion.domain.imports import MERCHANT_ERASED, NEVER_HELD, SKIPPED_BY_MAPPING
from sycee_ingestion.domain.quarantine import Held
from sycee_ingestion.held_rows import Content, HeldEvent, HeldRow, to_text
from sycee_ingestion.mapping import Personal
from sycee_ingestion.plain_events import MOST_EVENTS
from sycee_ingestion.publishing import Batch, Publisher, renumbered
from sycee_ingestion.registering import Registration
from sycee_ingestion.rows import Mapped, NameOf, RowMapper
from sycee_ingestion.store.merchants import MerchantStore
from sycee_ingestion.store.quarantine import QuarantineStore


@dataclass(frozen=True, slots=True, repr=False)
class Ready:
    """Rows that can be stored now. Each is in `places` or `registrations`, or in `rejects`; numbers are the chunk's.

    `owners` are the merchants of those in `rejects`, as far as they are known.
    """

    batch: Batch | None
    places: list[int]
    registrations: list[Registration]
    rejects: list[Reject]
    owners: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of rows: each is accepted, a duplicate, or in `rejects`, whose indices are numbers of the chunk."""

    accepted_count: int
    duplicate_count: int
    rejects: tuple[Reject, ...]


class Intake:
    """Takes rows and events in."""

    def __init__(
        self, publisher: Publisher, merchants: MerchantStore, quarantine: QuarantineStore, clock: Clock
    ) -> None:
        self._publisher = publisher
        self._merchants = merchants
        self._quarantine = quarantine
        self._clock = clock

    async def ready(self, mapper: RowMapper, chunk: Chunk, name_of: NameOf) -> Ready:
        """Maps at most 1,000 rows and does all that may be done before they are counted. Not within a transaction."""
        if mapper.registers_only:
            registrations, rejects = await asyncio.to_thread(mapper.registrations, chunk)
            rejects, owners = await self._owned(mapper, chunk, rejects)
            return Ready(None, [], registrations, rejects, owners)
        mapped = await asyncio.to_thread(mapper.events, chunk, name_of)
        await self._register(mapper, chunk, mapped)
        mapped = without(mapped, await self._store_further(mapped))
        rejects, owners = await self._owned(mapper, chunk, mapped.rejects)
        return Ready(await self._judged(mapped.request), mapped.places, [], rejects, owners)

    async def ready_events(self, events: Sequence[event_pb2.Event]) -> Ready:
        """At most 1,000 events that came as such, numbered as they come."""
        batch = await self._judged(ingestion_pb2.PublishEventsRequest(events=events))
        return Ready(batch, list(range(len(events))), [], [], {})

    async def again(self, ready: Ready) -> Ready:
        """The same rows after a merge was lost. Not within a transaction."""
        return ready if ready.batch is None else replace(ready, batch=await self._publisher.judge(ready.batch.request))

    async def store(self, ready: Ready) -> Taken:
        """Stores rows in the caller's transaction, once a transaction. Raises MergeLostError: see `again`."""
        if ready.registrations:
            accepted_count = await self._add_merchants(ready.registrations)
            return Taken(accepted_count, len(ready.registrations) - accepted_count, tuple(ready.rejects))
        outcome = Outcome(0, 0, ()) if ready.batch is None else await self._publisher.store(ready.batch)
        rejects = sorted((*ready.rejects, *renumbered(outcome.rejects, ready.places)), key=lambda reject: reject.index)
        return Taken(outcome.accepted_count, outcome.duplicate_count, tuple(rejects))

    async def _owned(
        self, mapper: RowMapper, chunk: Chunk, rejects: list[Reject]
    ) -> tuple[list[Reject], Mapping[int, str]]:
        """Whose the rejected rows are; those of an erased merchant are rejected for that alone."""
        wanted = [reject.index for reject in rejects if reject.reason != SKIPPED_BY_MAPPING]
        if not wanted:
            return rejects, {}
        owners = mapper.merchant_ids(chunk, wanted)
        gone = await self._quarantine.erased(set(owners.values()))
        erased = {number for number, merchant_id in owners.items() if merchant_id in gone}
        return [_of_erased(reject) if reject.index in erased else reject for reject in rejects], owners

    async def _judged(self, request: ingestion_pb2.PublishEventsRequest) -> Batch | None:
        return await self._publisher.judge(request) if len(request.events) > 0 else None

    async def _store_further(self, mapped: Mapped) -> list[Reject]:
        """Stores the further events; the rejects of their rows."""
        rejects: list[Reject] = []
        for start in range(0, len(mapped.further), MOST_EVENTS):
            part = slice(start, start + MOST_EVENTS)
            request = ingestion_pb2.PublishEventsRequest(events=mapped.further[part])
            outcome = await self._publisher.publish(await self._publisher.judge(request))
            rejects += renumbered(outcome.rejects, mapped.further_places[part])
        return rejects

    async def _register(self, mapper: RowMapper, chunk: Chunk, mapped: Mapped) -> None:
        """Registers the merchants of a chunk that are not there yet, where the mapping asks for it."""
        if mapper.registrar is None:
            return
        named = {event.merchant_id for event in mapped.request.events}
        known = await self._publisher.merchant_numbers(named)
        if len(known) == len(named):
            return
        registrations, _ = await asyncio.to_thread(mapper.registrations, chunk)
        await self._add_merchants([one for one in registrations if one.merchant_id in named - known.keys()])

    async def _add_merchants(self, registrations: Sequence[Registration]) -> int:
        """Registers merchants that are not there yet, each by the first row that names it; how many those are."""
        first: dict[str, Registration] = {}
        for registration in registrations:
            first.setdefault(registration.merchant_id, registration)
        known = await self._publisher.merchant_numbers(first)
        now = self._clock.now()
        new = [one.merchant(now) for merchant_id, one in first.items() if merchant_id not in known]
        await self._merchants.add_missing(new)
        return len(new)


def _of_erased(reject: Reject) -> Reject:
    rule = "must not be that of a merchant whose data was erased"
    return replace(reject, reason=MERCHANT_ERASED, field="merchant_id", description=rule)


def without(mapped: Mapped, rejects: Sequence[Reject]) -> Mapped:
    """A chunk without those rows whose further events were not taken."""
    if not rejects:
        return mapped
    refused = {reject.index: reject for reject in reversed(rejects)}
    left = [place for place, number in enumerate(mapped.places) if number not in refused]
    events = mapped.request.events
    return Mapped(
        request=ingestion_pb2.PublishEventsRequest(events=[events[place] for place in left]),
        places=[mapped.places[place] for place in left],
        further=[],
        further_places=[],
        rejects=[*mapped.rejects, *refused.values()],
    )


def guarded(chunk: Chunk, personal: Personal, digest: Digest) -> Chunk:
    """A chunk without what its personal columns say."""
    if not personal.drop and not personal.digest:
        return chunk
    return Guarded(chunk, personal.drop, personal.digest, digest)


PlaceOf = Callable[[int], tuple[int, int]]
"""Where a row of a chunk stands: (row in the file or sequence of the message, row in the message)."""


def held_rows(
    chunk: Chunk, personal: Personal, rejects: Iterable[Reject], ready: Ready, place_of: PlaceOf
) -> list[Held]:
    """What is to be held of a guarded chunk: all rejects that anybody may want and may keep."""
    wanted = _wanted(rejects)
    merchants = _merchants(ready) if wanted else {}
    return [
        _held(
            reject,
            place_of,
            merchants,
            chunk.broken.get(reject.index) or HeldRow(chunk.row(reject.index), personal.digest),
        )
        for reject in wanted
    ]


def held_events(
    events: Sequence[event_pb2.Event], rejects: Iterable[Reject], ready: Ready, place_of: PlaceOf
) -> list[Held]:
    """What is to be held of events that came as such."""
    wanted = _wanted(rejects)
    merchants = _merchants(ready) if wanted else {}
    return [
        _held(reject, place_of, merchants, HeldEvent(events[reject.index].SerializeToString(deterministic=True)))
        for reject in wanted
    ]


def _wanted(rejects: Iterable[Reject]) -> list[Reject]:
    return [reject for reject in rejects if reject.reason not in NEVER_HELD]


def _held(reject: Reject, place_of: PlaceOf, merchants: Mapping[int, str], content: Content) -> Held:
    place, item = place_of(reject.index)
    return Held(
        place=place,
        item=item,
        merchant_id=merchants.get(reject.index) or None,
        reason=reject.reason,
        field=reject.field,
        description=reject.description,
        content=to_text(content),
    )


def held_whole(broken: Broken, place: int, reason: str) -> Held:
    """A message of which nothing can be read."""
    return Held(place, 0, None, reason, "", broken.rule, to_text(broken))


def _merchants(ready: Ready) -> Mapping[int, str]:
    """The merchants of rows, as far as they are known."""
    events = [] if ready.batch is None else ready.batch.request.events
    return {**ready.owners, **{number: event.merchant_id for number, event in zip(ready.places, events, strict=True)}}
