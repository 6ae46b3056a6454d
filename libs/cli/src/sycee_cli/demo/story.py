"""The demonstration step by step: shops come in, are decided, and every receipt is checked offline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.type.money_pb2 import Money
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sycee.decision.v1.decision_pb2 import DecideRequest, Decision
from sycee.ingestion.v1.ingestion_pb2 import Import, PublishEventsRequest
from sycee_client import SyceeClient
from sycee_client.decisions import verify_decision
from sycee_client.receipts import ReceiptError
from sycee_simulator import Archetype, Marketplace, Shop

from sycee_cli.commands.imports import import_placed, place
from sycee_cli.days import yesterday
from sycee_cli.demo import cdnow
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder

Item = TypeVar("Item")

SHOPS = 200
AT_A_TIME = 8
BATCH_EVENTS = 500
ASKED_YUAN = (20_000, 50_000, 80_000, 120_000)
PRODUCTS = {Archetype.NEW: "startup", Archetype.GREEN: "green"}
STARTUP_YUAN = 15_000
CDNOW_YUAN = 300_000


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision with what is known of its merchant, and how long the caller waited."""

    kind: str
    decision: Decision
    waited_ms: float
    proved: bool


@dataclass(frozen=True, slots=True)
class Told:
    """All that came of the demonstration."""

    decided: Sequence[Decided]
    seconds: float
    events: int
    events_per_s: float
    imported: Import
    repeated: int


async def tell(sycee: SyceeClient, folder: StateFolder, key: Ed25519PublicKey, seed: int, console: Console) -> Told:
    """Runs it all. The same seed on the same day sends the same requests, which are answered as before."""
    shops = list(Marketplace(seed=seed, end=yesterday()).shops(SHOPS))
    file = await asyncio.to_thread(cdnow.orders_file, Path(".cache/data"))
    with _progress(console) as bar:
        imported = await _admit_cdnow(sycee, folder, file, bar)
        await _admit(sycee, shops, bar)
        events, events_per_s = await _publish(sycee, shops, bar)
        requests = [("real shop", _cdnow_request()), *((shop.archetype.value, _request(shop)) for shop in shops)]
        begun = time.time()
        decided, seconds = await _decide(sycee, key, requests, bar)
    repeated = sum(each.decision.decided_at.ToDatetime(UTC).timestamp() < begun for each in decided)
    return Told(decided, seconds, events, events_per_s, imported, repeated)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


async def _admit_cdnow(sycee: SyceeClient, folder: StateFolder, file: Path, bar: Progress) -> Import:
    await sycee.ingestion.RegisterMerchant(cdnow.registration())
    for consent in cdnow.consents():
        await sycee.compliance.RecordConsent(consent)
    imported = await import_placed(sycee, place(folder, file), cdnow.MAPPING, bar)
    if imported.state != Import.STATE_DONE or imported.reject_count or imported.row_count != cdnow.ORDERS:
        raise SuiteError(f"CDNOW: {imported.row_count} rows, {imported.reject_count} not taken {imported.error}")
    return imported


async def _admit(sycee: SyceeClient, shops: Sequence[Shop], bar: Progress) -> None:
    task = bar.add_task("registering shops", total=len(shops))

    async def one(shop: Shop) -> None:
        await sycee.ingestion.RegisterMerchant(shop.registration())
        for consent in shop.consents():
            await sycee.compliance.RecordConsent(consent)
        bar.advance(task)

    await _some_at_a_time(shops, one)


async def _publish(sycee: SyceeClient, shops: Sequence[Shop], bar: Progress) -> tuple[int, float]:
    task = bar.add_task("publishing events", total=None)
    sent = 0

    async def stream() -> AsyncIterator[PublishEventsRequest]:
        nonlocal sent
        events = (event for shop in shops for event in shop.events())
        while batch := list(islice(events, BATCH_EVENTS)):
            sent += len(batch)
            yield PublishEventsRequest(batch_id=sent, events=batch)

    begin = time.perf_counter()
    taken = 0
    async for answer in sycee.ingestion.PublishEvents(stream()):
        if answer.rejects:
            first = answer.rejects[0]
            raise SuiteError(f"event {first.event_id} was not taken: {first.reason} {first.description}")
        taken += answer.accepted_count + answer.duplicate_count
        bar.update(task, completed=taken)
    bar.update(task, total=taken)
    return taken, taken / (time.perf_counter() - begin)


async def _decide(
    sycee: SyceeClient, key: Ed25519PublicKey, requests: Sequence[tuple[str, DecideRequest]], bar: Progress
) -> tuple[list[Decided], float]:
    task = bar.add_task("deciding", total=len(requests))
    decided: dict[str, Decided] = {}

    async def one(asked: tuple[str, DecideRequest]) -> None:
        kind, request = asked
        begin = time.perf_counter()
        decision = (await sycee.decision.Decide(request)).decision
        waited_ms = (time.perf_counter() - begin) * 1_000
        decided[request.request_id] = Decided(kind, decision, waited_ms, _proved(decision, key))
        bar.advance(task)

    begin = time.perf_counter()
    await _some_at_a_time(requests, one)
    seconds = time.perf_counter() - begin
    return [decided[request.request_id] for _, request in requests], seconds


def _proved(decision: Decision, key: Ed25519PublicKey) -> bool:
    try:
        verify_decision(decision, key)
    except ReceiptError:
        return False
    return True


def _cdnow_request() -> DecideRequest:
    return DecideRequest(
        request_id=f"demo-{cdnow.MERCHANT_ID}-1998-07-01",
        merchant_id=cdnow.MERCHANT_ID,
        product_id="shopkeeper",
        requested_amount=Money(currency_code="CNY", units=CDNOW_YUAN),
        term_months=12,
        as_of=cdnow.decided_at(),
    )


def _request(shop: Shop) -> DecideRequest:
    product = PRODUCTS.get(shop.archetype, "shopkeeper")
    yuan = STARTUP_YUAN if product == "startup" else ASKED_YUAN[shop.index % len(ASKED_YUAN)]
    return DecideRequest(
        request_id=f"demo-{shop.merchant_id}",
        merchant_id=shop.merchant_id,
        product_id=product,
        requested_amount=Money(currency_code="CNY", units=yuan),
        term_months=12,
    )


async def _some_at_a_time(items: Sequence[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """Does the work for every item, `AT_A_TIME` of them under way."""
    todo: Iterator[Item] = iter(items)

    async def worker() -> None:
        for item in todo:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_A_TIME):
            group.create_task(worker())
