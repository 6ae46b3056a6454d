"""Files to import: found below one folder, read in chunks of bounded memory.

CSV and Parquet stream through Polars; text is split at blanks, line by line. All of it blocks: run it in a thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TextIO

import polars as pl
from polars.exceptions import PanicException, PolarsError
from sycee_service.errors import InvalidArgument, NotFound

from sycee_ingestion.mapping import FIELD, FileShape

SUFFIXES = {".csv": "csv", ".txt": "text", ".parquet": "parquet"}
_LONGEST_LINE = 1_000_000
_READ_BYTES = 1 << 20


class UnreadableFileError(Exception):
    """The file is not what its format says. The message names no value of it, since values may be personal data."""


class ImportRoot:
    """The folder that imports are read from."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def find(self, path: str) -> Path:
        """The file at a path below the root, links followed.

        Raises InvalidArgument for a suffix that is not read, NotFound when there is no such file or it lies outside.
        """
        if "\x00" in path:
            raise InvalidArgument("path", "must not hold the character NUL")
        if Path(path).suffix.lower() not in SUFFIXES:
            raise InvalidArgument("path", f"must end in one of {', '.join(SUFFIXES)}", value=path)
        try:
            found = (self._root / path).resolve(strict=True)
            inside = found.is_relative_to(self._root) and found.is_file()
        except (OSError, RuntimeError, ValueError):  # a broken or circular link, a name too long
            inside = False
        if not inside:
            raise NotFound("file", path)
        return found


class TableFile:
    """A file read as rows. `columns` are its column names in order; rows are sequences in that order."""

    def __init__(self, path: Path, shape: FileShape) -> None:
        self._path = path
        self._shape = shape
        self._format = shape.format or SUFFIXES[path.suffix.lower()]
        self.columns: tuple[str, ...] = tuple(self._columns())

    def digest(self) -> bytes:
        """Sixteen bytes that stand for the file's content."""
        digest = blake2b(digest_size=16)
        with self._path.open("rb") as stream:
            while part := stream.read(_READ_BYTES):
                digest.update(part)
        return digest.digest()

    def count(self) -> int:
        """Rows in the file."""
        with _readable(self._format):
            if self._format == "text":
                return sum(1 for _ in self._text_rows())
            return int(self._scan().select(pl.len()).collect(engine="streaming").item())

    def chunks(self, skip: int, size: int) -> Iterator[list[Sequence[object] | None]]:
        """The rows after the first `skip`, in lists of at most `size`; None is a row of another number of values."""
        with _readable(self._format):
            if self._format == "text":
                rows = islice(self._text_rows(), skip, None)
                while chunk := list(islice(rows, size)):
                    yield chunk
                return
            for frame in self._scan().slice(skip).collect_batches(chunk_size=size, maintain_order=True):
                for start in range(0, frame.height, size):
                    yield list(frame.slice(start, size).iter_rows())

    def _columns(self) -> Sequence[str]:
        with _readable(self._format):
            if self._format == "parquet":
                return list(pl.read_parquet_schema(self._path))
            if not self._shape.header:
                return self._shape.columns
            if self._format == "text":
                with self._open_text() as stream:
                    return _line(stream).split()
            return self._scan().collect_schema().names()

    def _scan(self) -> pl.LazyFrame:
        if self._format == "parquet":
            return pl.scan_parquet(self._path)
        return pl.scan_csv(
            self._path,
            separator=self._shape.separator,
            has_header=self._shape.header,
            new_columns=None if self._shape.header else list(self._shape.columns),
            skip_lines=self._shape.skip_lines,
            infer_schema=False,
        )

    def _text_rows(self) -> Iterator[Sequence[object] | None]:
        width = len(self.columns)
        with self._open_text() as stream:
            if self._shape.header:
                _line(stream)
            while line := _line(stream):
                values = line.split()
                if values:
                    yield values if len(values) == width else None

    def _open_text(self) -> TextIO:
        stream = self._path.open(encoding="utf-8-sig")
        for _ in range(self._shape.skip_lines):
            _line(stream)
        return stream


class _readable:  # noqa: N801 - reads as a statement
    """Turns what readers raise about a file's content into UnreadableFileError, without the content."""

    def __init__(self, format_: str) -> None:
        self._format = format_

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (PolarsError, PanicException, UnicodeDecodeError)):
            raise UnreadableFileError(f"the file cannot be read as {self._format} ({type(error).__name__})") from None


def _line(stream: TextIO) -> str:
    line = stream.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE and not line.endswith("\n"):
        raise UnreadableFileError(f"a line has more than {_LONGEST_LINE} characters")
    return line


def open_table(path: Path, shape: FileShape) -> TableFile:
    """A file as a table. Raises InvalidArgument when its shape is not what the mapping says."""
    try:
        return TableFile(path, shape)
    except UnreadableFileError as error:
        raise InvalidArgument(f"{FIELD}.file", f"must fit the file: {error}") from None
