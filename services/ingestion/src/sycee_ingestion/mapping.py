"""The YAML that says how a file's columns become event fields: its shape, checked key by key.

The README describes the format with examples. `parse` gives a `FileMapping` or InvalidArgument that names the key at
fault; `sycee_ingestion.rows` turns rows into events by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from sycee_service.errors import InvalidArgument, Violation

FIELD = "mapping_yaml"
_MOST_VIOLATIONS = 20
_DEEPEST = 16

Kind = Literal[
    "order",
    "refund",
    "review",
    "shipment",
    "settlement",
    "traffic",
    "social_activity",
    "bureau_report",
    "tax_record",
    "energy_use",
    "store_penalty",
    "repayment",
]


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Asia/Shanghai") from None
    return name


def _number(text: str) -> str:
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise ValueError('must be a decimal number such as "8.28"')
    return text


def _rate(text: str) -> str:
    if not Decimal("0.000001") <= Decimal(text) <= Decimal(1_000_000):
        raise ValueError("must lie between 0.000001 and 1,000,000")
    return text


Text = Annotated[str, Field(max_length=256)]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Number = Annotated[str, Field(max_length=32), AfterValidator(_number)]
Rate = Annotated[Number, AfterValidator(_rate)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FileShape(_Strict):
    """How to read the file. `format` follows the path's suffix where it is not said."""

    format: Literal["csv", "text", "parquet"] | None = None
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    header: bool = True
    columns: Annotated[tuple[ColumnName, ...], Field(max_length=1_000)] = ()
    skip_lines: Annotated[int, Field(ge=0, le=1_000)] = 0

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns must not name one twice")
        if not self.separator.isascii() or self.separator in '"\r\n\x00':
            raise ValueError("separator must be one ASCII character and neither a quote nor a line break")
        if not self.header and not self.columns:
            raise ValueError("columns must be named where the file has no header")
        if self.header and self.columns:
            raise ValueError("columns are for a file without a header; set header to false")
        return self


class Value(_Strict):
    """Where one value comes from (a column, several joined by "-", or a constant) and how to read it.

    A bare text in its place is a constant.
    """

    column: ColumnName | None = None
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1, max_length=8)] | None = None
    constant: Text | None = None
    prefix: Text = ""
    map: Annotated[dict[Text, Text], Field(max_length=1_000)] | None = None
    format: Text | None = None
    time_zone: TimeZone = "Asia/Shanghai"
    currency: Annotated[str, Field(alias="from", pattern="^[A-Z]{3}$")] = "CNY"
    rate: Rate | None = None
    absolute: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_constant(cls, given: object) -> object:
        return {"constant": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if sum(origin is not None for origin in (self.column, self.columns, self.constant)) != 1:
            raise ValueError("needs exactly one of column, columns and constant")
        if (self.currency != "CNY") != (self.rate is not None):
            raise ValueError("from (another currency than CNY) and rate (CNY for one of it) come together")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The columns that the value is made of."""
        return (self.column,) if self.column is not None else self.columns or ()


class Register(_Strict):
    """What a merchant that is not registered yet is registered as; nobody is known to run it."""

    borrower_kind: Literal["INDIVIDUAL", "SOLE_TRADER", "ENTERPRISE"]
    category: Annotated[str, Field(pattern="^([a-z0-9][a-z0-9._-]{0,63})?$")] = ""
    province_code: Annotated[str, Field(pattern="^([1-9][0-9])?$")] = ""
    simulated: bool = False


class MerchantValue(Value):
    """The merchant of a row, and what to register it as where it is not registered."""

    register_as: Register | None = Field(default=None, alias="register")


class Condition(_Strict):
    """A test of one column: every part that is given must hold. `below` and `at_least` read it as a number."""

    column: ColumnName
    equals: Annotated[tuple[Text, ...], BeforeValidator(_as_list), Field(max_length=1_000)] | None = None
    below: Number | None = None
    at_least: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.equals is None and self.below is None and self.at_least is None:
            raise ValueError("needs equals, below or at_least")
        return self


class EventRule(_Strict):
    """An event made of a row for which every condition of `when` holds."""

    kind: Kind
    when: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()
    fields: Annotated[dict[ColumnName, Value], Field(max_length=64)]


class FileMapping(_Strict):
    """The whole mapping."""

    file: FileShape = FileShape()
    source: Value
    merchant: MerchantValue
    occurred_at: Value
    event_id: Value | None = None
    skip: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()
    events: Annotated[tuple[EventRule, ...], Field(min_length=1, max_length=16)]

    def values(self) -> Iterator[tuple[str, Value]]:
        """Every value with the path of its key."""
        yield "source", self.source
        yield "merchant", self.merchant
        yield "occurred_at", self.occurred_at
        if self.event_id is not None:
            yield "event_id", self.event_id
        for index, rule in enumerate(self.events):
            for name, value in rule.fields.items():
                yield f"events[{index}].fields.{name}", value

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Every condition with the path of its key."""
        for index, condition in enumerate(self.skip):
            yield f"skip[{index}]", condition
        for index, rule in enumerate(self.events):
            for number, condition in enumerate(rule.when):
                yield f"events[{index}].when[{number}]", condition

    def check_columns(self, present: tuple[str, ...]) -> None:
        """Raises InvalidArgument that names each key whose column the file does not have."""
        known = set(present)
        read = [(f"{path}.column", column) for path, value in self.values() for column in value.columns_read()]
        read += [(f"{path}.column", condition.column) for path, condition in self.conditions()]
        missing = [
            Violation(f"{FIELD}.{path}", "must name a column of the file", column)
            for path, column in read
            if column not in known
        ]
        if missing:
            raise InvalidArgument.many(missing[:_MOST_VIOLATIONS])


def parse(mapping_yaml: str) -> FileMapping:
    """The mapping in a YAML text. Raises InvalidArgument whose fields are paths below `mapping_yaml`."""
    try:
        tree = yaml.load(mapping_yaml, Loader=_Loader)  # noqa: S506 - it makes texts, lists and mappings only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        raise InvalidArgument(FIELD, f"must be YAML: {error.problem}{place}") from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        raise InvalidArgument(FIELD, "must be YAML") from None
    if not isinstance(tree, dict):
        raise InvalidArgument(FIELD, "must be a YAML mapping of keys to values")
    try:
        return FileMapping.model_validate(tree)
    except ValidationError as error:
        flaws = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidArgument.many([_violation(flaw) for flaw in flaws[:_MOST_VIOLATIONS]]) from None


def _violation(flaw: Any) -> Violation:
    path = FIELD
    for step in flaw["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return Violation(path, str(flaw["msg"]).removeprefix("Value error, "))


class _Loader(yaml.BaseLoader):
    """Every scalar is the text that stands there: `no` is a column's name, not false, and 007 is not seven.

    Each key stands once, and aliases are not taken: a few lines of them can unfold to gigabytes.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"is deeper than {_DEEPEST} levels", None)
        try:
            return self._compose_plain(parent, index)
        finally:
            self._depth -= 1

    def _compose_plain(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML types it not
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)
