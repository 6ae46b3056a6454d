"""Events that leave a service: written in the transaction that made them true, sent to the bus afterwards.

An event is a CloudEvent 1.0 in JSON structured mode. It goes to the NATS subject that is its type, with its id as
`Nats-Msg-Id`, so that the stream drops what a relay sends twice. Delivery is at least once; order is that of commits
only while a single relay runs, so consumers must not lean on it.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import asyncpg

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_TYPE = re.compile(r"sycee(\.[a-z0-9_]+){2,}")
# Far below NATS's own bound of 1 MiB a message. A bigger fact belongs in the service, with its id in the event.
MAX_BODY_BYTES = 256 * 1024
ACK_TIMEOUT_S = 5.0


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Event:
    """One fact: `type` such as `sycee.decision.made.v1`, `subject` the merchant or decision it is about, JSON `data`.

    Never put personal data in it. Raises ValueError for a type that is not `sycee.<noun>.<verb>.v<n>`-like.
    """

    type: str
    subject: str
    data: Mapping[str, Json]
    id: str = field(default_factory=_new_id)

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.type):
            raise ValueError(f"not an event type: {self.type!r}")


def to_body(event: Event, source: str, time: datetime, traceparent: str | None) -> bytes:
    """The event as a CloudEvent 1.0 in JSON; ValueError when it is larger than MAX_BODY_BYTES."""
    cloud: dict[str, object] = {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": event.type,
        "subject": event.subject,
        "time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": event.data,
    }
    if traceparent is not None:
        cloud["traceparent"] = traceparent
    body = json.dumps(cloud, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"event {event.type} has {len(body)} bytes, more than {MAX_BODY_BYTES}")
    return body


class Publisher(Protocol):
    """Where the relay sends to."""

    async def publish_all(self, messages: list[tuple[str, str, bytes]], timeout_s: float) -> list[bool]:
        """Sends (subject, message id, body) and says of each whether it is acknowledged. Raises nothing but OSError."""
        ...


class Relay:
    """Moves committed events to the bus. Several may run on one database: each takes rows that no other holds."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        publisher: Publisher,
        *,
        batch: int,
        poll_s: float,
        linger_s: float,
        sent: Callable[[int], None],
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._batch = batch
        self._poll_s = poll_s
        self._linger_s = linger_s
        self._sent = sent
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Says that events were just committed in this process; rows of others are found by polling."""
        self._woken.set()

    async def run(self) -> None:
        """Relays until cancelled. A failure leaves the rows where they are and is raised for the supervisor."""
        while True:
            self._woken.clear()
            moved = await self.relay_once()
            if moved < self._batch:
                await self._wait()

    async def relay_once(self) -> int:
        """Sends one batch and forgets what was acknowledged; returns how many. Raises when none of a batch was."""
        async with self._pool.acquire() as driver, driver.transaction():
            rows = await driver.fetch(_TAKE, self._batch)
            if not rows:
                return 0
            messages = [(row["subject"], row["event_id"], row["body"]) for row in rows]
            acknowledged = await self._publisher.publish_all(messages, ACK_TIMEOUT_S)
            done = [row["seq"] for row, ok in zip(rows, acknowledged, strict=True) if ok]
            if not done:
                raise ConnectionError("the bus acknowledged none of the batch")
            await driver.execute(_FORGET, done)
        self._sent(len(done))
        return len(done)

    async def _wait(self) -> None:
        """Until woken, then a little longer for company; or until it is time to look for rows of others."""
        try:
            async with asyncio.timeout(self._poll_s):
                await self._woken.wait()
        except TimeoutError:
            return
        await asyncio.sleep(self._linger_s)


_TAKE = "select seq, event_id, subject, body from outbox order by seq limit $1 for update skip locked"
_FORGET = "delete from outbox where seq = any($1::bigint[])"

Wake = Callable[[], None]
Check = Callable[[], Awaitable[None]]
