"""Books in files: Parquet, CSV and JSON lines, read a part at a time; answers written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from sycee_scoring.batch.columns import SEPARATOR, BookError, typed

PART_ROWS: Final = 50_000
"""Rows that are in memory at once: with two years of weeks 40 MB."""

KINDS: Final = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds in every row of a file that lacks the column."""

    as_of: datetime | None = None
    requested_amount_fen: int | None = None
    term_months: int | None = None

    def applied(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The table with the columns that it lacked."""
        given = {
            "as_of": (self.as_of, pl.Datetime("us", "UTC")),
            "requested_amount_fen": (self.requested_amount_fen, pl.Int64()),
            "term_months": (self.term_months, pl.Int64()),
        }
        lacking = [
            pl.lit(value, dtype=kind).alias(name)
            for name, (value, kind) in given.items()
            if value is not None and name not in frame.columns
        ]
        return frame.with_columns(lacking)


def kind_of(path: Path) -> str:
    """The kind of a file by its name. Raises BookError for others."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise BookError(f"{path} must be named {', '.join(KINDS)}")
    return kind


def rows_of(path: Path) -> int:
    """How many merchants a file holds. Raises BookError."""
    try:
        return int(_scan(path).select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error


def parts(path: Path, defaults: Defaults) -> Iterator[pl.DataFrame]:
    """The merchants of a file in its order, a typed part at a time. Raises BookError."""
    first_row = 0
    try:
        for part in _scan(path).collect_batches(chunk_size=PART_ROWS, maintain_order=True):
            yield typed(defaults.applied(part), first_row)
            first_row += part.height
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error


def part_from(path: Path, defaults: Defaults, first_row: int) -> pl.DataFrame:
    """The typed part that begins after `first_row` rows. Raises BookError."""
    try:
        part = _scan(path).slice(first_row, PART_ROWS).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error
    return typed(defaults.applied(part), first_row)


def _scan(path: Path) -> pl.LazyFrame:
    kind = kind_of(path)
    if not path.is_file():
        raise BookError(f"{path} is no file")
    if kind == "parquet":
        return pl.scan_parquet(path)
    return pl.scan_csv(path, infer_schema=False) if kind == "csv" else pl.scan_ndjson(path, infer_schema_length=None)


def _unreadable(path: Path, error: Exception) -> BookError:
    return BookError(f"{path} cannot be read as {kind_of(path)}: {str(error).splitlines()[0]}")


def write(scores: pl.DataFrame, path: Path) -> None:
    """Writes the answers by the kind of `path`; a file of that name is replaced once the new one is whole."""
    kind = kind_of(path)
    beside = path.with_name(f".{path.name}.part")
    try:
        if kind == "parquet":
            scores.write_parquet(beside)
        elif kind == "csv":
            lists = [name for name, dtype in scores.schema.items() if isinstance(dtype, pl.List)]
            scores.with_columns(pl.col(name).list.join(SEPARATOR) for name in lists).write_csv(beside)
        else:
            scores.write_ndjson(beside)
        beside.replace(path)
    except OSError as error:
        raise BookError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
