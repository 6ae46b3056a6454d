"""Makes bad requests out of good ones: for every field of a request, each way in which a caller gets it wrong.

A case says which field was spoilt and how; whoever sends it expects INVALID_ARGUMENT naming that field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

MAX_DEPTH = 4
FAR_FUTURE_S = 4_102_444_800  # 2100-01-01
NEVER_FUTURE = frozenset({"as_of", "given_at", "occurred_at", "opened_on", "registered_on", "checked_at"})
ID_SUFFIXES = ("_id", "_token", "_sha256", "uscc", "province_code", "platform", "path")


@dataclass(frozen=True, slots=True)
class Case:
    """A request with one field spoilt."""

    field: str
    flaw: str
    request: Message

    def __str__(self) -> str:
        return f"{self.field}: {self.flaw}"


Spoil = Callable[[Message], None]


def spoilt(good: Message) -> Iterator[Case]:
    """Every way to spoil `good`, one field at a time."""
    for path, flaw, spoil in _flaws(good, (), MAX_DEPTH):
        if path[0] == "profile" and flaw == "future" and path != ("profile", "as_of"):
            continue  # a portrait's days are judged beside its own as_of, not beside today
        request = type(good)()
        request.CopyFrom(good)
        spoil(_parent(request, path))
        yield Case(".".join(path), flaw, request)


def _parent(message: Message, path: tuple[str, ...]) -> Message:
    for name in path[:-1]:
        message = getattr(message, name)
    return message


def _flaws(good: Message, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str, Spoil]]:
    for field in cast("list[FieldDescriptor]", good.DESCRIPTOR.fields):
        here = (*path, field.name)
        if field.is_repeated:
            if field.message_type is None or field.name == "shops":
                yield here, "too many", _repeat(field)
        elif field.message_type is None:
            yield from ((here, flaw, spoil) for flaw, spoil in _scalar_flaws(field))
        elif field.message_type.full_name in WELL_KNOWN:
            yield from ((here, flaw, spoil) for flaw, spoil in WELL_KNOWN[field.message_type.full_name](field))
        elif depth > 1 and good.HasField(field.name):
            yield from _flaws(getattr(good, field.name), here, depth - 1)


def _set(name: str, value: object) -> Spoil:
    return lambda message: setattr(message, name, value)


def _repeat(field: FieldDescriptor) -> Spoil:
    def spoil(message: Message) -> None:
        values = getattr(message, field.name)
        if field.message_type is not None:
            values.extend(values[0] for _ in range(2_000))
        else:
            values.extend([1 if field.cpp_type != FieldDescriptor.CPPTYPE_STRING else "x"] * 2_000)

    return spoil


def _scalar_flaws(field: FieldDescriptor) -> Iterator[tuple[str, Spoil]]:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            yield "huge", _set(field.name, b"x" * 100_000)
            yield "malformed", _set(field.name, b"\xff\x00not json")
        case FieldDescriptor.CPPTYPE_STRING:
            yield "huge", _set(field.name, "x" * 100_000)
            if field.name.endswith(ID_SUFFIXES):
                yield "malformed", _set(field.name, "../a b'; drop\t💥")
        case FieldDescriptor.CPPTYPE_ENUM:
            yield "unknown enum", _set(field.name, 9_999)
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            yield "negative", _set(field.name, -1e300)
            yield "not a number", _set(field.name, float("nan"))
        case FieldDescriptor.CPPTYPE_INT32 | FieldDescriptor.CPPTYPE_UINT32 if field.name not in UNBOUNDED:
            yield "huge", _set(field.name, 2**31 - 1)
            if field.cpp_type == FieldDescriptor.CPPTYPE_INT32:
                yield "negative", _set(field.name, -1)


UNBOUNDED = frozenset(
    # counts that portraits carry: any non-negative number is possible, and their types forbid the others
    {"months_of_history", "freshness_days", "day_count", "late_count", "months_overdue_24m", "worst_overdue_24m"}
    | {"open_accounts", "enquiries_3m", "public_records", "count", "repayment_count", "worst_days_past_due"}
)


def _money_flaws(field: FieldDescriptor) -> Iterator[tuple[str, Spoil]]:
    def spoil(currency: str, units: int, nanos: int) -> Spoil:
        def apply(message: Message) -> None:
            money = getattr(message, field.name)
            money.currency_code, money.units, money.nanos = currency, units, nanos

        return apply

    yield "negative", spoil("CNY", -1, 0)
    yield "huge", spoil("CNY", 2**62, 0)
    yield "wrong currency", spoil("USD", 100, 0)
    yield "no currency", spoil("", 100, 0)
    yield "parts of a fen", spoil("CNY", 1, 1)
    yield "impossible nanos", spoil("CNY", 1, 2_000_000_000)


def _time_flaws(field: FieldDescriptor) -> Iterator[tuple[str, Spoil]]:
    def spoil(seconds: int, nanos: int) -> Spoil:
        def apply(message: Message) -> None:
            moment = getattr(message, field.name)
            moment.seconds, moment.nanos = seconds, nanos

        return apply

    yield "beyond the calendar", spoil(2**60, 0)
    yield "before the calendar", spoil(-(2**60), 0)
    yield "impossible nanos", spoil(1_700_000_000, -5)
    if field.name in NEVER_FUTURE:
        yield "future", spoil(FAR_FUTURE_S, 0)


def _date_flaws(field: FieldDescriptor) -> Iterator[tuple[str, Spoil]]:
    def spoil(year: int, month: int, day: int) -> Spoil:
        def apply(message: Message) -> None:
            date = getattr(message, field.name)
            date.year, date.month, date.day = year, month, day

        return apply

    yield "no such day", spoil(2023, 2, 30)
    yield "no such month", spoil(2023, 13, 1)
    yield "huge year", spoil(123_456, 1, 1)
    yield "negative", spoil(-1, -1, -1)
    if field.name in NEVER_FUTURE - {"as_of"}:
        yield "future", spoil(2100, 1, 1)


def _duration_flaws(field: FieldDescriptor) -> Iterator[tuple[str, Spoil]]:
    def spoil(seconds: int) -> Spoil:
        return lambda message: setattr(getattr(message, field.name), "seconds", seconds)

    yield "negative", spoil(-5)
    yield "huge", spoil(2**40)


WELL_KNOWN: dict[str, Callable[[FieldDescriptor], Iterator[tuple[str, Spoil]]]] = {
    "google.type.Money": _money_flaws,
    "google.protobuf.Timestamp": _time_flaws,
    "google.type.Date": _date_flaws,
    "google.protobuf.Duration": _duration_flaws,
}
