"""An import: how far the reading of a file is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sycee_ingestion.domain.event import Reject

MOST_SHOWN_REJECTS = 20

SKIPPED_BY_MAPPING = "SKIPPED_BY_MAPPING"
"""Reason of a row that the mapping leaves out on purpose; only the first such row is shown, all are counted."""

MERCHANT_ERASED = "MERCHANT_ERASED"
"""Reason of a row of a merchant whose data was erased."""

NEVER_HELD = frozenset({SKIPPED_BY_MAPPING, MERCHANT_ERASED})
"""Rejects of these reasons are not held in quarantine: nobody wants the first, and nobody may keep the second."""


class ImportState(IntEnum):
    """State of an import; the numbers are stored and are those of the contract."""

    RUNNING = 1
    DONE = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Import:
    """An import; done = accepted + duplicates + rejects at every moment."""

    import_id: str
    connector: str
    path: str
    mapping_yaml: str
    state: ImportState
    file_digest: bytes | None
    row_count: int | None
    done_count: int
    accepted_count: int
    duplicate_count: int
    reject_count: int
    held_count: int
    """Of the rejects: held in quarantine."""
    first_rejects: tuple[Reject, ...]
    error: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state is not ImportState.RUNNING


@dataclass(frozen=True, slots=True)
class Progress:
    """What one chunk of rows adds to an import."""

    accepted_count: int
    duplicate_count: int
    rejects: tuple[Reject, ...]
    held_count: int

    @property
    def done_count(self) -> int:
        """Rows dealt with."""
        return self.accepted_count + self.duplicate_count + len(self.rejects)


def shown_rejects(before: tuple[Reject, ...], new: tuple[Reject, ...]) -> tuple[Reject, ...]:
    """The first rejects of an import after a chunk: at most 20, and of the rows left out on purpose only the first."""
    shown = list(before)
    left_out_shown = any(reject.reason == SKIPPED_BY_MAPPING for reject in shown)
    for reject in sorted(new, key=lambda reject: reject.index):
        if len(shown) >= MOST_SHOWN_REJECTS:
            break
        left_out = reject.reason == SKIPPED_BY_MAPPING
        if not (left_out and left_out_shown):
            shown.append(reject)
        left_out_shown = left_out_shown or left_out
    return tuple(shown)
