"""NATS JetStream: what the outbox relay publishes to and what durable consumers read.

One stream, SYCEE, holds every event (`sycee.>`), so that each service finds it whichever starts first. The bus may be
down at any time: the connection comes back by itself, events wait in outboxes, and health says so.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from sycee_client import calls

from sycee_service.logs import describe
from sycee_service.metrics import Metrics

STREAM = "SYCEE"
SUBJECTS = "sycee.>"
MAX_AGE_S = 7 * 86_400
MAX_MESSAGES = 10_000_000
# How long the stream remembers message ids. A relay that dies between ack and forget sends again well within it.
DUPLICATE_WINDOW_S = 600
CONNECT_TIMEOUT_S = 2
RECONNECT_WAIT_S = 0.5
PING_TIMEOUT_S = 1
ACK_WAIT_S = 30.0
HANDLE_TIMEOUT_S = 25.0
FETCH_TIMEOUT_S = 2.0
IN_FLIGHT = 16
BACKOFF_FIRST_S = 0.2
BACKOFF_MOST_S = 60.0


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """An event as it was received. `delivery` counts from 1; a handler must bear seeing one event more than once."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    traceparent: str | None = None
    delivery: int = 1


Handle = Callable[[CloudEvent], Awaitable[None]]
Background = Callable[[str, Callable[[], Awaitable[None]]], None]


def parse(body: bytes, delivery: int = 1) -> CloudEvent:
    """A CloudEvent 1.0 in JSON structured mode; ValueError for anything else."""
    raw = json.loads(body)
    if not isinstance(raw, dict) or raw.get("specversion") != "1.0" or not isinstance(raw.get("data"), dict):
        raise ValueError("not a CloudEvent 1.0 with an object as data")
    names = ("id", "source", "type", "subject", "time")
    texts = [raw.get(name) for name in names]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a CloudEvent wants id, source, type, subject and time")
    traceparent = raw.get("traceparent")
    return CloudEvent(
        id=raw["id"],
        source=raw["source"],
        type=raw["type"],
        subject=raw["subject"],
        time=datetime.fromisoformat(raw["time"]),
        data=raw["data"],
        traceparent=traceparent if isinstance(traceparent, str) else None,
        delivery=delivery,
    )


class Bus:
    """The service's connection to JetStream. Made by `Host.bus`."""

    def __init__(self, url: str, name: str, metrics: Metrics, background: Background) -> None:
        self._url = url
        self._name = name
        self._metrics = metrics
        self._background = background
        self._client = Client()
        self._stream: JetStreamContext | None = None
        self._ready = asyncio.Event()

    async def connect_forever(self) -> None:
        """Connects, ensures the stream, and does both again whenever they are lost. Runs until cancelled."""
        if not self._client.is_connected:
            await self._client.connect(
                self._url,
                name=self._name,
                connect_timeout=CONNECT_TIMEOUT_S,
                reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type] # nats-py says int and sleeps any number
                max_reconnect_attempts=-1,
                error_cb=_on_error,
                disconnected_cb=self._on_lost,
            )
        while True:
            if self._client.is_connected and not self._ready.is_set():
                self._stream = self._client.jetstream(timeout=CONNECT_TIMEOUT_S)
                await _ensure_stream(self._stream)
                self._ready.set()
            await asyncio.sleep(RECONNECT_WAIT_S)

    async def _on_lost(self) -> None:
        self._ready.clear()

    async def ping(self) -> None:
        """Raises unless the bus answers and the stream is there."""
        if not self._ready.is_set() or not self._client.is_connected:
            raise ConnectionError("not connected to the bus")
        await self._client.flush(PING_TIMEOUT_S)

    async def close(self) -> None:
        """Lets the connection go."""
        if not self._client.is_closed:
            await self._client.close()

    async def publish_all(self, messages: list[tuple[str, str, bytes]], timeout_s: float) -> list[bool]:
        """Publishes (subject, message id, body) side by side; says of each whether the stream acknowledged it."""
        if self._stream is None or not self._ready.is_set() or not self._client.is_connected:
            raise ConnectionError("not connected to the bus")
        waiting: list[asyncio.Future[Any]] = []
        try:
            for subject, message_id, body in messages:
                headers = {"Nats-Msg-Id": message_id, "Content-Type": "application/cloudevents+json"}
                waiting.append(await self._stream.publish_async(subject, body, wait_stall=timeout_s, headers=headers))
            await asyncio.wait(waiting, timeout=timeout_s)
        except (nats.errors.Error, TimeoutError) as error:
            raise ConnectionError("the bus was lost while publishing") from error
        finally:
            for future in waiting:
                future.cancel()  # does nothing to those that are done
        return [self._acknowledged(future) for future in waiting]

    def _acknowledged(self, future: asyncio.Future[Any]) -> bool:
        if future.cancelled() or not future.done():
            return False
        error = future.exception()
        if isinstance(error, nats.js.errors.NoStreamResponseError):
            self._ready.clear()  # the stream is gone: ensure it again
        return error is None

    async def consume(self, durable: str, subject: str, handle: Handle) -> None:
        """Has `handle` called with every event on `subject`, also those from before, until the server stops.

        The durable name keeps the place over restarts; several processes share the work. An event is acknowledged when
        `handle` returns; when it raises or takes longer than 25 s it comes again, after 0.2 s at first and at most
        60 s. At most 16 are in flight. Order is not kept.
        """

        async def run() -> None:
            await self._consume(durable, subject, handle)

        self._background(f"consumer {durable}", run)

    async def _consume(self, durable: str, subject: str, handle: Handle) -> None:
        await self._ready.wait()
        if self._stream is None:
            raise ConnectionError("not connected to the bus")
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=IN_FLIGHT * 16,
        )
        source = await self._stream.pull_subscribe(subject, durable=durable, stream=STREAM, config=config)
        try:
            while True:
                try:
                    messages = await source.fetch(IN_FLIGHT, timeout=FETCH_TIMEOUT_S)
                except TimeoutError:  # nats.errors.TimeoutError is one: nothing came
                    continue
                await asyncio.gather(*(self._handle(durable, message, handle) for message in messages))
        finally:
            if self._client.is_connected:
                await source.unsubscribe()

    async def _handle(self, durable: str, message: Msg, handle: Handle) -> None:
        delivery = message.metadata.num_delivered or 1
        try:
            event = parse(message.data, delivery)
        except ValueError:
            # It can never be read, now or later.
            self._metrics.consumed.labels(durable, "malformed").inc()
            structlog.get_logger().error("malformed event dropped", consumer=durable, type=message.subject)
            await message.term()
            return
        calls.traceparent.set(event.traceparent)
        try:
            async with asyncio.timeout(HANDLE_TIMEOUT_S):
                await handle(event)
        except Exception as error:
            self._metrics.consumed.labels(durable, "failed").inc()
            structlog.get_logger().warning(
                "event failed",
                consumer=durable,
                type=event.type,
                event_id=event.id,
                delivery=delivery,
                **describe(error),
            )
            await message.nak(delay=_backoff_s(delivery))
            return
        self._metrics.consumed.labels(durable, "done").inc()
        await message.ack()


def _backoff_s(delivery: int) -> float:
    """Doubles from 0.2 s to 60 s, with jitter so that events that failed together come back apart."""
    return min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2.0 ** min(delivery - 1, 20)) * random.uniform(0.8, 1.2)


async def _ensure_stream(stream: JetStreamContext) -> None:
    """Makes the stream unless it is there. Services race for it with one configuration, which NATS takes as one."""
    try:
        await stream.stream_info(STREAM)
    except nats.js.errors.NotFoundError:
        await stream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[SUBJECTS],
                retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE,
                max_age=MAX_AGE_S,
                max_msgs=MAX_MESSAGES,
                duplicate_window=DUPLICATE_WINDOW_S,
            )
        )


async def _on_error(error: Exception) -> None:
    structlog.get_logger().debug("bus", **describe(error))
