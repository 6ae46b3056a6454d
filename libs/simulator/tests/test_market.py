"""The market as a whole: repeatable, valid, bounded, and called simulated."""

import hashlib
import subprocess
import sys
import time
from collections import Counter
from datetime import date, datetime, timedelta, timezone

import protovalidate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee.common.v1 import common_pb2
from sycee.compliance.v1 import compliance_pb2
from sycee_simulator import Archetype, Marketplace
from sycee_simulator.archetypes import DECK, DECK_SIZE
from sycee_simulator.naming import SANCTIONED_PERSON

END = date(2026, 11, 20)
SHANGHAI = timezone(timedelta(hours=8))


def digest(market: Marketplace, count: int) -> str:
    total = hashlib.sha256()
    for shop in market.shops(count):
        for message in (shop.registration(), *shop.consents(), *shop.events()):
            total.update(message.SerializeToString(deterministic=True))
        total.update(repr(shop.truth).encode())
    return total.hexdigest()


def test_same_seed_gives_same_bytes_and_another_seed_does_not() -> None:
    assert digest(Marketplace(5, END), 8) == digest(Marketplace(5, END), 8)
    assert digest(Marketplace(5, END), 8) != digest(Marketplace(6, END), 8)


def test_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "import hashlib; from datetime import date; from sycee_simulator import Marketplace\n"
        "print(hashlib.sha256(b''.join(e.SerializeToString(deterministic=True)"
        " for s in Marketplace(5, date(2026, 11, 20)).shops(3) for e in s.events())).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_shop_can_be_reached_without_the_ones_before() -> None:
    market = Marketplace(9, END)
    listed = list(market.shops(31))[30]
    alone = market.shop(30)
    assert alone.registration() == listed.registration()
    assert list(alone.events()) == list(listed.events()) == list(alone.events())


def test_every_message_passes_protovalidate() -> None:
    for shop in Marketplace(3, END).shops(40):
        protovalidate.validate(shop.registration())
        for consent in shop.consents():
            protovalidate.validate(consent)
    for shop in Marketplace(3, END).shops(20):
        for event in shop.events():
            protovalidate.validate(event)


def test_events_are_chronological_distinct_and_never_after_the_end() -> None:
    closing = datetime.combine(END + timedelta(days=1), datetime.min.time(), SHANGHAI).timestamp()
    for shop in Marketplace(4, END).shops(40):
        seconds, names = [], set()
        for event in shop.events():
            assert event.merchant_id == shop.merchant_id
            seconds.append(event.occurred_at.seconds)
            names.add((event.source, event.event_id))
        assert seconds == sorted(seconds)
        assert seconds[-1] < closing
        assert len(names) == len(seconds)


@pytest.mark.parametrize("disorder_days", [0.5, 20.0])
def test_disorder_moves_events_and_changes_none(disorder_days: float) -> None:
    shop = Marketplace(4, END).shop(2)
    ordered = list(shop.events())
    moved = list(shop.events(disorder_days=disorder_days))
    assert moved != ordered
    assert sorted(e.SerializeToString() for e in moved) == sorted(e.SerializeToString() for e in ordered)
    latest = 0
    for event in moved:
        latest = max(latest, event.occurred_at.seconds)
        assert latest - event.occurred_at.seconds <= disorder_days * 86_400


def test_all_kinds_of_event_but_repayments_appear() -> None:
    kinds = Counter(event.WhichOneof("body") for shop in Marketplace(1, END).shops(40) for event in shop.events())
    assert set(kinds) == {
        "order", "refund", "review", "shipment", "settlement", "traffic", "social_activity", "bureau_report",
        "tax_record", "energy_use", "store_penalty",
    }  # fmt: skip


@given(seed=st.integers(0, 10**9), start=st.integers(0, 500))
@settings(max_examples=60, deadline=None)
def test_any_forty_neighbours_hold_every_archetype(seed: int, start: int) -> None:
    market = Marketplace(seed, END)
    assert {market.shop(index).archetype for index in range(start, start + 40)} == set(Archetype)


def test_archetypes_follow_the_documented_weights() -> None:
    dealt = Counter(shop.archetype for shop in Marketplace(8, END).shops(DECK_SIZE * 5))
    assert dealt == {archetype: count * 5 for archetype, count in DECK}


def test_everything_is_called_simulated() -> None:
    for shop in Marketplace(2, END).shops(60):
        request = shop.registration()
        assert request.simulated
        assert request.merchant_id.startswith("sim")
        individual = request.borrower_kind == common_pb2.BORROWER_KIND_INDIVIDUAL
        assert "(模拟" in request.name
        assert "拟" in request.operator.name or request.operator.name == SANCTIONED_PERSON
        assert individual or request.register_entry.source == "simulated"
        assert all(platform.platform.startswith("sim-") for platform in request.shops)
        assert {event.source.startswith("sim-") for event in shop.events()} == {True}


def test_consents_cover_decision_bureau_and_every_lender() -> None:
    consents = Marketplace(2, END).shop(0).consents()
    assert [(consent.purpose, consent.recipient) for consent in consents] == [
        (compliance_pb2.CONSENT_PURPOSE_CREDIT_DECISION, ""),
        (compliance_pb2.CONSENT_PURPOSE_BUREAU_QUERY, ""),
        (compliance_pb2.CONSENT_PURPOSE_LENDER_TRANSFER, "*"),
    ]
    assert len({consent.request_id for consent in consents}) == 3


@pytest.mark.parametrize("seed", [1, 7])
def test_two_hundred_shops_stay_within_the_size_bound(seed: int) -> None:
    count = sum(1 for shop in Marketplace(seed, END).shops(200) for _ in shop.events())
    assert 100_000 <= count <= 250_000


def test_scale_multiplies_orders_and_keeps_sales_and_truth() -> None:
    thin, dense = Marketplace(6, END).shop(0), Marketplace(6, END, scale=8).shop(0)
    assert thin.truth == dense.truth
    assert thin.merchant_id != dense.merchant_id
    sums = []
    for shop in (thin, dense):
        orders = [event.order.amount.units for event in shop.events() if event.HasField("order")]
        sums.append((len(orders), sum(orders)))
    (few, few_yuan), (many, many_yuan) = sums
    assert 6.5 < many / few < 9.5
    assert 0.75 < many_yuan / few_yuan < 1.33


@pytest.mark.parametrize(
    ("seed", "end", "scale"),
    [
        (-1, END, 1),
        (1, END, 0),
        (1, END, 1e9),
        (1, END, float("nan")),
        (1, date(2019, 12, 31), 1),
        (1, date(2038, 1, 1), 1),
    ],
)
def test_impossible_markets_are_refused(seed: int, end: date, scale: float) -> None:
    with pytest.raises(ValueError, match="must"):
        Marketplace(seed, end, scale=scale)


def test_generation_does_not_dominate_load_tests() -> None:
    """60,000 events a CPU second are wanted; the floor here is lower, so that a busy machine does not fail it."""
    best = 0.0
    for _ in range(3):
        began = time.process_time()
        count = sum(1 for shop in Marketplace(7, END).shops(12) for _ in shop.events())
        best = max(best, count / (time.process_time() - began))
    assert best > 30_000
