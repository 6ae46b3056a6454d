"""Who may call what: the table each service states, and the caller of the RPC at hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Allow:
    """Who may call one RPC.

    `scope`: callers that come through the edge need it in their JWT; None keeps the edge out.
    `peers`: names in mTLS certificates that may call directly, without a JWT.
    """

    scope: str | None = None
    peers: frozenset[str] = frozenset()


Access = Mapping[str, Allow]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `peer` from the certificate; `subject` is the JWT's for calls through the edge, else the peer."""

    peer: str
    subject: str
    scopes: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Tells callers apart where they share a table: a subject named like a peer is another caller."""
        return self.peer if self.subject == self.peer else f"{self.peer}/{self.subject}"


_caller: ContextVar[Caller | None] = ContextVar("sycee_caller", default=None)


def current_caller() -> Caller:
    """The caller of the RPC that runs now; a background task has none (LookupError)."""
    caller = _caller.get()
    if caller is None:
        raise LookupError("no RPC is running here")
    return caller


def set_caller(caller: Caller) -> None:
    """Names the caller of the RPC that runs now; the identity step calls it, and tests of use cases may."""
    _caller.set(caller)
