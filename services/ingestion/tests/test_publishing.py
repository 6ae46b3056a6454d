"""PublishEvents on a real server: acceptance, duplicates, conflicts, rejects, order, and races."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime, timedelta

import grpc
import pytest
from event_books import open_books
from event_recount import Recount
from ingestion_calls import NOW, Stub, iter_async, profile_of, publish, register
from ingestion_events import day, event, fen, invoice, one_of_each, order, said_again
from sycee.ingestion.v1 import event_pb2, ingestion_pb2
from sycee_ingestion.handlers.events import BATCHES_AHEAD
from sycee_ingestion.publishing import Batch, Publisher
from sycee_ingestion.settings import Settings

DAY = date(2026, 3, 10)


async def test_every_kind_is_taken_and_shows_in_its_section(stub: Stub) -> None:
    await register(stub)
    (answer,) = await publish(stub, one_of_each(DAY))
    assert (answer.accepted_count, answer.duplicate_count, list(answer.rejects)) == (14, 0, [])

    profile = await profile_of(stub)
    assert (profile.trade.order_count_90d, profile.trade.buyer_days_90d) == (1, 1)
    assert profile.trade.refund_rate_180d == 0.25
    assert profile.trade.dispute_rate_180d == 1.0
    logistics = profile.logistics
    assert (logistics.parcel_count, logistics.weighed_count, logistics.routed_count) == (1, 1, 1)
    assert [(f.mode, f.gram_km) for f in logistics.freight] == [(3, 800 * 215)]  # 165 km in a straight line × 1.3
    assert [(p.packaging, p.parcel_count) for p in logistics.packaging] == [(2, 1)]
    assert logistics.late_rate == 1.0
    reviews = profile.reviews
    assert (reviews.review_count, reviews.mean_stars, reviews.low_star_share) == (1, 2.0, 1.0)
    assert (reviews.complaint_count, reviews.return_count, reviews.order_count) == (1, 1, 1)
    settlements = profile.settlements
    assert (settlements.net_fen, settlements.fee_fen, settlements.day_count) == (9_500, 500, 1)
    bureau = profile.bureau
    assert (bureau.open_accounts, bureau.outstanding_fen, bureau.monthly_debt_service_fen) == (3, 8_000_000, 350_000)
    assert (bureau.months_overdue_24m, bureau.worst_overdue_24m, bureau.public_records) == (3, 3, 1)
    assert (profile.tax.rating, profile.tax.declared_sales_fen, profile.tax.late_count) == (2, 9_000, 1)
    assert profile.tax.platform_net_fen == 7_500
    assert (profile.energy.electricity_wh, profile.energy.day_count) == (310_000, 31)
    assert (profile.visits.visitor_days, profile.visits.page_views, profile.visits.growth) == (300, 900, 0.0)
    assert (profile.social.followers, profile.social.posts, profile.social.interactions) == (5_000_000_000, 2, 70)
    assert [(c.kind, c.count) for c in profile.penalties.counts] == [(2, 1)]
    assert profile.penalties.fines == fen(50_000)
    assert (profile.repayments.repayment_count, profile.repayments.worst_days_past_due) == (1, 4)
    assert [s.event_type for s in profile.sources] == [
        "order",
        "refund",
        "review",
        "shipment",
        "settlement",
        "traffic",
        "social_activity",
        "bureau_report",
        "tax_record",
        "energy_use",
        "store_penalty",
        "repayment",
        "invoice",
        "daily_count",
    ]
    assert {s.event_count for s in profile.sources} == {1}
    assert {s.freshness_days for s in profile.sources} == {5}
    assert {tuple(s.sources) for s in profile.sources} == {("taobao",)}
    assert profile.coverage == pytest.approx(1.0)
    assert profile.freshness_days == 5


async def test_a_duplicate_counts_once_within_a_batch_between_batches_and_streams(stub: Stub) -> None:
    await register(stub)
    first, again = order("a", DAY), order("a", DAY)
    (answer,) = await publish(stub, [first, again, order("b", DAY)])
    assert (answer.accepted_count, answer.duplicate_count, len(answer.rejects)) == (2, 1, 0)
    answers = await publish(stub, [order("b", DAY), order("c", DAY)], [order("a", DAY)])
    assert [(a.batch_id, a.accepted_count, a.duplicate_count) for a in answers] == [(0, 1, 1), (1, 0, 1)]
    assert (await profile_of(stub)).trade.order_count_90d == 3


async def test_the_same_name_with_another_content_is_a_conflict(stub: Stub) -> None:
    await register(stub)
    await register(stub, "m-2")
    others = [
        order("a", DAY, 10_001),
        order("a", DAY + timedelta(days=1)),
        order("a", DAY, merchant_id="m-2"),
        event("a", DAY, settlement=event_pb2.Settlement(net_amount=fen(10_000))),
    ]
    answers = await publish(stub, [order("a", DAY)], *([order(f"z-{n}", DAY), o] for n, o in enumerate(others)))
    assert [(a.accepted_count, a.duplicate_count) for a in answers] == [(1, 0)] * 5
    assert not answers[0].rejects
    for answer in answers[1:]:
        assert [(r.index, r.event_id, r.reason) for r in answer.rejects] == [(1, "a", "CONFLICTING_DUPLICATE")]
    (in_batch,) = await publish(stub, [order("n", DAY), order("n", DAY, 1)])
    assert [(r.index, r.reason) for r in in_batch.rejects] == [(1, "CONFLICTING_DUPLICATE")]
    trade = (await profile_of(stub)).trade
    assert (trade.order_count_90d, trade.monthly_net_12m_fen) == (6, 60_000)


async def test_sources_name_their_events_apart(stub: Stub) -> None:
    await register(stub)
    (answer,) = await publish(stub, [order("a", DAY), order("a", DAY, 5, source="douyin")])
    assert answer.accepted_count == 2
    (status,) = (await profile_of(stub)).sources
    assert (list(status.sources), status.event_count) == (["douyin", "taobao"], 2)


def _bad_events() -> dict[str, tuple[event_pb2.Event, str, str]]:
    """Name → (event, reason, field)."""
    wrong_currency = order("x", DAY)
    wrong_currency.order.amount.currency_code = "USD"
    split_fen = order("x", DAY)
    split_fen.order.amount.nanos = 1
    negative = order("x", DAY)
    negative.order.amount.units = -1
    huge = order("x", DAY)
    huge.order.amount.units = 2_000_000_000
    no_body = event("x", DAY)
    no_amount = order("x", DAY)
    no_amount.order.ClearField("amount")
    far = event("x", DAY, shipment=event_pb2.Shipment())
    far.shipment.origin.latitude = float("nan")
    unknown_mode = event("x", DAY, shipment=event_pb2.Shipment(mode=99))
    stars = event("x", DAY, review=event_pb2.Review(stars=6))
    nul = order("x\x00y", DAY)
    no_time = order("x", DAY)
    no_time.ClearField("occurred_at")
    nanos = order("x", DAY)
    nanos.occurred_at.nanos = -5
    old = order("x", DAY)
    old.occurred_at.seconds = 1
    future = order("x", NOW + timedelta(minutes=6))
    endless = order("x", DAY)
    endless.occurred_at.seconds = 2**62
    report = event_pb2.BureauReport()
    report.report_date.year = 2026  # no month, no day
    partial_day = event("x", DAY, bureau_report=report)
    grid = event("x", DAY, bureau_report=event_pb2.BureauReport(repayment_grid="N9"))
    grid.bureau_report.report_date.CopyFrom(day(DAY))
    tomorrow = event("x", DAY, bureau_report=event_pb2.BureauReport(report_date=day(NOW.date() + timedelta(days=1))))
    backwards = event(
        "x", DAY, tax_record=event_pb2.TaxRecord(period_first=day(DAY), period_last=day(DAY - timedelta(days=1)))
    )
    no_direction = invoice("x", DAY)
    no_direction.invoice.direction = event_pb2.Invoice.DIRECTION_UNSPECIFIED
    two_signs = invoice("x", DAY, -10_050)
    two_signs.invoice.net_amount.nanos = 500_000_000
    high_revision = said_again(order("x", DAY), 1_000_001)
    no_day = event("x", DAY, bureau_report=event_pb2.BureauReport(report_date=day(DAY)))
    no_day.bureau_report.accounts.add().opened_on.year = 2020
    endless_period = event(
        "x", DAY, energy_use=event_pb2.EnergyUse(period_first=day(date(2024, 1, 1)), period_last=day(DAY))
    )
    no_such_day = event("x", DAY, repayment=event_pb2.Repayment(facility_id="f"))
    no_such_day.repayment.due_date.year = 2026
    no_such_day.repayment.due_date.month = 2
    no_such_day.repayment.due_date.day = 30
    return {
        "wrong currency": (wrong_currency, "INVALID_FIELD", "order.amount"),
        "part of a fen": (split_fen, "INVALID_FIELD", "order.amount"),
        "negative": (negative, "INVALID_FIELD", "order.amount"),
        "huge": (huge, "INVALID_FIELD", "order.amount"),
        "no body": (no_body, "INVALID_FIELD", "body"),
        "no amount": (no_amount, "INVALID_FIELD", "order.amount"),
        "not a number": (far, "INVALID_FIELD", "shipment.origin"),
        "unknown enum": (unknown_mode, "INVALID_FIELD", "shipment.mode"),
        "six stars": (stars, "INVALID_FIELD", "review.stars"),
        "nul": (nul, "INVALID_FIELD", "event_id"),
        "no time": (no_time, "INVALID_FIELD", "occurred_at"),
        "odd nanos": (nanos, "INVALID_FIELD", "occurred_at.nanos"),
        "before 1990": (old, "INVALID_FIELD", "occurred_at"),
        "future": (future, "OCCURRED_IN_FUTURE", "occurred_at"),
        "beyond all time": (endless, "OCCURRED_IN_FUTURE", "occurred_at"),
        "unknown merchant": (order("x", DAY, merchant_id="nobody"), "UNKNOWN_MERCHANT", "merchant_id"),
        "malformed merchant": (order("x", DAY, merchant_id="no body"), "INVALID_FIELD", "merchant_id"),
        "malformed source": (order("x", DAY, source="TAOBAO"), "INVALID_FIELD", "source"),
        "part of a day": (partial_day, "INVALID_FIELD", "bureau_report.report_date"),
        "odd grid": (grid, "INVALID_FIELD", "bureau_report.repayment_grid"),
        "report of tomorrow": (tomorrow, "INVALID_FIELD", "bureau_report.report_date"),
        "period backwards": (backwards, "INVALID_FIELD", "tax_record.period_first"),
        "period without end": (endless_period, "INVALID_FIELD", "energy_use.period_last"),
        "no direction": (no_direction, "INVALID_FIELD", "invoice.direction"),
        "two signs": (two_signs, "INVALID_FIELD", "invoice.net_amount"),
        "high revision": (high_revision, "INVALID_FIELD", "revision"),
        "account without a day": (no_day, "INVALID_FIELD", "bureau_report.accounts[0].opened_on"),
        "no such day": (no_such_day, "INVALID_FIELD", "repayment.due_date"),
    }


async def test_a_bad_event_is_rejected_with_its_field_and_its_neighbours_are_kept(stub: Stub) -> None:
    await register(stub)
    bad = _bad_events()
    events: list[event_pb2.Event] = []
    for number, (made, _, _) in enumerate(bad.values()):
        events += [order(f"good-{number}", DAY), made]
    (answer,) = await publish(stub, events)
    assert answer.accepted_count == len(bad)
    assert answer.accepted_count + answer.duplicate_count + len(answer.rejects) == len(events)
    told = {name: (r.index, r.reason, r.field) for name, r in zip(bad, answer.rejects, strict=True)}
    assert told == {
        name: (2 * number + 1, reason, field) for number, (name, (_, reason, field)) in enumerate(bad.items())
    }
    assert all(r.description for r in answer.rejects)
    assert (await profile_of(stub)).trade.order_count_90d == len(bad)


async def test_skew_of_five_minutes_is_borne(stub: Stub) -> None:
    await register(stub)
    (answer,) = await publish(stub, [order("x", NOW + timedelta(minutes=4, seconds=59))])
    assert answer.accepted_count == 1


async def test_a_batch_of_the_wrong_size_ends_the_stream_naming_the_field(stub: Stub) -> None:
    await register(stub)
    for count in (0, 1_001):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await publish(stub, [order("kept", DAY)], [order(str(n), DAY) for n in range(count)])
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "events" in (error.value.details() or "")
    assert (await profile_of(stub)).trade.order_count_90d == 1


async def test_answers_keep_the_order_of_batches(stub: Stub) -> None:
    await register(stub)
    sizes = [400, 1, 300, 2, 1, 200, 3]
    batches = [[order(f"{b}-{n}", DAY) for n in range(size)] for b, size in enumerate(sizes)]
    answers = await publish(stub, *batches)
    assert [(a.batch_id, a.accepted_count) for a in answers] == list(enumerate(sizes))


async def test_streams_that_race_with_the_same_events_count_each_once(
    stub: Stub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stream tells all there is to tell, in an order of its own: events, corrections and withdrawals."""
    judged = _counted(monkeypatch)
    merchants = [f"m-{n}" for n in range(8)]
    for merchant_id in merchants:
        await register(stub, merchant_id)
    first = [
        order(f"e-{n}", DAY - timedelta(days=n % 20), 100, buyer=f"b-{n % 37}", merchant_id=merchants[n % 8])
        for n in range(900)
    ]
    corrected = [said_again(e, 1, order=event_pb2.Order(order_id="o", amount=fen(70))) for e in first[::5]]
    withdrawn = [said_again(e, 2, withdrawn=True) for e in first[::7]]
    events = first + corrected + withdrawn

    async def stream(seed: int) -> int:
        mine = events.copy()
        random.Random(seed).shuffle(mine)
        requests = [ingestion_pb2.PublishEventsRequest(events=mine[at : at + 150]) for at in range(0, len(mine), 150)]
        answers = [answer async for answer in stub.PublishEvents(iter_async(requests))]
        assert not any(answer.rejects for answer in answers)
        assert sum(answer.accepted_count + answer.duplicate_count for answer in answers) == len(events)
        return sum(answer.accepted_count for answer in answers)

    accepted = await asyncio.gather(*(stream(seed) for seed in range(5)))
    assert len(first) <= sum(accepted) <= len(events)
    assert len(judged) == 5 * -(-len(events) // 150)  # none was judged again: they wait, and never in a ring
    newest = {(e.source, e.event_id): e for e in events}  # revisions rise in the order of the list
    recount = Recount(
        (e.merchant_id, 1, e.occurred_at.ToDatetime(UTC), e.order.SerializeToString())
        for e in newest.values()
        if not e.withdrawn
    )
    assert settings.database_url is not None
    async with open_books(settings.database_url.get_secret_value()) as books:
        assert await books.days(*merchants) == recount.days()
        feeds = await books.feeds(*merchants)
        assert sum(counts[0] for counts in feeds.values()) == len(newest) - len(withdrawn)


async def test_a_buyer_counts_once_a_day_and_an_unknown_one_as_its_own(stub: Stub) -> None:
    await register(stub)
    await publish(stub, [order("a", DAY, buyer="b"), order("b", DAY, buyer="b"), order("c", DAY)])
    await publish(stub, [order("d", DAY, buyer="b"), order("e", DAY + timedelta(days=1), buyer="b"), order("f", DAY)])
    assert (await profile_of(stub)).trade.buyer_days_90d == 4


async def test_a_merchant_registered_after_a_reject_is_known_at_once(stub: Stub) -> None:
    (before,) = await publish(stub, [order("a", DAY)])
    assert [r.reason for r in before.rejects] == ["UNKNOWN_MERCHANT"]
    await register(stub)
    (after,) = await publish(stub, [order("a", DAY)])
    assert after.accepted_count == 1


async def test_a_merchant_that_is_gone_since_it_was_looked_up_is_unknown(postgres_url: str) -> None:
    """The foreign key stops the batch; it is judged again and its other events are kept."""
    async with open_books(postgres_url) as books:
        await books.register("m-1")
        books.store._numbers["ghost"] = 999_999
        outcome = await books.publish(order("a", DAY), order("b", DAY, merchant_id="ghost"))
        assert outcome.accepted_count == 1
        assert [(reject.index, reject.reason) for reject in outcome.rejects] == [(1, "UNKNOWN_MERCHANT")]
        assert (await books.days("m-1"))["m-1", DAY]["order_count"] == 1


async def test_an_erased_merchant_takes_no_events_though_another_process_erased_it(postgres_url: str) -> None:
    async with open_books(postgres_url) as books:
        await books.register("m-1", "m-2")
        await books.publish(order("a", DAY), order("a", DAY, merchant_id="m-2", source="douyin"))
        judged_before = await books.publisher.judge(
            ingestion_pb2.PublishEventsRequest(events=[order("b", DAY), order("c", DAY, merchant_id="m-2")])
        )
        before = await books.days("m-1")
        await books.database.pool.execute("update merchants set erased_at = now() where merchant_id = 'm-1'")
        outcomes = [
            await books.publisher.publish(judged_before),
            await books.publish(order("d", DAY), order("e", DAY, merchant_id="m-2")),
            await books.publish(said_again(order("a", DAY), 1), order("f", DAY, merchant_id="m-2")),
        ]
        for outcome in outcomes:
            assert [(r.index, r.reason, r.field) for r in outcome.rejects] == [(0, "MERCHANT_ERASED", "merchant_id")]
            assert outcome.accepted_count == 1
        assert await books.days("m-1") == before


async def test_partitions_are_months_of_shanghai_and_are_made_again(postgres_url: str) -> None:
    async with open_books(postgres_url) as books:
        await books.register("m-1")
        edge = datetime(2026, 2, 28, 16, tzinfo=UTC)  # 1 March in Shanghai
        await asyncio.gather(
            *(books.publish(order(f"{n}-a", edge - timedelta(seconds=1)), order(f"{n}-b", edge)) for n in range(6))
        )
        placed = "select distinct tableoid::regclass::text as place, day from events order by day"
        found = [("events_2026_02", date(2026, 2, 28)), ("events_2026_03", date(2026, 3, 1))]
        assert [tuple(row) for row in await books.rows(placed)] == found
        await books.database.pool.execute("drop table events_2026_02")
        outcome = await books.publish(order("late", edge - timedelta(days=1)), order("new", edge))
        assert outcome.accepted_count == 2
        old = [order(f"old-{year}", date(year, 5, 1)) for year in (1990, 1991, 2000)]
        assert (await books.publish(*old)).accepted_count == 3


async def test_batches_of_one_stream_are_stored_together_and_told_apart(postgres_url: str) -> None:
    async with open_books(postgres_url) as books:
        await books.register("m-1")

        async def together(*batches: list[event_pb2.Event]) -> list[tuple[int, int, list[tuple[int, str]]]]:
            judged = [
                await books.publisher.judge(ingestion_pb2.PublishEventsRequest(events=events)) for events in batches
            ]
            outcomes = await books.publisher.publish_together(judged)
            return [(o.accepted_count, o.duplicate_count, [(r.index, r.reason) for r in o.rejects]) for o in outcomes]

        apart = [order("a", DAY), order("b", DAY, merchant_id="nobody")], [order("c", DAY)]
        assert await together(*apart) == [(1, 0, [(1, "UNKNOWN_MERCHANT")]), (1, 0, [])]
        again = said_again(order("d", DAY), 1, withdrawn=True)
        other = order("d", DAY, 5)
        assert await together([order("c", DAY), order("d", DAY)], [order("e", DAY), other], [again], [again]) == [
            (1, 1, []),
            (1, 0, [(1, "CONFLICTING_DUPLICATE")]),
            (1, 0, []),
            (0, 1, []),
        ]
        books.store._numbers["ghost"] = 999_999
        lost = [order("f", DAY)], [order("g", DAY, merchant_id="ghost")], [order("h", DAY)]
        assert await together(*lost) == [(1, 0, []), (0, 0, [(0, "UNKNOWN_MERCHANT")]), (1, 0, [])]
        assert (await books.days("m-1"))["m-1", DAY]["order_count"] == 5
        rows = await books.rows("select xmin::text as batch from events where event_id in ('a', 'c')")
        assert len({row["batch"] for row in rows}) == 1


async def test_a_slow_database_slows_the_reading(
    stub: Stub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing can be stored, no more is judged than may wait, however much is sent."""
    judged = _counted(monkeypatch)
    await register(stub)
    batches = [[order(f"{b}-{n}", DAY) for n in range(100)] for b in range(60)]
    assert settings.database_url is not None
    async with open_books(settings.database_url.get_secret_value()) as books:
        async with books.database.transaction() as tx:
            await tx.driver.execute("lock table feeds in exclusive mode")
            publishing = asyncio.create_task(publish(stub, *batches))
            await _standstill(stub, judged)
            assert BATCHES_AHEAD < len(judged) <= 2 * BATCHES_AHEAD
            assert await books.rows("select from feeds") == []
        answers = await publishing
    assert [answer.accepted_count for answer in answers] == [100] * 60


async def test_who_reads_no_answers_is_not_read_from(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that nobody takes are not piled up: the server stops reading, and then the client's writes wait."""
    judged = _counted(monkeypatch)
    bad = ingestion_pb2.PublishEventsRequest(events=[event("x" * 128, DAY) for _ in range(1_000)])
    call = stub.PublishEvents()

    async def write() -> None:
        for _ in range(400):
            await call.write(bad)

    writing = asyncio.create_task(write())
    try:
        await _standstill(stub, judged)
        assert not writing.done()
        assert len(judged) < 100  # answers of 0.25 MB each, and the windows of HTTP/2 hold a few MB
    finally:
        call.cancel()
        await asyncio.gather(writing, return_exceptions=True)


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows with each batch that is judged."""
    judged: list[int] = []
    judge = Publisher.judge

    async def counting(self: Publisher, request: ingestion_pb2.PublishEventsRequest) -> Batch:
        judged.append(request.batch_id)
        return await judge(self, request)

    monkeypatch.setattr(Publisher, "judge", counting)
    return judged


async def _standstill(stub: Stub, judged: list[int]) -> None:
    """Waits until nothing more is judged while the server does other work."""
    before = -1
    while before < 1 or len(judged) > before:
        before = len(judged)
        for _ in range(100):
            await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest())


async def test_what_was_remembered_of_merchants_is_bounded(
    stub: Stub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sycee_ingestion.store.events.MOST_CACHED_MERCHANTS", 3)
    names = [f"m-{n}" for n in range(6)]
    for name in names:
        await register(stub, name)
    (answer,) = await publish(stub, [order(name, DAY, merchant_id=name) for name in names])
    assert answer.accepted_count == 6
