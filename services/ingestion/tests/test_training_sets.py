"""Training rows: the very figures of the portraits, of what was known then or is known now."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ingestion_calls import NOW, Stub, profile_of, publish, register
from ingestion_events import order, refund
from portrait_histories import FIRST, TODAY, ago, history, noon
from sycee.ingestion.v1 import event_pb2, ingestion_pb2, profile_pb2
from sycee_ingestion.features.catalogue import FEATURE_VERSION, NAMES
from sycee_ingestion.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import until

THEN = ingestion_pb2.ExportTrainingSetRequest.KNOWLEDGE_THEN
NOW_KNOWN = ingestion_pb2.ExportTrainingSetRequest.KNOWLEDGE_NOW


def request(
    samples: Sequence[tuple[str, datetime]], knowledge: int = THEN, names: Sequence[str] = ()
) -> ingestion_pb2.ExportTrainingSetRequest:
    made = ingestion_pb2.ExportTrainingSetRequest(feature_names=names, knowledge=knowledge)  # type: ignore[arg-type]
    for merchant_id, as_of in samples:
        made.samples.add(merchant_id=merchant_id).as_of.FromDatetime(as_of)
    return made


async def exported(
    stub: Stub, samples: Sequence[tuple[str, datetime]], knowledge: int = THEN, names: Sequence[str] = ()
) -> tuple[list[str], list[ingestion_pb2.TrainingRow]]:
    chunks = [chunk async for chunk in stub.ExportTrainingSet(request(samples, knowledge, names))]
    assert {chunk.feature_version for chunk in chunks} == {FEATURE_VERSION}
    assert not any(chunk.feature_names for chunk in chunks[1:])
    return list(chunks[0].feature_names), [row for chunk in chunks for row in chunk.rows]


async def sent(stub: Stub, clock: ManualClock, histories: Sequence[tuple[date, event_pb2.Event]]) -> None:
    """Publishes each event on its own day, in order of the days."""
    days: dict[date, list[event_pb2.Event]] = {}
    for on, made in sorted(histories, key=lambda entry: entry[0]):
        days.setdefault(on, []).append(made)
    for on, events in days.items():
        clock.advance(noon(on) + timedelta(hours=11) - clock.now())
        await publish(stub, *(events[at : at + 1_000] for at in range(0, len(events), 1_000)))
    clock.advance(NOW - clock.now())


def known(profile: profile_pb2.Profile) -> dict[str, float]:
    return {feature.name: feature.value for feature in profile.features}


def of_row(names: Sequence[str], row: ingestion_pb2.TrainingRow) -> dict[str, float]:
    return {name: value for name, value in zip(names, row.values, strict=True) if not math.isnan(value)}


async def test_rows_are_the_features_of_portraits_bit_for_bit(
    stub: Stub, clock: ManualClock, settings: Settings
) -> None:
    """Random shops, days and knowledge: alone or among many, online or for training, the same bits."""
    chance = random.Random(11)
    merchants = [f"m-{n}" for n in range(4)]
    for merchant_id in merchants:
        await register(stub, merchant_id)
    every = [entry for one in merchants for entry in history(one, chance, 250)]
    # Few days of sending keep the test short; what matters is that events come on other days than they tell of.
    stops = [*sorted(FIRST + timedelta(days=d) for d in chance.sample(range((TODAY - FIRST).days), 12)), ago(1)]
    await sent(stub, clock, [(next(stop for stop in stops if stop >= on), made) for on, made in every])
    await until(lambda: all_read(settings), timeout_s=60)  # what texts say is known once they were read
    samples = [(chance.choice(merchants), noon(ago(chance.randrange(1, 800)))) for _ in range(24)]
    for knowledge in (THEN, NOW_KNOWN):
        names, rows = await exported(stub, samples, knowledge)
        assert names == sorted(NAMES)
        assert [row.merchant_id for row in rows] == [merchant_id for merchant_id, _ in samples]
        for (merchant_id, as_of), row in list(zip(samples, rows, strict=True))[:10]:
            asked = ingestion_pb2.GetProfileRequest(merchant_id=merchant_id)
            asked.as_of.FromDatetime(as_of)
            if knowledge == THEN:
                asked.known_at.FromDatetime(as_of)
            profile = (await stub.GetProfile(asked)).profile
            assert known(profile) == of_row(names, row)
    then = [of_row(*one) for one in _zipped(await exported(stub, samples, THEN))]
    later = [of_row(*one) for one in _zipped(await exported(stub, samples, NOW_KNOWN))]
    assert sum(a != b for a, b in zip(then, later, strict=True)) > len(samples) / 2
    assert sum(map(len, then)) > 100 * len(samples)


async def all_read(settings: Settings) -> bool:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        return not await connection.fetchval("select count(*) from review_facts where has_text and read_by is null")
    finally:
        await connection.close()


def _zipped(found: tuple[list[str], list[ingestion_pb2.TrainingRow]]) -> list[tuple[list[str], object]]:
    names, rows = found
    return [(names, row) for row in rows]


async def test_nothing_enters_that_occurred_or_came_later(stub: Stub, clock: ManualClock) -> None:
    await register(stub)
    clock.advance(-timedelta(days=100))
    await publish(stub, [order("early", ago(120), 100)])
    clock.advance(timedelta(days=60))
    await publish(stub, [order("late", ago(110), 10_000), refund("back", ago(105), 100)])
    clock.advance(timedelta(days=40))
    await publish(stub, [order("imported", ago(130), 1_000_000)])
    names = ["order_365d_count", "mean_order_365d_fen", "refund_365d_ratio", "history_days"]
    days = [ago(100), ago(40), ago(39), ago(0)]
    _, then = await exported(stub, [("m-1", noon(day)) for day in days], THEN, names)
    _, later = await exported(stub, [("m-1", noon(day)) for day in days], NOW_KNOWN, names)
    nothing = [math.nan] * 4
    # Sent 100 days ago in the evening, the first order was not known at the start of that day.
    assert _same(then[0].values, nothing)
    assert list(then[1].values) == [1.0, 100.0, 0.0, 80.0]
    assert list(then[2].values) == [2.0, 5_050.0, 100 / 10_100, 81.0]
    assert then[3].values[0] == 2.0
    assert [row.values[0] for row in later] == [3.0, 3.0, 3.0, 3.0]
    assert later[0].values[3] == 30.0


def _same(values: Sequence[float], other: Sequence[float]) -> bool:
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(values, other, strict=True))


async def test_rows_come_in_the_order_asked_for_in_chunks_and_only_the_columns_asked_for(stub: Stub) -> None:
    await register(stub, "m-a")
    await register(stub, "m-b")
    await publish(stub, [order(f"a-{n}", ago(n), 100, merchant_id="m-a") for n in range(1, 300)])
    samples = [("m-a" if n % 3 else "m-b", noon(ago(n % 250))) for n in range(230)]
    names, rows = await exported(stub, samples, NOW_KNOWN, ["order_90d_count", "active_90d_share"])
    assert names == ["order_90d_count", "active_90d_share"]
    asked = [(merchant_id, Timestamp(seconds=int(as_of.timestamp()))) for merchant_id, as_of in samples]
    assert [(row.merchant_id, row.as_of) for row in rows] == asked
    for (merchant_id, _), row, n in zip(samples, rows, range(230), strict=True):
        assert _same(row.values, [math.nan] * 2 if merchant_id == "m-b" else [min(90, 299 - n % 250), row.values[1]])
    chunks = [chunk async for chunk in stub.ExportTrainingSet(request(samples, NOW_KNOWN, names))]
    assert len(chunks) > 1


async def test_what_is_wrong_is_said_before_any_row(stub: Stub) -> None:
    await register(stub)
    there = ("m-1", noon(ago(1)))
    cases = [
        (request([there, ("nobody", noon(ago(1))), ("neither", noon(ago(1)))]), grpc.StatusCode.NOT_FOUND, "nobody"),
        (request([there], names=["order_90d_count", "no_such_feature"]), grpc.StatusCode.INVALID_ARGUMENT, "[1]"),
        (request([there, ("m-1", noon(ago(-1)))]), grpc.StatusCode.INVALID_ARGUMENT, "samples[1].as_of"),
        (request([("m-1", datetime(1980, 1, 1, tzinfo=UTC))]), grpc.StatusCode.INVALID_ARGUMENT, "samples[0].as_of"),
        (request([]), grpc.StatusCode.INVALID_ARGUMENT, "samples"),
        (request([there], names=["order_90d_count"] * 2), grpc.StatusCode.INVALID_ARGUMENT, "feature_names"),
    ]
    for asked, code, said in cases:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await stub.ExportTrainingSet(asked).read()
        assert error.value.code() is code
        assert said in (error.value.details() or "")


async def test_features_are_listed_by_pages_with_all_that_tells_them(stub: Stub) -> None:
    found: list[ingestion_pb2.FeatureDefinition] = []
    token = ""
    while True:
        page = await stub.ListFeatures(ingestion_pb2.ListFeaturesRequest(page_size=100, page_token=token))
        assert page.feature_version == FEATURE_VERSION
        found += page.features
        token = page.next_page_token
        if not token:
            break
    assert [feature.name for feature in found] == sorted(NAMES)
    assert len(found) >= 120
    assert all(one.family and one.unit and one.meaning_zh and one.meaning_en for one in found)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ListFeatures(ingestion_pb2.ListFeaturesRequest(page_token="x"))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (await profile_of_nobody(stub)) is grpc.StatusCode.NOT_FOUND


async def profile_of_nobody(stub: Stub) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await profile_of(stub, "nobody")
    return error.value.code()
