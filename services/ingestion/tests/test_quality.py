"""The quality of a portrait's data: each defect fires, and its twin, which differs in one thing, does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sycee_ingestion.domain import quality
from sycee_ingestion.domain.breaks import silent_days, unit_shift
from sycee_ingestion.domain.consistency import invoice_ratio, settlement_ratio
from sycee_ingestion.domain.coverage import Received, source_status
from sycee_ingestion.domain.event import EventKind
from sycee_ingestion.domain.quality import Books, Evidence, Quality, Severity, assess
from sycee_ingestion.domain.twins import duplicated_share

TODAY = date(2026, 3, 15)
DAYS = 365


def steady(**changed: object) -> Books:
    """Ten orders of 100 yuan a day, paid out weekly, visited, invoiced and sent; whole columns by keyword."""
    weekly = np.arange(DAYS) % 7 == 6
    plain = dict.fromkeys((field.name for field in fields(Books)), 0)
    plain |= {"order_count": 10, "order_fen": 100_000, "refund_count": 1, "refund_fen": 5_000, "parcel_count": 9}
    plain |= {"traffic_count": 1, "page_views": 600, "visitors": 200, "invoice_count": 1, "invoiced_fen": 60_000}
    columns = {name: np.full(DAYS, value, np.int64) for name, value in plain.items()}
    columns |= {
        "settlement_count": weekly.astype(np.int64),
        "settled_fen": weekly * 7 * 95_000,
        "fee_fen": weekly * 7 * 5_000,
    }
    return Books(**(columns | {name: np.asarray(value, np.int64) for name, value in changed.items()}))


def whole(**changed: object) -> Evidence:
    """Everything is there, fresh and consistent."""
    statuses = [source_status(Received(kind, 9, TODAY, TODAY, ("a",)), TODAY) for kind in EventKind]
    return replace(
        Evidence(
            statuses=statuses,
            books=steady(),
            declared=(3_300_000, 3_467_500),
            closed=np.zeros(DAYS, np.bool_),
            named_refund_count=300,
            orphan_refund_count=2,
            text_count=200,
            unread_count=0,
            duplicated_share=0.01,
        ),
        **changed,
    )


def codes(evidence: Evidence) -> dict[str, tuple[Severity, int]]:
    return {defect.code: (defect.severity, defect.points) for defect in assess(evidence).defects}


def without(*kinds: EventKind) -> list[object]:
    return [status for status in whole().statuses if status.kind not in kinds]


def aged(kind: EventKind, days: int) -> list[object]:
    last = TODAY - timedelta(days=days)
    return [*without(kind), source_status(Received(kind, 9, last, last, ("a",)), TODAY)]


def test_whole_data_has_the_best_score() -> None:
    assert assess(whole()) == Quality(100, (), assess(whole()).ratios)
    ratios = assess(whole()).ratios
    assert ratios.settlement == pytest.approx(1.0)
    assert (ratios.invoice, ratios.tax) == (pytest.approx(60 / 95), pytest.approx(0.952, abs=1e-3))


def test_nothing_at_all_is_nothing_to_rely_on() -> None:
    found = assess(whole(statuses=[], books=empty(), declared=None, text_count=0))
    assert found.score == 0
    assert {defect.code for defect in found.defects} == {f"MISSING_{kind}" for kind in MISSED}
    assert found.ratios == quality.Ratios(None, None, None)


MISSED = ("ORDERS", "SETTLEMENTS", "SHIPMENTS", "TAX_RECORDS", "BUREAU_REPORTS", "REVIEWS", "TRAFFIC")


def empty() -> Books:
    return Books(*(np.zeros(DAYS, np.int64) for _ in fields(Books)))


def kept(**columns: Callable[[np.ndarray], np.ndarray]) -> Evidence:
    """Steady books, but for columns that a function changes."""
    return whole(books=steady(**{name: change(getattr(steady(), name).copy()) for name, change in columns.items()}))


def broken_off(days: int) -> Callable[[np.ndarray], np.ndarray]:
    """Nothing for so many days in the middle of the year."""

    def change(column: np.ndarray) -> np.ndarray:
        column[200 : 200 + days] = 0
        return column

    return change


def from_day(day: int, factor: int) -> Callable[[np.ndarray], np.ndarray]:
    """Times a factor from a day of the year on."""

    def change(column: np.ndarray) -> np.ndarray:
        column[day:] *= factor
        return column

    return change


def times(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda column: (column * factor).astype(np.int64)


TABLE = [
    ("MISSING_ORDERS", Severity.SEVERE, 70, whole(statuses=without(*EventKind), books=empty()), whole()),
    ("MISSING_SETTLEMENTS", Severity.WARNING, 10, whole(statuses=without(EventKind.SETTLEMENT)), whole()),
    (
        "MISSING_REVIEWS",
        Severity.NOTE,
        3,
        whole(statuses=without(EventKind.REVIEW)),
        whole(statuses=without(EventKind.STORE_PENALTY, EventKind.REPAYMENT, EventKind.REFUND, EventKind.ENERGY_USE)),
    ),
    (
        "STALE_ORDERS",
        Severity.WARNING,
        25,
        whole(statuses=aged(EventKind.ORDER, 31)),
        whole(statuses=aged(EventKind.ORDER, 30)),
    ),
    (
        "STALE_TAX_RECORDS",
        Severity.NOTE,
        3,
        whole(statuses=aged(EventKind.TAX_RECORD, 201)),
        whole(statuses=aged(EventKind.TAX_RECORD, 200)),
    ),
    (
        "STALE_BUREAU_REPORTS",
        Severity.NOTE,
        3,
        whole(statuses=aged(EventKind.BUREAU_REPORT, 91)),
        whole(statuses=aged(EventKind.REPAYMENT, 900)),
    ),
    ("SETTLEMENTS_DIFFER", Severity.NOTE, 4, kept(settled_fen=times(1.2)), kept(settled_fen=times(1.08))),
    ("SETTLEMENTS_DIFFER", Severity.WARNING, 12, kept(settled_fen=times(0.75)), kept(settled_fen=times(0.93))),
    ("SETTLEMENTS_DIFFER", Severity.SEVERE, 25, kept(settled_fen=times(2.1)), kept(settlement_count=times(0))),
    ("INVOICES_EXCEED_SALES", Severity.NOTE, 3, kept(invoiced_fen=times(2.0)), kept(invoiced_fen=times(1.6))),
    ("INVOICES_EXCEED_SALES", Severity.WARNING, 6, kept(invoiced_fen=times(9.0)), kept(invoiced_fen=times(0.01))),
    ("TAX_SALES_DIFFER", Severity.NOTE, 4, whole(declared=(700_000, 1_000_000)), whole(declared=(801_000, 1_000_000))),
    ("TAX_SALES_DIFFER", Severity.WARNING, 12, whole(declared=(500_000, 1_000_000)), whole(declared=None)),
    ("TAX_SALES_DIFFER", Severity.SEVERE, 25, whole(declared=(0, 1_000_000)), whole(declared=(0, 99_000))),
    ("TAX_SALES_DIFFER", Severity.WARNING, 12, whole(declared=(9_000_000, 10**6)), whole(declared=(1_090_000, 10**6))),
    ("GAPS_IN_ORDERS", Severity.NOTE, 3, kept(order_count=broken_off(3)), kept(order_count=broken_off(2))),
    (
        "GAPS_IN_ORDERS",
        Severity.WARNING,
        10,
        kept(order_count=broken_off(15)),
        replace(kept(order_count=broken_off(15)), closed=(np.arange(DAYS) >= 200) & (np.arange(DAYS) < 215)),
    ),
    ("GAPS_IN_TRAFFIC", Severity.NOTE, 2, kept(traffic_count=broken_off(20)), kept(traffic_count=broken_off(18))),
    ("UNITS_SHIFTED", Severity.SEVERE, 30, kept(order_fen=from_day(250, 100)), kept(order_fen=from_day(250, 4))),
    (
        "UNITS_SHIFTED",
        Severity.SEVERE,
        30,
        kept(order_fen=from_day(250, 10)),
        # ten times as dear, and a tenth as many sold: other goods
        kept(order_count=lambda c: np.where(np.arange(DAYS) < 250, c, c // 10)),
    ),
    ("DUPLICATED_FEEDS", Severity.SEVERE, 30, whole(duplicated_share=0.6), whole(duplicated_share=0.4)),
    ("REFUNDS_WITHOUT_ORDERS", Severity.NOTE, 3, whole(orphan_refund_count=70), whole(orphan_refund_count=60)),
    (
        "REFUNDS_WITHOUT_ORDERS",
        Severity.WARNING,
        8,
        whole(orphan_refund_count=200),
        whole(orphan_refund_count=4, named_refund_count=4),
    ),
    ("REFUNDS_EXCEED_SALES", Severity.WARNING, 10, kept(refund_fen=times(21)), kept(refund_fen=times(19))),
    ("VISITORS_EXCEED_VIEWS", Severity.NOTE, 3, kept(page_views=times(0.3)), kept(page_views=times(0.4))),
    ("ORDERS_EXCEED_VISITORS", Severity.WARNING, 6, kept(visitors=times(0.04)), kept(visitors=times(0.06))),
    ("FEES_EXCEED_HALF", Severity.WARNING, 6, kept(fee_fen=times(11)), kept(fee_fen=times(9))),
    (
        "ODD_ROUTES",
        Severity.NOTE,
        3,
        kept(odd_route_count=lambda c: c + (np.arange(DAYS) % 5 == 0)),
        kept(odd_route_count=lambda c: c + (np.arange(DAYS) % 6 == 0)),
    ),
    (
        "ODD_ROUTES",
        Severity.WARNING,
        8,
        kept(odd_route_count=lambda c: c + 1),
        kept(odd_route_count=lambda c: c + (np.arange(DAYS) < 4), parcel_count=times(0)),
    ),
    ("UNREAD_REVIEWS", Severity.NOTE, 2, whole(unread_count=21), whole(unread_count=20)),
]


@pytest.mark.parametrize(("code", "severity", "points", "wrong", "right"), TABLE)
def test_each_defect_fires_and_its_twin_does_not(
    code: str, severity: Severity, points: int, wrong: Evidence, right: Evidence
) -> None:
    assert codes(wrong)[code] == (severity, points)
    assert code not in codes(right)
    assert assess(wrong).score <= 100 - points


def test_every_code_is_in_the_table_and_every_text_in_both_tongues() -> None:
    found = [defect for row in TABLE for defect in assess(row[3]).defects]
    assert {defect.code for defect in found} >= {row[0] for row in TABLE}
    for defect in found:
        assert 0 < len(defect.text_zh) <= 500
        assert 0 < len(defect.text_en) <= 500
        assert defect.text_en.isascii()
        assert defect.rule_id == ("CN-ID-08" if defect.code == "TAX_SALES_DIFFER" else "")


def test_invoices_or_counts_stand_in_for_half_of_the_orders() -> None:
    assert codes(whole(statuses=without(EventKind.ORDER)))["MISSING_ORDERS"] == (Severity.SEVERE, 35)
    alone = whole(statuses=without(EventKind.ORDER, EventKind.INVOICE, EventKind.DAILY_COUNT))
    assert codes(alone)["MISSING_ORDERS"] == (Severity.SEVERE, 70)


def test_the_gravest_come_first() -> None:
    evidence = whole(statuses=aged(EventKind.ORDER, 40), declared=(0, 10**9), unread_count=50)
    found = assess(evidence).defects
    assert [defect.code for defect in found] == ["TAX_SALES_DIFFER", "STALE_ORDERS", "UNREAD_REVIEWS"]
    assert assess(evidence).score == 100 - 25 - 25 - 2


counts = arrays(np.int64, DAYS, elements=st.integers(-3, 10**4))
amounts = arrays(np.int64, DAYS, elements=st.integers(-(10**11), 10**11))


@given(counts, amounts, amounts, st.integers(-(10**13), 10**13), st.floats(0, 1))
def test_any_numbers_have_a_score(
    count: np.ndarray, fen: np.ndarray, settled: np.ndarray, declared: int, share: float
) -> None:
    books = steady(order_count=count, order_fen=fen, settlement_count=count, settled_fen=settled)
    found = assess(whole(books=books, declared=(declared, -declared), duplicated_share=share))
    assert 0 <= found.score <= 100


@pytest.mark.parametrize("lag", [0, 7, 15, 30])
def test_payouts_that_lag_agree_with_a_growing_trade(lag: int) -> None:
    net = np.linspace(10_000, 60_000, DAYS).astype(np.int64)
    due = np.concatenate((np.zeros(lag, np.int64), net))[:DAYS]
    paid = np.zeros(DAYS, np.int64)
    paid[6::7] = np.add.reduceat(due, range(0, DAYS, 7))[: len(paid[6::7])]
    assert settlement_ratio(net, (paid > 0).astype(np.int64), paid) == pytest.approx(1.0, abs=0.02)


def test_few_days_are_not_compared() -> None:
    net, paid = np.full(DAYS, 50_000), np.zeros(DAYS, np.int64)
    paid[300:361:7] = 350_000
    assert settlement_ratio(net, paid // 350_000, paid) is None
    paid[293] = 350_000
    assert settlement_ratio(net, paid // 350_000, paid) is not None
    assert invoice_ratio(net, paid // 350_000, paid) is not None


def test_slow_shops_have_no_gaps() -> None:
    chance = np.random.default_rng(5)
    open_always = np.zeros(DAYS, np.bool_)
    for mean in (0.3, 1.0, 3.0, 10.0):
        found = [silent_days(chance.poisson(mean, DAYS), open_always) for _ in range(200)]
        assert sum(map(bool, found)) == 0


def test_prices_that_wander_are_no_change_of_unit() -> None:
    chance = np.random.default_rng(6)
    for _ in range(100):
        count = chance.poisson(12, DAYS)
        level = np.exp(np.cumsum(chance.normal(0, 0.03, DAYS)) + 9)
        assert unit_shift(count, (count * level).astype(np.int64)) == 0


# Two feeds.


def orders_of(chance: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Moments within half a year and amounts of a few prices."""
    return chance.integers(1_700_000_000, 1_715_000_000, size), chance.choice([4_990, 9_900, 12_900, 19_900], size)


def test_a_shop_that_is_connected_twice_is_seen() -> None:
    chance = np.random.default_rng(7)
    at_s, fen = orders_of(chance, 900)
    lost = chance.random(900) < 0.7  # the second connection misses some and stamps the others a little later
    feed = np.concatenate((np.zeros(900, np.int64), np.ones(lost.sum(), np.int64)))
    share = duplicated_share(feed, np.concatenate((at_s, at_s[lost] + 20)), np.concatenate((fen, fen[lost])))
    assert share > 0.99


def test_two_shops_of_like_trade_are_not_one() -> None:
    chance = np.random.default_rng(8)
    one, other = orders_of(chance, 4_000), orders_of(chance, 4_000)
    feed = np.repeat([0, 1], 4_000)
    assert duplicated_share(feed, np.concatenate((one[0], other[0])), np.concatenate((one[1], other[1]))) < 0.2


@pytest.mark.parametrize(("again", "duplicated"), [(True, True), (False, False)])
def test_feeds_that_only_tell_the_day_are_held_against_each_other_by_day(again: bool, duplicated: bool) -> None:
    chance = np.random.default_rng(9)
    at_s = 1_700_006_400 + 86_400 * chance.integers(0, 60, 600)
    fen = chance.choice([4_990, 9_900, 12_900], 600)
    other_s = at_s if again else 1_700_006_400 + 86_400 * chance.integers(0, 60, 600)
    share = duplicated_share(np.repeat([0, 1], 600), np.concatenate((at_s, other_s)), np.concatenate((fen, fen)))
    assert (share >= 0.5) is duplicated


def test_few_orders_and_a_single_feed_tell_nothing() -> None:
    chance = np.random.default_rng(10)
    at_s, fen = orders_of(chance, 29)
    assert duplicated_share(np.repeat([0, 1], 29), np.tile(at_s, 2), np.tile(fen, 2)) == 0.0
    assert duplicated_share(np.zeros(58, np.int64), np.tile(at_s, 2), np.tile(fen, 2)) == 0.0
    assert duplicated_share(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)) == 0.0
