"""Connectors: one for each kind of source. This page is the guide for writing one of your own.

A connector is found by an entry point of the group `sycee.connectors`, whose name is the connector's and which names an
object (or a class that is called without arguments) with the members of `Connector`:

    [project.entry-points."sycee.connectors"]
    ledgers = "our_ledgers:LedgerConnector"

What happens, in order:

1. `recognise` gets a `Look` at the file (`sycee_ingestion.connectors.looks`: its suffix, format, encoding, separator,
   columns and first rows) and says how sure it is, 0 to 1, that this is its kind of file. The surest one proposes.
2. `propose` makes a mapping of the look, as a tree that YAML could hold, and names what a person must still decide.
3. `open` opens a file by the mapping's `file` section as a `Table`. It raises `UnreadableFileError`
   (`connectors.errors`) when the file is not what it should be, and never shows a value of it in the message.
4. `defaults` fills in what a mapping leaves out, knowing the columns and the mapping's `options`; it raises
   InvalidArgument naming the key, such as `mapping_yaml.options.direction`.
5. `Table.chunks` gives the rows after the first `skip`, at most `size` at a time (`connectors.chunks`), always the
   same ones in the same order: an import that was stopped goes on at the row at which it was, and the place of a row
   names its event where the mapping does not. Memory must not grow with the file. It blocks, and runs in a thread.

A record that cannot be read is a `Broken` row, never an exception: it is held in quarantine, and its neighbours are
read. Personal columns that nobody needs belong into `personal.drop` of the defaults, those that tell equals apart into
`personal.digest`; both are taken away before a row is mapped, held or shown. A connector never stores anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sycee_ingestion.connectors.chunks import Broken, Chunk, Frame, Lines, Records
from sycee_ingestion.connectors.errors import UnreadableFileError
from sycee_ingestion.connectors.looks import Look
from sycee_ingestion.mapping import FileShape

__all__ = [
    "Broken",
    "Chunk",
    "Connector",
    "FileShape",
    "Frame",
    "Lines",
    "Look",
    "Proposal",
    "Records",
    "Table",
    "UnreadableFileError",
]

Tree = dict[str, Any]
"""What YAML holds: mappings, lists and texts."""


class Table(Protocol):
    """A file as rows."""

    @property
    def columns(self) -> Sequence[str]:
        """The names that a mapping may use, and begin field paths with."""
        ...

    def count(self) -> int:
        """How many rows there are."""
        ...

    def chunks(self, skip: int, size: int) -> Iterator[Chunk]:
        """The rows after the first `skip`, at most `size` at a time, in the order of the file."""
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping for a file, and what a person must still decide about it, in English."""

    mapping: Tree
    open_points: tuple[str, ...]


class Connector(Protocol):
    """One kind of source."""

    @property
    def name(self) -> str:
        """As in `connector` of a mapping: lower-case letters, digits, underscores."""
        ...

    def recognise(self, look: Look) -> float:
        """How sure it is that this is its kind of file, 0 to 1."""
        ...

    def propose(self, look: Look) -> Proposal:
        """A mapping for the file."""
        ...

    def open(self, path: Path, shape: FileShape) -> Table:
        """The file as rows. Raises UnreadableFileError."""
        ...

    def defaults(self, columns: Sequence[str], options: Mapping[str, str]) -> Tree:
        """Keys of a mapping for these columns, for those that a given one leaves out. Raises InvalidArgument."""
        ...
