"""Simulated merchants put into a running suite, the way a platform does it; and requests about them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from sycee.decision.v1.decision_pb2 import DecideRequest, Decision
from sycee.ingestion.v1.event_pb2 import Event
from sycee.ingestion.v1.ingestion_pb2 import PublishEventsRequest, PublishEventsResponse
from sycee_cli.bench.market import orders
from sycee_cli.days import yesterday
from sycee_client import SyceeClient
from sycee_simulator import Archetype, Marketplace, Shop

BATCH = 500


def market(seed: int) -> Marketplace:
    """A market that ended yesterday."""
    return Marketplace(seed=seed, end=yesterday())


def find(market: Marketplace, archetype: Archetype, count: int = 1, skip: int = 0) -> list[Shop]:
    """The first shops of an archetype; any 40 neighbours hold every one."""
    found = [shop for shop in market.shops(40 * (count + skip)) if shop.archetype is archetype]
    return found[skip : skip + count]


async def admit(sycee: SyceeClient, shops: Sequence[Shop]) -> list[PublishEventsResponse]:
    """Registers shops with their consents and publishes all their events; the answers to the batches."""
    for shop in shops:
        await sycee.ingestion.RegisterMerchant(shop.registration())
        for consent in shop.consents():
            await sycee.compliance.RecordConsent(consent)
    return await publish(sycee, (event for shop in shops for event in shop.events()))


async def publish(sycee: SyceeClient, events: Iterable[Event]) -> list[PublishEventsResponse]:
    """Publishes events in batches; the answers."""
    return [answer async for answer in sycee.ingestion.PublishEvents(batches(events))]


async def batches(events: Iterable[Event]) -> AsyncIterator[PublishEventsRequest]:
    """Events as the stream wants them."""
    request = PublishEventsRequest(batch_id=0)
    for event in events:
        request.events.append(event)
        if len(request.events) == BATCH:
            yield request
            request = PublishEventsRequest(batch_id=request.batch_id + 1)
    if request.events:
        yield request


def yuan(amount: int) -> Money:
    return Money(currency_code="CNY", units=amount)


def application(merchant_id: str, amount: int = 50_000, product_id: str = "shopkeeper") -> DecideRequest:
    """An application with a request_id of its own."""
    return DecideRequest(
        request_id=f"test-{uuid.uuid4()}",
        merchant_id=merchant_id,
        product_id=product_id,
        requested_amount=yuan(amount),
        term_months=12,
    )


async def decide(sycee: SyceeClient, merchant_id: str, amount: int = 50_000) -> Decision:
    return (await sycee.decision.Decide(application(merchant_id, amount))).decision


HISTORY_DAYS = 430
ORDERS_A_DAY = 20


def solid(shop: Shop) -> Iterator[Event]:
    """A history that earns a loan on any day: a simulated shop's own would depend on the day the test runs.

    430 days with 20 orders of about 110 yuan each, and a clean bureau report.
    """
    last = yesterday()
    yield from orders(shop.merchant_id, last, HISTORY_DAYS, ORDERS_A_DAY)
    report = Event(source="bureau", event_id=f"{shop.merchant_id}-report", merchant_id=shop.merchant_id)
    report.occurred_at.FromDatetime(datetime(last.year, last.month, last.day, tzinfo=UTC))
    report.bureau_report.report_date.CopyFrom(Date(year=last.year, month=last.month, day=1))
    report.bureau_report.repayment_grid = "N" * 24
    report.bureau_report.open_accounts = 1
    yield report


async def admit_solid(sycee: SyceeClient, shop: Shop) -> list[Event]:
    """Registers a shop with its consents and a solid history; its events."""
    await sycee.ingestion.RegisterMerchant(shop.registration())
    for consent in shop.consents():
        await sycee.compliance.RecordConsent(consent)
    events = list(solid(shop))
    for answer in await publish(sycee, events):
        assert not answer.rejects, answer.rejects[0]
    return events
