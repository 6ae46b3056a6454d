"""Bodies of messages that platforms push, to rows or events. By its `Content-Type` a body is

- JSON (also without the header): a row, a list of rows, or an object with either at a path of names;
- `application/cloudevents+json`: the same in its `data`;
- `application/protobuf` or `application/x-protobuf`: a serialized sycee.ingestion.v1.PublishEventsRequest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from sycee.ingestion.v1 import event_pb2, ingestion_pb2

from sycee_ingestion.connectors.chunks import Broken
from sycee_ingestion.connectors.json_rows import as_row, loads
from sycee_ingestion.connectors.paths import value_at

MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """Rows to be mapped; a broken one is an element that is no object."""

    rows: Sequence[Mapping[str, object] | Broken]


@dataclass(frozen=True, slots=True, repr=False)
class Events:
    """Events that came as such."""

    events: Sequence[event_pb2.Event]


Body = Rows | Events | Broken


def read_body(body: bytes, content_type: str, items: str) -> Body:
    """What a body holds; broken when it is not what its type says. `items` is the path to rows in an object."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in {"application/protobuf", "application/x-protobuf"}:
        return _events(body)
    try:
        found = loads(body.decode())
    except ValueError:
        return Broken("must be JSON", body)
    if kind == "application/cloudevents+json":
        found = found.get("data") if isinstance(found, dict) else None
    if items and isinstance(found, dict) and items.partition(".")[0] in found:
        found = value_at(found, tuple(items.split(".")))
    if isinstance(found, dict):
        return Rows([found])
    if not isinstance(found, list) or len(found) > MOST_ROWS:
        return Broken(f"must be a row, or a list of at most {MOST_ROWS} rows", body)
    return Rows([as_row(one) for one in found])


def _events(body: bytes) -> Body:
    try:
        request = ingestion_pb2.PublishEventsRequest.FromString(body)
    except DecodeError:
        return Broken("must be a PublishEventsRequest", body)
    return Events(list(request.events))
