"""Errors: whatever a handler raises becomes a canonical code with details; what was not meant for callers is masked."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import asyncpg
import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from sycee_service import errors
from sycee_service.interceptors.step import Call, Method, Parts, Proceed
from sycee_service.interceptors.validation import field_with_nul

DOMAIN = "sycee"
DETAILS_KEY = "grpc-status-details-bin"
# All trailing metadata must stay below the 8 KiB that gRPC clients take by default, base64 and percent signs counted.
MAX_DETAILS_BYTES = 3_000
MAX_MESSAGE_CHARACTERS = 300
UPSTREAM_RETRY_MS = 500

_CODES: tuple[tuple[type[errors.SyceeError], grpc.StatusCode], ...] = (
    (errors.InvalidArgument, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.AlreadyExists, grpc.StatusCode.ALREADY_EXISTS),
    (errors.FailedPrecondition, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.PermissionDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.Aborted, grpc.StatusCode.ABORTED),
    (errors.DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.ResourceExhausted, grpc.StatusCode.RESOURCE_EXHAUSTED),
)
# PostgreSQL text holds no NUL; a request may.
_NOT_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def map_errors(method: Method, parts: Parts, proceed: Proceed) -> Proceed:  # noqa: ARG001 - every step takes the same
    """Answers a SyceeError as it is, and anything else as a masked INTERNAL whose cause goes to the log alone."""

    async def step(request: Any, call: Call) -> Any:
        try:
            return await proceed(request, call)
        except (asyncio.CancelledError, grpc.aio.AbortError):
            call.code = call.code or _aborted_code(call)
            raise
        except Exception as error:
            known = to_known(error, request)
            if known is None:
                known = _masked()
                call.cause = error
            elif known is not error or isinstance(known, errors.RetryLater):
                call.cause = error
            code = code_of(known)
            call.code, call.answered = code, known
            details = to_status(known, code)
            await call.context.abort(
                code, details.message, trailing_metadata=((DETAILS_KEY, details.SerializeToString()),)
            )

    return step


def to_known(error: Exception, request: Any) -> errors.SyceeError | None:
    """The error that the caller may be told, or None when it must be masked."""
    if isinstance(error, errors.SyceeError):
        return error
    if isinstance(error, _NOT_TEXT):
        field = field_with_nul(request) if isinstance(request, Message) else None
        return errors.InvalidArgument(field or "request", "text must hold no NUL characters")
    if isinstance(error, grpc.aio.AioRpcError):
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return errors.Unavailable("UPSTREAM_UNAVAILABLE", "a part that the answer needs is down", UPSTREAM_RETRY_MS)
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return errors.DeadlineExceeded("UPSTREAM_DEADLINE_EXCEEDED", "a part that the answer needs was late")
    return None


def code_of(error: errors.SyceeError) -> grpc.StatusCode:
    """The canonical code of an error."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return grpc.StatusCode.INTERNAL


def to_status(error: errors.SyceeError, code: grpc.StatusCode) -> Status:
    """google.rpc.Status with ErrorInfo and, where they belong, BadRequest or RetryInfo; bounded in size."""
    message = error.message
    if len(message) > MAX_MESSAGE_CHARACTERS:
        message = message[:MAX_MESSAGE_CHARACTERS] + "…"
    number: int = code.value[0]
    status = Status(code=number, message=message)
    _pack(status, ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    if isinstance(error, errors.RetryLater):
        delay = Duration()
        delay.FromMilliseconds(error.retry_after_ms)
        _pack(status, RetryInfo(retry_delay=delay))
    elif isinstance(error, errors.InvalidArgument):
        _pack(status, _bad_request(error, MAX_DETAILS_BYTES - status.ByteSize()))
    return status


def _bad_request(error: errors.InvalidArgument, room_bytes: int) -> BadRequest:
    """The violations, as many as fit; always the first."""
    found = BadRequest()
    for violation in error.violations:
        one = BadRequest.FieldViolation(field=violation.field[:200], description=violation.description()[:300])
        if found.field_violations and found.ByteSize() + one.ByteSize() > room_bytes:
            break
        found.field_violations.append(one)
    return found


def _pack(status: Status, detail: Message) -> None:
    packed = AnyMessage()
    packed.Pack(detail)
    status.details.append(packed)


def _masked() -> errors.SyceeError:
    """Says nothing but an id that finds the cause in the log."""
    return errors.SyceeError("INTERNAL", "internal error", correlation_id=secrets.token_hex(8))


def _aborted_code(call: Call) -> grpc.StatusCode | None:
    """The code of a handler that aborted by itself; None while it was only cancelled."""
    number: Any = call.context.code()
    return next((code for code in grpc.StatusCode if number and number in (code, code.value[0])), None)
