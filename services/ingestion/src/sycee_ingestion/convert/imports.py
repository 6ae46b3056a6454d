"""Imports and the quarantine: domain ↔ contract."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sycee.ingestion.v1 import ingestion_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import time_to_proto

from sycee_ingestion.convert.events import reject_to_proto
from sycee_ingestion.convert.times import moment_to_proto
from sycee_ingestion.domain.imports import Import
from sycee_ingestion.domain.quarantine import QuarantinedRow, QuarantineState
from sycee_ingestion.suggesting import PreviewedRow, Suggestion

_QUARANTINE_ID = re.compile(r"q-([1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def import_to_proto(import_: Import) -> ingestion_pb2.Import:
    """How far an import is."""
    return ingestion_pb2.Import(
        import_id=import_.import_id,
        connector=import_.connector,
        path=import_.path,
        state=import_.state.value,  # type: ignore[arg-type] # the numbers are the contract's
        row_count=import_.row_count or 0,
        done_count=import_.done_count,
        accepted_count=import_.accepted_count,
        duplicate_count=import_.duplicate_count,
        reject_count=import_.reject_count,
        held_count=import_.held_count,
        first_rejects=[reject_to_proto(reject) for reject in import_.first_rejects],
        error=import_.error,
        created_at=time_to_proto(import_.created_at),
        ended_at=moment_to_proto(import_.ended_at),
    )


def suggestion_to_proto(suggestion: Suggestion) -> ingestion_pb2.SuggestMappingResponse:
    """A proposed mapping with the first rows mapped."""
    return ingestion_pb2.SuggestMappingResponse(
        connector=suggestion.connector,
        mapping_yaml=suggestion.mapping_yaml,
        open_points=suggestion.open_points,
        rows=[_previewed_to_proto(row) for row in suggestion.rows],
    )


def _previewed_to_proto(row: PreviewedRow) -> ingestion_pb2.MappedRow:
    reject = None if row.reject is None else reject_to_proto(row.reject)
    return ingestion_pb2.MappedRow(index=row.index, event=row.event, reject=reject)


def state_from_proto(state: int) -> QuarantineState | None:
    """A state to look for; None for any."""
    return QuarantineState(state) if state else None


def number_of(field: str, text: str) -> int:
    """The number in a page token. Raises InvalidArgument."""
    if not _NUMBER.fullmatch(text):
        raise InvalidArgument(field, "must be the next_page_token of the page before")
    return int(text)


def quarantine_numbers(quarantine_ids: Sequence[str]) -> list[int]:
    """The numbers behind ids. Raises InvalidArgument naming the first that is none."""
    found = []
    for index, quarantine_id in enumerate(quarantine_ids):
        match = _QUARANTINE_ID.fullmatch(quarantine_id)
        if match is None:
            raise InvalidArgument(f"quarantine_ids[{index}]", "must be a quarantine_id", value=quarantine_id)
        found.append(int(match[1]))
    return found


def quarantined_to_proto(row: QuarantinedRow) -> ingestion_pb2.QuarantinedRow:
    """A row in quarantine, without what stood there."""
    return ingestion_pb2.QuarantinedRow(
        quarantine_id=f"q-{row.quarantine_no}",
        state=row.state.value,  # type: ignore[arg-type] # the numbers are the contract's
        import_id=row.origin.name if row.origin.is_import else "",
        subject=row.origin.subject,
        index=row.place,
        reason=row.reason,
        field=row.field,
        description=row.description,
        held_at=time_to_proto(row.held_at),
        released_at=moment_to_proto(row.released_at),
    )
