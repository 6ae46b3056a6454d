"""Merchants and events for the benchmarks; all simulated."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime, timedelta

from google.type.money_pb2 import Money
from sycee.decision.v1.decision_pb2 import DecideRequest
from sycee.ingestion.v1.event_pb2 import Event, Order
from sycee.ingestion.v1.ingestion_pb2 import PublishEventsRequest
from sycee_client import SyceeClient
from sycee_simulator import Archetype, Marketplace, Shop

from sycee_cli.days import SHANGHAI, yesterday

BATCH_EVENTS = 500
LENDABLE = frozenset({Archetype.STEADY, Archetype.GROWING, Archetype.SEASONAL, Archetype.GREEN})
FIVE_YEARS_DAYS = 1_826
SOLID_DAYS = 430
SOLID_ORDERS_A_DAY = 20


def lendable(count: int, seed: int = 5) -> list[Shop]:
    """Shops that mostly get a loan, so that decisions go through every step."""
    market = Marketplace(seed=seed, end=yesterday())
    found = (shop for shop in market.shops(count * 4) if shop.archetype in LENDABLE)
    return [shop for shop, _ in zip(found, range(count), strict=False)]


async def admit_solid(sycee: SyceeClient, shops: Sequence[Shop]) -> None:
    """Registers shops with their consents and a steady history large enough for many small loans."""
    for shop in shops:
        await sycee.ingestion.RegisterMerchant(shop.registration())
        for consent in shop.consents():
            await sycee.compliance.RecordConsent(consent)
    history = (
        event for shop in shops for event in orders(shop.merchant_id, yesterday(), SOLID_DAYS, SOLID_ORDERS_A_DAY)
    )
    await publish(sycee, batches(history))


def batches(events: Iterator[Event]) -> list[PublishEventsRequest]:
    """Events as the stream wants them, made beforehand so that making them is not measured."""
    made: list[PublishEventsRequest] = []
    for number, event in enumerate(events):
        if number % BATCH_EVENTS == 0:
            made.append(PublishEventsRequest(batch_id=len(made)))
        made[-1].events.append(event)
    return made


async def publish(sycee: SyceeClient, requests: Sequence[PublishEventsRequest]) -> int:
    """Sends batches on one stream; how many events were stored. Raises RuntimeError when one was not taken."""

    async def stream() -> AsyncIterator[PublishEventsRequest]:
        for request in requests:
            yield request

    stored = 0
    async for answer in sycee.ingestion.PublishEvents(stream()):
        if answer.rejects:
            first = answer.rejects[0]
            raise RuntimeError(f"event {first.event_id} was not taken: {first.reason} {first.description}")
        stored += answer.accepted_count
    return stored


def orders(merchant_id: str, last: date, days: int, a_day: int) -> Iterator[Event]:
    """Plain orders, `a_day` of them on each of `days` days up to `last`."""
    first = datetime(last.year, last.month, last.day, tzinfo=SHANGHAI) - timedelta(days=days - 1)
    begin_s = int(first.timestamp())
    for day in range(days):
        for number in range(a_day):
            event = Event(source="bench", event_id=f"{merchant_id}-{day}-{number}", merchant_id=merchant_id)
            event.occurred_at.seconds = begin_s + day * 86_400 + 3_600 * 9 + number * 60
            amount = Money(currency_code="CNY", units=80 + (day * 7 + number * 13) % 60)
            event.order.CopyFrom(
                Order(order_id=event.event_id, buyer_id=f"b{(day + number) % 977}", amount=amount, item_count=1)
            )
            yield event


def application(merchant_id: str) -> DecideRequest:
    """The smallest application, so that many of them fit into one merchant's limit."""
    return DecideRequest(
        request_id=f"bench-{uuid.uuid4()}",
        merchant_id=merchant_id,
        product_id="shopkeeper",
        requested_amount=Money(currency_code="CNY", units=5_000),
        term_months=12,
    )
