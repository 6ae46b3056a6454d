"""Whether taking events in stays as quick as it was, however much is stored.

The events come as a platform's would: day after day, on each day those of every shop. Half of the shops name their
events by a number that counts up, the others by chance, which is the harder case for an index.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from google.type.money_pb2 import Money
from sycee.ingestion.v1.event_pb2 import Event, Order
from sycee.ingestion.v1.ingestion_pb2 import PublishEventsRequest, RegisterMerchantRequest
from sycee_client import SyceeClient

from sycee_cli.bench import market
from sycee_cli.bench.measures import Measure
from sycee_cli.days import SHANGHAI, yesterday

SHOPS = 500
ORDERS_A_DAY = 10
MARKS = (100_000, 1_000_000)
FULL_MARKS = (*MARKS, 10_000_000)
WINDOW_EVENTS = 50_000
"""The rate at a mark is that of the last so many events before it."""

FILL_EVENTS = 20_000
"""So many are made and sent at a time between the marks, which bounds the memory that they take."""


async def growing(inside: SyceeClient, *, full: bool) -> AsyncIterator[Measure]:
    """The rate of PublishEvents at 10^5 and 10^6 stored events, and at 10^7 in a full run, which takes minutes."""
    marks = FULL_MARKS if full else MARKS
    await _register(inside)
    events, stored, rates = orders(marks[-1]), 0, {}
    for mark in marks:
        while stored < mark - WINDOW_EVENTS:
            count = min(FILL_EVENTS, mark - WINDOW_EVENTS - stored)
            stored += await market.publish(inside, market.batches(islice(events, count)))
        window = market.batches(islice(events, WINDOW_EVENTS))
        rates[mark] = await _rate(inside, window)
        stored += WINDOW_EVENTS
    more = {f"per_s_at_{mark}": round(rate, 1) for mark, rate in rates.items()}
    flatness = round(rates[marks[-1]] / rates[marks[0]], 3)
    yield Measure("publish_growth", flatness, "of the rate at 10^5", {**more, "stored": stored, "shops": SHOPS})


async def _rate(inside: SyceeClient, requests: Sequence[PublishEventsRequest]) -> float:
    begin = time.perf_counter()
    count = await market.publish(inside, requests)
    return count / (time.perf_counter() - begin)


async def _register(inside: SyceeClient) -> None:
    pattern = market.lendable(1, seed=79)[0].registration()
    for shop in range(SHOPS):
        registration = RegisterMerchantRequest()
        registration.CopyFrom(pattern)
        registration.merchant_id, registration.request_id = shop_id(shop), f"register-{shop_id(shop)}"
        registration.ClearField("shops")
        await inside.ingestion.RegisterMerchant(registration)


def shop_id(shop: int) -> str:
    """The merchant_id of a shop."""
    return f"growth-{shop}"


def orders(count: int) -> Iterator[Event]:
    """Orders, oldest first, the last of them yesterday."""
    days = -(-count // (SHOPS * ORDERS_A_DAY))
    last = yesterday()
    begin_s = int((datetime(last.year, last.month, last.day, tzinfo=SHANGHAI) - timedelta(days=days - 1)).timestamp())
    for number in range(count):
        day, place = divmod(number, SHOPS * ORDERS_A_DAY)
        minute, shop = divmod(place, SHOPS)
        yield _order(number, shop, begin_s + day * 86_400 + 3_600 * 9 + minute * 60)


def _order(number: int, shop: int, second: int) -> Event:
    name = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest() if shop % 2 else f"{shop}-{number}"
    event = Event(source="bench", event_id=name, merchant_id=shop_id(shop))
    event.occurred_at.seconds = second
    amount = Money(currency_code="CNY", units=80 + number % 61)
    event.order.CopyFrom(Order(order_id=name, buyer_id=f"b{number % 977}", amount=amount, item_count=1))
    return event
