"""Through the real server: what it answers, whom it lets in, what it says of itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from scoring_merchants import request
from sycee.common.v1.common_pb2 import Grade
from sycee.scoring.v1 import score_pb2
from sycee_service.testing import until

AsyncStub = Any  # its typed name exists for type checkers only


async def test_a_merchant_is_scored(stub: AsyncStub) -> None:
    score = (await stub.Score(request())).score
    assert score.scorable
    assert 300 <= score.score <= 850
    assert score.grade in (Grade.GRADE_A, Grade.GRADE_B)
    assert 0.0 < score.default_probability.low < score.default_probability.value < score.default_probability.high < 0.1
    assert len(score.reasons) <= 4


async def test_the_same_request_gives_the_same_bytes(stub: AsyncStub) -> None:
    answers = [(await stub.Score(request())).SerializeToString(deterministic=True) for _ in range(3)]
    assert len(set(answers)) == 1


async def test_without_sales_and_report_there_is_no_score(stub: AsyncStub) -> None:
    asked = request()
    asked.profile.ClearField("trade")
    asked.profile.ClearField("bureau")
    score = (await stub.Score(asked)).score
    assert not score.scorable
    assert [reason.code for reason in score.reasons] == ["NO_SALES", "NO_BUREAU_REPORT"]
    assert score.score == 0
    assert not score.HasField("default_probability")


@pytest.mark.parametrize("spoil", ["currency", "term", "profile", "nan", "future"])
async def test_bad_input_is_invalid_argument_and_names_its_field(stub: AsyncStub, spoil: str) -> None:
    asked = request()
    if spoil == "currency":
        asked.requested_amount.currency_code = "USD"
    elif spoil == "term":
        asked.term_months = 61
    elif spoil == "profile":
        asked.ClearField("profile")
    elif spoil == "nan":
        asked.profile.trade.refund_rate_180d = float("nan")
    else:
        asked.profile.trade.last_day.year = 2031
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Score(asked)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    named = {"currency": "requested_amount", "term": "term_months", "nan": "profile.trade.refund_rate_180d"}
    named |= {"profile": "profile", "future": "profile.trade.last_day"}
    assert any(field.startswith(named[spoil]) for field in violated_fields(caught.value))


def violated_fields(error: grpc.aio.AioRpcError) -> list[str]:
    status = rpc_status.from_call(error)
    fields = []
    for detail in status.details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            fields += [violation.field for violation in bad.field_violations]
    return fields


def claims(scope: str) -> tuple[tuple[str, str], ...]:
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "platform", "scope": scope}).encode()).decode().rstrip("=")
    return (("x-test-peer", "edge"), ("x-jwt-payload", payload))


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((("x-test-peer", "operator"),), None),
        ((("x-test-peer", "limits"),), grpc.StatusCode.PERMISSION_DENIED),
        (claims("scoring.read"), None),
        (claims("limits.read"), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_who_may_ask(
    stub: AsyncStub, metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode | None
) -> None:
    try:
        answer = await stub.Score(request(), metadata=metadata)
    except grpc.aio.AioRpcError as error:
        assert error.code() is code  # noqa: PT017
    else:
        assert code is None
        assert answer.score.scorable


async def test_health_says_serving_with_a_model(channel: grpc.aio.Channel) -> None:
    asked = health_pb2.HealthCheckRequest(service="sycee.scoring.v1.ScoringService")
    health = health_pb2_grpc.HealthStub(channel)

    async def serving() -> bool:
        return (await health.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING

    await until(serving)


async def test_a_profile_of_a_thousand_names_leaks_none(stub: AsyncStub, caplog: pytest.LogCaptureFixture) -> None:
    asked = request()
    asked.profile.traits.category = "张伟的小店"
    await stub.Score(score_pb2.ScoreRequest.FromString(asked.SerializeToString()))
    assert "张伟" not in caplog.text
