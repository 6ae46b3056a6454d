"""Columns out of PostgreSQL without an object for each value: COPY in binary, read as one array of rows.

What is asked for has fixed widths and no nulls, so that every row has the same length (PostgreSQL's manual, COPY,
"Binary Format"): the number of columns in two bytes, then for each column its length in four bytes and its bytes,
big-endian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg
import numpy as np
import polars as pl

_HEADER_BYTES = 19
_TRAILER = b"\xff\xff"
_NUMBER = "number of columns"
_EPOCH_DAYS = (date(2000, 1, 1) - date(1970, 1, 1)).days
_EPOCH_US = _EPOCH_DAYS * 86_400_000_000

FAR_DAY = date(9999, 12, 31)
"""Stands for "never" where a day may not be null."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a column comes and what it becomes: the type that is asked of PostgreSQL, its bytes, its type in Polars."""

    sql: str
    width: int
    polars: pl.DataType


SMALL = Kind("smallint", 2, pl.Int16())
WHOLE = Kind("integer", 4, pl.Int32())
BIG = Kind("bigint", 8, pl.Int64())
FLAG = Kind("boolean", 1, pl.Boolean())
DAY = Kind("date", 4, pl.Date())
MOMENT = Kind("timestamptz", 8, pl.Datetime("us", "UTC"))


def blob(width: int) -> Kind:
    """Bytes, always so many."""
    return Kind("bytea", width, pl.Binary())


@dataclass(frozen=True, slots=True)
class Query:
    """Columns by name, each with its kind and its expression, and the rest of a select from `from` on.

    The text holds no values but numbers and days that the caller has put there: COPY takes no parameters.
    """

    columns: Mapping[str, tuple[Kind, str]]
    rest: str

    def statement(self) -> str:
        """The select."""
        wanted = ", ".join(f"({expression})::{kind.sql}" for kind, expression in self.columns.values())
        return f"select {wanted} {self.rest}"


async def fetch(driver: asyncpg.Connection, query: Query) -> pl.DataFrame:
    """The rows of a query, in its order where it has one. Raises ValueError when a value is null or of another
    width."""
    data = bytearray()

    async def take(part: bytes) -> None:
        data.extend(part)

    await driver.copy_from_query(query.statement(), output=take, format="binary")
    return frame({name: kind for name, (kind, _) in query.columns.items()}, bytes(data))


def frame(kinds: Mapping[str, Kind], data: bytes) -> pl.DataFrame:
    """A frame of what COPY gave. Raises ValueError when it has not the shape that the columns ask for."""
    rows = _rows(kinds, data)
    return pl.DataFrame([_series(name, kind, rows[name]) for name, kind in kinds.items()])


def _rows(kinds: Mapping[str, Kind], data: bytes) -> np.ndarray:
    fields: list[tuple[str, str]] = [(_NUMBER, ">i2")]
    for name, kind in kinds.items():
        fields += [(f"{name} length", ">i4"), (name, _plain(kind))]
    layout = np.dtype(fields)
    body = memoryview(data)[_HEADER_BYTES : -len(_TRAILER)]
    if not data.endswith(_TRAILER) or len(body) % layout.itemsize:
        raise ValueError("a value is null or wider than its column")
    rows = np.frombuffer(body, layout)
    widths = {name: kind.width for name, kind in kinds.items()}
    if (rows[_NUMBER] != len(kinds)).any() or any((rows[f"{n} length"] != w).any() for n, w in widths.items()):
        raise ValueError("a value is null or wider than its column")
    return rows


def _plain(kind: Kind) -> str:
    if kind.polars == pl.Boolean():
        return "?"
    return f"V{kind.width}" if kind.polars == pl.Binary() else f">i{kind.width}"


def _series(name: str, kind: Kind, values: np.ndarray) -> pl.Series:
    if kind.polars == pl.Binary():
        whole = values.tobytes()
        parts = [whole[at : at + kind.width] for at in range(0, len(whole), kind.width)]
        return pl.Series(name, parts, pl.Binary())
    native = values.astype(values.dtype.newbyteorder("="))
    if kind is DAY:
        return pl.Series(name, native + np.int32(_EPOCH_DAYS)).cast(pl.Date)
    if kind is MOMENT:
        return pl.Series(name, native + np.int64(_EPOCH_US)).cast(pl.Datetime("us", "UTC"))
    return pl.Series(name, native, kind.polars)
