"""Parquet files, read by Polars a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError

from sycee_ingestion.connectors.chunks import Chunk, Frame
from sycee_ingestion.connectors.errors import UnreadableFileError


class ParquetTable:
    """A Parquet file. Its columns keep their types; nested ones are stepped into by field paths."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _readable():
            self.columns: tuple[str, ...] = tuple(pl.read_parquet_schema(path))

    def count(self) -> int:
        """Rows in the file."""
        with _readable():
            return int(pl.scan_parquet(self._path).select(pl.len()).collect(engine="streaming").item())

    def chunks(self, skip: int, size: int) -> Iterator[Chunk]:
        """The rows after the first `skip`, at most `size` at a time."""
        with _readable():
            scan = pl.scan_parquet(self._path).slice(skip)
            for frame in scan.collect_batches(chunk_size=max(size, 10_000), maintain_order=True):
                for start in range(0, frame.height, size):
                    yield Frame(frame.slice(start, size))


class _readable:  # noqa: N801 - reads as a statement
    """Turns what Polars raises about a file's content into UnreadableFileError, without the content."""

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (PolarsError, PanicException)):
            raise UnreadableFileError(f"it cannot be read as parquet ({type(error).__name__})") from None
