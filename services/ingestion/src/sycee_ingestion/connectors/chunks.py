"""Chunks of rows, read by columns: what a table gives and what becomes of personal columns before anyone sees them.

A connector of one's own may give any object with the four members of `Chunk`; `Records` serves where rows are
dictionaries, `Lines` where they are lists of texts, `Frame` where they are a Polars frame.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from sycee_ingestion.connectors.paths import Path, resolved, value_at

WRONG_WIDTH = "must have as many values as the file has columns"


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that is no row: the rule that it breaks, and what stands there, as JSON can hold it.

    The content may be personal: it goes nowhere but into the quarantine.
    """

    rule: str
    content: object


class Chunk(Protocol):
    """Some rows that follow each other, numbered from 0."""

    @property
    def height(self) -> int:
        """How many there are, broken ones among them."""
        ...

    @property
    def broken(self) -> Mapping[int, Broken]:
        """Those that are no rows, by number."""
        ...

    def column(self, path: str) -> Sequence[object]:
        """The values at a path, one a row; None where a row has none. The path's first step is a column."""
        ...

    def row(self, number: int) -> Mapping[str, object]:
        """All values of a row that is not broken."""
        ...


class Records:
    """Rows that are dictionaries."""

    def __init__(self, rows: Sequence[Mapping[str, object] | Broken], columns: Collection[str] | None = None) -> None:
        self._rows = rows
        self._columns = columns
        self.height = len(rows)
        self.broken = {number: row for number, row in enumerate(rows) if isinstance(row, Broken)}

    def column(self, path: str) -> Sequence[object]:
        """See `Chunk`. Where no columns are said, they are the names that rows have."""
        steps = resolved(path, self._names() if self._columns is None else self._columns)
        if steps is None:
            return [None] * self.height
        if len(steps) == 1:
            return [None if isinstance(row, Broken) else row.get(path) for row in self._rows]
        return [None if isinstance(row, Broken) else value_at(row, steps) for row in self._rows]

    def row(self, number: int) -> Mapping[str, object]:
        """See `Chunk`."""
        row = self._rows[number]
        return {} if isinstance(row, Broken) else row

    def _names(self) -> Collection[str]:
        self._columns = {name for row in self._rows if not isinstance(row, Broken) for name in row}
        return self._columns


class Lines:
    """Rows that are lists of texts, all of the same columns; one of another width is broken."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str] | Broken]) -> None:
        self._places = {column: place for place, column in enumerate(columns)}
        width = len(columns)
        self.height = len(rows)
        self.broken: dict[int, Broken] = {}
        self._rows: list[Sequence[str | None]] = []
        nothing = [None] * width
        for number, row in enumerate(rows):
            if isinstance(row, Broken):
                self.broken[number] = row
            elif len(row) != width:
                self.broken[number] = Broken(WRONG_WIDTH, list(row))
            else:
                self._rows.append(row)
                continue
            self._rows.append(nothing)

    def column(self, path: str) -> Sequence[object]:
        """See `Chunk`; texts hold nothing to step into."""
        place = self._places.get(path)
        return [None] * self.height if place is None else [row[place] for row in self._rows]

    def row(self, number: int) -> Mapping[str, object]:
        """See `Chunk`."""
        row = self._rows[number]
        return {column: row[place] for column, place in self._places.items()}


class Frame:
    """Rows of a Polars frame; none is ever broken."""

    broken: Mapping[int, Broken] = {}

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self.height = frame.height

    def column(self, path: str) -> Sequence[object]:
        """See `Chunk`."""
        steps = resolved(path, self._frame.columns)
        if steps is None:
            return [None] * self.height
        values: list[object] = self._frame.get_column(str(steps[0])).to_list()
        return values if len(steps) == 1 else [value_at(value, steps[1:]) for value in values]

    def row(self, number: int) -> Mapping[str, object]:
        """See `Chunk`."""
        row: dict[str, object] = self._frame.row(number, named=True)
        return row


Digest = Callable[[str], str]
"""A keyed digest of a text, by which equal texts are found without being known."""


class Guarded:
    """A chunk without what its personal columns say: dropped ones are empty, others show a keyed digest."""

    def __init__(self, chunk: Chunk, drop: Sequence[str], digests: Sequence[str], digest: Digest) -> None:
        self._chunk = chunk
        self._drop, self._digests, self._digest = frozenset(drop), frozenset(digests), digest
        self.height, self.broken = chunk.height, chunk.broken

    def column(self, path: str) -> Sequence[object]:
        """See `Chunk`."""
        if path in self._drop:
            return [None] * self.height
        values = self._chunk.column(path)
        return [self._shown(value) for value in values] if path in self._digests else values

    def row(self, number: int) -> Mapping[str, object]:
        """See `Chunk`; it holds neither what was dropped nor what a digest stands for."""
        row = dict(self._chunk.row(number))
        for path in self._drop | self._digests:
            steps = resolved(path, row)
            if steps is None:
                continue
            if len(steps) > 1:
                row[str(steps[0])] = deepcopy(row[str(steps[0])])
            shown = None if path in self._drop else self._shown(value_at(row, steps))
            _put(row, steps, shown)
        return row

    def _shown(self, value: object) -> str | None:
        text = "" if value is None else str(value).strip()
        return self._digest(text) if text else None


def _put(row: object, steps: Path, value: object) -> None:
    """Replaces what stands at a path, where anything does."""
    inside = value_at(row, steps[:-1])
    last = steps[-1]
    if (isinstance(inside, dict) and last in inside) or (
        isinstance(inside, list) and isinstance(last, int) and last < len(inside)
    ):
        inside[last] = value  # type: ignore[index] # a list takes the number, a dictionary the name
