"""Reads daily counts: a CSV or Parquet file with the columns shop_id, time_stamp and count."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from sycee_scoring.distress.panel import Panel

SHOP: Final = "shop_id"
DAY: Final = "time_stamp"
COUNT: Final = "count"

MAX_DAYS: Final = 3_660
MAX_CELLS: Final = 60_000_000
"""Shops times days: half a gigabyte."""

_PARQUET: Final = b"PAR1"
_DAY_RULE: Final = "days are written as 2016-06-01, 2016/6/1 or 20160601, with or without a time"
_DAY_PATTERN: Final = r"^\s*(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|(\d{2})(\d{2}))(?:[T ].*)?\s*$"
_COUNT_RULE: Final = "counts are finite numbers from 0 up"


class DailyFileError(Exception):
    """The file cannot be used; the message names file, column, value and rule."""


def read_daily(path: Path) -> Panel:
    """The counts of a file, in any order. Rows that are equal in all three columns are one; different rows of one shop
    and day add up; a row without a count is no row; a day without a row had no trade. Raises DailyFileError."""
    table = _table(path)
    for column in (SHOP, DAY, COUNT):
        if column not in table.columns:
            raise DailyFileError(f"{path} has no column {column!r}, only {', '.join(map(repr, table.columns))}")
    columns = (_shops(path, table[SHOP]), _days(path, table[DAY]), _counts(path, table[COUNT]))
    originals = table.select(pl.struct(SHOP, DAY, COUNT).is_first_distinct()).to_series()
    rows = pl.DataFrame(columns).filter(originals).drop_nulls(COUNT)
    if rows.is_empty():
        raise DailyFileError(f"{path} has no row with a count")
    _bound(path, rows)
    return panel_of(rows)


def panel_of(rows: pl.DataFrame) -> Panel:
    """The table of days of rows with shop_id (text), time_stamp (date) and count (number), all present and some."""
    days = rows.group_by(SHOP, DAY).agg(pl.col(COUNT).sum()).sort(SHOP, DAY)
    shops = days[SHOP].unique().sort()
    numbers = days[DAY].to_physical().to_numpy()
    places = numbers - numbers.min()
    counts = np.zeros((len(shops), int(places.max()) + 1))
    counts[shops.search_sorted(days[SHOP]).to_numpy(), places] = days[COUNT].to_numpy()
    traded = counts > 0.0
    starts = np.where(traded.any(axis=1), traded.argmax(axis=1), counts.shape[1])
    return Panel(tuple(shops.to_list()), days[DAY].sort()[0], counts, starts.astype(np.int64))


def _bound(path: Path, rows: pl.DataFrame) -> None:
    days, shops = rows[DAY].to_physical().to_numpy(), rows[SHOP].n_unique()
    span = int(days.max() - days.min()) + 1
    if span > MAX_DAYS:
        first, last = rows[DAY].sort().gather([0, rows.height - 1]).cast(pl.String)
        raise DailyFileError(f"{path}: {DAY!r} spans {first} to {last}; at most {MAX_DAYS:,} days are read")
    if span * shops > MAX_CELLS:
        raise DailyFileError(f"{path}: {shops:,} shops over {span:,} days; shops × days may be {MAX_CELLS:,} at most")


def _table(path: Path) -> pl.DataFrame:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DailyFileError(f"{path} cannot be read: {error.strerror}") from error
    try:
        if content.startswith(_PARQUET):
            return pl.read_parquet(io.BytesIO(content))
        return pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise DailyFileError(f"{path} is neither CSV in UTF-8 nor Parquet: {reason}") from error


def _shops(path: Path, column: pl.Series) -> pl.Series:
    shops = _as_text(path, column).str.strip_chars()
    _refuse(path, column, shops.is_null() | (shops == ""), "every row names its shop")
    return shops


def _days(path: Path, column: pl.Series) -> pl.Series:
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        days = column.cast(pl.Date) if column.dtype == pl.Date else column.dt.date()
    else:
        parts = _as_text(path, column).str.extract_groups(_DAY_PATTERN).struct.unnest().cast(pl.Int32)
        year, month, day = parts.select(
            "1", pl.coalesce("2", "4", "6").alias("month"), pl.coalesce("3", "5", "7").alias("day")
        ).get_columns()
        days = _dates(year, month, day)
    _refuse(path, column, days.is_null(), _DAY_RULE)
    return days.alias(DAY)


def _dates(year: pl.Series, month: pl.Series, day: pl.Series) -> pl.Series:
    """The dates of three columns; null where there is no such day."""
    text = pl.DataFrame({"y": year, "m": month, "d": day}).select(
        pl.format("{}-{}-{}", "y", pl.col("m").cast(pl.String).str.zfill(2), pl.col("d").cast(pl.String).str.zfill(2))
    )
    return text.to_series().str.to_date("%Y-%m-%d", strict=False)


def _counts(path: Path, column: pl.Series) -> pl.Series:
    if column.dtype.is_numeric():
        counts = column.cast(pl.Float64)
        missing = counts.is_null()
    else:
        text = _as_text(path, column).str.strip_chars()
        missing = (text == "") | text.is_null()
        counts = text.cast(pl.Float64, strict=False)
    wrong = ~missing & (counts.is_null() | ~counts.is_finite() | (counts < 0.0)).fill_null(True)
    _refuse(path, column, wrong, _COUNT_RULE)
    return counts.alias(COUNT)


def _as_text(path: Path, column: pl.Series) -> pl.Series:
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError as error:
        raise DailyFileError(f"{path}: {column.name!r} holds {column.dtype}, not texts, numbers or days") from error


def _refuse(path: Path, column: pl.Series, wrong: pl.Series, rule: str) -> None:
    place = wrong.arg_max() if wrong.any() else None
    if place is not None:
        raise DailyFileError(f"{path}: {column.name!r} holds {column[place]!r} in row {place + 1}; {rule}")
