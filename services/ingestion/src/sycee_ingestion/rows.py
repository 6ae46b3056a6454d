"""Rows of a file to events, by a mapping: compiled once against the contract, then one pass a row.

Values are read by the type that the contract gives their field. What cannot be read becomes a reject of its row; what
can be read but breaks a rule of the contract is judged where every event is (`sycee_ingestion.convert_events`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from sycee.ingestion.v1 import event_pb2
from sycee_service.errors import InvalidArgument

from sycee_ingestion.convert_events import INVALID_FIELD
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.domain.imports import SKIPPED_BY_MAPPING
from sycee_ingestion.mapping import FIELD, Condition, EventRule, FileMapping, Register, Value

Row = Sequence[object]
Places = Mapping[str, int]
"""Where in a row each column stands."""

Pick = Callable[[Row], object]
"""The plain value of a row; None where it has none."""

Set = Callable[[event_pb2.Event, Row], None]
"""Sets one field of an event from a row; does nothing where the row has no value. Raises BadValueError."""

_FEN = Decimal("0.01")
_MOST_DIGITS = 20
_TRUE, _FALSE = frozenset({"true", "1", "yes", "y", "是"}), frozenset({"false", "0", "no", "n", "否"})
_LEAVES = frozenset({Money.DESCRIPTOR.full_name, Date.DESCRIPTOR.full_name})
_LEAST = {FieldDescriptor.CPPTYPE_UINT32: 0, FieldDescriptor.CPPTYPE_UINT64: 0}
_MOST = {FieldDescriptor.CPPTYPE_UINT32: 2**32 - 1, FieldDescriptor.CPPTYPE_UINT64: 2**64 - 1}


class BadValueError(Exception):
    """A value of a row cannot be read as what its field is."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class RowMapper:
    """Makes events of rows. Raises InvalidArgument, naming the key, when the mapping does not fit contract or file."""

    def __init__(self, mapping: FileMapping, columns: Sequence[str]) -> None:
        mapping.check_columns(tuple(columns))
        places = {column: place for place, column in enumerate(columns)}
        self.register: Register | None = mapping.merchant.register_as
        self._skip = tuple(_test(condition, places) for condition in mapping.skip)
        head: list[tuple[str, Set]] = [
            ("source", _attribute("source", mapping.source, places)),
            ("merchant_id", _attribute("merchant_id", mapping.merchant, places)),
            ("occurred_at", _occurred_at(mapping.occurred_at, places)),
        ]
        if mapping.event_id is not None:
            head.append(("event_id", _attribute("event_id", mapping.event_id, places)))
        self._rules = tuple(
            _Rule(f"{FIELD}.events[{index}]", rule, head, places) for index, rule in enumerate(mapping.events)
        )

    def event(self, row: Row | None, index: int, file_name: str) -> event_pb2.Event | Reject:
        """The event of a row, or why there is none; None is a row that does not have the file's columns.

        `index` is the row's place in the file, from 0, and `file_name` stands for the file's content: the two name an
        event that the mapping gives no event_id, so that reading the file again finds the same events.
        """
        if row is None:
            return _reject(index, INVALID_FIELD, "", "must have as many values as the file has columns")
        if any(test(row) for test in self._skip):
            return _reject(index, SKIPPED_BY_MAPPING, "", "`skip` of the mapping leaves it out")
        rule = next((rule for rule in self._rules if rule.fits(row)), None)
        if rule is None:
            return _reject(index, SKIPPED_BY_MAPPING, "", "no entry of `events` of the mapping fits it")
        event = event_pb2.Event(event_id=f"{file_name}-{index}")
        field = ""
        try:
            for name, set_field in rule.fields:
                field = name
                set_field(event, row)
        except BadValueError as bad:
            return _reject(index, INVALID_FIELD, field, bad.rule)
        except (ValueError, OverflowError):
            return _reject(index, INVALID_FIELD, field, "must be a value that the field can hold")
        return event


class _Rule:
    """One entry of `events`, compiled."""

    def __init__(self, key: str, rule: EventRule, head: Sequence[tuple[str, Set]], places: Places) -> None:
        self._when = tuple(_test(condition, places) for condition in rule.when)
        self.fields = [*head, (rule.kind, _choose(rule.kind))]
        for name, value in rule.fields.items():
            self.fields.append(
                (f"{rule.kind}.{name}", _body_field(f"{key}.fields.{name}", rule.kind, name, value, places))
            )
        if rule.kind in {"order", "refund"} and "order_id" not in rule.fields:
            self.fields.append((f"{rule.kind}.order_id", _order_id_of_event(rule.kind)))

    def fits(self, row: Row) -> bool:
        return all(test(row) for test in self._when)


def _reject(index: int, reason: str, field: str, rule: str) -> Reject:
    return Reject(index, "", "", reason, field, rule)


# Conditions


def _test(condition: Condition, places: Places) -> Callable[[Row], bool]:
    place = places[condition.column]
    equals = None if condition.equals is None else frozenset(condition.equals)
    below = None if condition.below is None else Decimal(condition.below)
    at_least = None if condition.at_least is None else Decimal(condition.at_least)

    def holds(row: Row) -> bool:
        value = row[place]
        if equals is not None and _text(value) not in equals:
            return False
        if below is None and at_least is None:
            return True
        try:
            number = _decimal(value)
        except BadValueError:
            return False
        return (below is None or number < below) and (at_least is None or number >= at_least)

    return holds


# Values


def _pick(value: Value, places: Places) -> Pick:
    """The value as the file has it, or as text where it is joined, prefixed or mapped. Empty text is no value."""
    if value.constant is not None:
        constant = value.constant
        return lambda _row: constant
    taken = tuple(places[column] for column in value.columns_read())
    prefix, replace = value.prefix, value.map
    if len(taken) == 1 and replace is None and not prefix:
        return _plain(taken[0])

    def pick(row: Row) -> object:
        parts = [row[place] for place in taken]
        if any(part is None or part == "" for part in parts):
            return None
        text = "-".join(_text(part) for part in parts)
        if replace is not None:
            if text not in replace:
                raise BadValueError("must be one of the values in `map` of the mapping")
            text = replace[text]
        return prefix + text

    return pick


def _plain(place: int) -> Pick:
    def pick(row: Row) -> object:
        value = row[place]
        return None if value == "" else value

    return pick


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _decimal(value: object) -> Decimal:
    """A finite number of a size that can be meant."""
    try:
        number = value if isinstance(value, Decimal) else Decimal(_text(value).strip())
    except ArithmeticError:
        raise BadValueError("must be a number") from None
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise BadValueError("must be a number below 10^20")
    return number


def _moment(value: object, form: str | None, zone: ZoneInfo) -> datetime:
    """An aware moment; without an offset of its own it is taken in `zone`, a bare day as its first second."""
    if isinstance(value, datetime):
        return _in_utc(value, zone)
    if isinstance(value, date):
        return _in_utc(datetime.combine(value, time()), zone)
    return _moment_of_text(_text(value).strip(), form, zone)


@lru_cache(maxsize=10_000)  # a file tells of few days, each of them often
def _moment_of_text(text: str, form: str | None, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        raise BadValueError("must be a time" if form is None else f"must be a time of the form {form}") from None
    return _in_utc(found, zone)


def _in_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValueError("must be a time in the years 2 to 9998") from None


# Fields


def _attribute(name: str, value: Value, places: Places) -> Set:
    pick = _pick(value, places)

    def set_field(event: event_pb2.Event, row: Row) -> None:
        found = pick(row)
        setattr(event, name, "" if found is None else _text(found).strip())

    return set_field


def _occurred_at(value: Value, places: Places) -> Set:
    pick, form, zone = _pick(value, places), value.format, ZoneInfo(value.time_zone)

    def set_field(event: event_pb2.Event, row: Row) -> None:
        found = pick(row)
        if found is not None:
            event.occurred_at.FromDatetime(_moment(found, form, zone))

    return set_field


def _choose(kind: str) -> Set:
    """Makes the body present even where every value of it is absent: the contract then names what is missing."""

    def set_field(event: event_pb2.Event, _row: Row) -> None:
        body: Message = getattr(event, kind)
        body.SetInParent()

    return set_field


def _order_id_of_event(kind: str) -> Set:
    def set_field(event: event_pb2.Event, _row: Row) -> None:
        getattr(event, kind).order_id = event.event_id

    return set_field


def _body_field(key: str, kind: str, name: str, value: Value, places: Places) -> Set:
    """Sets `name` (or `name.part`, for coordinates) of a body. Raises InvalidArgument naming the mapping's key."""
    *parents, _ = name.split(".")
    field = _described(kind, name)
    if field is None:
        raise InvalidArgument(key, f"must name a field of {kind}")
    pick, read = _pick(value, places), _reader(key, field, value)

    def set_field(event: event_pb2.Event, row: Row) -> None:
        found = pick(row)
        if found is None:
            return
        message = getattr(event, kind)
        for parent in parents:
            message = getattr(message, parent)
        read(message, found)

    return set_field


def _described(kind: str, path: str) -> FieldDescriptor | None:
    """The field at a path below a body, where it is one that a single value sets."""
    field: FieldDescriptor | None = event_pb2.Event.DESCRIPTOR.fields_by_name[kind]
    for part in path.split("."):
        inside = None if field is None or _type_name(field) in _LEAVES else field.message_type
        field = None if inside is None else inside.fields_by_name.get(part)
    settable = field is not None and (field.message_type is None or _type_name(field) in _LEAVES)
    return field if settable else None


def _type_name(field: FieldDescriptor) -> str:
    return "" if field.message_type is None else field.message_type.full_name


def _reader(key: str, field: FieldDescriptor, value: Value) -> Callable[[Message, object], None]:
    """Reads a plain value into `field` of a message, by the field's type."""
    name = field.name
    if field.message_type is not None:
        read = _money_reader(value) if _type_name(field) == Money.DESCRIPTOR.full_name else _day_reader(value)
        return lambda message, found: getattr(message, name).CopyFrom(read(found))
    scalar = _scalar_reader(key, field, value)
    return lambda message, found: setattr(message, name, scalar(found))


def _money_reader(value: Value) -> Callable[[object], Message]:
    rate, absolute = Decimal(value.rate or "1"), value.absolute

    def read(found: object) -> Money:
        number = _decimal(found)
        fen = int(((abs(number) if absolute else number) * rate).quantize(_FEN, ROUND_HALF_UP) * 100)
        units, rest = divmod(abs(fen), 100)
        sign = -1 if fen < 0 else 1
        return Money(currency_code="CNY", units=sign * units, nanos=sign * rest * 10_000_000)

    return read


def _day_reader(value: Value) -> Callable[[object], Message]:
    form, zone = value.format, ZoneInfo(value.time_zone)

    def read(found: object) -> Date:
        day = _moment(found, form, zone).astimezone(zone)
        return Date(year=day.year, month=day.month, day=day.day)

    return read


def _scalar_reader(key: str, field: FieldDescriptor, value: Value) -> Callable[[object], object]:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return lambda found: _text(found).strip()
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return _read_bool
    if kind == FieldDescriptor.CPPTYPE_DOUBLE:
        return lambda found: float(_decimal(found))
    if field.enum_type is not None:
        numbers = _short_names(field.enum_type)
        _check_enum_map(key, value, numbers)
        return lambda found: _read_enum(_text(found), numbers)
    least, most, absolute = _LEAST[kind], _MOST[kind], value.absolute
    return lambda found: _read_whole(found, least, most, absolute=absolute)


def _read_bool(found: object) -> bool:
    text = _text(found).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise BadValueError("must be true or false")


def _read_whole(found: object, least: int, most: int, *, absolute: bool) -> int:
    number = _decimal(found)
    if number != number.to_integral_value():
        raise BadValueError("must be a whole number")
    whole = abs(int(number)) if absolute else int(number)
    if not least <= whole <= most:
        raise BadValueError(f"must lie between {least} and {most}")
    return whole


def _short_names(enum: EnumDescriptor) -> dict[str, int]:
    """Numbers by name without the enum's own prefix, such as ROAD_LIGHT for TRANSPORT_MODE_ROAD_LIGHT."""
    zero = enum.values_by_number[0].name
    prefix = zero.removesuffix("UNSPECIFIED")
    return {value.name.removeprefix(prefix): value.number for value in enum.values}


def _read_enum(text: str, numbers: Mapping[str, int]) -> int:
    if text not in numbers:
        raise BadValueError(f"must be one of {', '.join(_known(numbers))}")
    return numbers[text]


def _check_enum_map(key: str, value: Value, numbers: Mapping[str, int]) -> None:
    targets = [] if value.map is None else list(value.map.values())
    if value.constant is not None:
        targets.append(value.constant)
    for target in targets:
        if value.prefix + target not in numbers:
            raise InvalidArgument(key, f"must give one of {', '.join(_known(numbers))}", value=target)


def _known(numbers: Mapping[str, int]) -> Iterator[str]:
    return (name for name in numbers if name != "UNSPECIFIED")
