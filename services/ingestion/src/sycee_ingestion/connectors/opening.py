"""Opens a file as a table by its format, and takes off what spreadsheets dress values in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sycee_ingestion.connectors.chunks import Broken, Chunk
from sycee_ingestion.connectors.delimited import DelimitedTable, distinct
from sycee_ingestion.connectors.frames import ParquetTable
from sycee_ingestion.connectors.json_rows import JsonTable
from sycee_ingestion.mapping import FileShape

FORMATS = {".csv": "csv", ".txt": "text", ".json": "json", ".jsonl": "jsonl", ".parquet": "parquet"}
"""Formats by suffix, where a mapping says none."""

_NOTHING = frozenset({"null", "NULL", "-", "--", "无"})

AnyTable = DelimitedTable | JsonTable | ParquetTable


def open_any(path: Path, shape: FileShape) -> AnyTable:
    """A file as rows, as it stands. Raises UnreadableFileError."""
    form = shape.format or FORMATS[path.suffix.lower()]
    if form == "parquet":
        return ParquetTable(path)
    if form in {"json", "jsonl"}:
        return JsonTable(path, shape, is_lines=form == "jsonl")
    return DelimitedTable(path, shape, split_at_blanks=form == "text")


def open_export(path: Path, shape: FileShape) -> AnyTable | ExportTable:
    """A file of a system's export as rows; texts of spreadsheets without their dress."""
    table = open_any(path, shape)
    return ExportTable(table) if isinstance(table, DelimitedTable) else table


class ExportTable:
    """A table without the dress of spreadsheets: `="123"`, `'123`, tabs, and words that stand for nothing."""

    def __init__(self, table: DelimitedTable) -> None:
        self._table = table
        self.columns = distinct([str(undressed(column) or "") for column in table.columns])
        self._as_read = dict(zip(self.columns, table.columns, strict=True))

    def count(self) -> int:
        """Rows in the file."""
        return self._table.count()

    def chunks(self, skip: int, size: int) -> Iterator[Chunk]:
        """The rows after the first `skip`, at most `size` at a time."""
        return (_Undressed(chunk, self._as_read) for chunk in self._table.chunks(skip, size))


class _Undressed:
    """A chunk whose texts are undressed."""

    def __init__(self, chunk: Chunk, as_read: Mapping[str, str]) -> None:
        self._chunk = chunk
        self._as_read = as_read
        self.height: int = chunk.height
        self.broken: Mapping[int, Broken] = chunk.broken

    def column(self, path: str) -> Sequence[object]:
        """See `Chunk`."""
        return [undressed(value) for value in self._chunk.column(self._as_read.get(path, path))]

    def row(self, number: int) -> Mapping[str, object]:
        """See `Chunk`."""
        row = self._chunk.row(number)
        return {name: undressed(row.get(as_read)) for name, as_read in self._as_read.items()}


def undressed(value: object) -> object:
    """A value without its dress; None for words that stand for nothing."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text[:2] == '="' and text[-1:] == '"':
        text = text[2:-1]
    text = text.lstrip("'`").strip()
    return None if text in _NOTHING or not text else text
