"""Values of a mapping, compiled: where they come from in a chunk, how their field reads them, how events take them.

A chunk is worked through column by column: each column is picked once, read by the type that the contract gives its
field, and only then set on the events of those rows in which every column could be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from sycee_service.errors import InvalidArgument

from sycee_ingestion import values
from sycee_ingestion.connectors.chunks import Chunk
from sycee_ingestion.expressions import RowExpression
from sycee_ingestion.mapping import Value
from sycee_ingestion.values import BadValueError

Flaws = dict[int, tuple[str, str]]
"""Rows that cannot be read: number → (field, rule). The first one of a row stays."""

Read = Callable[[object], object]
"""A plain value to what a field holds. Raises BadValueError."""

Set = Callable[[Message, Any], None]
"""Puts what was read into a message."""

_MOST_KEPT = 10_000
_KEPT_CLASSES = frozenset({str, date, bool})  # none of which equals one of another: True is 1, but no number is kept
_UNREAD = object()
_MONEY, _DAY = Money.DESCRIPTOR.full_name, Date.DESCRIPTOR.full_name
_LEAST = {FieldDescriptor.CPPTYPE_UINT32: 0, FieldDescriptor.CPPTYPE_UINT64: 0}
_MOST = {FieldDescriptor.CPPTYPE_UINT32: 2**32 - 1, FieldDescriptor.CPPTYPE_UINT64: 2**64 - 1}
_FEN_EACH = {"fen": Decimal(1), "yuan": Decimal(100), "wan": Decimal(1_000_000)}
_MEASURES: dict[str, dict[str, Decimal]] = {
    "weight_g": {"g": Decimal(1), "kg": Decimal(1_000), "t": Decimal(1_000_000)},
    "distance_km": {"m": Decimal("0.001"), "km": Decimal(1)},
    "electricity_wh": {"Wh": Decimal(1), "kWh": Decimal(1_000), "MWh": Decimal(1_000_000)},
}


class View:
    """The columns of a chunk, each taken once."""

    def __init__(self, chunk: Chunk) -> None:
        self.height = chunk.height
        self._chunk = chunk
        self._columns: dict[str, Sequence[object]] = {}

    def column(self, path: str) -> Sequence[object]:
        """The values at a path, one a row."""
        found = self._columns.get(path)
        if found is None:
            found = self._columns[path] = self._chunk.column(path)
        return found


# Where values come from


class Pick:
    """The plain values of a chunk, as the file has them, or as texts where they are joined, prefixed or mapped.

    An empty text is no value: None. Raises InvalidArgument when an expression is none.
    """

    def __init__(self, key: str, value: Value) -> None:
        self.key = key
        self._constant = value.constant
        self._columns = value.columns_read()
        self._expression = None if value.cel is None else RowExpression(f"{key}.cel", value.cel)
        self._prefix, self._map, self._otherwise = value.prefix, value.map, value.otherwise
        self.is_constant = self._constant is not None

    def columns_used(self) -> list[tuple[str, str]]:
        """(key, column) of those that its expression reads."""
        return [] if self._expression is None else [(f"{self.key}.cel", name) for name in self._expression.columns]

    def of(self, view: View, field: str, flaws: Flaws) -> Sequence[object]:
        """One value a row, None where there is none; rows without a readable one go into `flaws`."""
        if self._constant is not None:
            return [self._prefix + self._constant] * view.height
        if self._expression is not None:
            found = self._evaluated(self._expression, view, field, flaws)
        elif len(self._columns) == 1:
            found = view.column(self._columns[0])
        else:
            found = _joined([view.column(column) for column in self._columns])
        if self._map is None and not self._prefix:
            return found
        return self._worded(found, field, flaws)

    def _evaluated(self, expression: RowExpression, view: View, field: str, flaws: Flaws) -> Sequence[object]:
        columns = [view.column(column) for column in expression.columns]
        found: list[object] = [None] * view.height
        for number in range(view.height):
            if number in flaws:
                continue
            try:
                row = {name: column[number] for name, column in zip(expression.columns, columns, strict=True)}
                found[number] = expression.of(row)
            except BadValueError as bad:
                flaws.setdefault(number, (field, bad.rule))
        return found

    def _worded(self, plain: Sequence[object], field: str, flaws: Flaws) -> Sequence[object]:
        return read_all(plain, self._word, {}, field, flaws)

    def _word(self, value: object) -> str | None:
        text: str | None = values.text_of(value)
        if self._map is not None:
            text = self._map.get(text.strip() if text else "", self._otherwise)
            if text is None:
                raise BadValueError("must be one of the values in `map` of the mapping")
        return self._prefix + text if text else None


def _joined(columns: Sequence[Sequence[object]]) -> Sequence[object]:
    texts = [[value if value.__class__ is str else values.text_of(value) for value in column] for column in columns]
    return ["-".join(parts) if "" not in parts else None for parts in zip(*texts, strict=True)]


# How they are read


Kept = dict[object, object]
"""What values were read as: texts, days and truths, of which a file tells few, each of them often."""


def read_all(picked: Sequence[object], read: Read, kept: Kept, field: str, flaws: Flaws) -> list[object]:
    """Reads a column; what cannot be read goes into `flaws` and is None here, as what is empty."""
    found: list[object] = []
    add = found.append
    for number, value in enumerate(picked):
        if value is None or value == "":
            add(None)
            continue
        keeps = value.__class__ in _KEPT_CLASSES
        known = kept.get(value, _UNREAD) if keeps else _UNREAD
        if known is _UNREAD:
            try:
                known = read(value)
            except BadValueError as bad:
                flaws.setdefault(number, (field, bad.rule))
                known = None
            else:
                if keeps and len(kept) < _MOST_KEPT:
                    kept[value] = known
        add(known)
    return found


@dataclass(slots=True)
class Column:
    """One field of a message: picked, read, set. `is_plain`: a default value need not be set, it is there already."""

    field: str
    pick: Pick
    read: Read
    put: Set
    kept: Kept
    is_plain: bool = False

    def of(self, view: View, flaws: Flaws) -> list[object]:
        """What the field holds, one a row; None where nothing is set."""
        picked = self.pick.of(view, self.field, flaws)
        if not self.pick.is_constant or not picked:
            return read_all(picked, self.read, self.kept, self.field, flaws)
        bad: Flaws = {}
        (known,) = read_all(picked[:1], self.read, self.kept, self.field, bad)
        if bad:
            flaws.update({number: bad[0] for number in range(view.height) if number not in flaws})
        return [known] * view.height


def text_column(field: str, key: str, value: Value) -> Column:
    """A text that is set by name on the event itself."""
    return Column(field, Pick(key, value), values.stored_text, _plain_setter((), field), {})


def body_column(key: str, body: Descriptor, kind: str, name: str, value: Value) -> Column:
    """A field `name` (or `name.part`, for coordinates) of a body. Raises InvalidArgument naming the mapping's key."""
    field = _described(body, name)
    if field is None:
        raise InvalidArgument(key, f"must name a field of {kind}")
    *parents, _ = name.split(".")
    full_name = _type_name(field)
    if full_name == _MONEY:
        each = _fen_each(key, value)
        read: Read = partial(values.fen, fen_each=each) if _unsigned(value) else _signed_fen(value, each)
        put = _money_setter(parents, field.name)
    elif full_name == _DAY:
        _refuse_unit(key, value)
        read = partial(values.day, form=value.format, zone=ZoneInfo(value.time_zone))
        put = _day_setter(parents, field.name)
    else:
        read = _scalar_reader(key, field, value)
        put = _plain_setter(parents, field.name)
    is_plain = field.message_type is None and not field.has_presence and not parents
    return Column(f"{kind}.{name}" if kind else name, Pick(key, value), read, put, {}, is_plain)


def repeated_body(body: Descriptor, name: str) -> Descriptor | None:
    """What a repeated field of a body holds, where it holds messages."""
    field = body.fields_by_name.get(name)
    return field.message_type if field is not None and field.is_repeated else None


def _described(body: Descriptor, path: str) -> FieldDescriptor | None:
    """The field at a path below a body, where it is one that a single value sets."""
    inside: Descriptor | None = body
    field: FieldDescriptor | None = None
    for part in path.split("."):
        field = None if inside is None else inside.fields_by_name.get(part)
        inside = None if field is None or _type_name(field) in {_MONEY, _DAY} else field.message_type
    settable = field is not None and not field.is_repeated and inside is None
    return field if settable else None


def _type_name(field: FieldDescriptor) -> str:
    return "" if field.message_type is None else field.message_type.full_name


def _unsigned(value: Value) -> bool:
    return not (value.absolute or value.negate)


def _fen_each(key: str, value: Value) -> Decimal:
    each = _FEN_EACH.get(value.unit or "yuan")
    if each is None:
        raise InvalidArgument(f"{key}.unit", f"must be one of {', '.join(_FEN_EACH)} for an amount", value=value.unit)
    return each * Decimal(value.rate or "1")


def _signed_fen(value: Value, each: Decimal) -> Read:
    absolute = value.absolute

    def read(found: object) -> int:
        fen = values.fen(found, each)
        return abs(fen) if absolute else -fen

    return read


def _scalar_reader(key: str, field: FieldDescriptor, value: Value) -> Read:
    measure = _MEASURES.get(field.name)
    if measure is not None and value.unit is not None:
        return _measured(key, field, value, measure)
    _refuse_unit(key, value)
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return values.stored_text
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return values.yes_or_no
    if kind == FieldDescriptor.CPPTYPE_DOUBLE:
        return lambda found: float(values.decimal(found))
    if field.enum_type is not None:
        numbers = short_names(field.enum_type)
        check_words(key, value, numbers)
        return partial(values.enum_number, numbers=numbers)
    read = (
        _before_the_point
        if field.name == "revision"
        else partial(values.whole, absolute=value.absolute, negate=value.negate)
    )
    return _within(_LEAST[kind], _MOST[kind], read)


def _before_the_point(value: object) -> int:
    """A revision out of any number that only ever grows, such as an amount refunded: what stands before its point."""
    return int(values.decimal(value))


def _measured(key: str, field: FieldDescriptor, value: Value, measure: dict[str, Decimal]) -> Read:
    factor = measure.get(value.unit or "")
    if factor is None:
        raise InvalidArgument(f"{key}.unit", f"must be one of {', '.join(measure)} for {field.name}", value=value.unit)
    kind = field.cpp_type
    return _within(_LEAST[kind], _MOST[kind], partial(values.scaled, factor=factor))


def _refuse_unit(key: str, value: Value) -> None:
    if value.unit is not None:
        raise InvalidArgument(f"{key}.unit", "is for amounts, weights, distances and energy")


def _within(least: int, most: int, read: Callable[[object], int]) -> Read:
    def bounded(found: object) -> int:
        number = read(found)
        if not least <= number <= most:
            raise BadValueError(f"must lie between {least} and {most}")
        return number

    return bounded


def short_names(enum: EnumDescriptor) -> dict[str, int]:
    """Numbers by name without the enum's own prefix, such as ROAD_LIGHT for TRANSPORT_MODE_ROAD_LIGHT."""
    zero = enum.values_by_number[0].name
    prefix = zero.removesuffix("UNSPECIFIED")
    return {value.name.removeprefix(prefix): value.number for value in enum.values}


def check_words(key: str, value: Value, numbers: dict[str, int]) -> None:
    """Raises InvalidArgument when a word that the mapping itself gives is none of an enum's."""
    targets = [] if value.map is None else list(value.map.values())
    targets += [word for word in (value.constant, value.otherwise) if word is not None]
    for target in targets:
        if target and value.prefix + target not in numbers:
            known = ", ".join(name for name in numbers if name != "UNSPECIFIED")
            raise InvalidArgument(key, f"must give one of {known}", value=target)


# How they are set


def _inside(message: Message, parents: Sequence[str]) -> Message:
    for parent in parents:
        message = getattr(message, parent)
    return message


def _plain_setter(parents: Sequence[str], name: str) -> Set:
    if parents:
        return lambda message, value: setattr(_inside(message, parents), name, value)
    return lambda message, value: setattr(message, name, value)


def _money_setter(parents: Sequence[str], name: str) -> Set:
    def put(message: Message, fen: Any) -> None:
        amount = getattr(_inside(message, parents) if parents else message, name)
        amount.currency_code = "CNY"
        units, rest = divmod(abs(fen), 100)
        amount.units, amount.nanos = (units, rest * 10_000_000) if fen >= 0 else (-units, -rest * 10_000_000)

    return put


def _day_setter(parents: Sequence[str], name: str) -> Set:
    def put(message: Message, day: Any) -> None:
        date = getattr(_inside(message, parents) if parents else message, name)
        date.year, date.month, date.day = day.year, day.month, day.day

    return put
