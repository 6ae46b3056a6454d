"""The quick checks are never laxer than the contract, and were written for the contract that is there."""

from __future__ import annotations

from collections.abc import Iterator

import protovalidate
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from ingestion_calls import NOW
from ingestion_events import fen, one_of_each
from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_ingestion import convert_events
from sycee_ingestion.plain_events import REVIEWED, contract_digest, plainly_right

PLAIN_KINDS = {"order", "refund", "review", "shipment", "settlement", "traffic", "invoice", "daily_count"}


def test_the_checks_were_written_for_this_contract() -> None:
    """When this fails: hold plain_events.py against the changed contract, then write the new digest into REVIEWED."""
    assert contract_digest() == REVIEWED


_BOUNDS = (0, 1, 4, 5, 20_000, 1_000_000, 50_000_000, 631_152_000, 1_000_000_000, 10_000_000_000)
_STEPS = {sign * bound + step for bound in _BOUNDS for step in (-1, 0, 1) for sign in (1, -1)}
_WHOLE: tuple[object, ...] = (*_STEPS, 10_000_000, -10_000_000, 990_000_000, -990_000_000)
_EDGES: dict[int, tuple[object, ...]] = {
    FieldDescriptor.CPPTYPE_STRING: (
        *("字" * (bound + step) for bound in (1, 32, 64, 128, 4_000) for step in (-1, 0, 1)),
        *("a" * (bound + step) for bound in (1, 32, 64) for step in (-1, 0, 1)),
        *("CNY", "cny", "USD", "-a", "A", "a\n", "a b"),
    ),
    FieldDescriptor.CPPTYPE_DOUBLE: (
        *(sign * bound for sign in (1, -1) for bound in (0.0, 90.0, 90.0000001, 180.0, 180.0000001)),
        *(float("nan"), float("inf"), float("-inf")),
    ),
    FieldDescriptor.CPPTYPE_BOOL: (False, True),
    **dict.fromkeys(
        (
            FieldDescriptor.CPPTYPE_INT32,
            FieldDescriptor.CPPTYPE_INT64,
            FieldDescriptor.CPPTYPE_UINT32,
            FieldDescriptor.CPPTYPE_UINT64,
            FieldDescriptor.CPPTYPE_ENUM,
        ),
        _WHOLE,
    ),
}


def variants(event: event_pb2.Event, path: tuple[str, ...] = ()) -> Iterator[event_pb2.Event]:
    """Copies of an event in each of which one field, at any depth, is cleared or put to an edge."""
    message = _at(event, path)
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof is not None and not message.HasField(field.name):
            continue  # another kind's body
        if field.message_type is not None:
            yield from variants(event, (*path, field.name))
        for edge in (None, *_EDGES.get(field.cpp_type, ())):
            copy = event_pb2.Event()
            copy.CopyFrom(event)
            try:
                _set(_at(copy, path), field.name, edge)
            except ValueError:
                continue  # not of the field's own range
            yield copy


def _at(message: Message, path: tuple[str, ...]) -> Message:
    for name in path:
        message = getattr(message, name)
    return message


def _set(message: Message, name: str, value: object) -> None:
    if value is None:
        message.ClearField(name)
    else:
        setattr(message, name, value)


@pytest.mark.parametrize("kind", sorted(PLAIN_KINDS))
def test_what_they_pass_the_contract_passes(kind: str) -> None:
    """From a good event, every field is put to the edges of every bound: whatever still passes is valid."""
    event = next(e for e in one_of_each(NOW.date()) if e.WhichOneof("body") == kind)
    passed = tried = 0
    for variant in variants(event):
        if variant.WhichOneof("body") != kind or variant.merchant_id != "m-1":
            continue  # only events of registered merchants come this far
        tried += 1
        if plainly_right(variant, kind):
            passed += 1
            assert protovalidate.collect_violations(variant) == [], variant
    assert 0 < passed < tried


def test_ordinary_events_pass() -> None:
    passed = {e.WhichOneof("body") for e in one_of_each(NOW.date()) if plainly_right(e, e.WhichOneof("body"))}
    assert passed == PLAIN_KINDS
    without_fee = event_pb2.Event(source="a", event_id="b", settlement=event_pb2.Settlement(net_amount=fen(1)))
    without_fee.occurred_at.FromDatetime(NOW)
    assert plainly_right(without_fee, "settlement")


def test_under_another_contract_they_pass_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sycee_ingestion.plain_events._IS_REVIEWED", False)
    batch = one_of_each(NOW.date())
    assert not any(plainly_right(e, e.WhichOneof("body")) for e in batch)
    batch[3].shipment.weight_g = 50_000_001
    judged = convert_events.judge(ingestion_pb2.PublishEventsRequest(events=batch), {"m-1": 1}, NOW)
    assert [(r.index, r.field) for r in judged.rejects] == [(3, "shipment.weight_g")]
    assert len(judged.rows) == 13
