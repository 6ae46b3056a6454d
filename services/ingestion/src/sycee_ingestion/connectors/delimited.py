"""Tables of text: values parted by a character, or by blanks. Read record by record in bounded memory.

A record that is no row (another number of values, bytes that are not text, a quote that never ends) is one broken row,
and the ones after it are read on. Blank lines are no rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from sycee_ingestion.connectors.chunks import Broken, Chunk, Lines
from sycee_ingestion.connectors.errors import UnreadableFileError
from sycee_ingestion.mapping import FileShape

LONGEST_LINE = 1_000_000
NOT_TEXT = "must be text in the encoding of the file"
_TOO_LONG = f"must be a record whose values have at most {csv.field_size_limit()} characters"

Record = Sequence[str] | Broken


class DelimitedTable:
    """A file of lines. `split_at_blanks`: whether blanks part the values, as in aligned tables."""

    def __init__(self, path: Path, shape: FileShape, *, split_at_blanks: bool = False) -> None:
        self._path = path
        self._shape = shape
        self._split_at_blanks = split_at_blanks
        self.columns: tuple[str, ...] = self._columns()

    def count(self) -> int:
        """Rows in the file."""
        return sum(1 for _ in self._rows())

    def chunks(self, skip: int, size: int) -> Iterator[Chunk]:
        """The rows after the first `skip`, at most `size` at a time."""
        rows = islice(self._rows(), skip, None)
        while chunk := list(islice(rows, size)):
            yield Lines(self.columns, chunk)

    def _columns(self) -> tuple[str, ...]:
        if not self._shape.header:
            return self._shape.columns
        with self._open() as stream:
            first = next(self._records(stream), ())
        if isinstance(first, Broken):
            raise UnreadableFileError(f"its first line {first.rule}")
        return distinct(first)

    def _rows(self) -> Iterator[Record]:
        with self._open() as stream:
            yield from islice(self._records(stream), 1 if self._shape.header else 0, None)

    def _records(self, stream: TextIO) -> Iterator[Record]:
        lines = _lines(stream)
        records = (line.split() for line in lines) if self._split_at_blanks else self._delimited(lines)
        for record in records:
            if isinstance(record, Broken):
                yield record
            elif record and any(record):
                yield record if _is_text(record) else Broken(NOT_TEXT, [_escaped(value) for value in record])

    def _delimited(self, lines: Iterator[str]) -> Iterator[Record]:
        reader = csv.reader(lines, delimiter=self._shape.separator)
        while True:
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Broken(_TOO_LONG, "")

    def _open(self) -> TextIO:
        encoding = "utf-8-sig" if self._shape.encoding == "utf-8" else self._shape.encoding
        stream = self._path.open(encoding=encoding, errors="surrogateescape", newline="")
        for _ in range(self._shape.skip_lines):
            stream.readline(LONGEST_LINE)
        return stream


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, each its own: the second `price` is `price#2`."""
    found: list[str] = []
    for name in (name.strip() for name in names):
        same = 1
        unique = name
        while unique in found:
            same += 1
            unique = f"{name}#{same}"
        found.append(unique)
    return tuple(found)


def _lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            raise UnreadableFileError(f"a line has more than {LONGEST_LINE} characters")
        yield line


def _is_text(record: Sequence[str]) -> bool:
    joined = "".join(record)
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(value: str) -> str:
    return value.encode(errors="backslashreplace").decode()
