"""The measures of `sycee bench`: each a figure with its unit and what helps to read it.

Everything runs on one machine: the client is a part of what is measured, as it is in the bare echo.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from google.protobuf.message import Message
from google.type.money_pb2 import Money
from sycee.decision.v1.decision_pb2 import DECISION_OUTCOME_APPROVED, DecideResponse
from sycee.ingestion.v1.ingestion_pb2 import GetProfileRequest, RegisterMerchantRequest
from sycee.scoring.v1.score_pb2 import ScoreRequest
from sycee_client import SyceeClient

from sycee_cli.bench import market
from sycee_cli.bench.bare_copy import bare_copy
from sycee_cli.bench.echo import PAYLOAD, echo_server
from sycee_cli.bench.load import Run, paced, saturate
from sycee_cli.days import yesterday

IN_FLIGHT = 16
ECHOES = 15_000
SHOPS = 60
DECISIONS = 1_500
PUBLISHED_EVENTS = 150_000
ALONE_CALLS = 400
COLD_CALLS = 60
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of output."""

    name: str
    value: float
    unit: str
    more: dict[str, object] = field(default_factory=dict)


async def echoes() -> AsyncIterator[Measure]:
    """The unit: a bare grpc.aio echo, saturated and alone."""
    async with echo_server() as call:

        async def echo(_: int) -> bytes:
            return await call(PAYLOAD)

        await saturate(echo, in_flight=IN_FLIGHT, calls=2_000)  # warms up
        full = await saturate(echo, in_flight=IN_FLIGHT, calls=ECHOES)
        alone = await saturate(echo, in_flight=1, calls=ALONE_CALLS)
    yield Measure("echo_per_s", round(full.per_s, 1), "1/s", {"in_flight": IN_FLIGHT, "p50_ms_alone": _ms(alone, 50)})


async def publishing(inside: SyceeClient, database: Mapping[str, str]) -> AsyncIterator[Measure]:
    """Events through gRPC into PostgreSQL, deduplicated and aggregated, on one stream; and beside them bare COPY.

    `database` is where ingestion keeps them, in the variables that psql heeds.
    """
    shops = market.lendable(20, seed=77)
    for shop in shops:
        await inside.ingestion.RegisterMerchant(shop.registration())
    a_day = PUBLISHED_EVENTS // (len(shops) * 365)
    requests = market.batches(
        event for shop in shops for event in market.orders(shop.merchant_id, yesterday(), 365, a_day)
    )
    begin = time.perf_counter()
    stored = await market.publish(inside, requests)
    seconds = time.perf_counter() - begin
    more: dict[str, object] = {"events": stored, "batch_events": market.BATCH_EVENTS}
    yield Measure("publish_events_per_s", round(stored / seconds, 1), "1/s", more)
    bare = await bare_copy(database, requests)
    ratio = round(stored / seconds / bare.batches_per_s, 3)
    rates = {"bare_copy_per_s": round(bare.batches_per_s, 1), "at_once_per_s": round(bare.at_once_per_s, 1)}
    yield Measure("publish_vs_bare_copy", ratio, "of bare COPY", {**rates, "batch_events": market.BATCH_EVENTS})


async def reading(inside: SyceeClient) -> AsyncIterator[Measure]:
    """A portrait of five years of history, and its score, one call at a time."""
    merchant_id = "bench-five-years"
    registration = RegisterMerchantRequest()
    registration.CopyFrom(market.lendable(1, seed=78)[0].registration())
    registration.merchant_id, registration.request_id = merchant_id, f"register-{merchant_id}"
    registration.ClearField("shops")
    await inside.ingestion.RegisterMerchant(registration)
    history = market.orders(merchant_id, yesterday(), market.FIVE_YEARS_DAYS, 5)
    await market.publish(inside, market.batches(history))

    async def profile(_: int) -> Message:
        return await inside.ingestion.GetProfile(GetProfileRequest(merchant_id=merchant_id))

    async def earlier_profile(number: int) -> Message:
        asked = GetProfileRequest(merchant_id=merchant_id)
        asked.as_of.FromSeconds(int(time.time()) - (number + 1) * DAY_S)
        return await inside.ingestion.GetProfile(asked)

    await profile(0)  # makes the portrait that stands from now on
    standing = await saturate(profile, in_flight=1, calls=ALONE_CALLS)
    more: dict[str, object] = {"p99_ms": _ms(standing, 99), "of": "a portrait that stands"}
    yield Measure("get_profile_p50_ms", _ms(standing, 50), "ms", {**more, "days": market.FIVE_YEARS_DAYS})
    cold = await saturate(earlier_profile, in_flight=1, calls=COLD_CALLS)
    more = {"p99_ms": _ms(cold, 99), "of": "portraits as of past days, each made anew"}
    yield Measure("get_profile_cold_p50_ms", _ms(cold, 50), "ms", {**more, "days": market.FIVE_YEARS_DAYS})

    found = (await inside.ingestion.GetProfile(GetProfileRequest(merchant_id=merchant_id))).profile
    asked = ScoreRequest(profile=found, requested_amount=Money(currency_code="CNY", units=50_000), term_months=12)

    async def score(_: int) -> Message:
        return await inside.scoring.Score(asked)

    scored = await saturate(score, in_flight=1, calls=ALONE_CALLS)
    yield Measure("score_p50_ms", _ms(scored, 50), "ms", {"p99_ms": _ms(scored, 99), "of": "the whole RPC"})


async def deciding(sycee: SyceeClient, echo_per_s: float) -> AsyncIterator[Measure]:
    """Decisions through the edge with everything on: alone, saturating, and at half of that rate."""
    shops = market.lendable(SHOPS)
    await market.admit_solid(sycee, shops)
    approved = 0

    async def decide(number: int) -> DecideResponse:
        nonlocal approved
        answer = await sycee.decision.Decide(market.application(shops[number % len(shops)].merchant_id))
        approved += answer.decision.outcome == DECISION_OUTCOME_APPROVED
        return answer

    await saturate(decide, in_flight=4, calls=SHOPS * 2)  # warms up
    approved = 0
    alone = await saturate(decide, in_flight=1, calls=ALONE_CALLS)
    yield Measure(
        "decide_p50_ms_alone",
        _ms(alone, 50),
        "ms",
        {"p99_ms": _ms(alone, 99), "approved_share": round(approved / ALONE_CALLS, 3)},
    )
    full = await saturate(decide, in_flight=IN_FLIGHT, calls=DECISIONS)
    yield Measure("decide_per_s", round(full.per_s, 1), "1/s", {"in_flight": IN_FLIGHT, "p50_ms": _ms(full, 50)})
    half = await paced(decide, per_s=full.per_s / 2, calls=DECISIONS // 2)
    yield Measure("decide_p99_ms_half_load", _ms(half, 99), "ms", {"p50_ms": _ms(half, 50), "per_s": full.per_s / 2})
    ratio = round(echo_per_s / full.per_s, 1)
    yield Measure("echoes_per_decision", ratio, "echoes", {"echo_per_s": echo_per_s, "decide_per_s": full.per_s})


def _ms(run: Run, percent: float) -> float:
    return round(run.percentile_ms(percent), 3)
