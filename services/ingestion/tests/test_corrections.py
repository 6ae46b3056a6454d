"""Events that are said again: whatever the order, batches and races, the books end as if all had come in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from event_books import Books, open_books
from event_recount import Recount
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingestion_calls import NOW
from ingestion_events import day as day_message
from ingestion_events import event, fen, invoice, one_of_each, order, refund, said_again, signed_fen
from sycee.ingestion.v1 import event_pb2
from sycee_ingestion.domain.event import MARK_BITS, Outcome
from sycee_service.clock import business_day

DAY = date(2026, 3, 10)


@pytest.fixture
async def books(postgres_url: str) -> AsyncIterator[Books]:
    async with open_books(postgres_url, connections=6) as books:
        await books.register("m-1", "m-2")
        yield books


def told(outcome: Outcome) -> tuple[int, int, list[tuple[int, str]]]:
    return outcome.accepted_count, outcome.duplicate_count, [(r.index, r.reason) for r in outcome.rejects]


async def test_a_higher_revision_replaces_a_lower_one(books: Books) -> None:
    first = order("a", DAY, 10_000, buyer="b-1")
    again = said_again(first, 2, order=event_pb2.Order(order_id="o-a", buyer_id="b-2", amount=fen(7_000), item_count=3))
    assert told(await books.publish(first)) == (1, 0, [])
    assert told(await books.publish(again)) == (1, 0, [])
    days = await books.days("m-1")
    assert days == {("m-1", DAY): {"order_count": 1, "order_fen": 7_000, "item_count": 3, "orders_h12": 1}}
    assert Counter((*key[:3], *value) for key, value in (await books.splits("m-1")).items()) == {
        ("m-1", DAY, 1, 1, 7_000): 1,
        ("m-1", DAY, 2, 1, 7_000): 1,
    }
    rows = await books.rows("select revision, first, superseded_on from events order by revision")
    assert [tuple(row) for row in rows] == [(0, 10_000, NOW.date()), (2, 7_000, None)]


async def test_a_lower_revision_that_comes_later_is_a_duplicate(books: Books) -> None:
    await books.publish(said_again(order("a", DAY), 3))
    before = await books.days("m-1")
    outcome = await books.publish(order("a", DAY, 5), said_again(order("a", DAY, 6), 2), order("b", DAY, 1))
    assert told(outcome) == (1, 2, [])
    assert (await books.days("m-1"))["m-1", DAY]["order_fen"] == before["m-1", DAY]["order_fen"] + 1


async def test_the_same_revision_with_another_content_conflicts(books: Books) -> None:
    first = said_again(order("a", DAY, 10_000), 1)
    await books.publish(first)
    others = [said_again(order("a", DAY, 10_001), 1), said_again(first, 1, withdrawn=True)]
    for other in others:
        assert told(await books.publish(other)) == (0, 0, [(0, "CONFLICTING_DUPLICATE")])
    assert told(await books.publish(first)) == (0, 1, [])
    again = said_again(first, 2)
    assert told(await books.publish(again)) == (1, 0, [])  # a higher one may say the same again
    assert told(await books.publish(first, again, said_again(others[0], 2))) == (0, 2, [(2, "CONFLICTING_DUPLICATE")])
    assert (await books.days("m-1"))["m-1", DAY]["order_fen"] == 10_000


async def test_what_is_withdrawn_counts_for_nothing_and_may_come_back(books: Books) -> None:
    of_each = one_of_each(DAY)
    await books.publish(*of_each)
    whole = await books.days("m-1")
    assert told(await books.publish(*(said_again(e, 1, withdrawn=True) for e in of_each))) == (14, 0, [])
    assert await books.days("m-1") == {}
    assert await books.splits("m-1") == {}
    ((counts),) = (await books.feeds("m-1")).values()
    assert counts == (0, DAY, DAY) * 9
    assert set((await books.current("snapshots", ["withdrawn"], "m-1")).items()) == {(("m-1", True), 5)}
    assert told(await books.publish(*(said_again(e, 2) for e in of_each))) == (14, 0, [])
    assert await books.days("m-1") == whole


async def test_a_withdrawal_may_come_before_the_event(books: Books) -> None:
    of_each = one_of_each(DAY)
    assert told(await books.publish(*(said_again(e, 1, withdrawn=True) for e in of_each))) == (14, 0, [])
    assert told(await books.publish(*of_each)) == (0, 14, [])
    assert await books.days("m-1") == {}


async def test_a_correction_keeps_merchant_kind_and_business_day(books: Books) -> None:
    await books.publish(order("a", DAY))
    before = await books.days("m-1")
    midnight = datetime(2026, 3, 9, 16, tzinfo=UTC)  # where DAY begins in Shanghai
    moves = [
        said_again(order("a", DAY, merchant_id="m-2"), 1),
        said_again(refund("a", DAY, 1), 1),
        said_again(order("a", midnight - timedelta(microseconds=1)), 1),
        said_again(order("a", midnight + timedelta(days=1)), 1),
    ]
    for move in moves:
        assert told(await books.publish(order("b", DAY), move))[2] == [(1, "CORRECTION_MOVES_EVENT")]
    await books.publish(said_again(order("b", DAY), 1, withdrawn=True))
    assert await books.days("m-1", "m-2") == before
    within = [
        said_again(order("a", midnight), 1),
        said_again(order("a", midnight + timedelta(days=1, microseconds=-1)), 2),
    ]
    for move in within:
        assert told(await books.publish(move)) == (1, 0, [])
    assert (await books.days("m-1"))["m-1", DAY]["orders_h20"] == 1


async def test_revisions_in_one_batch_follow_each_other(books: Books) -> None:
    a = [said_again(order("a", DAY, amount), revision) for revision, amount in enumerate((100, 200, 300))]
    outcome = await books.publish(
        a[1],  # stored
        a[0],  # lower: a duplicate
        a[2],  # stored
        a[2],  # repeats
        said_again(order("a", DAY, 5), 2),  # conflicts
        said_again(order("a", DAY, 5), 1),  # lower, whatever it says
        said_again(order("a", DAY, merchant_id="m-2"), 3),  # moves
        order("b", DAY, 1_000),
        said_again(order("a", DAY, 6), 2),  # conflicts
        said_again(order("a", DAY, 6), 2),  # repeats what conflicts
    )
    rejects = [
        (4, "CONFLICTING_DUPLICATE"),
        (6, "CORRECTION_MOVES_EVENT"),
        (8, "CONFLICTING_DUPLICATE"),
        (9, "CONFLICTING_DUPLICATE"),
    ]
    assert told(outcome) == (3, 3, rejects)
    assert (await books.days("m-1", "m-2")) == {
        ("m-1", DAY): {"order_count": 2, "order_fen": 1_300, "orders_h12": 2},
    }
    rows = await books.rows("select revision from events where event_id = 'a' and superseded_on is null")
    assert [row["revision"] for row in rows] == [2]


async def test_a_days_newest_followers_can_be_corrected_and_overtaken(books: Books) -> None:
    def social(event_id: str, hour_utc: int, followers: int) -> event_pb2.Event:
        moment = datetime(2026, 3, 10, hour_utc, tzinfo=UTC)
        return event(event_id, moment, social_activity=event_pb2.SocialActivity(followers=followers))

    async def followers() -> int:
        return (await books.days("m-1"))["m-1", DAY].get("followers", 0)

    noon, evening = social("noon", 4, 500), social("evening", 12, 900)
    await books.publish(noon, evening)
    assert await followers() == 900
    books.clock.advance(timedelta(days=1))
    await books.publish(said_again(evening, 1, social_activity=event_pb2.SocialActivity(followers=800)))
    assert await followers() == 800
    books.clock.advance(timedelta(days=1))
    await books.publish(said_again(evening, 2, withdrawn=True))
    assert await followers() == 500
    books.clock.advance(timedelta(days=1))
    await books.publish(social("morning", 1, 100))
    assert await followers() == 500
    await books.publish(social("late", 13, 70))
    assert await followers() == 70
    marks = await books.rows(
        "select followers_mark >> $1 as generation from merchant_days order by received_on", MARK_BITS
    )
    assert [row["generation"] for row in marks] == [0, 1, 2, 2]


async def test_what_was_known_on_a_day_stays_as_it_was(books: Books) -> None:
    await books.publish(*one_of_each(DAY))
    first_day = books.clock.now().date()
    books.clock.advance(timedelta(days=2))
    changed = said_again(order("order", DAY, buyer="b-1"), 1, withdrawn=True)
    await books.publish(changed, said_again(event("review", DAY, review=event_pb2.Review(stars=5)), 1))
    rows = await books.rows(
        "select received_on, order_count, star_sum from merchant_days where day = $1 order by received_on", DAY
    )
    assert [tuple(row) for row in rows] == [(first_day, 1, 2), (first_day + timedelta(days=2), -1, 3)]
    rows = await books.rows("select revision, stars, received_on, superseded_on from review_facts order by revision")
    corrected_on = first_day + timedelta(days=2)
    assert [tuple(row) for row in rows] == [(0, 2, first_day, corrected_on), (1, 5, corrected_on, None)]


async def test_only_what_moves_a_portrait_marks_a_feed(books: Books) -> None:
    today = business_day(NOW)

    async def marks(*events: event_pb2.Event) -> tuple[int, int, bool]:
        """By how much the versions grew, and whether a portrait is due."""
        await books.database.pool.execute("update feeds set version = 0, past_version = 0, unportrayed = false")
        await books.publish(*events)
        ((version, past_version, due),) = await books.rows("select version, past_version, unportrayed from feeds")
        return version, past_version, due

    assert await marks(order("a", today)) == (1, 0, False)
    assert await marks(order("b", today), refund("c", today, 5), invoice("d", today)) == (1, 0, False)
    assert await marks(order("e", today), order("f", today - timedelta(days=1))) == (1, 1, True)
    penalty = event("g", today, store_penalty=event_pb2.StorePenalty(points=1))
    assert await marks(penalty) == (1, 1, True)
    assert await marks(said_again(order("a", today), 1, withdrawn=True)) == (1, 1, True)
    assert await marks(order("b", today)) == (0, 0, False)


async def test_many_corrections_of_old_months_at_once(books: Books) -> None:
    """Each finds what it corrects in its own partition, whatever the planner believes."""
    days = [date(2024 + n % 3, n % 2 + 1, n % 28 + 1) for n in range(400)]
    first = [order(f"e-{n}", day, 100 + n, buyer=f"b-{n % 7}") for n, day in enumerate(days)]
    assert told(await books.publish(*first)) == (400, 0, [])
    again = [said_again(order(f"e-{n}", day, 1_000 + n, buyer=f"b-{n % 5}"), 1) for n, day in enumerate(days)]
    assert told(await books.publish(*again)) == (400, 0, [])
    recount = await recounted(books, "m-1")
    assert await books.days("m-1") == recount.days()
    assert sum(day["order_fen"] for day in recount.days().values()) == sum(1_000 + n for n in range(400))


@dataclass(frozen=True, slots=True)
class Telling:
    """A message about the event `number`: its revision, and whether it says that there is no such event."""

    number: int
    revision: int
    withdrawn: bool
    variant: int


_KINDS = 16
_MOMENTS = (datetime(2026, 3, 9, 17, tzinfo=UTC), datetime(2026, 3, 12, 3, tzinfo=UTC), NOW - timedelta(hours=1))


def _message(run: str, telling: Telling) -> event_pb2.Event:
    """What a telling is on the wire; equal tellings are equal messages, and revisions differ in their content."""
    number, variant = telling.number, telling.variant + 10 * telling.revision
    body = _bodies(number, variant)[number % _KINDS]
    moment = _MOMENTS[number % 3] + timedelta(minutes=variant)  # of the same business day
    made = event(
        f"{run}-{number}",
        moment,
        merchant_id=f"{run}-m{number % 2}",
        source=("taobao", "douyin")[number % 5 // 3],
        **body,
    )
    return said_again(made, telling.revision, withdrawn=telling.withdrawn)


def _bodies(number: int, variant: int) -> list[dict[str, object]]:
    order_id, parties, days = f"o-{number // _KINDS}", f"b-{variant % 3}", day_message(DAY)
    return [
        {"order": event_pb2.Order(order_id=order_id, buyer_id=parties, amount=fen(100 + variant), item_count=variant)},
        {"refund": event_pb2.Refund(order_id=order_id, amount=fen(variant), goods_returned=variant % 2 == 0)},
        {"order": event_pb2.Order(order_id=order_id, goods_id=f"g-{variant % 4}", category="c", amount=fen(variant))},
        {"review": event_pb2.Review(order_id=order_id, stars=variant % 5 + 1, text="好" * (variant % 2))},
        {"invoice": _invoice(variant, sale=True)},
        {"shipment": event_pb2.Shipment(weight_g=variant % 3 * 50, distance_km=variant % 2 * 9_000, mode=variant % 5)},
        {"social_activity": event_pb2.SocialActivity(followers=variant % 7 * 100, posts=variant)},
        {"invoice": _invoice(variant, sale=False)},
        {"settlement": event_pb2.Settlement(net_amount=fen(variant), fee_amount=fen(1), account_digest=parties)},
        {"repayment": event_pb2.Repayment(facility_id="f", due_date=days, amount=fen(variant), days_past_due=variant)},
        {"daily_count": event_pb2.DailyCount(payment_count=variant)},
        {"social_activity": event_pb2.SocialActivity(followers=variant % 5 * 90, interactions=variant)},
        {"traffic": event_pb2.Traffic(page_views=variant, visitors=1)},
        {"bureau_report": event_pb2.BureauReport(report_date=days, open_accounts=variant)},
        {"order": event_pb2.Order(order_id=order_id, category=f"c-{variant % 2}", amount=fen(variant))},
        {"refund": event_pb2.Refund(order_id=f"o-{number}", amount=fen(1), disputed=variant % 2 == 1)},
    ]


def _invoice(variant: int, *, sale: bool) -> event_pb2.Invoice:
    net = signed_fen((-1) ** variant * 100 * variant)
    direction = event_pb2.Invoice.DIRECTION_SALE if sale else event_pb2.Invoice.DIRECTION_PURCHASE
    party = f"c-{variant % 3}"
    return event_pb2.Invoice(
        direction=direction, counterparty_id=party, net_amount=net, tax_amount=signed_fen(7), voided=variant % 5 == 4
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Telling], list[list[list[Telling]]]]:
    """Tellings in their order, and the same ones (some twice) shuffled into batches, of which some go side by side."""
    numbers = draw(st.sets(st.integers(0, 2 * _KINDS - 1), min_size=1, max_size=10))
    tellings = [
        Telling(number, revision, draw(st.booleans()), draw(st.integers(0, 9)))
        for number in sorted(numbers)
        for revision in sorted(draw(st.sets(st.integers(0, 3), min_size=1)))
    ]
    again = draw(st.lists(st.sampled_from(tellings), max_size=10))
    shuffled = draw(st.permutations(tellings + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(shuffled)), max_size=6)) | {0, len(shuffled)})
    batches = [list(shuffled[a:b]) for a, b in pairwise(cuts)]
    steps: list[list[list[Telling]]] = [[]]
    for batch in batches:
        steps[-1].append(batch)
        if draw(st.booleans()):
            steps.append([])
    return tellings, [step for step in steps if step]


_runs = iter(range(1_000_000))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
async def test_any_order_ends_in_the_same_books(
    books: Books, history: tuple[list[Telling], list[list[list[Telling]]]]
) -> None:
    """Against publishing in turn, and against a recount of the events, now and as known on each day before."""
    in_turn, steps = history
    first_day = business_day(books.clock.now())
    shuffled, turned = f"s{next(_runs)}", f"t{next(_runs)}"
    await books.register(*(f"{run}-m{n}" for run in (shuffled, turned) for n in (0, 1)))
    for revision in range(4):  # no batch tells of an event twice
        if told_now := [_message(turned, telling) for telling in in_turn if telling.revision == revision]:
            await books.publish(*told_now)
    sent = accepted = duplicates = 0
    for step in steps:
        outcomes = await asyncio.gather(
            *(books.publish(*(_message(shuffled, telling) for telling in batch)) for batch in step)
        )
        sent += sum(len(batch) for batch in step)
        accepted += sum(outcome.accepted_count for outcome in outcomes)
        duplicates += sum(outcome.duplicate_count for outcome in outcomes)
        assert not any(outcome.rejects for outcome in outcomes)
        books.clock.advance(timedelta(days=1))
    assert accepted + duplicates == sent
    in_this_order, one_by_one = await _books_of(books, shuffled), await _books_of(books, turned)
    for name, found in in_this_order.items():
        assert found == one_by_one[name], name

    names = [f"{shuffled}-m{n}" for n in (0, 1)]
    for known_on in (first_day + timedelta(days=n) for n in range(len(steps) + 1)):
        recount = await recounted(books, *names, known_on=known_on)
        assert await books.days(*names, known_on=known_on) == recount.days()
        splits = await books.splits(*names, known_on=known_on)
        assert Counter((*key[:3], *value) for key, value in splits.items()) == recount.split_shapes()


async def _books_of(books: Books, run: str) -> dict[str, object]:
    """All that a run left in the books, under names without the run's own."""
    names = [f"{run}-m{n}" for n in (0, 1)]
    said = f"replace(event_id, '{run}', ''), source, revision, withdrawn, day, occurred_at"
    kinds = {
        "events": f"{said}, kind, first, second, third, order_key, party, goods, address, device, body",
        "snapshots": f"{said}, kind, ends_on, facts",
        "review_facts": f"{said}, order_key, stars, complaint, has_text",
    }
    kept = {table: await books.current(table, [columns], *names) for table, columns in kinds.items()}
    counted = {
        "days": await books.days(*names),
        "splits": await books.splits(*names),
        "feeds": await books.feeds(*names),
    }
    return {
        **{
            name: {(key[0].removeprefix(run), *key[1:]): value for key, value in found.items()}
            for name, found in counted.items()
        },
        **{
            table: Counter({(row[0].removeprefix(run), *row[1:]): count for row, count in found.items()})
            for table, found in kept.items()
        },
    }


async def recounted(books: Books, *merchant_ids: str, known_on: date = date.max) -> Recount:
    """The events that were known before a day, counted anew."""
    rows = await books.rows(
        "select merchant_id, kind, occurred_at, body from events join merchants using (merchant_no)"
        " where merchant_id = any($1::text[]) and not withdrawn"
        " and received_on < $2 and (superseded_on is null or superseded_on >= $2)",
        merchant_ids,
        known_on,
    )
    return Recount(tuple(row) for row in rows)
