"""What could not be read, kept with its reason until it can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

MOST_READ_AT_ONCE = 10_000
"""Held rows that one release reads."""


class QuarantineState(IntEnum):
    """What became of a row; the numbers are stored and are those of the contract."""

    HELD = 1
    RELEASED = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from: an import, or a subscription with the subject that a message came over."""

    name: str
    """The import's id, or the subscription's durable name."""
    subject: str = ""

    @property
    def is_import(self) -> bool:
        """Whether it is a file and not a subject of the bus."""
        return not self.subject


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """A row to be held. `content` is what stood there, as `sycee_ingestion.held_rows` has it; it may be personal."""

    place: int
    """The row in its file, from 0, or the message's sequence."""
    item: int
    """The row in its message, from 0; 0 in a file."""
    merchant_id: str | None
    reason: str
    field: str
    description: str
    content: str


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row in quarantine as it is shown: without what stood there."""

    quarantine_no: int
    state: QuarantineState
    origin: Origin
    place: int
    reason: str
    field: str
    description: str
    held_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class OpenedRow:
    """A held row with what stood there; None where it is gone."""

    quarantine_no: int
    origin: Origin
    place: int
    tries: int
    content: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a release says of a row that stays held."""

    quarantine_no: int
    reason: str
    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Release:
    """What one release did."""

    released_count: int
    duplicate_count: int
    held_count: int
    more: bool
