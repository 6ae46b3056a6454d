"""What breaks while decisions are made: processes killed or frozen, for real. Nothing acknowledged is lost, nothing is
half-done, and what cannot be checked is never approved."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from support.local_suite import Suite
from support.shops import admit_solid, application, batches, decide, find, market, publish, solid
from sycee.compliance.v1.compliance_pb2 import AppendRecordRequest, GetInclusionProofRequest, GetTreeHeadRequest
from sycee.decision.v1.decision_pb2 import (
    DECISION_OUTCOME_APPROVED,
    DECISION_OUTCOME_REFERRED,
    DecideRequest,
    Decision,
    GetDecisionRequest,
)
from sycee.ingestion.v1.event_pb2 import Event
from sycee.ingestion.v1.ingestion_pb2 import PublishEventsResponse
from sycee.limits.v1.limits_pb2 import ListEntriesRequest
from sycee_client import SyceeClient
from sycee_client.decisions import verify_decision
from sycee_client.errors import ServerFault
from sycee_simulator import Archetype, Shop

MARKET = market(seed=23)
STEADY_SHOPS = iter(find(MARKET, Archetype.STEADY, count=40))
PATIENCE_S = 60
PROCESSES = ("ingestion", "scoring", "esg", "limits", "compliance", "gateway", "postgres", "nats", "envoy")


@pytest.fixture
async def sycee(suite: Suite) -> AsyncIterator[SyceeClient]:
    async with suite.client(suite.token()) as client:
        yield client


@pytest.fixture
async def shop(sycee: SyceeClient) -> Shop:
    """A shop that would be approved, another one for each test."""
    found = next(STEADY_SHOPS)
    await admit_solid(sycee, found)
    return found


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits for a state, asking ten times a second, with a bound. A service that is not back yet is asked again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(ServerFault):
                if await holds():
                    return
            await asyncio.sleep(0.1)


async def reserved(sycee: SyceeClient, shop: Shop) -> int:
    """Holds of the shop that still stand."""
    entries = (await sycee.limits.ListEntries(ListEntriesRequest(merchant_id=shop.merchant_id, page_size=500))).entries
    kinds = [entry.kind for entry in entries]
    return kinds.count("RESERVE") - kinds.count("RELEASE") - kinds.count("EXPIRE")


def without_receipt(decision: Decision) -> Decision:
    """The decision itself. Its leaf stays; after a crash the log may prove it against a later head than before."""
    bare = Decision()
    bare.CopyFrom(decision)
    bare.ClearField("receipt")
    return bare


async def insisting(sycee: SyceeClient, request: DecideRequest) -> Decision:
    """Sends the same request until it is answered, as a platform does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return (await sycee.decision.Decide(request)).decision
            except ServerFault:
                await asyncio.sleep(0.2)


async def publishing_again(sycee: SyceeClient, events: Sequence[Event]) -> list[PublishEventsResponse]:
    """Sends all events on one stream, anew when it breaks; the answers of the stream that did not."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await publish(sycee, events)
            except ServerFault:
                await asyncio.sleep(0.2)


async def test_screening_down_refers_and_the_log_takes_the_decision_later(
    suite: Suite, sycee: SyceeClient, shop: Shop
) -> None:
    frozen = suite.stop("compliance")
    try:
        decision = await decide(sycee, shop.merchant_id)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert decision.outcome == DECISION_OUTCOME_REFERRED
    assert decision.reasons
    assert not decision.HasField("receipt")
    assert await reserved(sycee, shop) == 0

    async def sealed() -> bool:
        read = await sycee.decision.GetDecision(GetDecisionRequest(decision_id=decision.decision_id))
        return read.decision.HasField("receipt")

    await until(sealed)
    read = (await sycee.decision.GetDecision(GetDecisionRequest(decision_id=decision.decision_id))).decision
    head = await sycee.compliance.GetTreeHead(GetTreeHeadRequest())
    assert verify_decision(read, Ed25519PublicKey.from_public_bytes(head.public_key))


async def test_scoring_killed_in_mid_decision_leaves_nothing_half_done(
    suite: Suite, sycee: SyceeClient, shop: Shop
) -> None:
    suite.stop("scoring")
    under_way = asyncio.ensure_future(decide(sycee, shop.merchant_id))
    await asyncio.wait([under_way], timeout=0.3)  # the decision is under way and waits for the frozen service
    assert not under_way.done()
    suite.kill("scoring")
    decision = await under_way
    suite.wait_ready()

    assert decision.outcome == DECISION_OUTCOME_REFERRED
    assert await reserved(sycee, shop) == 0
    assert (await decide(sycee, shop.merchant_id, 10_000)).outcome == DECISION_OUTCOME_APPROVED


@pytest.mark.parametrize("frozen", ["scoring", "limits", "compliance"])
async def test_the_gateway_killed_in_mid_decision_completes_it_once_by_the_same_request(
    suite: Suite, sycee: SyceeClient, shop: Shop, frozen: str
) -> None:
    request = application(shop.merchant_id, 10_000)
    pid = suite.stop(frozen)
    under_way = asyncio.ensure_future(sycee.decision.Decide(request))
    await asyncio.wait([under_way], timeout=0.5)  # the decision is under way and waits for the frozen service
    suite.kill("gateway")
    os.kill(pid, signal.SIGCONT)
    await asyncio.wait([under_way])

    decision = await insisting(sycee, request)
    again = await insisting(sycee, request)

    assert again.decision_id == decision.decision_id
    assert again.outcome == decision.outcome
    expected = 1 if decision.outcome == DECISION_OUTCOME_APPROVED else 0

    async def held_as_decided() -> bool:  # a hold that a decision does not use is let go once the ledger answers again
        return await reserved(sycee, shop) == expected

    await until(held_as_decided)
    suite.wait_ready()


async def test_esg_down_blocks_nothing(suite: Suite, sycee: SyceeClient, shop: Shop) -> None:
    frozen = suite.stop("esg")
    try:
        decision = await decide(sycee, shop.merchant_id, 10_000)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert decision.outcome == DECISION_OUTCOME_APPROVED, [reason.code for reason in decision.reasons]
    assert not decision.evidence.HasField("esg")


async def test_the_bus_down_delays_events_and_no_decision(suite: Suite, sycee: SyceeClient, shop: Shop) -> None:
    frozen = suite.stop("nats")

    async def said_to_be_sick() -> bool:
        return bool((await asyncio.to_thread(suite.status))["gateway"]["health"] != "serving")

    try:
        await until(said_to_be_sick)  # health says so, and decisions go on all the same
        decision = await decide(sycee, shop.merchant_id, 10_000)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert decision.outcome == DECISION_OUTCOME_APPROVED


@pytest.mark.parametrize("process", PROCESSES)
async def test_kill_9_loses_nothing_that_was_acknowledged(
    suite: Suite, sycee: SyceeClient, shop: Shop, process: str
) -> None:
    decided = await decide(sycee, shop.merchant_id, 10_000)
    record = AppendRecordRequest(
        request_id=f"kill-{process}-{uuid.uuid4()}",
        kind="test",
        record=json.dumps({"killed": process}, separators=(",", ":")).encode(),
    )
    async with suite.direct(names=["compliance"]) as inside:
        appended = await inside.compliance.AppendRecord(record)
    entries = await sycee.limits.ListEntries(ListEntriesRequest(merchant_id=shop.merchant_id))

    dead = suite.kill(process)

    async def risen() -> bool:
        said = (await asyncio.to_thread(suite.status))[process]
        return said["pid"] not in (0, dead) and said["health"] == "serving"

    await until(risen)
    await asyncio.to_thread(suite.wait_ready)

    async def proved() -> bool:
        asked = GetDecisionRequest(decision_id=decided.decision_id)
        return (await sycee.decision.GetDecision(asked)).decision.HasField("receipt")

    await until(proved)
    read = await sycee.decision.GetDecision(GetDecisionRequest(decision_id=decided.decision_id))
    assert without_receipt(read.decision) == without_receipt(decided)
    assert read.decision.receipt.record == decided.receipt.record
    assert read.decision.receipt.leaf_index == decided.receipt.leaf_index
    head = await sycee.compliance.GetTreeHead(GetTreeHeadRequest())
    assert verify_decision(read.decision, Ed25519PublicKey.from_public_bytes(head.public_key))
    assert await sycee.limits.ListEntries(ListEntriesRequest(merchant_id=shop.merchant_id)) == entries
    proof = await sycee.compliance.GetInclusionProof(
        GetInclusionProofRequest(leaf_index=appended.leaf_index, tree_size=appended.tree_head.tree_size)
    )
    assert proof.root_hash == appended.tree_head.root_hash
    async with suite.direct(names=["compliance"]) as inside:
        assert (await inside.compliance.AppendRecord(record)).leaf_index == appended.leaf_index
    sent = list(solid(shop))
    again = await publishing_again(sycee, sent)
    assert sum(answer.duplicate_count for answer in again) == len(sent)
    assert sum(answer.accepted_count + len(answer.rejects) for answer in again) == 0


async def test_ingestion_killed_while_it_takes_events_counts_each_once(suite: Suite, sycee: SyceeClient) -> None:
    shop = find(MARKET, Archetype.SEASONAL)[0]
    events = list(solid(shop))
    await sycee.ingestion.RegisterMerchant(shop.registration())
    acknowledged = 0
    with contextlib.suppress(ServerFault):  # the stream breaks: the unanswered batches are sent again
        async for answer in sycee.ingestion.PublishEvents(batches(events)):
            if not acknowledged:
                suite.kill("ingestion")
            acknowledged += answer.accepted_count
    assert 0 < acknowledged < len(events)
    await asyncio.to_thread(suite.wait_ready)

    again = await publishing_again(sycee, events)

    accepted = sum(answer.accepted_count for answer in again)
    duplicates = sum(answer.duplicate_count for answer in again)
    assert accepted + duplicates == len(events)
    assert duplicates >= acknowledged
    assert sum(answer.duplicate_count for answer in await publish(sycee, events)) == len(events)
