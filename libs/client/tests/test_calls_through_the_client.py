"""Deadlines, metadata, retries and streams, against a real server."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import grpc
import pytest
from sycee.ingestion.v1 import ingestion_pb2
from sycee.limits.v1 import limits_pb2, limits_pb2_grpc
from sycee_client import SyceeClient, calls, errors

from .conftest import Limits, products, refuse

LIST = limits_pb2.ListProductsRequest()


def client_of(stage) -> SyceeClient:
    return SyceeClient.direct({"limits": stage.address, "ingestion": stage.address}, None)


async def test_an_answer_comes_back_typed_and_with_the_default_deadline(stage):
    async with client_of(stage) as sycee:
        answer = await sycee.limits.ListProducts(LIST)
    assert answer.next_page_token == "next"
    assert 4 < stage.seen[0].remaining_s < 5.5


async def test_a_timeout_of_the_caller_wins_over_the_default(stage):
    async with client_of(stage) as sycee:
        await sycee.limits.ListProducts(LIST, timeout=1.5)
    assert 1 < stage.seen[0].remaining_s < 2  # gRPC rounds a deadline up a little on its way


async def test_the_time_left_and_the_trace_of_the_call_being_handled_go_along(stage):
    due = calls.deadline.set(time.monotonic() + 0.7)
    trace = calls.traceparent.set("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    try:
        async with client_of(stage) as sycee:
            await sycee.limits.ListProducts(LIST, metadata=[("x-test-peer", "gateway")])
    finally:
        calls.deadline.reset(due)
        calls.traceparent.reset(trace)
    seen = stage.seen[0]
    assert 0.3 < seen.remaining_s < 0.9
    assert seen.metadata["traceparent"].startswith("00-4bf92f")
    assert seen.metadata["x-test-peer"] == "gateway"


async def test_no_time_left_means_no_call(stage):
    due = calls.deadline.set(time.monotonic() - 1)
    try:
        async with client_of(stage) as sycee:
            with pytest.raises(errors.DeadlineExceeded, match="no time is left"):
                await sycee.limits.ListProducts(LIST)
    finally:
        calls.deadline.reset(due)
    assert stage.seen == []


async def test_a_read_is_tried_again_while_the_server_is_unavailable(stage):
    async def second_time_lucky(request, context):
        if len(stage.seen) < 2:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "warming up")
        return await products(request, context)

    stage.behaviour = second_time_lucky
    async with client_of(stage) as sycee:
        assert (await sycee.limits.ListProducts(LIST)).next_page_token == "next"
    assert len(stage.seen) == 2


async def test_a_mutation_is_tried_again_with_the_same_request_id_and_no_more_than_four_times(stage):
    async def down(request, context):
        await context.abort(grpc.StatusCode.UNAVAILABLE, "down")

    stage.behaviour = down
    async with client_of(stage) as sycee:
        with pytest.raises(errors.Unavailable, match="down"):
            await sycee.limits.Void(limits_pb2.VoidRequest(request_id="request-0001", reservation_id="r"))
    assert [seen.request.request_id for seen in stage.seen] == ["request-0001"] * 4


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED]
)
async def test_nothing_but_unavailable_is_tried_again(stage, code):
    async def fail(request, context):
        await context.abort(code, "no")

    stage.behaviour = fail
    async with client_of(stage) as sycee:
        with pytest.raises(errors.SyceeError):
            await sycee.limits.ListProducts(LIST)
    assert len(stage.seen) == 1


async def test_a_late_answer_is_a_typed_error(stage):
    async def late(request, context):
        await asyncio.Event().wait()

    stage.behaviour = late
    async with client_of(stage) as sycee:
        with pytest.raises(errors.DeadlineExceeded):
            await sycee.limits.ListProducts(LIST, timeout=0.2)


async def test_a_server_that_is_not_there_is_unavailable():
    async with SyceeClient.direct({"limits": "127.0.0.1:1"}, None) as sycee:
        with pytest.raises(errors.Unavailable):
            await sycee.limits.ListProducts(LIST, timeout=2)


async def test_a_stream_goes_both_ways(stage):
    async def count(request, context):
        return ingestion_pb2.PublishEventsResponse(batch_id=request.batch_id)

    async def batches():
        for number in range(3):
            yield ingestion_pb2.PublishEventsRequest(batch_id=number + 1)

    stage.behaviour = count
    async with client_of(stage) as sycee:
        answers = [answer.batch_id async for answer in sycee.ingestion.PublishEvents(batches())]
        call = sycee.ingestion.PublishEvents()
        await call.write(ingestion_pb2.PublishEventsRequest(batch_id=9))
        first = await call.read()
        await call.done_writing()
        end = await call.read()
    assert answers == [1, 2, 3]
    assert first.batch_id == 9
    assert end is None


async def test_a_stream_that_the_server_breaks_raises_a_typed_error(stage):
    async def fail(request, context):
        await refuse(context, grpc.StatusCode.NOT_FOUND, "no such import")

    stage.behaviour = fail
    async with client_of(stage) as sycee:
        with pytest.raises(errors.NotFound, match="no such import"):
            async for _ in sycee.ingestion.WatchImport(ingestion_pb2.WatchImportRequest(import_id="i")):
                pass
        call = sycee.ingestion.PublishEvents()
        await call.write(ingestion_pb2.PublishEventsRequest(batch_id=1))
        with pytest.raises(errors.NotFound, match="no such import"):
            await call.read()
        with pytest.raises(errors.NotFound, match="no such import"):
            await call.write(ingestion_pb2.PublishEventsRequest(batch_id=2))
    assert len(stage.seen) == 2  # streams are not tried again


async def test_an_error_in_making_requests_is_not_hidden(stage):
    async def broken():
        yield ingestion_pb2.PublishEventsRequest(batch_id=1)
        raise ZeroDivisionError("in the caller's own code")

    async def answer(request, context):
        return ingestion_pb2.PublishEventsResponse()

    stage.behaviour = answer
    async with client_of(stage) as sycee:
        with pytest.raises(ZeroDivisionError):
            async for _ in sycee.ingestion.PublishEvents(broken()):
                pass


async def test_cancelling_the_caller_cancels_the_call(stage):
    ended = asyncio.Event()

    async def hang(request, context):
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    stage.behaviour = hang
    async with client_of(stage) as sycee:
        task = asyncio.create_task(sycee.limits.ListProducts(LIST))
        async with asyncio.timeout(5):
            while not stage.seen:  # noqa: ASYNC110 (the server sets no event)
                await asyncio.sleep(0.01)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await ended.wait()
    assert task.cancelled()


async def test_a_service_without_an_address_says_so():
    async with SyceeClient.direct({}, None) as sycee:
        with pytest.raises(LookupError, match="no address for scoring"):
            _ = sycee.scoring
    with pytest.raises(ValueError, match="no such service: billing"):
        SyceeClient.direct({"billing": "127.0.0.1:1"}, None)


async def test_a_server_that_comes_back_is_found_by_the_next_call(stage):
    """Its channel pauses between attempts to connect; the call's own attempts outlast the pause."""
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await server.stop(0)
    async with SyceeClient.direct({"limits": f"127.0.0.1:{port}"}, None) as sycee:
        until = time.monotonic() + 2.5
        while time.monotonic() < until:  # long enough for the pause to have grown to its most
            with pytest.raises(errors.Unavailable):
                await sycee.limits.ListProducts(LIST)
        back = grpc.aio.server()
        limits_pb2_grpc.add_LimitsServiceServicer_to_server(Limits(stage), back)
        assert back.add_insecure_port(f"127.0.0.1:{port}") == port
        await back.start()
        assert (await sycee.limits.ListProducts(LIST)).next_page_token == "next"
        await back.stop(0)
