"""The same request again, in every situation: at once, later, after a crash, after an outage, on another replica."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import timedelta

import asyncpg
import grpc
import nats
import pytest
from sycee.compliance.v1 import compliance_pb2
from sycee.decision.v1 import decision_pb2
from sycee.limits.v1 import limits_pb2
from sycee_gateway.domain.decision import name_decision
from sycee_service.testing import until
from sycee_service.wire import time_to_proto

from .conftest import OPERATOR, Gateway, Start, application, code_of
from .fakes import START, World

APPROVED = decision_pb2.DECISION_OUTCOME_APPROVED
REFERRED = decision_pb2.DECISION_OUTCOME_REFERRED
STEPS = ("GetProfile", "Score", "Reserve", "CheckOffer", "AppendRecord")


STATES = """
select 1 + (outcome is not null)::int + (leaf_index is not null)::int as state
from decision left join conclusion using (decision_id) left join receipt using (decision_id)
"""


async def state(url: str) -> list[int]:
    """States of all decisions."""
    connection = await asyncpg.connect(url)
    try:
        return [row["state"] for row in await connection.fetch(STATES)]
    finally:
        await connection.close()


async def until_sealed(url: str) -> None:
    """Waits, bounded, until every decision is sealed."""

    async def sealed() -> bool:
        return set(await state(url)) == {3}

    await until(sealed)


async def test_the_same_request_gives_the_same_decision(gateway: Gateway) -> None:
    first = await gateway.decide()
    gateway.world.clock.advance(timedelta(hours=1))
    gateway.world.down = {"GetProfile", "CheckParty", "Score", "Assess", "Reserve", "CheckOffer", "AppendRecord"}
    assert await gateway.decide() == first
    assert await gateway.get(first.decision_id) == first
    assert gateway.world.calls["Reserve"] == gateway.world.calls["AppendRecord"] == 1


async def test_the_same_request_at_once_is_one_decision(gateway: Gateway) -> None:
    decisions = await asyncio.gather(*(gateway.decide() for _ in range(8)))
    assert all(decision == decisions[0] for decision in decisions)
    assert gateway.world.calls["GetProfile"] == gateway.world.calls["Reserve"] == 1


async def test_the_same_request_on_two_replicas_is_one_decision(start: Start, postgres_url: str) -> None:
    async with start() as one, start() as two:
        decisions = await asyncio.gather(*(each.decide() for each in (one, two) for _ in range(4)))
        assert len({decision.decision_id for decision in decisions}) == 1
        assert {decision.offer.amount.units for decision in decisions} == {100_000}
        assert len({decision.receipt.leaf_index for decision in decisions}) == 1
        assert len(one.world.holds) == len(one.world.leaves) == 1
        await until_sealed(postgres_url)


async def test_another_payload_under_the_same_request_id_is_refused(gateway: Gateway) -> None:
    first = await gateway.decide()
    for changes in ({"fen": 10_000_001}, {"merchant_id": "m2"}, {"as_of": time_to_proto(START)}):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await gateway.decide(**changes)
        assert code_of(caught.value) == "ALREADY_EXISTS"
    assert await gateway.decide() == first
    assert len(gateway.world.holds) == 1


async def test_two_payloads_at_once_under_one_request_id(gateway: Gateway) -> None:
    answers = await asyncio.gather(gateway.decide(fen=1_000_000), gateway.decide(fen=2_000_000), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    assert [code_of(each) for each in refused] == ["ALREADY_EXISTS"]
    assert len(gateway.world.holds) == 1


async def test_the_same_request_id_of_another_caller_is_another_decision(gateway: Gateway) -> None:
    mine = await gateway.decide()
    assert mine.decision_id == name_decision("operator", "request-0001")
    assert mine.decision_id != name_decision("edge/operator", "request-0001")


async def test_the_ledger_down_leaves_no_decision_and_the_same_request_completes_it(
    gateway: Gateway, postgres_url: str
) -> None:
    gateway.world.down = {"Reserve"}
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.decide()
    assert code_of(caught.value) == "UNAVAILABLE"
    assert await state(postgres_url) == [1]
    gateway.world.down = set()
    gateway.world.clock.advance(timedelta(minutes=3))
    decision = await gateway.decide()
    assert decision.outcome == APPROVED
    assert decision.decided_at == time_to_proto(START)
    assert gateway.world.calls["Score"] == 1
    assert len(gateway.world.holds) == 1


async def test_an_unfinished_decision_is_not_shown(gateway: Gateway) -> None:
    gateway.world.down = {"Reserve"}
    with pytest.raises(grpc.aio.AioRpcError):
        await gateway.decide()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.get(name_decision("operator", "request-0001"))
    assert code_of(caught.value) == "NOT_FOUND"


@pytest.mark.parametrize("step", STEPS)
async def test_a_caller_that_goes_away_stops_nothing(start: Start, postgres_url: str, step: str) -> None:
    async with start() as gateway:
        gate = gateway.world.gates[step] = asyncio.Event()
        call = asyncio.create_task(gateway.decide())
        async with asyncio.timeout(5):
            await gateway.world.reached.setdefault(step, asyncio.Event()).wait()
        call.cancel()
        gate.set()
        decision = await gateway.decide()
        assert decision.outcome == APPROVED
        assert gateway.world.calls["Reserve"] == 1
        await until_sealed(postgres_url)


async def test_a_caller_in_a_hurry_refers_nothing(gateway: Gateway) -> None:
    gateway.world.slow_s = {"Score": 0.4}
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.stub.Decide(application("request-0001"), metadata=OPERATOR, timeout=0.2)
    assert code_of(caught.value) == "DEADLINE_EXCEEDED"
    decision = await gateway.decide()
    assert decision.outcome == APPROVED
    assert gateway.world.calls["Score"] == 1


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_is_completed_by_the_same_request(
    start: Start, world: World, postgres_url: str, step: str
) -> None:
    """The process dies while `step` is answered: the work is cut off wherever it is, nothing is tidied up."""
    gate = world.gates[step] = asyncio.Event()
    async with start(drain_s=0) as gateway:
        call = asyncio.create_task(gateway.decide())
        async with asyncio.timeout(5):
            await world.reached.setdefault(step, asyncio.Event()).wait()
        for task in asyncio.all_tasks():
            if task.get_name().startswith("flight-"):
                task.cancel()
        call.cancel()
    gate.set()
    async with start() as gateway:
        decision = await gateway.decide()
        assert decision.outcome == APPROVED
        assert decision.HasField("receipt")
        assert len(world.holds) == len(world.leaves) == 1
        assert world.state_of(decision.decision_id) == limits_pb2.Reservation.STATE_HELD
        await until_sealed(postgres_url)


async def test_the_log_down_gives_a_decision_without_receipt_and_seals_it_later(
    gateway: Gateway, postgres_url: str
) -> None:
    gateway.world.down = {"AppendRecord"}
    first = await gateway.decide()
    assert first.outcome == APPROVED
    assert not first.HasField("receipt")
    assert not (await gateway.get(first.decision_id)).HasField("receipt")
    gateway.world.down = set()
    again = await gateway.decide()
    assert again.HasField("receipt")
    again.ClearField("receipt")
    assert again == first
    await until_sealed(postgres_url)


async def test_reading_a_decision_fetches_a_proof_that_was_owed(start: Start, world: World) -> None:
    """As after a crash between the answer and the writing of its receipt: the same proof comes back."""
    async with start() as gateway:
        world.down = {"AppendRecord"}
        decision = await gateway.decide()
        world.down = set()
        seen = await gateway.get(decision.decision_id)
        assert seen.HasField("receipt")
        assert await gateway.get(decision.decision_id) == seen
    assert len(world.leaves) == 1


async def test_compliance_gone_after_the_hold_refers_lets_go_and_seals_later(
    gateway: Gateway, postgres_url: str
) -> None:
    gateway.world.down = {"CheckOffer", "AppendRecord"}
    decision = await gateway.decide()
    assert decision.outcome == REFERRED
    assert gateway.world.state_of(decision.decision_id) == limits_pb2.Reservation.STATE_VOIDED
    gateway.world.down = set()
    gateway.world.rules = compliance_pb2.OUTCOME_PASS
    again = await gateway.decide()
    assert again.outcome == REFERRED
    assert again.HasField("receipt")
    await until_sealed(postgres_url)


@pytest.mark.parametrize("down", [{"Reserve"}, {"AppendRecord"}, {"CheckOffer", "Void"}])
async def test_the_sweeper_finishes_what_nobody_asks_for_again(
    start: Start, world: World, postgres_url: str, down: set[str]
) -> None:
    async with start() as gateway:
        world.down = down
        with suppress(grpc.aio.AioRpcError):
            await gateway.decide()
    assert set(await state(postgres_url)) < {1, 2}
    world.down = set()
    world.clock.advance(timedelta(minutes=1))
    async with start(sweep_interval_ms=20):
        await until_sealed(postgres_url)
    held = [limits_pb2.Reservation.STATE_HELD, limits_pb2.Reservation.STATE_VOIDED]
    assert [hold.state for hold in world.holds.values()] == [held["Void" in down]]


async def test_a_decision_is_announced_once(start: Start, shared_nats_url: str) -> None:
    async with start(outbox_linger_ms=20) as gateway:
        decision = await gateway.decide("request-announced")
        await gateway.decide("request-announced")
        await gateway.accept(decision.decision_id)
        seen: list[str] = []
        client = await nats.connect(shared_nats_url)
        try:
            source = await client.jetstream().pull_subscribe("sycee.decision.>", durable="announced")
            async with asyncio.timeout(10):
                while f"{decision.decision_id}:accepted" not in seen:
                    for message in await source.fetch(100, timeout=5):
                        event = json.loads(message.data)
                        if event["subject"] == decision.decision_id:
                            seen.append(event["id"])
        finally:
            await client.close()
    assert seen == [f"{decision.decision_id}:made", f"{decision.decision_id}:accepted"]
