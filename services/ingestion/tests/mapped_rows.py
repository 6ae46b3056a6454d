"""One row through a mapping, as tests ask for it."""

from __future__ import annotations

from collections.abc import Mapping

from sycee.ingestion.v1 import event_pb2
from sycee_ingestion.connectors.chunks import Broken, Records
from sycee_ingestion.domain.event import Reject
from sycee_ingestion.mapping import parse
from sycee_ingestion.rows import Mapped, RowMapper


def mapped(mapper: RowMapper, *rows: Mapping[str, object] | Broken) -> Mapped:
    """What a mapper makes of rows; the n-th one is named file-n where the mapping names none."""
    return mapper.events(Records(rows), lambda number: f"file-{number}")


def event_of(mapper: RowMapper, row: Mapping[str, object] | Broken) -> event_pb2.Event | Reject:
    """What a mapper makes of one row."""
    found = mapped(mapper, row)
    return found.request.events[0] if found.places else found.rejects[0]


def made(found: event_pb2.Event | Reject) -> event_pb2.Event:
    """An event."""
    assert isinstance(found, event_pb2.Event), found
    return found


def refused(found: event_pb2.Event | Reject) -> Reject:
    """A reject."""
    assert isinstance(found, Reject), found
    return found


def one_field(kind: str, name: str, spec: str, value: object) -> event_pb2.Event | Reject:
    """An event of one field, made of the column `v`."""
    text = (
        f"{{source: s, merchant: m, occurred_at: '2020-01-01', events: [{{kind: {kind}, fields: {{{name}: {spec}}}}}]}}"
    )
    return event_of(RowMapper(parse(text), ("v",)), {"v": value})
