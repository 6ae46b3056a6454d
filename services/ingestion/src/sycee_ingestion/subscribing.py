"""Events that platforms push over NATS: durable JetStream consumers, each with a mapping for its messages.

A message is acknowledged only after what it says is committed; until then it comes again, and counts once by the names
of its events. What cannot be read is held in quarantine and acknowledged: it never comes round in a loop. At most
`in_flight` messages of a subscription are under way. Both sides may restart at any time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from sycee.ingestion.v1 import event_pb2
from sycee_service.clock import Clock
from sycee_service.errors import Aborted, RetryLater
from sycee_service.logs import describe
from sycee_service.metrics import Metrics

from sycee_ingestion.connectors.chunks import Broken, Digest, Records
from sycee_ingestion.convert_events import INVALID_FIELD
from sycee_ingestion.domain.quarantine import Held, Origin
from sycee_ingestion.intake import Intake, Ready, Taken, guarded, held_events, held_rows, held_whole
from sycee_ingestion.messages import Body, Rows, read_body
from sycee_ingestion.plain_events import MOST_EVENTS
from sycee_ingestion.store.events import MergeLostError
from sycee_ingestion.store.quarantine import QuarantineStore
from sycee_ingestion.subscriptions import Subscription

NOT_STORED = "NOT_STORED"
"""Reason of a message that could be read and, for a fault of ours, not be stored: it is held and can be released."""

FETCHED_AT_ONCE = 64
ACK_WAIT_S = 30.0
MAX_AGE_S = 7 * 86_400
_FETCH_TIMEOUT_S = 2.0
_CONNECT_TIMEOUT_S = 2
_RECONNECT_WAIT_S = 0.5
_NAK_DELAY_S = 1.0
_MOST_RUNS = 5


@dataclass(frozen=True, slots=True, repr=False)
class _Message:
    """A message with what is in it."""

    origin: Origin
    sequence: int
    body: Body
    raw: Msg


class Subscriber:
    """Consumes one subscription until it is cancelled. Several processes share its work.

    `in_flight` messages at most are under way; a stream is made for the subject where there is none.
    """

    def __init__(
        self,
        subscription: Subscription,
        intake: Intake,
        quarantine: QuarantineStore,
        *,
        url: str,
        digest: Digest,
        clock: Clock,
        metrics: Metrics,
        in_flight: int,
    ) -> None:
        self._subscription = subscription
        self._url = url
        self._intake = intake
        self._quarantine = quarantine
        self._digest = digest
        self._clock = clock
        self._metrics = metrics
        self._in_flight = in_flight

    async def run(self) -> None:
        """Connects and consumes. Raises when bus or database are away; what was not acknowledged comes again."""
        client = Client()
        await client.connect(
            self._url,
            name=f"sycee-ingestion {self._subscription.durable}",
            connect_timeout=_CONNECT_TIMEOUT_S,
            reconnect_time_wait=_RECONNECT_WAIT_S,  # type: ignore[arg-type] # nats-py says int and sleeps any number
            max_reconnect_attempts=-1,
            error_cb=_on_error,
        )
        try:
            await self._consume(client.jetstream(timeout=_CONNECT_TIMEOUT_S))
        finally:
            with suppress(nats.errors.Error, TimeoutError):
                await client.close()

    async def _consume(self, bus: JetStreamContext) -> None:
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=self._in_flight,
        )
        one = self._subscription
        source = await bus.pull_subscribe(
            one.subject, durable=one.durable, stream=await _stream(bus, one), config=config
        )
        while True:
            try:
                fetched = await source.fetch(min(FETCHED_AT_ONCE, self._in_flight), timeout=_FETCH_TIMEOUT_S)
            except TimeoutError:  # nats.errors.TimeoutError is one: nothing came
                continue
            await self._take([self._read(message) for message in fetched])

    def _read(self, message: Msg) -> _Message:
        body = read_body(message.data, _content_type(message), self._subscription.draft.file.items)
        origin = Origin(self._subscription.durable, message.subject)
        return _Message(origin, message.metadata.sequence.stream, body, message)

    async def _take(self, messages: Sequence[_Message]) -> None:
        """Takes messages in and acknowledges them; one that nothing helps is held whole."""
        try:
            await self._store(messages)
        except (RetryLater, Aborted, asyncio.CancelledError):  # the database is away, or this server stops
            for message in messages:
                with suppress(nats.errors.Error):
                    await message.raw.nak(delay=_NAK_DELAY_S)
            raise
        except Exception as error:
            if len(messages) > 1:
                for message in messages:
                    await self._take([message])
                return
            structlog.get_logger().error("message not stored", consumer=self._subscription.durable, **describe(error))
            await self._hold_whole(messages[0])
        for message in messages:
            await message.raw.ack()
        outcome = self._metrics.consumed.labels(self._subscription.durable, "done")
        outcome.inc(len(messages))

    async def _store(self, messages: Sequence[_Message]) -> None:
        rows, events, broken = _parted(messages)
        for part in _slices(rows):
            await self._store_rows(part)
        for part in _slices(events):
            await self._store_events(part)
        for message, content in broken:
            await self._hold(message.origin, [held_whole(content, message.sequence, INVALID_FIELD)])

    async def _store_rows(self, part: Sequence[_Entry]) -> None:
        personal = self._subscription.mapper.personal
        chunk = guarded(Records([entry.content for entry in part]), personal, self._digest)
        ready = await self._intake.ready(self._subscription.mapper, chunk, lambda _number: "")

        def held(taken: Taken, ready: Ready) -> list[Held]:
            return held_rows(chunk, personal, taken.rejects, ready, lambda number: part[number].place)

        await self._commit(part, ready, held)

    async def _store_events(self, part: Sequence[_Entry]) -> None:
        events: list[event_pb2.Event] = [entry.content for entry in part]
        ready = await self._intake.ready_events(events)

        def held(taken: Taken, ready: Ready) -> list[Held]:
            return held_events(events, taken.rejects, ready, lambda number: part[number].place)

        await self._commit(part, ready, held)

    async def _commit(
        self, part: Sequence[_Entry], ready: Ready, held_of: Callable[[Taken, Ready], list[Held]]
    ) -> None:
        """Stores what is ready and holds the rest, both or neither."""
        await self._quarantine.prepare(part[0].origin)
        for _ in range(_MOST_RUNS):
            try:
                await self._store_ready(part, ready, held_of)
            except MergeLostError:
                ready = await self._intake.again(ready)
            else:
                return
        raise Aborted("SUBSCRIPTION_CONFLICT", f"messages lost a race {_MOST_RUNS} times")

    async def _store_ready(
        self, part: Sequence[_Entry], ready: Ready, held_of: Callable[[Taken, Ready], list[Held]]
    ) -> None:
        async with self._quarantine.transaction():
            taken = await self._intake.store(ready)
            by_origin: dict[Origin, list[Held]] = defaultdict(list)
            for held, origin in _with_origins(held_of(taken, ready), part):
                by_origin[origin].append(held)
            for origin, rows in by_origin.items():
                await self._quarantine.hold(origin, rows, self._clock.now())

    async def _hold_whole(self, message: _Message) -> None:
        rule = "could not be stored for a fault of this service"
        content = Broken(rule, message.raw.data)
        await self._hold(message.origin, [held_whole(content, message.sequence, NOT_STORED)])

    async def _hold(self, origin: Origin, rows: Sequence[Held]) -> None:
        await self._quarantine.prepare(origin)
        await self._quarantine.hold(origin, rows, self._clock.now())


@dataclass(frozen=True, slots=True, repr=False)
class _Entry:
    """One row or event of a message."""

    origin: Origin
    place: tuple[int, int]
    content: Any


def _parted(
    messages: Sequence[_Message],
) -> tuple[list[_Entry], list[_Entry], list[tuple[_Message, Broken]]]:
    """The rows, the events, and the messages of which nothing can be read."""
    rows: list[_Entry] = []
    events: list[_Entry] = []
    broken: list[tuple[_Message, Broken]] = []
    for message in messages:
        if isinstance(message.body, Broken):
            broken.append((message, message.body))
            continue
        into = rows if isinstance(message.body, Rows) else events
        contents: Sequence[Any] = message.body.rows if isinstance(message.body, Rows) else message.body.events
        into += [_Entry(message.origin, (message.sequence, item), one) for item, one in enumerate(contents)]
    return rows, events, broken


def _with_origins(held: Sequence[Held], part: Sequence[_Entry]) -> list[tuple[Held, Origin]]:
    origins = {entry.place: entry.origin for entry in part}
    return [(one, origins[one.place, one.item]) for one in held]


def _slices(entries: Sequence[_Entry]) -> list[Sequence[_Entry]]:
    return [entries[start : start + MOST_EVENTS] for start in range(0, len(entries), MOST_EVENTS)]


def _content_type(message: Msg) -> str:
    headers: Mapping[str, str] = message.headers or {}
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")


async def _stream(bus: JetStreamContext, subscription: Subscription) -> str:
    """The stream that holds the subject; made where there is none."""
    try:
        if subscription.stream:
            await bus.stream_info(subscription.stream)
            return subscription.stream
        return await bus.find_stream_name_by_subject(subscription.subject)
    except nats.js.errors.NotFoundError:
        name = subscription.stream or f"SYCEE-INTAKE-{subscription.durable}"
        config = StreamConfig(
            name=name,
            subjects=[subscription.subject],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=MAX_AGE_S,
        )
        await bus.add_stream(config)
        return name


async def _on_error(error: Exception) -> None:
    structlog.get_logger().debug("subscription", **describe(error))
