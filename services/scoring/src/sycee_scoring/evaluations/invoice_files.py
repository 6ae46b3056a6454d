"""Files of invoices and of labels, as anyone may bring them, into plain tables. Bad input is told by file, column,
value and rule."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

YES: Final = ("1", "1.0", "true", "yes", "y", "是")
NO: Final = ("0", "0.0", "false", "no", "n", "否")
VALID: Final = (*YES, "valid", "有效", "有效发票")
VOIDED: Final = (*NO, "void", "voided", "作废", "作废发票")

NEEDED: Final = ("firm", "date", "counterparty", "net_amount", "valid")
KEYS: Final = ("invoice_no", "tax", "gross_amount")
"""Columns that only help to tell an invoice from its exact duplicate; they may lack."""

MOST_YUAN: Final = 1e12
"""No invoice is larger: beyond it lie typing errors, and whole fen that a sum could not hold."""

_PARQUET: Final = b"PAR1"


class EvaluationError(Exception):
    """A file cannot be used; the message names it, the column, the value and the rule."""


def read_invoices(option: str, path: Path) -> tuple[pl.DataFrame, int]:
    """One row an invoice, exact duplicates dropped, and how many were dropped.

    Columns: `firm` (text), `date`, `counterparty` (text, null where it is not named), `net_fen` (whole fen without tax,
    below zero for red-letter invoices) and `valid` (false where voided). Raises EvaluationError.
    """
    table = read_table(option, path)
    _need(option, path, table, NEEDED)
    columns = [*NEEDED, *(key for key in KEYS if key in table.columns)]
    whole = table.select(columns)
    distinct = whole.unique(maintain_order=True)
    counterparty = distinct["counterparty"].cast(pl.String).str.strip_chars()
    read = pl.DataFrame(
        {
            "firm": _names(option, path, distinct["firm"]),
            "date": _dates(option, path, distinct["date"]),
            "counterparty": counterparty.replace("", None),
            "net_fen": _fen(option, path, distinct["net_amount"]),
            "valid": _flags(option, path, distinct["valid"], VALID, VOIDED),
        }
    )
    return read, whole.height - distinct.height


def read_labels(option: str, path: Path) -> Mapping[str, bool]:
    """Whether each firm defaulted. Raises EvaluationError, also for a firm that is said to have and not to have."""
    table = read_table(option, path)
    _need(option, path, table, ("firm", "default"))
    pairs = pl.DataFrame(
        {
            "firm": _names(option, path, table["firm"]),
            "default": _flags(option, path, table["default"], YES, NO),
        }
    ).unique()
    twice = pairs.filter(pl.col("firm").is_duplicated())
    if twice.height:
        raise EvaluationError(
            f"{option}: {path}: column 'firm': {twice['firm'][0]!r} has both labels; it must have one"
        )
    return dict(pairs.sort("firm").iter_rows())


def read_table(option: str, path: Path) -> pl.DataFrame:
    """The table in a file of CSV (UTF-8 or GB 18030) or Parquet; columns by their names in small letters."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{option}: {path} cannot be read: {error.strerror}") from error
    try:
        if content.startswith(_PARQUET):
            table = pl.read_parquet(io.BytesIO(content))
        else:
            table = pl.read_csv(io.BytesIO(_utf8(content)), infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise EvaluationError(f"{option}: {path} is neither CSV in UTF-8 or GB 18030 nor Parquet: {reason}") from error
    names = {name: name.strip().lower() for name in table.columns}
    if len(set(names.values())) < len(names):
        raise EvaluationError(f"{option}: {path} names a column twice: {', '.join(map(repr, names))}")
    if not table.height:
        raise EvaluationError(f"{option}: {path} holds no rows")
    return table.rename(names)


def _utf8(content: bytes) -> bytes:
    try:
        return content.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return content.decode("gb18030").encode()


def _need(option: str, path: Path, table: pl.DataFrame, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in table.columns:
            there = ", ".join(map(repr, table.columns))
            raise EvaluationError(f"{option}: {path} has no column {name!r}, only {there}")


def _names(option: str, path: Path, column: pl.Series) -> pl.Series:
    names = _text(option, path, column)
    _refuse(option, path, column, names.is_null() | (names == ""), "must name a firm")
    return names


def _text(option: str, path: Path, column: pl.Series) -> pl.Series:
    try:
        return column.cast(pl.String).str.strip_chars()
    except pl.exceptions.PolarsError as error:
        raise EvaluationError(
            f"{option}: {path}: column {column.name!r} holds {column.dtype}, not texts or numbers"
        ) from error


def _dates(option: str, path: Path, column: pl.Series) -> pl.Series:
    """Days; of a moment, its day as written. Text as 2019-07-01, 2019/7/1, 2019.7.1 or 20190701, a time after it."""
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        days = column.cast(pl.Date)
    else:
        parts = _text(option, path, column).str.extract_groups(
            r"^(?<year>\d{4})(?:[-/.年]?)(?<month>\d{1,2})(?:[-/.月]?)(?<day>\d{1,2})日?(?:[ T].*)?$"
        )
        year, month, day = (parts.struct.field(name).cast(pl.Int32) for name in ("year", "month", "day"))
        written = year.cast(pl.String) + "-" + month.cast(pl.String) + "-" + day.cast(pl.String)
        days = written.str.to_date("%Y-%m-%d", strict=False)
    outside = (days.dt.year() < 1990) | (days.dt.year() > 2100)
    _refuse(
        option, path, column, days.is_null() | outside, "must be a day such as 2019-07-01, of the years 1990 to 2100"
    )
    return days


def _fen(option: str, path: Path, column: pl.Series) -> pl.Series:
    yuan = column.str.replace_all(",", "") if column.dtype == pl.String else column
    numbers = yuan.cast(pl.Float64, strict=False)
    wrong = numbers.is_null() | ~numbers.is_finite() | (numbers.abs() > MOST_YUAN)
    _refuse(option, path, column, wrong, f"must be an amount in yuan of at most {MOST_YUAN:.0e}")
    return (numbers * 100.0).round().cast(pl.Int64)


def _flags(option: str, path: Path, column: pl.Series, yes: tuple[str, ...], no: tuple[str, ...]) -> pl.Series:
    words = _text(option, path, column).str.to_lowercase()
    _refuse(option, path, column, ~words.is_in((*yes, *no)).fill_null(value=False), f"must be {'/'.join((*yes, *no))}")
    return words.is_in(yes)


def _refuse(option: str, path: Path, column: pl.Series, wrong: pl.Series, rule: str) -> None:
    """Raises for the first row that is wrong; null counts as wrong where the caller says so."""
    at = wrong.fill_null(value=True).arg_max()
    if at is not None and bool(wrong.fill_null(value=True)[at]):
        raise EvaluationError(f"{option}: {path}: column {column.name!r} holds {column[at]!r}; it {rule}")
