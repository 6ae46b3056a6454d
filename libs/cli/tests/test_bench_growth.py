"""The events that growth is measured with."""

from __future__ import annotations

from datetime import datetime, timedelta

from sycee_cli.bench import growth
from sycee_cli.bench.market import BATCH_EVENTS, batches
from sycee_cli.days import SHANGHAI, yesterday


def test_they_come_day_after_day_and_end_yesterday() -> None:
    a_day = growth.SHOPS * growth.ORDERS_A_DAY
    events = list(growth.orders(2 * a_day + 1))
    days = [datetime.fromtimestamp(event.occurred_at.seconds, SHANGHAI).date() for event in events]
    assert days == sorted(days)
    assert {day: days.count(day) for day in set(days)} == {
        yesterday() - timedelta(days=2): a_day,
        yesterday() - timedelta(days=1): a_day,
        yesterday(): 1,
    }


def test_each_has_a_name_of_its_own_and_half_of_them_count_up() -> None:
    events = list(growth.orders(2_000))
    assert len({event.event_id for event in events}) == 2_000
    assert len({event.merchant_id for event in events}) == growth.SHOPS
    assert sum(len(event.event_id) == 32 for event in events) == 1_000
    assert [len(batch.events) for batch in batches(iter(events))] == [BATCH_EVENTS] * 4
