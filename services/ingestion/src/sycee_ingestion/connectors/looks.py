"""A look at a file before anybody has said what it is: its encoding, format, separator, columns and first rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sycee_ingestion.connectors.chunks import Broken, Chunk
from sycee_ingestion.connectors.delimited import DelimitedTable, distinct
from sycee_ingestion.connectors.errors import UnreadableFileError
from sycee_ingestion.connectors.frames import ParquetTable
from sycee_ingestion.connectors.json_rows import JsonTable, items_path
from sycee_ingestion.mapping import Encoding, FileShape

SAMPLE_ROWS = 500
_SAMPLE_BYTES = 1 << 18
_SAMPLE_LINES = 200
_SEPARATORS = (",", "\t", ";", "|")
_LEAST_SHARE = 0.9
_MOST_SKIPPED = 50
_DATA = re.compile(r"[-+]?[¥￥]?\s*\d[\d,.:/\s年月日-]*(?:[T ]\d{1,2}:\d{2}.*)?%?")


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """What a file looks like. Has no repr: its rows may be personal."""

    stem: str
    """Its name without the suffix, in lower case: what people call a file often says what it is."""
    shape: FileShape
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    """Up to 500 of the first that can be read."""
    document_keys: tuple[str, ...] = ()
    """Of JSON: the names in the outermost object, or in the first one of an outermost array."""

    def values(self, column: str) -> list[object]:
        """The sample's values of a column, without those that are empty."""
        found = (row.get(column) for row in self.rows)
        return [value for value in found if value is not None and value != ""]


def look_at(path: Path) -> Look:
    """Looks at a file. Raises UnreadableFileError when it is none that can be read."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        table = ParquetTable(path)
        return Look(
            path.stem.lower(), FileShape(format="parquet"), table.columns, _sample(table.chunks(0, SAMPLE_ROWS))
        )
    encoding, text = _decoded(path)
    if not text.strip():
        raise UnreadableFileError("it is empty")
    if suffix in {".json", ".jsonl"} or text.lstrip()[:1] in {"{", "["}:
        return _json_look(path, encoding, text)
    return _table_look(path, encoding, text)


def _decoded(path: Path) -> tuple[Encoding, str]:
    """The encoding, and the first lines."""
    with path.open("rb") as stream:
        raw = stream.read(_SAMPLE_BYTES)
    whole = len(raw) < _SAMPLE_BYTES
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16", _text(raw, "utf-16", whole)
    for encoding in ("utf-8", "gb18030"):
        try:
            return encoding, _text(raw, "utf-8-sig" if encoding == "utf-8" else encoding, whole)
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError("it is text neither in UTF-8 nor in GB 18030")


def _text(raw: bytes, encoding: str, whole: bool) -> str:
    """The text of a beginning; a character that it cuts off at the end is left out."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if whole or error.start < len(raw) - 4:
            raise
        return raw[: error.start].decode(encoding)


def _sample(chunks: Iterator[Chunk]) -> tuple[Mapping[str, object], ...]:
    chunk = next(chunks, None)
    if chunk is None:
        return ()
    return tuple(chunk.row(number) for number in range(chunk.height) if number not in chunk.broken)


# JSON


def _json_look(path: Path, encoding: Encoding, text: str) -> Look:
    is_lines = path.suffix.lower() == ".jsonl" or _are_lines(text)
    items = "" if is_lines else _items(path, encoding)
    shape = FileShape(format="jsonl" if is_lines else "json", encoding=encoding, items=items)
    table = JsonTable(path, shape, is_lines=is_lines)
    outermost = table if not items else JsonTable(path, shape.model_copy(update={"items": ""}), is_lines=False)
    first = next((row for row in islice(outermost.rows(), 1) if not isinstance(row, Broken)), {})
    return Look(path.stem.lower(), shape, table.columns, _sample(table.chunks(0, SAMPLE_ROWS)), tuple(first))


def _are_lines(text: str) -> bool:
    first, _, rest = text.strip().partition("\n")
    return first.rstrip().endswith("}") and rest.lstrip()[:1] == "{"


def _items(path: Path, encoding: Encoding) -> str:
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding) as stream:
        try:
            return items_path(stream)
        except UnicodeDecodeError:
            raise UnreadableFileError("it is not text in its encoding") from None


# Tables of text


def _table_look(path: Path, encoding: Encoding, text: str) -> Look:
    lines = text.splitlines(keepends=True)[:_SAMPLE_LINES]
    if len(lines) > 1 and len(lines) < _SAMPLE_LINES and not text.endswith("\n"):
        lines = lines[:-1]  # a beginning may end in mid-line
    separator = _separator(lines)
    records = _records(lines, separator)
    width = _usual_width(records)
    first = next(place for place, record in enumerate(records) if len(record) == width)
    blank = sum(1 for line in lines[:first] if not line.strip())
    has_header = _is_header(records[first], records[first + 1 :])
    columns = () if has_header else tuple(f"c{place + 1}" for place in range(width))
    shape = FileShape(
        format="csv" if separator else "text",
        encoding=encoding,
        separator=separator or ",",
        header=has_header,
        columns=columns,
        skip_lines=first + blank if first <= _MOST_SKIPPED else 0,
    )
    table = DelimitedTable(path, shape, split_at_blanks=separator is None)
    return Look(path.stem.lower(), shape, table.columns, _sample(table.chunks(0, SAMPLE_ROWS)))


def _records(lines: Sequence[str], separator: str | None) -> list[list[str]]:
    if separator is None:
        return [record for line in lines if (record := line.split())]
    try:
        return [record for record in csv.reader(lines, delimiter=separator) if any(record)]
    except csv.Error:
        return []


def _separator(lines: Sequence[str]) -> str | None:
    """The character that parts most lines into equally many values, or None where blanks do."""
    best: tuple[float, int, str] | None = None
    for separator in _SEPARATORS:
        records = _records(lines, separator)
        width = _usual_width(records)
        if width < 2:
            continue
        share = sum(len(record) == width for record in records) / len(records)
        if best is None or (share, width) > best[:2]:
            best = (share, width, separator)
    if best is not None and best[0] >= _LEAST_SHARE:
        return best[2]
    blanks = _records(lines, None)
    width = _usual_width(blanks)
    even = width > 1 and sum(len(record) == width for record in blanks) / len(blanks) >= _LEAST_SHARE
    if even:
        return None
    return best[2] if best is not None else ","


def _usual_width(records: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(record) for record in records)
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0


def _is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Names are no numbers and no dates, and each its own; what follows them often is."""
    named = all(cell.strip() and not _DATA.fullmatch(cell.strip()) for cell in first if cell.strip())
    return named and len(distinct(first)) == len(first) and (not others or any(cell.strip() for cell in first))
