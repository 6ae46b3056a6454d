"""Exports, erasures and accesses: domain → contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from sycee.ingestion.v1 import event_pb2, ingestion_pb2, profile_pb2
from sycee_service.errors import InvalidArgument
from sycee_service.wire import (
    date_from_proto,
    date_to_proto,
    page_token_decode,
    page_token_encode,
    time_to_proto,
)

from sycee_ingestion.domain.access import Access
from sycee_ingestion.domain.erasure import Erasure
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.store.accesses import Place
from sycee_ingestion.store.exports import Exported, StoredEvent, StoredPortrait


def json_line(exported: Exported) -> bytes:
    """One line of JSON with its line feed."""
    if isinstance(exported, StoredEvent):
        fields: Mapping[str, object] = _event(exported)
        kind = "event"
    elif isinstance(exported, StoredPortrait):
        profile = profile_pb2.Profile.FromString(exported.profile)
        kind, fields = "portrait", {"made_at": exported.made_at, "profile": _plain(profile)}
    else:
        kind, fields = exported.kind, exported.fields
    text = json.dumps({"kind": kind, **fields}, ensure_ascii=False, separators=(",", ":"), default=_as_text)
    return text.encode() + b"\n"


def erasure_to_proto(erasure: Erasure) -> ingestion_pb2.EraseMerchantDataResponse:
    """What became of a merchant's data."""
    return ingestion_pb2.EraseMerchantDataResponse(
        erased_at=time_to_proto(erasure.erased_at),
        erased=erasure.erased,
        holds=[
            ingestion_pb2.Hold(what=hold.what, rule_id=hold.rule_id, until=date_to_proto(hold.until))
            for hold in erasure.holds
        ],
    )


def ended_on_from_proto(request: ingestion_pb2.EraseMerchantDataRequest) -> date | None:
    """The day that a relationship ended, where it is said. Raises InvalidArgument for a day that does not exist."""
    if not request.HasField("relationship_ended_on"):
        return None
    return date_from_proto("relationship_ended_on", request.relationship_ended_on)


def access_to_proto(access: Access) -> ingestion_pb2.Access:
    """One reading."""
    return ingestion_pb2.Access(
        at=time_to_proto(access.at),
        caller=access.caller,
        method=access.method,
        what=access.what,
        purpose=access.purpose,
    )


def place_from_token(token: str) -> Place | None:
    """Where a page goes on. Raises InvalidArgument for what is no token of this list."""
    if not token:
        return None
    at, access_id = page_token_decode("page_token", token, 2)
    try:
        moment, number = datetime.fromisoformat(at), int(access_id)
        if moment.tzinfo is not None and 0 <= number < 2**63:
            return moment, number
    except ValueError:
        pass
    raise InvalidArgument("page_token", "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID")


def token_from_place(place: Place | None) -> str:
    """The token of a page that goes on after a reading; empty on the last page."""
    return "" if place is None else page_token_encode(place[0].isoformat(), str(place[1]))


def _event(stored: StoredEvent) -> dict[str, object]:
    name = EventKind(stored.kind).event_type
    body = getattr(event_pb2.Event(), name)
    body.ParseFromString(stored.body)
    return {
        "source": stored.source,
        "event_id": stored.event_id,
        "revision": stored.revision,
        "withdrawn": stored.withdrawn,
        "occurred_at": stored.occurred_at,
        "received_at": stored.received_at,
        name: _plain(body),
    }


def _plain(message: Any) -> dict[str, object]:
    return dict(MessageToDict(message, preserving_proto_field_name=True))


def _as_text(value: object) -> str:
    """Days and moments in ISO 8601."""
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")
