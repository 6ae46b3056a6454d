"""Reads a table of loans, CSV or Parquet, into typed columns and a label, whatever the columns are called.

A column becomes numbers (missing = NaN) or categories (missing = ""). Numbers may be written with thousands
separators, a currency sign or a percent sign, and dates become days since 1970. Nothing is learnt from the label here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from sycee_scoring.learning.labels import LabelError, bads_of
from sycee_scoring.learning.metrics import Array

Column = Array | list[str]
Columns = Mapping[str, Column]

_PARQUET: Final = b"PAR1"
_SEPARATORS: Final = (",", ";", "\t", "|")
_MISSING: Final = ("", "na", "n/a", "nan", "<na>", "null", "?", "#n/a", "nat", "missing", "缺失")
_MISSING_AMONG_NUMBERS: Final = ("none", "-", "--", ".", "unknown", "inf", "-inf", "无", "未知")
"""What means a missing value where the rest is numbers; elsewhere it may be a category of its own."""

_PARSED_SHARE: Final = 0.95
"""Share of the present values that must read as numbers, or as dates, for the column to be so: judgement."""

LARGEST: Final = 1e30
"""Numbers are clipped to this, far beyond any amount, so that squares and sums stay finite."""

_DATE_FORMATS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%b-%Y", "%d-%b-%y")
_MONTH_FORMATS: Final = (("%d-", "%b-%Y"), ("%d-", "%b-%y"), ("%d-", "%Y-%m"), ("%d-", "%Y/%m"), ("%d-", "%m/%Y"))
_NANOSECONDS_A_DAY: Final = 86_400_000_000_000


class TableError(Exception):
    """The file cannot be used; the message names the option, the column, what it holds, and the rule."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name in the file's order, `bad` (1.0 = went bad) and `times` (any ordered number, or None), all of
    one length; `notes` are lines about what was left out, for a person."""

    columns: dict[str, Column]
    bad: Array
    times: Array | None
    notes: tuple[str, ...]


def read(path: Path, label: str, time: str | None = None, bad_value: str | None = None) -> Table:
    """The table of a file. `bad_value` says which value of the label is bad, where that cannot be told. Raises
    TableError."""
    frame = _frame(path)
    for option, name in (("--label", label), ("--time", time)):
        if name is not None and name not in frame.columns:
            raise TableError(f"{option}: {path} has no column {name!r}, only {', '.join(map(repr, frame.columns))}")
    if frame.height == 0:
        raise TableError(f"--file: {path} holds no rows")
    if time == label:
        raise TableError(f"--time: {time!r} is the label")
    notes: list[str] = []
    for option, name in (("--label", label), ("--time", time)):
        frame = frame if name is None else _without_missing(frame, option, name, notes)
    try:
        bad, how = bads_of(texts(frame[label]), bad_value)
    except LabelError as error:
        raise TableError(f"--label: {label!r} {error}") from error
    if how:
        notes.append(f"label {label!r}: {how}")
    columns = _all_typed(frame.drop([label] if time is None else [label, time]), notes)
    return Table(columns, bad, None if time is None else _times(frame[time]), tuple(notes))


def take(columns: Columns, rows: np.ndarray) -> dict[str, Column]:
    """The given rows (indices) of each column."""
    return {
        name: [column[row] for row in rows] if isinstance(column, list) else column[rows]
        for name, column in columns.items()
    }


def count(columns: Columns) -> int:
    """Rows of the columns; 0 without any."""
    return len(next(iter(columns.values()), ()))


def texts(series: pl.Series) -> list[str]:
    """A column's values as trimmed text, "" where missing."""
    return [] if series.is_empty() else _text(series).fill_null("").to_list()


def _frame(path: Path) -> pl.DataFrame:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"--file: {path} cannot be read: {error.strerror}") from error
    try:
        if content.startswith(_PARQUET):
            return pl.read_parquet(io.BytesIO(content))
        text = _decoded(content)
        frame = pl.read_csv(
            io.BytesIO(text), infer_schema=False, separator=_separator(text), truncate_ragged_lines=True
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError, pl.exceptions.PanicException) as error:
        reason = str(error).partition("\n")[0]
        raise TableError(f"--file: {path} is neither CSV in UTF-8, GBK or UTF-16 nor Parquet: {reason}") from error
    names = [name.strip() for name in frame.columns]
    return frame.rename(dict(zip(frame.columns, names, strict=True))) if len(set(names)) == len(names) else frame


def _decoded(content: bytes) -> bytes:
    """The file in UTF-8: as its mark says, else UTF-8 where it is valid, else GB 18030, which includes GBK."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16").encode()
    try:
        return content.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return content.decode("gb18030").encode()


def _separator(text: bytes) -> str:
    """Whichever separator is most frequent in the first line."""
    header = text.partition(b"\n")[0].decode(errors="replace")
    return max(_SEPARATORS, key=header.count)


def _without_missing(frame: pl.DataFrame, option: str, name: str, notes: list[str]) -> pl.DataFrame:
    try:
        present = _text(frame[name]).is_not_null()
    except pl.exceptions.PolarsError as error:
        raise TableError(f"{option}: {name!r} holds {frame[name].dtype}, not text, numbers or dates") from error
    missing = int((~present).sum())
    if missing == frame.height:
        raise TableError(f"{option}: {name!r} is empty in every row")
    if missing:
        notes.append(f"{missing} rows without {name!r} are left out")
    return frame.filter(present)


def _text(series: pl.Series) -> pl.Series:
    text = series.cast(pl.String).str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(_MISSING), None)


def _all_typed(frame: pl.DataFrame, notes: list[str]) -> dict[str, Column]:
    typed = {name: _typed(frame[name], notes) for name in frame.columns}
    return {name: column for name, column in typed.items() if column is not None}


def _typed(series: pl.Series, notes: list[str]) -> Column | None:
    """The column's numbers or categories, or None where it holds neither (lists, structs, bytes)."""
    kind = series.dtype
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        notes.append(f"column {series.name!r} holds {kind} and is left out")
        return None
    if kind.is_numeric() or kind == pl.Boolean:
        return _finite(series.cast(pl.Float64))
    if kind.is_temporal():
        return _days(series)
    text = _text(series)
    present = text.drop_nulls()
    if present.is_empty():
        return np.full(len(series), np.nan)
    for parse in (_numbers, _dates):
        parsed = parse(text)
        read = len(parsed) - parsed.null_count()
        if read >= _PARSED_SHARE * _countable(present):
            odd = len(present) - read
            if odd and read < len(present.filter(~present.str.to_lowercase().is_in(_MISSING_AMONG_NUMBERS))):
                notes.append(f"column {series.name!r}: {odd} values that are no numbers or dates count as missing")
            return _finite(parsed)
    return text.fill_null("").to_list()


def _countable(present: pl.Series) -> int:
    """Values that are not a word for missing; never 0, so that a column of such words alone is one of categories."""
    return max(1, int((~present.str.to_lowercase().is_in(_MISSING_AMONG_NUMBERS)).sum()))


def _numbers(text: pl.Series) -> pl.Series:
    """Numbers as people write them: 1,234.50, $12, (300), 12.5%; null where there is none."""
    bare = (
        text.str.replace(r"^\(\s*(.*)\)$", "-$1").str.replace(r"^(-?)\s*[$€£¥¥]\s*", "$1").str.replace(r"\s*[%%]$", "")
    )
    grouped = bare.str.contains(r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$")
    number = (
        bare.str.replace_all(",", "", literal=True)
        .zip_with(grouped.fill_null(value=False), bare)
        .cast(pl.Float64, strict=False)
    )
    return number.set(~number.is_finite(), None)


def _dates(text: pl.Series) -> pl.Series:
    """Days since 1970 of dates and months in the form that reads most of them; null where there is none."""
    day = text.str.slice(0, 10)
    tries = [day.str.to_date(form, strict=False) for form in _DATE_FORMATS if "%b" not in form]
    tries += [text.str.to_date(form, strict=False) for form in _DATE_FORMATS if "%b" in form]
    tries += [("01-" + text).str.to_date(before + form, strict=False) for before, form in _MONTH_FORMATS]
    best = min(tries, key=lambda parsed: parsed.null_count())
    return best.cast(pl.Int32, strict=False).cast(pl.Float64)


def _days(series: pl.Series) -> Array:
    if series.dtype == pl.Date:
        return _finite(series.cast(pl.Int32).cast(pl.Float64))
    unit = series.cast(pl.Datetime("ns")) if series.dtype.base_type() == pl.Datetime else series
    return _finite(unit.cast(pl.Int64).cast(pl.Float64) / _NANOSECONDS_A_DAY)


def _finite(series: pl.Series) -> Array:
    numbers: Array = series.fill_null(float("nan")).to_numpy().astype(np.float64)
    return np.clip(np.where(np.isfinite(numbers), numbers, np.nan), -LARGEST, LARGEST)


def _times(series: pl.Series) -> Array:
    """Numbers in the order of time; text that is neither number nor date is put in the order of the alphabet."""
    column = _typed(series, [])
    if isinstance(column, list) or column is None or bool(np.isnan(column).any()):
        _, ranks = np.unique(np.array(texts(series)), return_inverse=True)
        return ranks.astype(np.float64)
    return column
