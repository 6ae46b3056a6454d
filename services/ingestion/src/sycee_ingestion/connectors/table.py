"""Any table: CSV, aligned text, JSON, JSON Lines or Parquet, by a mapping that says everything.

It proposes the kind of event for which it finds most columns, by their names and by what their values look like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sycee_service.errors import InvalidArgument

from sycee_ingestion.connectors import Proposal, Tree, guesses, names, proposing
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.connectors.opening import AnyTable, open_any
from sycee_ingestion.mapping import FIELD, TABLE, FileShape


@dataclass(frozen=True, slots=True)
class Shape:
    """What a kind of event is made of: fields by the role of their column, needed ones first."""

    kind: str
    needed: Mapping[str, str]
    further: Mapping[str, str]
    time_roles: tuple[str, ...] = ("happened_at", "created_at", "paid_at", "day")


SHAPES = (
    Shape(
        "order",
        {"amount": "paid"},
        {
            "order_id": "order_id",
            "buyer_id": "buyer",
            "item_count": "pieces",
            "goods_id": "goods",
            "category": "category",
        },
        ("paid_at", "created_at", "happened_at", "day"),
    ),
    Shape("refund", {"amount": "refund", "order_id": "order_id"}, {}, ("refunded_at", "happened_at")),
    Shape("review", {"stars": "stars"}, {"order_id": "order_id", "text": "review_text"}),
    Shape("traffic", {"page_views": "page_views", "visitors": "visitors"}, {}, ("day", "happened_at")),
    Shape("social_activity", {"followers": "followers"}, {"posts": "posts", "interactions": "interactions"}),
    Shape("settlement", {"net_amount": "settled"}, {"fee_amount": "fee"}),
    Shape("shipment", {"weight_g": "weight"}, {"order_id": "order_id", "distance_km": "distance"}),
    Shape(
        "energy_use",
        {"electricity_wh": "electricity", "period_first": "period_first", "period_last": "period_last"},
        {},
        ("period_last", "happened_at"),
    ),
    Shape(
        "tax_record",
        {"declared_sales": "declared", "period_first": "period_first", "period_last": "period_last"},
        {},
        ("period_last", "happened_at"),
    ),
)
_MONEY = frozenset({"amount", "net_amount", "fee_amount", "declared_sales"})
_DAYS = frozenset({"period_first", "period_last"})
_MEASURED = {"weight_g": "g", "distance_km": "km", "electricity_wh": "Wh"}
_NUMBERS = frozenset({"item_count", "stars", "page_views", "visitors", "followers", "posts", "interactions"})
_UNSURE = 0.2


class TableConnector:
    """See above."""

    name = TABLE

    def recognise(self, look: Look) -> float:
        """Less sure than any connector that knows its kind of file."""
        return _UNSURE if _best(guesses.leaf_paths(look))[1] else _UNSURE / 2

    def propose(self, look: Look) -> Proposal:
        """One kind of event of each row."""
        paths = guesses.leaf_paths(look)
        shape, _ = _best(paths)
        points: list[str] = []
        tree: Tree = {
            "file": proposing.file_section(look.shape),
            "source": guesses.slug(look.stem, "table"),
            "merchant": proposing.merchant_section(look, points),
        }
        tree["occurred_at"] = _when(look, shape, paths, points)
        personal = names.personal(paths)
        fields = _fields(look, shape, [path for path in paths if path not in personal], points)
        if (own := _own_id(look, shape, paths)) is not None:
            tree["event_id"] = {"column": own}
        else:
            points.append(
                "no column names a row: rows are named by the file and their place, so the same rows in another file "
                "count again; say event_id if some columns together name one"
            )
        digest = [path for path in personal if path in {value["column"] for value in fields.values()}]
        if personal:
            tree["personal"] = {"drop": [path for path in personal if path not in digest], "digest": digest}
        return Proposal(tree | {"events": [{"kind": shape.kind, "fields": fields}]}, tuple(points))

    def open(self, path: Path, shape: FileShape) -> AnyTable:
        """The file as rows, as they stand."""
        return open_any(path, shape)

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:  # noqa: ARG002 - others use it
        """Nothing: a mapping says everything. There are no options."""
        if options:
            raise InvalidArgument(f"{FIELD}.options", "must be empty: this connector has none")
        return {}


def _best(paths: Sequence[str]) -> tuple[Shape, bool]:
    """The kind for which most columns are found, and whether all that it needs are."""

    def score(shape: Shape) -> tuple[float, int]:
        needed = sum(names.find(role, paths) is not None for role in shape.needed.values()) / len(shape.needed)
        return needed, sum(names.find(role, paths) is not None for role in shape.further.values())

    best = max(SHAPES, key=score)
    return best, score(best)[0] == 1


def _when(look: Look, shape: Shape, paths: Sequence[str], points: list[str]) -> Tree:
    """The column that says when: by its name, else the first whose values are times."""
    named = (names.find(role, paths) for role in shape.time_roles)
    column = next((column for column in named if column is not None), None)
    if column is None:
        timed = (path for path in paths if guesses.time_form(proposing.sample(look, path))[0])
        column = next((path for path in timed if names.plain(path) not in _IDS), None)
    if column is None:
        points.append("no column of times was found: say when each row happened in occurred_at")
        return {"constant": ""}
    return proposing.time_value(look, column, points)


_IDS = frozenset(
    names.plain(name) for role in ("order_id", "buyer", "event_id", "merchant") for name in names.ROLES[role]
)


def _fields(look: Look, shape: Shape, paths: Sequence[str], points: list[str]) -> Tree:
    fields: Tree = {}
    for field, role in {**shape.needed, **shape.further}.items():
        column = names.find(role, paths)
        if column is not None and (field not in _NUMBERS or guesses.are_numbers(proposing.sample(look, column))):
            fields[field] = _field(look, field, column, points)
        elif field in shape.needed:
            points.append(f"no column for {shape.kind}.{field} was found: without it every row is held")
    return fields


def _field(look: Look, field: str, column: str, points: list[str]) -> Tree:
    if field in _MONEY:
        value = proposing.money_value(look, column, points)
        if guesses.any_negative(proposing.sample(look, column)):
            points.append(f"some amounts in {column!r} are negative: say in events[0].when what those are, or absolute")
        return value
    if field in _DAYS:
        return proposing.time_value(look, column, points)
    if field in _MEASURED:
        unit = names.unit_in(column)
        if unit is None:
            points.append(f"{column!r} is taken as {_MEASURED[field]}: say its unit if it is another one")
        return {"column": column, "unit": unit or _MEASURED[field]}
    return {"column": column}


def _own_id(look: Look, shape: Shape, paths: Sequence[str]) -> str | None:
    """A column in which no value of the sample stands twice and whose name says that it names rows."""
    candidates = [names.find(role, paths) for role in ("event_id", *(("order_id",) if shape.kind == "order" else ()))]
    for column in candidates:
        found = [] if column is None else proposing.sample(look, column)
        if column is not None and len(found) == len(look.rows) and len(set(map(str, found))) == len(found):
            return column
    return None
