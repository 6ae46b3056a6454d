"""BatchScore through the real server: order, errors of single rows, backpressure, cancellation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status
from scoring_explained import panel
from scoring_merchants import request
from sycee.scoring.v1 import score_pb2
from sycee_scoring.handlers.explaining import ExplainHandlers
from sycee_scoring.service.explaining import ExplainingService
from sycee_scoring.service.scores import ScoringService


def row(number: int, **changes: Any) -> score_pb2.BatchScoreRequest:
    asked = request()
    asked.requested_amount.units = 10_000 + number
    for name, value in changes.items():
        setattr(asked, name, value)
    return score_pb2.BatchScoreRequest(row=number, score=asked)


async def test_rows_are_answered_in_order_each_with_its_own_score(stub: Any) -> None:
    rows = [row(number) for number in (5, 3, 3, 900, 0)]
    answers = [answer async for answer in stub.BatchScore(iter(rows))]
    assert [answer.row for answer in answers] == [5, 3, 3, 900, 0]
    for asked, answer in zip(rows, answers, strict=True):
        assert answer.score == (await stub.Score(asked.score)).score


def spoilt() -> Iterator[tuple[str, score_pb2.BatchScoreRequest]]:
    yield "term_months", row(1, term_months=61)
    currency = row(2)
    currency.score.requested_amount.currency_code = "USD"
    yield "requested_amount", currency
    late = row(3)
    late.score.profile.trade.last_day.year = 2031
    yield "profile.trade.last_day", late
    profile = row(4)
    profile.score.ClearField("profile")
    yield "profile", profile


async def test_a_bad_row_is_answered_as_the_unary_call_would_and_stops_no_other(stub: Any) -> None:
    bad = dict(spoilt())
    rows = [row(0), *bad.values(), row(9)]
    answers = [answer async for answer in stub.BatchScore(iter(rows))]
    assert [answer.WhichOneof("result") for answer in answers] == ["score", *["error"] * len(bad), "score"]
    for field, answer in zip(bad, answers[1:-1], strict=True):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Score(bad[field].score)
        assert answer.error == rpc_status.from_call(caught.value)
        assert answer.error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        info, violations = ErrorInfo(), BadRequest()
        assert answer.error.details[0].Unpack(info)
        assert info.domain == "sycee"
        assert answer.error.details[1].Unpack(violations)
        assert violations.field_violations[0].field.startswith(field)


async def test_a_row_without_a_request_is_an_error_of_that_row(stub: Any) -> None:
    (answer,) = [one async for one in stub.BatchScore(iter([score_pb2.BatchScoreRequest(row=7)]))]
    assert answer.row == 7
    assert answer.error.message == "score: is required"


async def test_without_reasons_everything_else_stays(stub: Any) -> None:
    asked = row(1)
    asked.score.requested_amount.units = 600_000
    silent = score_pb2.BatchScoreRequest()
    silent.CopyFrom(asked)
    silent.without_reasons = True
    told, left = [answer.score async for answer in stub.BatchScore(iter([asked, silent]))]
    assert told.reasons
    assert not left.reasons
    told.ClearField("reasons")
    assert told == left


async def test_without_sales_and_report_a_row_has_no_score(stub: Any) -> None:
    asked = row(1)
    asked.score.profile.ClearField("trade")
    asked.score.profile.ClearField("bureau")
    asked.without_reasons = True
    (answer,) = [one async for one in stub.BatchScore(iter([asked]))]
    assert not answer.score.scorable


async def test_a_row_is_read_only_when_the_one_before_was_taken() -> None:
    """So that a caller who reads slowly holds the stream by gRPC's own windows, and nothing piles up here."""
    read = 0

    async def rows() -> AsyncIterator[score_pb2.BatchScoreRequest]:
        nonlocal read
        while True:
            read += 1
            yield row(read)

    answers = ExplainHandlers(ExplainingService(ScoringService(panel), panel)).BatchScore(rows(), None)
    for taken in range(1, 20):
        assert (await anext(answers)).row == taken == read
    await answers.aclose()


async def test_a_call_that_is_cancelled_ends_and_the_server_goes_on(stub: Any) -> None:
    async def rows() -> AsyncIterator[score_pb2.BatchScoreRequest]:
        while True:
            yield row(1)

    call = stub.BatchScore(rows())
    await call.read()
    call.cancel()
    assert await call.code() is grpc.StatusCode.CANCELLED
    assert (await stub.Score(request())).score.scorable


async def test_who_may_ask(stub: Any) -> None:
    call = stub.BatchScore(iter([row(1)]), metadata=(("x-test-peer", "limits"),))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await anext(aiter(call))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
