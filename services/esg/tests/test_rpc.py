"""The real host in process: what Assess answers on the wire, to whom, and what it refuses."""

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import grpc
import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sycee.esg.v1 import esg_pb2, esg_pb2_grpc
from sycee.ingestion.v1 import profile_pb2
from sycee_esg.catalogue import Catalogue, load_catalogue
from sycee_esg.server import build
from sycee_esg.service import EsgService
from sycee_esg.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import running

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
GATEWAY = (("x-test-peer", "gateway"),)


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    settings = Settings(listen="127.0.0.1:0", allow_plaintext=True)
    async with running(settings, build, clock=ManualClock(NOW)) as opened:
        yield opened


def request() -> esg_pb2.AssessRequest:
    profile = profile_pb2.Profile(merchant_id="m-1", coverage=0.5)
    profile.as_of.FromDatetime(NOW)
    profile.logistics.parcel_count = 100
    profile.logistics.weighed_count = profile.logistics.routed_count = 100
    profile.logistics.freight.add(gram_km=10**8)  # 100 tkm
    return esg_pb2.AssessRequest(profile=profile)


async def assess(
    channel: grpc.aio.Channel, asked: esg_pb2.AssessRequest, metadata: tuple[tuple[str, str], ...] = GATEWAY
) -> esg_pb2.Assessment:
    answer = await esg_pb2_grpc.EsgServiceStub(channel).Assess(asked, metadata=metadata, timeout=5)
    return answer.assessment


async def test_assess_answers_and_repeats_itself(channel: grpc.aio.Channel) -> None:
    first = await assess(channel, request())
    assert first.merchant_id == "m-1"
    assert first.as_of == request().profile.as_of
    assert first.emissions.freight_kg == pytest.approx(17.9)
    assert first.emissions.packaging_kg == pytest.approx(28.7)
    assert first.factor_version == "factors-2026.1"
    assert len(first.pillars) == 3
    assert await assess(channel, request()) == first


async def test_an_empty_portrait_is_neutral_and_unrated(channel: grpc.aio.Channel) -> None:
    profile = profile_pb2.Profile(merchant_id="m-1")
    profile.as_of.FromDatetime(NOW)
    assessment = await assess(channel, esg_pb2.AssessRequest(profile=profile))
    assert assessment.score == pytest.approx(50)
    assert assessment.rating == esg_pb2.RATING_UNSPECIFIED
    assert assessment.coverage == 0
    assert not assessment.HasField("emissions")


@pytest.mark.parametrize("peer", ["operator", "gateway"])
async def test_gateway_and_operator_may_call(peer: str, channel: grpc.aio.Channel) -> None:
    assert (await assess(channel, request(), (("x-test-peer", peer),))).merchant_id == "m-1"


@pytest.mark.parametrize("peer", ["ingestion", "edge", "stranger"])
async def test_others_may_not(peer: str, channel: grpc.aio.Channel) -> None:
    """The edge may, for callers with the scope esg.read; without a token it has none."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await assess(channel, request(), (("x-test-peer", peer),))
    assert caught.value.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)


def _clear_profile(asked: esg_pb2.AssessRequest) -> None:
    asked.ClearField("profile")


def _clear_as_of(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.ClearField("as_of")


def _nan(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.logistics.late_rate = math.nan


def _infinite(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.trade.dispute_rate_180d = math.inf


def _too_many_weighed(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.logistics.weighed_count = 101


def _unknown_mode(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.logistics.freight[0].mode = 77  # type: ignore[assignment]


def _negative_sales(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.tax.declared_sales_fen = -1


def _bad_merchant(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.merchant_id = "../etc"


def _last_moment(asked: esg_pb2.AssessRequest) -> None:
    asked.profile.as_of.seconds = 253_402_300_799


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (_clear_profile, "profile"),
        (_clear_as_of, "profile.as_of"),
        (_nan, "profile.logistics.late_rate"),
        (_infinite, "profile.trade.dispute_rate_180d"),
        (_too_many_weighed, "profile.logistics.weighed_count"),
        (_unknown_mode, "profile.logistics.freight[0].mode"),
        (_negative_sales, "profile.tax.declared_sales_fen"),
        (_bad_merchant, "profile.merchant_id"),
        (_last_moment, "profile.as_of"),
    ],
)
async def test_bad_input_is_refused_and_named(
    spoil: Callable[[esg_pb2.AssessRequest], None], field: str, channel: grpc.aio.Channel
) -> None:
    asked = request()
    spoil(asked)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await assess(channel, asked)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in [violation.field for violation in bad_request(caught.value).field_violations]


def bad_request(error: grpc.aio.AioRpcError) -> error_details_pb2.BadRequest:
    """The BadRequest among an error's details."""
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    found = error_details_pb2.BadRequest()
    detail: AnyMessage
    for detail in status.details:
        if detail.Unpack(found):
            return found
    raise AssertionError(f"no BadRequest in {status}")


async def test_the_server_says_that_it_serves(channel: grpc.aio.Channel) -> None:
    answer = await health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(service="sycee.esg.v1.EsgService"), timeout=5
    )
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_the_factors_check_fails_on_a_book_that_cannot_be_neutral() -> None:
    catalogue = load_catalogue()
    await EsgService(catalogue, ManualClock(NOW)).check_factors()
    book = catalogue.at(date(2026, 11, 20))
    lost = {pillar: weight * 0.9 for pillar, weight in book.default_materiality.pillar_weights.items()}
    skewed = replace(book, default_materiality=replace(book.default_materiality, pillar_weights=lost))
    with pytest.raises(LookupError, match="not 50"):
        await EsgService(Catalogue([skewed]), ManualClock(NOW)).check_factors()
