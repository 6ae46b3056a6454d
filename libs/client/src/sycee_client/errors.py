"""What a call can raise: one class for each canonical code, so that a caller catches what it can act on.

    SyceeError
    ├── InvalidArgument      the request itself is wrong; `violations` names each field
    ├── NotFound             there is no such thing
    ├── AlreadyExists        it is there already, or the request_id was used with another payload
    ├── FailedPrecondition   not in this state; `reason` says which
    ├── PermissionDenied     the caller may not
    ├── Unauthenticated      the caller is not known: token absent, wrong or expired
    ├── Aborted              lost a race; read again and try again
    ├── Cancelled            somebody gave the call up
    └── ServerFault          nothing the caller did
        ├── Unavailable          cannot be reached or cannot answer now; `retry_after_ms` when the server says it
        ├── ResourceExhausted    too much at once; `retry_after_ms` when the server says it
        ├── DeadlineExceeded     no answer in time; a mutation may have happened: ask again with the same request_id
        └── Internal             a defect, masked by the server: INTERNAL, UNKNOWN and every code the suite never uses

Every error carries what the server said by google.rpc details: `reason` and `metadata` (ErrorInfo), `violations`
(BadRequest) and `retry_after_ms` (RetryInfo).
"""

# ruff: noqa: N818 - they are named after the canonical codes
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

__all__ = [
    "Aborted",
    "AlreadyExists",
    "Cancelled",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "ResourceExhausted",
    "ServerFault",
    "SyceeError",
    "Unauthenticated",
    "Unavailable",
    "Violation",
    "error_from_rpc",
]

_DETAILS_KEY = "grpc-status-details-bin"
_NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong: its path in the request, and the rule with the value that broke it."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class _Details:
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: _NO_METADATA)
    violations: tuple[Violation, ...] = ()
    retry_after_ms: int | None = None


class SyceeError(Exception):
    """What every failed call raises.

    `code` is the canonical code, `message` the server's text, `reason` a stable UPPER_SNAKE word (the code's own name
    where the server gave none, as the edge does), `retry_after_ms` how long the server asks to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode,
        reason: str = "",
        metadata: Mapping[str, str] = _NO_METADATA,
        violations: tuple[Violation, ...] = (),
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason or code.name
        self.metadata = metadata
        self.violations = violations
        self.retry_after_ms = retry_after_ms

    def __str__(self) -> str:
        fields = "; ".join(f"{violation.field}: {violation.description}" for violation in self.violations)
        return f"{self.reason}: {self.message}" + (f" ({fields})" if fields else "")


class InvalidArgument(SyceeError):
    """The request itself is wrong; `violations` names each field."""


class NotFound(SyceeError):
    """There is no such thing."""


class AlreadyExists(SyceeError):
    """It is there already, or the request_id was used with another payload (reason REQUEST_ID_REUSED)."""


class FailedPrecondition(SyceeError):
    """Not in this state."""


class PermissionDenied(SyceeError):
    """The caller may not."""


class Unauthenticated(SyceeError):
    """The caller is not known."""


class Aborted(SyceeError):
    """Lost a race with another call."""


class Cancelled(SyceeError):
    """Somebody gave the call up."""


class ServerFault(SyceeError):
    """Nothing the caller did; the same call may succeed later."""


class Unavailable(ServerFault):
    """Cannot be reached, or cannot answer now."""


class ResourceExhausted(ServerFault):
    """Too much at once."""


class DeadlineExceeded(ServerFault):
    """No answer in time. A mutation may have happened."""


class Internal(ServerFault):
    """A defect of the server."""


_CLASSES: Mapping[grpc.StatusCode, type[SyceeError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.ABORTED: Aborted,
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def error_from_rpc(error: grpc.aio.AioRpcError) -> SyceeError:
    """The typed error for what gRPC raised. Details that cannot be read are left out, never raised about."""
    code = error.code()
    details = _read_details(error.trailing_metadata() or ())
    return _CLASSES.get(code, Internal)(
        error.details() or code.name,
        code=code,
        reason=details.reason,
        metadata=details.metadata,
        violations=details.violations,
        retry_after_ms=details.retry_after_ms,
    )


def _read_details(trailing: Iterable[Any]) -> _Details:
    packed = next((value for key, value in trailing if key == _DETAILS_KEY), None)
    if packed is None:
        return _Details()
    info, request, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    try:
        for detail in status_pb2.Status.FromString(packed).details:
            for known in (info, request, retry):
                detail.Unpack(known)  # says False and does nothing where the type is another
    except DecodeError:
        return _Details()
    return _Details(
        reason=info.reason,
        metadata=MappingProxyType(dict(info.metadata)),
        violations=tuple(Violation(found.field, found.description) for found in request.field_violations),
        retry_after_ms=retry.retry_delay.ToMilliseconds() if retry.HasField("retry_delay") else None,
    )
