"""Columns out of PostgreSQL in binary."""

from __future__ import annotations

from datetime import UTC, date, datetime

import asyncpg
import pytest
from sycee_ingestion.store.columns import BIG, DAY, FLAG, MOMENT, SMALL, WHOLE, Query, blob, fetch

COLUMNS = {
    "small": (SMALL, "a"),
    "whole": (WHOLE, "b"),
    "big": (BIG, "c"),
    "flag": (FLAG, "d"),
    "day": (DAY, "e"),
    "moment": (MOMENT, "f"),
    "bytes": (blob(3), "g"),
}

ROWS = """from (values
    (-7::smallint, 2147483647, -9223372036854775808, true, date '1989-02-03',
        timestamptz '2026-03-15 04:30:00.000001Z', '\\x00ff00'::bytea),
    (7::smallint, -1, 9223372036854775807, false, date '9999-12-31',
        timestamptz '1970-01-01 00:00Z', '\\x414243'::bytea)
) as rows (a, b, c, d, e, f, g)"""


@pytest.fixture
async def driver(postgres_url: str):
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def test_every_kind_comes_as_it_is(driver: asyncpg.Connection) -> None:
    frame = await fetch(driver, Query(COLUMNS, ROWS))
    assert frame.schema == {name: kind.polars for name, (kind, _) in COLUMNS.items()}
    first, second = datetime(2026, 3, 15, 4, 30, 0, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)
    assert frame.rows() == [
        (-7, 2147483647, -(2**63), True, date(1989, 2, 3), first, b"\x00\xff\x00"),
        (7, -1, 2**63 - 1, False, date(9999, 12, 31), second, b"ABC"),
    ]


async def test_no_rows_are_an_empty_frame_of_the_same_columns(driver: asyncpg.Connection) -> None:
    frame = await fetch(driver, Query(COLUMNS, ROWS + " where false"))
    assert len(frame) == 0
    assert frame.schema == {name: kind.polars for name, (kind, _) in COLUMNS.items()}


async def test_many_rows_come_whole(driver: asyncpg.Connection) -> None:
    frame = await fetch(driver, Query({"n": (BIG, "n")}, "from generate_series(1, 200000) as n"))
    assert (len(frame), frame["n"].sum()) == (200_000, 20_000_100_000)


@pytest.mark.parametrize(
    "rest",
    ["from (values (null::bigint)) as rows (n)", "from (values (1::bigint), (null), (2)) as rows (n)"],
)
async def test_a_null_is_refused(driver: asyncpg.Connection, rest: str) -> None:
    with pytest.raises(ValueError, match="null or wider"):
        await fetch(driver, Query({"n": (BIG, "n")}, rest))


async def test_another_width_is_refused(driver: asyncpg.Connection) -> None:
    with pytest.raises(ValueError, match="null or wider"):
        await fetch(driver, Query({"b": (blob(3), "b")}, "from (values ('\\x01'::bytea)) as rows (b)"))
