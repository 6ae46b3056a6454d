"""AcceptOffer draws the money once, whatever happens in between; ListDecisions pages through all."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sycee.compliance.v1 import compliance_pb2
from sycee.decision.v1 import decision_pb2
from sycee.limits.v1 import limits_pb2
from sycee_service.testing import until
from sycee_service.wire import time_to_proto

from .conftest import OPERATOR, Gateway, Start, code_of
from .fakes import START, World


async def refused(call: Any) -> tuple[str, str]:
    """Code and reason of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(caught.value)
    for detail in status.details if status is not None else ():
        detail.Unpack(info)
    return code_of(caught.value), info.reason


async def test_an_accepted_offer_is_drawn(gateway: Gateway) -> None:
    decision = await gateway.decide()
    gateway.world.clock.advance(timedelta(hours=1))
    answer = await gateway.accept(decision.decision_id)
    assert answer.facility.facility_id == f"fac-{decision.decision_id}"
    assert answer.facility.drawn.units == 100_000
    assert answer.decision.facility_id == answer.facility.facility_id
    assert answer.decision.accepted_at == time_to_proto(START + timedelta(hours=1))
    assert gateway.world.state_of(decision.decision_id) == limits_pb2.Reservation.STATE_CAPTURED
    seen = await gateway.get(decision.decision_id)
    assert seen == answer.decision
    seen.ClearField("accepted_at")
    seen.ClearField("facility_id")
    assert seen == decision


async def test_accepting_again_gives_the_same(gateway: Gateway) -> None:
    decision = await gateway.decide()
    first, second = await asyncio.gather(*(gateway.accept(decision.decision_id) for _ in range(2)))
    gateway.world.clock.advance(timedelta(days=30))
    assert first == second == await gateway.accept(decision.decision_id)
    assert gateway.world.calls["Capture"] == 1


async def test_another_request_cannot_accept_it_again(gateway: Gateway) -> None:
    decision = await gateway.decide()
    await gateway.accept(decision.decision_id)
    refusal = await refused(gateway.accept(decision.decision_id, "accept-0002"))
    assert refusal == ("FAILED_PRECONDITION", "OFFER_ALREADY_ACCEPTED")


async def test_of_two_requests_at_once_one_accepts(gateway: Gateway) -> None:
    decision = await gateway.decide()
    calls = [gateway.accept(decision.decision_id, f"accept-{number:04}") for number in range(6)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert gateway.world.held_fen() == 10_000_000


async def test_one_accepting_request_serves_one_decision(gateway: Gateway) -> None:
    first, second = await gateway.decide("request-0001"), await gateway.decide("request-0002")
    await gateway.accept(first.decision_id)
    assert await refused(gateway.accept(second.decision_id)) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    third, fourth = await gateway.decide("request-0003"), await gateway.decide("request-0004")
    answers = await asyncio.gather(
        gateway.accept(third.decision_id, "accept-0009"),
        gateway.accept(fourth.decision_id, "accept-0009"),
        return_exceptions=True,
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


async def test_what_cannot_be_accepted(gateway: Gateway) -> None:
    assert await refused(gateway.accept("dec_nothing")) == ("NOT_FOUND", "DECISION_NOT_FOUND")
    hypothetical = await gateway.decide("request-0001", as_of=time_to_proto(START - timedelta(days=1)))
    assert await refused(gateway.accept(hypothetical.decision_id)) == ("FAILED_PRECONDITION", "NOT_APPROVED")
    gateway.world.party = compliance_pb2.OUTCOME_BLOCK
    declined = await gateway.decide("request-0002")
    assert await refused(gateway.accept(declined.decision_id)) == ("FAILED_PRECONDITION", "NOT_APPROVED")


async def test_an_expired_offer_cannot_be_accepted(gateway: Gateway) -> None:
    decision = await gateway.decide()
    gateway.world.clock.advance(timedelta(hours=72))
    assert await refused(gateway.accept(decision.decision_id)) == ("FAILED_PRECONDITION", "OFFER_EXPIRED")
    assert gateway.world.calls["Capture"] == 0


async def test_a_hold_that_the_ledger_let_go_cannot_be_drawn(gateway: Gateway) -> None:
    decision = await gateway.decide()
    gateway.world.holds[decision.decision_id].state = limits_pb2.Reservation.STATE_EXPIRED
    for request_id in ("accept-0001", "accept-0002", "accept-0001"):
        refusal = await refused(gateway.accept(decision.decision_id, request_id))
        assert refusal == ("FAILED_PRECONDITION", "OFFER_EXPIRED")
    assert not (await gateway.get(decision.decision_id)).facility_id


async def test_the_ledger_down_and_the_same_request_completes_it(gateway: Gateway) -> None:
    decision = await gateway.decide()
    gateway.world.down = {"Capture"}
    assert (await refused(gateway.accept(decision.decision_id)))[0] == "UNAVAILABLE"
    assert not (await gateway.get(decision.decision_id)).facility_id
    gateway.world.down = set()
    assert (await gateway.accept(decision.decision_id)).facility.facility_id


async def test_the_money_was_drawn_and_the_process_died(start: Start, world: World) -> None:
    """The ledger captured and the answer was lost: the same request and another one find the same facility."""
    async with start() as gateway:
        decision = await gateway.decide()
        gate = world.gates["Capture"] = asyncio.Event()
        call = asyncio.create_task(gateway.accept(decision.decision_id))
        async with asyncio.timeout(5):
            await world.reached.setdefault("Capture", asyncio.Event()).wait()
        for task in asyncio.all_tasks():
            if task.get_name().startswith("flight-"):
                task.cancel()
        call.cancel()
        gate.set()
    async with start() as gateway:
        refusal = await refused(gateway.accept(decision.decision_id, "accept-0002"))
        assert refusal == ("FAILED_PRECONDITION", "OFFER_ALREADY_ACCEPTED")
        answer = await gateway.accept(decision.decision_id)
        assert answer.facility.facility_id == f"fac-{decision.decision_id}"


async def test_the_sweeper_completes_an_acceptance(start: Start, world: World) -> None:
    async with start() as gateway:
        decision = await gateway.decide()
        world.down = {"Capture"}
        await refused(gateway.accept(decision.decision_id))
    world.down = set()
    world.clock.advance(timedelta(minutes=1))
    async with start(sweep_interval_ms=20) as gateway:

        async def drawn() -> bool:
            return bool((await gateway.get(decision.decision_id)).facility_id)

        await until(drawn)


async def test_lists_run_newest_first_in_pages(gateway: Gateway) -> None:
    made = []
    for number in range(7):
        gateway.world.clock.advance(timedelta(seconds=number % 2))  # some share a moment
        merchant_id = "m2" if number % 3 == 0 else "m1"
        made.append(await gateway.decide(f"request-{number:04}", fen=100_000, merchant_id=merchant_id))
    made.sort(key=lambda each: (each.decided_at.seconds, each.decision_id), reverse=True)
    for merchant_id in ("", "m1", "m2", "m3"):
        expected = [each.decision_id for each in made if merchant_id in ("", each.merchant_id)]
        assert [each.decision_id for each in await pages(gateway, merchant_id, 2)] == expected
    (first, *_) = await pages(gateway, "", 50)
    assert not first.HasField("evidence")
    assert not first.HasField("receipt")
    assert first.offer == made[0].offer


async def pages(gateway: Gateway, merchant_id: str, size: int) -> list[decision_pb2.Decision]:
    """Every page, put together."""
    found: list[decision_pb2.Decision] = []
    token = ""
    while True:
        request = decision_pb2.ListDecisionsRequest(merchant_id=merchant_id, page_size=size, page_token=token)
        answer = await gateway.stub.ListDecisions(request, metadata=OPERATOR)
        assert len(answer.decisions) <= size
        found += answer.decisions
        token = answer.next_page_token
        if not token:
            return found


@pytest.mark.parametrize("token", ["x", "AAAA", "=====", "9" * 400])
async def test_a_wrong_page_token_is_refused(gateway: Gateway, token: str) -> None:
    request = decision_pb2.ListDecisionsRequest(page_token=token)
    code, _ = await refused(gateway.stub.ListDecisions(request, metadata=OPERATOR))
    assert code == "INVALID_ARGUMENT"


async def test_an_unknown_decision_is_not_found(gateway: Gateway) -> None:
    assert await refused(gateway.get("dec_nothing")) == ("NOT_FOUND", "DECISION_NOT_FOUND")
