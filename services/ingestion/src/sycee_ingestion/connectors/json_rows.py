"""Rows in JSON: one object a line, or the objects of an array, wherever in the document it stands.

An array is read element by element: memory holds one of them, never the document. What is no object, or no JSON, is one
broken row; in an array, whose elements only make sense in order, JSON that breaks off ends the reading with an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from sycee_ingestion.connectors.chunks import Broken, Chunk, Records
from sycee_ingestion.connectors.delimited import NOT_TEXT
from sycee_ingestion.connectors.errors import UnreadableFileError
from sycee_ingestion.mapping import FileShape

LONGEST_VALUE = 4_000_000
"""Characters of one row, and of anything else that a document holds beside its rows."""

SAMPLE_ROWS = 1_000
_READ_CHARACTERS = 1 << 16
_DEEPEST_ITEMS = 4
_BLANKS = " \t\r\n"
_NO_OBJECT = "must be a JSON object"

Record = Mapping[str, object] | Broken


class JsonTable:
    """A file of rows in JSON. `columns` are the names in the first 1,000 rows and those that `file.columns` adds."""

    def __init__(self, path: Path, shape: FileShape, *, is_lines: bool) -> None:
        self._path = path
        self._shape = shape
        self._is_lines = is_lines
        names = dict.fromkeys(shape.columns)
        for row in islice(self.rows(), SAMPLE_ROWS):
            if not isinstance(row, Broken):
                names |= dict.fromkeys(row)
        self.columns: tuple[str, ...] = tuple(names)

    def count(self) -> int:
        """Rows in the file."""
        return sum(1 for _ in self.rows())

    def chunks(self, skip: int, size: int) -> Iterator[Chunk]:
        """The rows after the first `skip`, at most `size` at a time."""
        rows = islice(self.rows(), skip, None)
        while chunk := list(islice(rows, size)):
            yield Records(chunk, self.columns)

    def rows(self) -> Iterator[Record]:
        """Every row, one by one."""
        encoding = "utf-8-sig" if self._shape.encoding == "utf-8" else self._shape.encoding
        errors = "surrogateescape" if self._is_lines else "strict"
        with self._path.open(encoding=encoding, errors=errors) as stream:
            try:
                yield from _of_lines(stream) if self._is_lines else _of_items(stream, self._shape.items)
            except UnicodeDecodeError:
                raise UnreadableFileError("it is not text in its encoding") from None


def _of_lines(stream: TextIO) -> Iterator[Record]:
    while line := stream.readline(LONGEST_VALUE):
        if len(line) == LONGEST_VALUE and not line.endswith("\n"):
            raise UnreadableFileError(f"a line has more than {LONGEST_VALUE} characters")
        if line.strip():
            yield _record(line)


def _record(line: str) -> Record:
    try:
        line.encode()
    except UnicodeEncodeError:
        return Broken(NOT_TEXT, line.encode(errors="backslashreplace").decode())
    try:
        return as_row(_DECODER.decode(line))
    except (ValueError, RecursionError):
        return Broken("must be JSON", line)


def as_row(value: object) -> Record:
    """An object as a row; anything else is broken."""
    return value if isinstance(value, dict) else Broken(_NO_OBJECT, value)


def loads(text: str) -> object:
    """The value of a JSON text. Raises ValueError; never for its depth or its numbers anything else."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("too deep") from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def items_path(stream: TextIO) -> str:
    """The path to the first array of objects in a document; empty where the document itself is the row or the array.

    Raises UnreadableFileError for what is no JSON.
    """
    text = _Text(stream)
    return ".".join(_path_in(text, 1) or ()) if text.peek() == "{" else ""


def _path_in(text: _Text, depth: int) -> list[str] | None:
    """The path below the object that comes next, which is passed over when it has none."""
    text.take("{")
    while text.peek() != "}":
        name = str(text.value())
        text.take(":")
        if text.peek() == "[" and text.opens_objects():
            return [name]
        if text.peek() == "{" and depth < _DEEPEST_ITEMS:
            below = _path_in(text, depth + 1)
            if below is not None:
                return [name, *below]
        else:
            text.value()
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    return None


def _of_items(stream: TextIO, path: str) -> Iterator[Record]:
    """The elements of the array at a path of names (`data.orders`; empty: the document itself), or the one object."""
    text = _Text(stream)
    for name in path.split(".") if path else ():
        _find(text, name)
    if text.peek() != "[":
        yield as_row(text.value())
    else:
        text.take("[")
        while text.peek() != "]":
            yield as_row(text.value())
            if text.peek() != "]":
                text.take(",")
        text.take("]")
    if not path and text.peek():
        raise UnreadableFileError("its JSON goes on after its end")


def _find(text: _Text, name: str) -> None:
    """Goes to the value of a name in the object that comes next."""
    text.take("{")
    while text.peek() != "}":
        key = text.value()
        text.take(":")
        if key == name:
            return
        text.value()
        if text.peek() != "}":
            text.take(",")
    raise UnreadableFileError(f"it has no {name!r} where `file.items` looks for it")


class _Text:
    """JSON text, of which only what is being read is in memory."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._held = ""
        self._place = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self._place < len(self._held):
                if self._held[self._place] not in _BLANKS:
                    return self._held[self._place]
                self._place += 1
            if self._ended:
                return ""
            self._more()

    def take(self, sign: str) -> None:
        """Passes over a sign that must come next."""
        if self.peek() != sign:
            raise UnreadableFileError(f"its JSON is broken: {sign!r} is missing")
        self._place += 1

    def opens_objects(self) -> bool:
        """Whether an array comes next whose first element is an object; nothing is passed over."""
        while not (after := self._held[self._place + 1 :].lstrip(_BLANKS)) and not self._ended:
            self._grow()
        return after[:1] == "{"

    def value(self) -> Any:
        """Reads the next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._place)
            except RecursionError:
                raise UnreadableFileError("its JSON is too deep") from None
            except ValueError:
                self._grow()
                continue
            if end == len(self._held) and not self._ended:
                self._grow()  # a number may go on
                continue
            self._place = end
            return value

    def _grow(self) -> None:
        if self._ended:
            raise UnreadableFileError("its JSON is broken")
        if len(self._held) - self._place > LONGEST_VALUE:
            raise UnreadableFileError(f"its JSON is broken, or one value has more than {LONGEST_VALUE} characters")
        self._more()

    def _more(self) -> None:
        kept = self._held[self._place :]
        more = self._stream.read(max(_READ_CHARACTERS, len(kept)))
        self._ended = not more
        self._held, self._place = kept + more, 0
