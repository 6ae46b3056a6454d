"""The quick checks are never laxer than the contract, and were written for the contract that is there."""

from __future__ import annotations

import protovalidate
import pytest
from google.type.latlng_pb2 import LatLng
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from ingestion_calls import NOW
from ingestion_events import one_of_each
from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_ingestion import convert_events
from sycee_ingestion.plain_events import REVIEWED, contract_digest, plainly_right


def test_the_checks_were_written_for_this_contract() -> None:
    """When this fails: hold plain_events.py against the changed contract, then write the new digest into REVIEWED."""
    assert contract_digest() == REVIEWED


def near(*edges: int) -> st.SearchStrategy[int]:
    return st.sampled_from([edge + step for edge in edges for step in (-1, 0, 1)])


texts = st.one_of(st.sampled_from(["", "a", "taobao", "a" * 32, "a" * 33, "-", "A b"]), near(64, 128).map("字".__mul__))
money = st.one_of(
    st.just(Money(currency_code="CNY", units=12, nanos=340_000_000)),
    st.builds(
        Money,
        currency_code=st.sampled_from(["CNY", "CNY", "USD", "", "cny"]),
        units=near(0, 1_000_000_000),
        nanos=near(0, 10_000_000, 990_000_000, 1_000_000_000, -10_000_000),
    ),
)
degrees = st.one_of(st.floats(width=64), st.sampled_from([0.0, 90.0, 90.0001, -180.0, 180.5]))
places = st.one_of(st.none(), st.builds(LatLng, latitude=degrees, longitude=degrees))
counts = near(1, 1_000_000, 50_000_000, 20_000)
bodies = st.one_of(
    st.fixed_dictionaries(
        {
            "order": st.builds(
                event_pb2.Order,
                order_id=texts,
                buyer_id=texts,
                amount=st.one_of(st.none(), money),
                item_count=counts,
                category=texts,
                device_digest=texts,
                address_digest=texts,
            )
        }
    ),
    st.fixed_dictionaries({"refund": st.builds(event_pb2.Refund, order_id=texts, amount=st.one_of(st.none(), money))}),
    st.fixed_dictionaries(
        {
            "review": st.builds(
                event_pb2.Review, order_id=texts, stars=near(1, 5), text=st.one_of(texts, near(4_000).map("x".__mul__))
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "shipment": st.builds(
                event_pb2.Shipment,
                order_id=texts,
                weight_g=counts,
                distance_km=counts,
                origin=places,
                destination=places,
                mode=near(0, 4),
                packaging=near(0, 3),
            )
        }
    ),
    st.fixed_dictionaries(
        {"settlement": st.builds(event_pb2.Settlement, net_amount=st.one_of(st.none(), money), fee_amount=money)}
    ),
    st.fixed_dictionaries(
        {"traffic": st.builds(event_pb2.Traffic, page_views=near(1, 10**10), visitors=near(1, 10**10))}
    ),
    st.just({}),
)


@given(bodies, texts, texts, st.one_of(st.none(), near(631_152_000, 0, 2_000_000_000)))
def test_what_they_pass_the_contract_passes(
    body: dict[str, object], source: str, event_id: str, seconds: int | None
) -> None:
    event = event_pb2.Event(source=source, event_id=event_id, merchant_id="m-1", **body)
    if seconds is not None:
        event.occurred_at.seconds = seconds
    if plainly_right(event, event.WhichOneof("body")):
        protovalidate.validate(event)


def test_ordinary_events_pass() -> None:
    passed = {e.WhichOneof("body") for e in one_of_each(NOW.date()) if plainly_right(e, e.WhichOneof("body"))}
    assert passed == {"order", "refund", "review", "shipment", "settlement", "traffic"}


def test_under_another_contract_they_pass_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sycee_ingestion.plain_events._IS_REVIEWED", False)
    batch = one_of_each(NOW.date())
    assert not any(plainly_right(e, e.WhichOneof("body")) for e in batch)
    batch[3].shipment.weight_g = 50_000_001
    judged = convert_events.judge(ingestion_pb2.PublishEventsRequest(events=batch), {"m-1": 1}, NOW)
    assert [(r.index, r.field) for r in judged.rejects] == [(3, "shipment.weight_g")]
    assert len(judged.rows) == 11
