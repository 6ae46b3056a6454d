"""What a step is made of: the facts of a method, the call at hand, and the parts of the server that steps use.

A step is a function `(method, parts, proceed) -> proceed`: it looks at the method once, when the server starts, and
returns the coroutine function that runs for each RPC, or `proceed` itself where it has nothing to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from sycee_service.access import Allow
from sycee_service.alarms import Alarms
from sycee_service.database import Database
from sycee_service.errors import SyceeError
from sycee_service.metrics import Metrics
from sycee_service.settings import ServiceSettings
from sycee_service.tracing import Tracing

ServicerContext = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """What is known of an RPC before it is called."""

    service: str  # sycee.limits.v1.LimitsService
    name: str  # Reserve
    allow: Allow
    streams_requests: bool
    streams_responses: bool
    # The server remembers the answer under the request's request_id.
    remembers: bool
    # The server holds requests to the constraints of their contract.
    validates: bool

    @property
    def path(self) -> str:
        """Such as `/sycee.limits.v1.LimitsService/Reserve`."""
        return f"/{self.service}/{self.name}"

    @property
    def streams(self) -> bool:
        """Whether either side sends more than one message."""
        return self.streams_requests or self.streams_responses


@dataclass(slots=True)
class Parts:
    """What the steps of one server share."""

    settings: ServiceSettings
    metrics: Metrics
    tracing: Tracing
    database: Database | None = None
    # Only with allow_plaintext: the peer of a call that names none.
    plaintext_peer: str | None = None
    alarms: Alarms = field(default_factory=Alarms)


class Call:
    """One RPC under way."""

    __slots__ = ("answered", "cause", "code", "context", "metadata", "peer")

    def __init__(self, context: ServicerContext) -> None:
        self.context = context
        # The last value of each key of the request's metadata.
        self.metadata: dict[str, Any] = dict(context.invocation_metadata() or ())
        self.peer = ""
        # Set when the RPC is answered with an error.
        self.code: grpc.StatusCode | None = None
        self.answered: SyceeError | None = None
        # What was behind it, when that is not what the caller is told.
        self.cause: BaseException | None = None


# The request is one message, or an iterator of them; the answer one message (or its bytes), or None after a stream.
Proceed = Callable[[Any, Call], Awaitable[Any]]
Step = Callable[[Method, Parts, Proceed], Proceed]
