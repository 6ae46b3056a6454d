"""The YAML that says how a file's columns become event fields: its shape, checked key by key.

The README describes the format with examples. A mapping may be a part only (`read`): the connector that it names fills
in the rest once the columns are known (`Draft.filled`). What is wrong raises InvalidArgument naming the key at fault;
`sycee_ingestion.rows` turns rows into events by what is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from sycee_service.errors import InvalidArgument, Violation

FIELD = "mapping_yaml"
TABLE = "table"
"""The connector of a mapping that names none."""

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
    "invoice",
    "daily_count",
]
Unit = Literal["g", "kg", "t", "Wh", "kWh", "MWh", "m", "km", "fen", "yuan", "wan"]
Format = Literal["csv", "text", "jsonl", "json", "parquet"]
Encoding = Literal["utf-8", "gb18030", "gbk", "utf-16"]


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
ColumnNames = Annotated[tuple[ColumnName, ...], Field(max_length=1_000)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Number = Annotated[str, Field(max_length=32), AfterValidator(_number)]
Rate = Annotated[Number, AfterValidator(_rate)]
Expression = Annotated[str, Field(min_length=1, max_length=1_000)]
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FileShape(_Strict):
    """How to read the file. `format` follows the path's suffix where it is not said."""

    format: Format | None = None
    encoding: Encoding = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    header: bool = True
    columns: ColumnNames = ()
    skip_lines: Annotated[int, Field(ge=0, le=1_000)] = 0
    items: Annotated[str, Field(max_length=256)] = ""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns must not name one twice")
        if not self.separator.isascii() or self.separator in '"\r\n\x00':
            raise ValueError("separator must be one ASCII character and neither a quote nor a line break")
        if self.format in {"json", "jsonl"}:
            return self
        if not self.header and not self.columns:
            raise ValueError("columns must be named where the file has no header")
        if self.header and self.columns:
            raise ValueError("columns are for a file without a header; set header to false")
        return self


class Value(_Strict):
    """Where one value comes from (a column, several joined by "-", a constant, an expression) and how to read it.

    A bare text in its place is a constant.
    """

    column: ColumnName | None = None
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1, max_length=8)] | None = None
    constant: Text | None = None
    cel: Expression | None = None
    prefix: Text = ""
    map: Annotated[dict[Text, Text], Field(max_length=1_000)] | None = None
    otherwise: Text | None = None
    format: Text | None = None
    time_zone: TimeZone = "Asia/Shanghai"
    currency: Annotated[str, Field(alias="from", pattern="^[A-Z]{3}$")] = "CNY"
    rate: Rate | None = None
    unit: Unit | None = None
    absolute: bool = False
    negate: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_constant(cls, given: object) -> object:
        return {"constant": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if sum(origin is not None for origin in (self.column, self.columns, self.constant, self.cel)) != 1:
            raise ValueError("needs exactly one of column, columns, constant and cel")
        if (self.currency != "CNY") != (self.rate is not None):
            raise ValueError("from (another currency than CNY) and rate (CNY for one of it) come together")
        if self.otherwise is not None and self.map is None:
            raise ValueError("otherwise is for a map: what stands for every text that it does not name")
        if self.absolute and self.negate:
            raise ValueError("absolute and negate exclude each other")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The columns that the value is made of; those of an expression are not among them."""
        return (self.column,) if self.column is not None else self.columns or ()


class Register(_Strict):
    """What a merchant that is not registered yet is registered as; nobody is known to run it.

    Each is a value of the row: where the same merchant stands in several rows, the first one that is read decides.
    """

    borrower_kind: Value
    name: Value | None = None
    category: Value | None = None
    province_code: Value | None = None
    simulated: Value | None = None


class MerchantValue(Value):
    """The merchant of a row, and what to register it as where it is not registered."""

    register_as: Register | None = Field(default=None, alias="register")


class Condition(_Strict):
    """A test of one column, every part that is given must hold, or an expression that must be true.

    `below` and `at_least` read the column as a number.
    """

    column: ColumnName | None = None
    cel: Expression | None = None
    equals: Annotated[tuple[Text, ...], BeforeValidator(_as_list), Field(max_length=1_000)] | None = None
    below: Number | None = None
    at_least: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        of_column = self.equals is not None or self.below is not None or self.at_least is not None
        if self.cel is not None:
            if of_column or self.column is not None:
                raise ValueError("cel stands alone")
        elif self.column is None:
            raise ValueError("needs a column or cel")
        elif not of_column:
            raise ValueError("needs equals, below or at_least")
        return self


class ListOf(_Strict):
    """A list in a row, each element of which becomes an entry of a repeated field. Columns are an element's."""

    each: ColumnName
    fields: Annotated[dict[ColumnName, Value], Field(min_length=1, max_length=64)]


Conditions = Annotated[tuple[Condition, ...], Field(max_length=16)]


class EventRule(_Strict):
    """An event made of a row for which every condition of `when` holds."""

    kind: Kind
    when: Conditions = ()
    event_id: Value | None = None
    occurred_at: Value | None = None
    revision: Value | None = None
    withdrawn: Value | None = None
    fields: Annotated[dict[ColumnName, Value], Field(max_length=64)]
    lists: Annotated[dict[ColumnName, ListOf], Field(max_length=8)] = {}


class Personal(_Strict):
    """Columns with personal data: `drop` is gone as soon as a row is read, `digest` is a keyed digest from then on."""

    drop: ColumnNames = ()
    digest: ColumnNames = ()


class FileMapping(_Strict):
    """The whole mapping. Without `events` the file is a list of merchants to register."""

    connector: Name = TABLE
    options: Annotated[dict[Name, Text], Field(max_length=32)] = {}
    file: FileShape = FileShape()
    source: Value | None = None
    merchant: MerchantValue
    occurred_at: Value | None = None
    event_id: Value | None = None
    revision: Value | None = None
    withdrawn: Value | None = None
    personal: Personal = Personal()
    skip: Conditions = ()
    events: Annotated[tuple[EventRule, ...], Field(max_length=16)] = ()
    also: Annotated[tuple[EventRule, ...], Field(max_length=16)] = ()

    def values(self) -> Iterator[tuple[str, Value]]:
        """Every value of a row with the path of its key; those of lists are read from elements, not from rows."""
        heads = ("source", "merchant", "occurred_at", "event_id", "revision", "withdrawn")
        yield from _given((name, getattr(self, name)) for name in heads)
        register = self.merchant.register_as
        if register is not None:
            names = ("borrower_kind", "name", "category", "province_code", "simulated")
            yield from _given((f"merchant.register.{name}", getattr(register, name)) for name in names)
        for key, rule in self.rules():
            own = ("event_id", "occurred_at", "revision", "withdrawn")
            yield from _given((f"{key}.{name}", getattr(rule, name)) for name in own)
            for name, value in rule.fields.items():
                yield f"{key}.fields.{name}", value

    def rules(self) -> Iterator[tuple[str, EventRule]]:
        """Every rule with the path of its key."""
        for name, rules in (("events", self.events), ("also", self.also)):
            for index, rule in enumerate(rules):
                yield f"{name}[{index}]", rule

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Every condition with the path of its key."""
        for index, condition in enumerate(self.skip):
            yield f"skip[{index}]", condition
        for key, rule in self.rules():
            for number, condition in enumerate(rule.when):
                yield f"{key}.when[{number}]", condition

    def columns_read(self) -> list[tuple[str, str]]:
        """(path of the key, column) of every column that is named; expressions check theirs themselves."""
        read = [(f"{path}.column", column) for path, value in self.values() for column in value.columns_read()]
        read += [(f"{path}.column", c.column) for path, c in self.conditions() if c.column is not None]
        read += [
            (f"{key}.lists.{name}.each", entry.each) for key, rule in self.rules() for name, entry in rule.lists.items()
        ]
        read += [(f"personal.drop[{index}]", column) for index, column in enumerate(self.personal.drop)]
        read += [(f"personal.digest[{index}]", column) for index, column in enumerate(self.personal.digest)]
        return read

    def check_whole(self) -> None:
        """Raises InvalidArgument for what is missing: without events, a file registers merchants."""
        needed = {"source": self.source, "occurred_at": self.occurred_at} if self.events else {}
        missing = [Violation(f"{FIELD}.{name}", "is needed") for name, value in needed.items() if value is None]
        if not self.events:
            if self.merchant.register_as is None:
                missing.append(Violation(f"{FIELD}.events", "needs an entry, unless merchants are registered"))
            if self.also:
                missing.append(Violation(f"{FIELD}.also", "goes with events"))
        if missing:
            raise InvalidArgument.many(missing)


def _given(named: Iterator[tuple[str, Value | None]]) -> Iterator[tuple[str, Value]]:
    return ((name, value) for name, value in named if value is not None)


class _Start(BaseModel):
    """What must be known before a file is opened."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    connector: Name = TABLE
    options: Annotated[dict[Name, Text], Field(max_length=32)] = {}
    file: FileShape = FileShape()


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping as it was given: what connector, options and file say is checked, the rest is not yet."""

    connector: str
    options: Mapping[str, str]
    file: FileShape
    tree: Mapping[str, Any]

    def filled(self, defaults: Mapping[str, Any]) -> FileMapping:
        """The whole mapping: what is given stands, key by key at the top, and `defaults` (a tree as of YAML) fills in.

        Raises InvalidArgument naming the keys that are wrong or missing.
        """
        tree = {**defaults, **self.tree}
        if isinstance(self.tree.get("personal"), dict) and "personal" in defaults:
            tree["personal"] = _both(defaults["personal"], self.tree["personal"])
        mapping = _validated(FileMapping, tree)
        mapping.check_whole()
        return mapping


def _both(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Personal columns of both: nobody lays one open by naming another."""
    joined = dict(second)
    for name, columns in first.items():
        given = second.get(name, [])
        if isinstance(given, list):
            joined[name] = [*given, *(column for column in columns if column not in given)]
    return joined


def read(mapping_yaml: str) -> Draft:
    """The mapping in a YAML text. Raises InvalidArgument whose fields are paths below `mapping_yaml`."""
    tree = load(mapping_yaml, FIELD)
    if not isinstance(tree, dict):
        raise InvalidArgument(FIELD, "must be a YAML mapping of keys to values")
    start = _validated(_Start, tree)
    return Draft(start.connector, start.options, start.file, tree)


def parse(mapping_yaml: str) -> FileMapping:
    """The mapping in a YAML text that says everything itself. Raises InvalidArgument as `read`."""
    return read(mapping_yaml).filled({})


def load(text: str, field: str) -> object:
    """The tree in a YAML text, all of whose scalars are texts. Raises InvalidArgument naming the field."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes texts, lists and mappings only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        raise InvalidArgument(field, f"must be YAML: {error.problem}{place}") from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        raise InvalidArgument(field, "must be YAML") from None


Model = TypeVar("Model", bound=BaseModel)


def _validated(model: type[Model], tree: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(tree)
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
