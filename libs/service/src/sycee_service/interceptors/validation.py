"""Validation: requests are held to the protovalidate constraints of their contract before a handler sees them.

Values of numbers, booleans and enums are shown to the caller. Text never is: it may be personal data; its length is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.message import Message
from protovalidate import Validator
from protovalidate import Violation as Broken

from sycee_service.errors import InvalidArgument, Violation
from sycee_service.interceptors.step import Call, Method, Parts, Proceed

MAX_VIOLATIONS = 20

_validator = Validator()


def validation(method: Method, parts: Parts, proceed: Proceed) -> Proceed:  # noqa: ARG001 - every step takes the same
    """Refuses a request, or a message of a request stream, that breaks its contract."""
    if not method.validates:
        return proceed
    if method.streams_requests:

        async def stream_step(requests: AsyncIterator[Message], call: Call) -> Any:
            return await proceed(_each_validated(requests), call)

        return stream_step

    collect = _validator.collect_violations

    async def step(request: Message, call: Call) -> Any:
        if broken := collect(request):
            raise to_error(broken)
        return await proceed(request, call)

    return step


def validate(message: Message, prefix: str = "") -> None:
    """InvalidArgument naming every field that breaks the message's contract; `prefix` is put before field names."""
    if broken := _validator.collect_violations(message):
        raise to_error(broken, prefix)


def violations(message: Message, prefix: str = "") -> list[Violation]:
    """The rules that the message breaks, for services that answer for each part of a request by itself."""
    return [_violation(one, prefix) for one in _validator.collect_violations(message)[:MAX_VIOLATIONS]]


def to_error(broken: list[Broken], prefix: str = "") -> InvalidArgument:
    """One error that tells of the first 20 violations."""
    return InvalidArgument.many([_violation(one, prefix) for one in broken[:MAX_VIOLATIONS]])


def field_with_nul(message: Message, prefix: str = "") -> str | None:
    """The path of the first text field that holds a NUL character, which PostgreSQL cannot store."""
    for field, value in message.ListFields():
        name = prefix + field.name
        values = list(value) if field.is_repeated and not isinstance(value, (str, bytes)) else [value]
        for index, item in enumerate(values):
            path = f"{name}[{index}]" if field.is_repeated else name
            if isinstance(item, str) and "\x00" in item:
                return path
            if isinstance(item, Message) and (found := field_with_nul(item, path + ".")):
                return found
    return None


async def _each_validated(requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
    async for request in requests:
        if broken := _validator.collect_violations(request):
            raise to_error(broken)
        yield request


def _violation(broken: Broken, prefix: str) -> Violation:
    proto = broken.proto
    path = _path(proto.field) if proto.field is not None else ""
    rule = proto.message or proto.rule_id or "breaks its contract"
    shown = _shown(broken.field_value)
    return Violation((prefix + path) or "request", rule if shown is None else f"{rule}; got {shown}")


def _path(field: Any) -> str:
    """Such as `batch.events[3].order.amount`."""
    parts: list[str] = []
    for element in field.elements:
        part: str = element.field_name
        if element.subscript is not None:
            part += f"[{element.subscript.value}]"
        parts.append(part)
    return ".".join(parts)


def _shown(value: object) -> str | None:
    if isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, (str, bytes, list, tuple, dict)):
        unit = "characters" if isinstance(value, str) else "bytes" if isinstance(value, bytes) else "items"
        return f"{len(value)} {unit}"
    return None
