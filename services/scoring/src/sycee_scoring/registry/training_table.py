"""Reads a table to train from, strictly: what cannot be meant as stated is refused by column, value and rule.

A missing feature is an ordinary thing (empty, null or NaN); a word among numbers is not.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt
import polars as pl
from sycee_service.errors import InvalidArgument

from sycee_scoring.registry.model import sha256_hex
from sycee_scoring.registry.schema import Schema
from sycee_scoring.registry.wish import TrainingTable

Array = npt.NDArray[np.float64]

MOST_ROWS: Final = 2_000_000
MOST_COLUMNS: Final = 1_000
LEAST_OF_EACH: Final = 50
"""Bad rows, and good ones, that a model is trained from at least: with fewer, five folds have single figures each and
an AUC's interval covers everything. Judgement."""

_PARQUET: Final = b"PAR1"
_FIELD: Final = "table.content"
_TRUE_FALSE: Final = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0, "true": 1.0, "false": 0.0}


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """What to learn from: features (rows, columns) with NaN for missing, `bad` 0.0 and 1.0, `time` any ordered number
    or None; `period` are the first and last time as they were written; `left_out` columns were not asked for."""

    features: Array
    bad: Array
    time: Array | None
    period: tuple[str, str] | None
    left_out: tuple[str, ...]
    sha256: str


def read(table: TrainingTable, schema: Schema) -> Rows:
    """The rows of a file. Raises InvalidArgument naming column, value and rule."""
    frame = frame_of(table.content)
    for column in (*schema.names, table.label_column, *((table.time_column,) if table.time_column else ())):
        if column not in frame.columns:
            _refuse(column, "must be a column of the table")
    if table.label_column in schema.names:
        _refuse(table.label_column, "is a feature and cannot be the label")
    bad = _column(frame, table.label_column, _label)
    time = _column(frame, table.time_column, _time) if table.time_column else None
    asked = {*schema.names, table.label_column, table.time_column}
    return Rows(
        features=np.column_stack([_column(frame, name, numbers) for name in schema.names]),
        bad=bad,
        time=time,
        period=_period(frame[table.time_column], time) if time is not None else None,
        left_out=tuple(sorted(set(frame.columns) - asked)),
        sha256=sha256_hex(table.content),
    )


def frame_of(content: bytes) -> pl.DataFrame:
    """The file as a table; a CSV's columns are all text. Raises InvalidArgument."""
    try:
        frame = _parquet(content) if content.startswith(_PARQUET) else _csv(content)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, UnicodeDecodeError, OSError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise InvalidArgument(
            _FIELD, f"must be a Parquet file, or a CSV file in UTF-8 with a header: {reason}"
        ) from error
    if not frame.height:
        raise InvalidArgument(_FIELD, "must hold rows")
    if frame.height > MOST_ROWS or frame.width > MOST_COLUMNS:
        raise InvalidArgument(
            _FIELD,
            f"must hold at most {MOST_ROWS} rows and {MOST_COLUMNS} columns",
            value=f"{frame.height} rows, {frame.width} columns",
        )
    return frame


def numbers(series: pl.Series) -> Array:
    """A column of numbers, NaN where missing. Raises InvalidArgument for anything that is neither."""
    if series.dtype.is_numeric() or series.dtype in {pl.Boolean, pl.Null}:
        values = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    elif series.dtype == pl.String:
        text = series.str.strip_chars()
        text = text.set(text.is_in(["", "NaN", "nan", "NA", "null"]), None)
        parsed = text.cast(pl.Float64, strict=False)
        _refuse_first(series, (parsed.is_null() & text.is_not_null()), "must be a number or empty")
        values = parsed.fill_null(float("nan")).to_numpy()
    else:
        _refuse(series.name, f"must hold numbers, not {series.dtype}")
    _refuse_first(series, pl.Series(np.isinf(values)), "must be finite")
    return np.asarray(values, dtype=np.float64)


def _column(frame: pl.DataFrame, name: str, read_values: Callable[[pl.Series], Array]) -> Array:
    """A column's values. Raises InvalidArgument, also where polars cannot read them so."""
    try:
        return read_values(frame[name])
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError) as error:
        _refuse(name, f"cannot hold {frame[name].dtype}: {str(error).partition(chr(10))[0][:100]}")


def _parquet(content: bytes) -> pl.DataFrame:
    """Counts before it reads: a small file may unpack to any number of rows."""
    height = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
    if height > MOST_ROWS:
        raise InvalidArgument(_FIELD, f"must hold at most {MOST_ROWS} rows", value=height)
    return pl.read_parquet(io.BytesIO(content))


def _csv(content: bytes) -> pl.DataFrame:
    content.decode("utf-8-sig")  # raises where it is something else
    return pl.read_csv(io.BytesIO(content), infer_schema=False)


def _label(series: pl.Series) -> Array:
    known = series.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()
    values = known.replace_strict(_TRUE_FALSE, default=None, return_dtype=pl.Float64)
    _refuse_first(series, values.is_null(), "must be 1 for bad or 0 for good in every row")
    bad = np.asarray(values.to_numpy(), dtype=np.float64)
    counts = {"1 (bad)": int(bad.sum()), "0 (good)": int(len(bad) - bad.sum())}
    for kind, count in counts.items():
        if count < LEAST_OF_EACH:
            _refuse(series.name, f"must be {kind} in at least {LEAST_OF_EACH} rows", value=count)
    return bad


def _time(series: pl.Series) -> Array:
    """Any ordered number: numbers as they are, days and moments as microseconds. Text is ISO or a number."""
    if series.dtype == pl.String:
        text = series.str.strip_chars()
        days = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        series = (days if not days.is_null().any() else text.cast(pl.Float64, strict=False)).alias(series.name)
    if series.dtype.is_temporal():
        series = series.cast(pl.Datetime("us"), strict=False).cast(pl.Int64)
    if not series.dtype.is_numeric():
        _refuse(series.name, f"must hold days, moments or numbers, not {series.dtype}")
    values = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    _refuse_first(
        series, pl.Series(~np.isfinite(values)), "must be a day (YYYY-MM-DD), a moment or a number in every row"
    )
    return np.asarray(values, dtype=np.float64)


def _period(series: pl.Series, time: Array) -> tuple[str, str]:
    return str(series[int(time.argmin())]), str(series[int(time.argmax())])


def _refuse_first(series: pl.Series, wrong: pl.Series, rule: str) -> None:
    if wrong.any():
        row = int(wrong.arg_true()[0])
        _refuse(series.name, f"{rule} (row {row + 1})", value=series[row])


def _refuse(column: str, rule: str, value: object | None = None) -> NoReturn:
    raise InvalidArgument(_FIELD, f"column {column!r} {rule}", value=value)
