"""The rules of a mapping, compiled: which rows one fits, and the events that it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.descriptor import Descriptor
from sycee.ingestion.v1 import event_pb2
from sycee_service.errors import InvalidArgument

from sycee_ingestion import values
from sycee_ingestion.connectors.chunks import Records
from sycee_ingestion.expressions import RowExpression
from sycee_ingestion.fields import Column, Flaws, Kept, Pick, View, body_column, read_all, repeated_body, text_column
from sycee_ingestion.mapping import FIELD, Condition, EventRule, FileMapping, ListOf, Value
from sycee_ingestion.values import BadValueError

MOST_ELEMENTS = 1_000
"""Of one list in one row."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_NAMED_BY_EVENT = frozenset({"order", "refund"})

NameOf = Callable[[int], str]


class Check:
    """A condition, compiled. Raises InvalidArgument when its expression is none."""

    def __init__(self, key: str, condition: Condition) -> None:
        self._key = key
        self._column = condition.column
        self._expression = None if condition.cel is None else RowExpression(f"{FIELD}.{key}.cel", condition.cel)
        self._equals = None if condition.equals is None else frozenset(condition.equals)
        self._below = None if condition.below is None else Decimal(condition.below)
        self._at_least = None if condition.at_least is None else Decimal(condition.at_least)

    def columns_used(self) -> list[tuple[str, str]]:
        """(key, column) of those that its expression reads."""
        return (
            []
            if self._expression is None
            else [(f"{FIELD}.{self._key}.cel", name) for name in self._expression.columns]
        )

    def of(self, view: View, flaws: Flaws) -> list[bool]:
        """Whether it holds, one a row; rows for which nobody can say go into `flaws`."""
        if self._expression is not None:
            return self._judged(self._expression, view, flaws)
        column = view.column(self._column or "")
        equals = self._equals
        if equals is None:
            return [self._in_range(value) for value in column]
        text_of = values.text_of
        found = [text_of(value) in equals for value in column]
        if self._below is None and self._at_least is None:
            return found
        return [same and self._in_range(value) for same, value in zip(found, column, strict=True)]

    def _in_range(self, value: object) -> bool:
        try:
            number = value if isinstance(value, float) and isfinite(value) else values.decimal(value)
        except BadValueError:
            return False
        return (self._below is None or number < self._below) and (self._at_least is None or number >= self._at_least)

    def _judged(self, expression: RowExpression, view: View, flaws: Flaws) -> list[bool]:
        columns = [view.column(column) for column in expression.columns]
        found = [False] * view.height
        for number in range(view.height):
            if number in flaws:
                continue
            row = {name: column[number] for name, column in zip(expression.columns, columns, strict=True)}
            try:
                holds = expression.of(row)
                if not isinstance(holds, bool):
                    raise BadValueError("must be true or false")  # noqa: TRY301 - one way out
                found[number] = holds
            except BadValueError as bad:
                flaws.setdefault(number, (self._key, bad.rule))
        return found


class _Part:
    """Some rows of a chunk, numbered anew."""

    def __init__(self, view: View, numbers: Sequence[int]) -> None:
        self._view, self._numbers = view, numbers
        self.height = len(numbers)
        self._whole = len(numbers) == view.height

    def column(self, path: str) -> Sequence[object]:
        """As `View.column`."""
        column = self._view.column(path)
        return column if self._whole else [column[number] for number in self._numbers]


@dataclass(frozen=True, slots=True)
class _Elements:
    """A repeated field of some rows: the elements in order, each with the row it belongs to."""

    name: str
    owners: list[int]
    columns: list[tuple[Column, list[object]]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows that a rule fits, read; nothing is made of them yet."""

    kind: str
    numbers: Sequence[int]
    event_ids: list[Any]
    moments: list[Any]
    heads: list[tuple[str, list[Any]]]
    body: list[tuple[Column, list[Any]]]
    lists: list[_Elements]
    order_id_of_event: bool

    def make(self, add: Callable[[], event_pb2.Event], flaws: Flaws) -> list[int]:
        """Makes the events of those rows that have no flaw; their numbers in the chunk, in the order of the events."""
        good = [place for place, number in enumerate(self.numbers) if number not in flaws]
        events = [add() for _ in good]
        for event, place in zip(events, good, strict=True):
            event.event_id = self.event_ids[place] or ""
            moment = self.moments[place]
            if moment is not None:
                occurred_at = event.occurred_at
                occurred_at.seconds = moment[0]
                if moment[1]:
                    occurred_at.nanos = moment[1]
        for name, found in self.heads:
            for event, place in zip(events, good, strict=True):
                if value := found[place]:
                    setattr(event, name, value)
        self._fill(events, good)
        return [self.numbers[place] for place in good]

    def _fill(self, events: Sequence[event_pb2.Event], good: Sequence[int]) -> None:
        bodies = [getattr(event, self.kind) for event in events]
        for body in bodies:
            body.SetInParent()  # present even where every value is absent: the contract then names what is missing
        for column, found in self.body:
            put, is_plain = column.put, column.is_plain
            for body, place in zip(bodies, good, strict=True):
                value = found[place]
                if value or not (value is None or is_plain):
                    put(body, value)
        if self.order_id_of_event:
            for body, event in zip(bodies, events, strict=True):
                body.order_id = event.event_id
        for elements in self.lists:
            of_place = dict(zip(good, bodies, strict=True))
            for index, owner in enumerate(elements.owners):
                if (body := of_place.get(owner)) is not None:
                    _add_element(getattr(body, elements.name).add(), elements.columns, index)


def _add_element(message: Any, columns: Sequence[tuple[Column, list[object]]], index: int) -> None:
    for column, found in columns:
        if (value := found[index]) is not None:
            column.put(message, value)


class Rule:
    """One entry of `events` or `also`. Raises InvalidArgument naming the mapping's key."""

    def __init__(self, key: str, rule: EventRule, mapping: FileMapping) -> None:
        self._kind = rule.kind
        self._key = key
        self._is_further = key.startswith("also")
        self._when = [Check(f"{key}.when[{index}]", condition) for index, condition in enumerate(rule.when)]
        self._event_id = _optional("event_id", mapping.event_id)
        self._own_event_id = _optional(f"{key}.event_id", rule.event_id)
        self._heads = [
            text_column("source", f"{FIELD}.source", mapping.source or Value(constant="")),
            text_column("merchant_id", f"{FIELD}.merchant", mapping.merchant),
        ]
        for name in ("revision", "withdrawn"):
            value = getattr(rule, name) or getattr(mapping, name)
            if value is not None:
                self._heads.append(body_column(f"{FIELD}.{name}", event_pb2.Event.DESCRIPTOR, "", name, value))
        self._moment = _Moment(rule.occurred_at or mapping.occurred_at or Value(constant=""))
        body: Any = event_pb2.Event.DESCRIPTOR.fields_by_name[rule.kind].message_type
        self._body = [
            body_column(f"{FIELD}.{key}.fields.{name}", body, rule.kind, name, value)
            for name, value in rule.fields.items()
        ]
        self._lists = [
            _List(f"{FIELD}.{key}.lists.{name}", body, rule.kind, name, entry) for name, entry in rule.lists.items()
        ]
        self._order_id_of_event = rule.kind in _NAMED_BY_EVENT and "order_id" not in rule.fields

    def columns_used(self) -> list[tuple[str, str]]:
        """(key, column) of those that its expressions read."""
        used = [entry for check in self._when for entry in check.columns_used()]
        columns = [*self._heads, *self._body, *(one for one in (self._event_id, self._own_event_id) if one is not None)]
        used += [entry for column in columns for entry in column.pick.columns_used()]
        return used + self._moment.pick.columns_used()

    def fitting(self, view: View, numbers: Sequence[int], flaws: Flaws) -> Sequence[int]:
        """Those of the rows for which every condition of `when` holds."""
        for check in self._when:
            holds = check.of(view, flaws)
            numbers = [number for number in numbers if holds[number] and number not in flaws]
        return numbers

    def prepare(self, view: View, numbers: Sequence[int], name_of: NameOf, flaws: Flaws) -> Prepared:
        """Reads the rows; those that cannot be read go into `flaws`, by their numbers in the chunk."""
        part: Any = _Part(view, numbers)
        own: Flaws = {}
        event_ids = self._named(part, numbers, name_of, own)
        prepared = Prepared(
            kind=self._kind,
            numbers=numbers,
            event_ids=event_ids,
            heads=[(column.field, column.of(part, own)) for column in self._heads],
            moments=self._moment.of(part, own),
            body=[(column, column.of(part, own)) for column in self._body],
            lists=[entry.of(part, own) for entry in self._lists],
            order_id_of_event=self._order_id_of_event,
        )
        for place, flaw in own.items():
            flaws.setdefault(numbers[place], flaw)
        return prepared

    def _named(self, part: Any, numbers: Sequence[int], name_of: NameOf, flaws: Flaws) -> list[Any]:
        if self._own_event_id is not None:
            return self._own_event_id.of(part, flaws)
        found: list[Any]
        found = [name_of(number) for number in numbers] if self._event_id is None else self._event_id.of(part, flaws)
        if self._is_further:
            return [None if name is None else f"{name}-{self._kind}" for name in found]
        return found


def _optional(key: str, value: Value | None) -> Column | None:
    return None if value is None else text_column("event_id", f"{FIELD}.{key}", value)


class _Moment:
    """When an event occurred, as (seconds, nanoseconds) since 1970."""

    def __init__(self, value: Value) -> None:
        self.pick = Pick(f"{FIELD}.occurred_at", value)
        self._form, self._zone = value.format, ZoneInfo(value.time_zone)
        self._kept: Kept = {}

    def of(self, view: View, flaws: Flaws) -> list[object]:
        """One a row; None where there is none."""
        return read_all(self.pick.of(view, "occurred_at", flaws), self._read, self._kept, "occurred_at", flaws)

    def _read(self, value: object) -> tuple[int, int]:
        since = values.moment(value, self._form, self._zone) - _EPOCH
        return since // _SECOND, since.microseconds * 1_000


class _List:
    """A repeated field, made of a list in a row. Raises InvalidArgument naming the mapping's key."""

    def __init__(self, key: str, body: Descriptor, kind: str, name: str, entry: ListOf) -> None:
        inside = repeated_body(body, name)
        if inside is None:
            raise InvalidArgument(key, f"must name a list of {kind}")
        self._name, self._each = name, entry.each
        self._field = f"{kind}.{name}"
        self._columns = [
            body_column(f"{key}.fields.{field}", inside, self._field, field, value)
            for field, value in entry.fields.items()
        ]

    def of(self, view: View, flaws: Flaws) -> _Elements:
        """The elements of all rows together."""
        owners: list[int] = []
        rows: list[dict[str, object]] = []
        for owner, found in enumerate(view.column(self._each)):
            if found is None:
                continue
            if not isinstance(found, list) or len(found) > MOST_ELEMENTS or not all(isinstance(e, dict) for e in found):
                flaws.setdefault(owner, (self._field, f"must be a list of at most {MOST_ELEMENTS} objects"))
                continue
            owners += [owner] * len(found)
            rows += found
        elements, bad = View(Records(rows)), Flaws()
        columns = [(column, column.of(elements, bad)) for column in self._columns]
        for index, flaw in bad.items():
            flaws.setdefault(owners[index], flaw)
        return _Elements(self._name, owners, columns)
