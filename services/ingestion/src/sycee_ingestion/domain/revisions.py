"""Which of the things said of one event counts: the rules of `revision` in the contract, free of any database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sycee_ingestion.domain.event import Staged

_POSITION: Final = 0  # in STAGED_COLUMNS
_MERCHANT_NO: Final = 5
_KIND: Final = 6
_REVISION: Final = 7
_DAY: Final = 10
_DIGEST: Final = 11

Where = tuple[int, int, date]
"""Merchant, kind and business day: what all that is said of one event has in common."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an event: its revision and the digest of what that says."""

    revision: int
    digest: int


@dataclass(slots=True)
class Verdict:
    """What becomes of rows that tell of one event, in their order."""

    accepted: list[Staged] = field(default_factory=list)
    """Each replaces the one before it, and the first of them what is stored."""
    duplicates: list[int] = field(default_factory=list)
    """Positions of rows of the same revision and content, or of a lower revision."""
    conflicts: list[int] = field(default_factory=list)
    """Positions of rows of the same revision with another content."""
    moved: list[int] = field(default_factory=list)
    """Positions of rows of a higher revision that are of another merchant, kind or day."""


def where(row: Staged) -> Where:
    """Where a row says that its event lies."""
    return row[_MERCHANT_NO], row[_KIND], row[_DAY]


def places_to_look(rows: Iterable[Staged], stored: Stored) -> set[Where]:
    """Where what is stored may lie, if any of the rows is to replace it."""
    return {where(row) for row in rows if row[_REVISION] > stored.revision}


def in_turn(rows: Sequence[Staged], stored: Stored | None, lies: Where | None) -> Verdict:
    """Judges what is said of one event, one after the other. `lies` is where `stored` lies, None if not where asked."""
    verdict = Verdict()
    for row in rows:
        position, revision = row[_POSITION], row[_REVISION]
        if stored is None:
            lies = where(row)
        elif revision < stored.revision or (revision, row[_DIGEST]) == (stored.revision, stored.digest):
            verdict.duplicates.append(position)
            continue
        elif revision == stored.revision:
            verdict.conflicts.append(position)
            continue
        elif where(row) != lies:
            verdict.moved.append(position)
            continue
        stored = Stored(revision, row[_DIGEST])
        verdict.accepted.append(row)
    return verdict
