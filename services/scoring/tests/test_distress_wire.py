"""AssessDistress on the wire: what a portrait's daily trade becomes, and what is refused by its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sycee.ingestion.v1 import profile_pb2
from sycee.scoring.v1 import distress_pb2
from sycee_scoring.convert.distress import daily_trade_from_proto, peer_change_from_proto
from sycee_scoring.distress.example import CAMPUS
from sycee_scoring.distress.model_file import load_distress_model
from sycee_scoring.handlers.distress import DistressHandlers
from sycee_scoring.service.distress import DistressService
from sycee_service.errors import InvalidArgument
from sycee_service.wire import date_to_proto, time_to_proto

AS_OF = datetime(2016, 6, 30, 18, 0, tzinfo=UTC)  # 2 in the morning of 1 July in Shanghai
TODAY = date(2016, 7, 1)
HANDLERS = DistressHandlers(DistressService(load_distress_model))
NO_CONTEXT: Any = None  # the handler asks nothing of it


def asked(days: int = 182) -> distress_pb2.AssessDistressRequest:
    profile = profile_pb2.Profile(merchant_id="m-1", as_of=time_to_proto(AS_OF))
    profile.daily_trade.first_day.CopyFrom(date_to_proto(TODAY - timedelta(days=days)))
    profile.daily_trade.counts.extend(CAMPUS.before(TODAY)[-days:])
    return distress_pb2.AssessDistressRequest(profile=profile)


async def test_a_campus_shop_before_its_summer_break() -> None:
    answer = await HANDLERS.AssessDistress(asked(), NO_CONTEXT)
    assert (answer.merchant_id, answer.as_of, answer.horizon_days) == ("m-1", time_to_proto(AS_OF), 56)
    assert answer.assessable
    assert 0.0 < answer.probability.low < answer.probability.value < answer.probability.high < 1.0
    assert 1 <= len(answer.reasons) <= 4
    assert all(reason.text_zh and reason.text_en and reason.contribution > 0.0 for reason in answer.reasons)
    assert answer.model_version.startswith("distress-2026.1+sha256.")


async def test_the_same_request_gives_the_same_bytes() -> None:
    answers = {(await HANDLERS.AssessDistress(asked(), NO_CONTEXT)).SerializeToString(True) for _ in range(3)}
    assert len(answers) == 1


async def test_a_portrait_without_daily_trade_is_not_assessable() -> None:
    request = asked()
    request.profile.ClearField("daily_trade")
    answer = await HANDLERS.AssessDistress(request, NO_CONTEXT)
    assert not answer.assessable
    assert not answer.HasField("probability")
    assert [(reason.code, reason.contribution) for reason in answer.reasons] == [("NO_DAILY_TRADE", 0.0)]


async def test_peers_that_fell_too_lower_the_warning() -> None:
    request = asked()
    alone = await HANDLERS.AssessDistress(request, NO_CONTEXT)
    request.peer_change_28d = 0.4
    shared = await HANDLERS.AssessDistress(request, NO_CONTEXT)
    assert shared.probability.value < alone.probability.value


def test_the_day_of_judgement_is_the_day_after_the_last_count() -> None:
    assert daily_trade_from_proto(asked()).as_of == TODAY
    late = asked(100)
    late.profile.daily_trade.counts.extend([7])  # a clock ahead of ours
    assert daily_trade_from_proto(late).as_of == TODAY + timedelta(days=1)
    assert peer_change_from_proto(late) == 1.0


SPOILT: dict[str, tuple[Callable[[distress_pb2.AssessDistressRequest], object], str]] = {
    "no profile": (lambda request: request.ClearField("profile"), "profile"),
    "no moment": (lambda request: request.profile.ClearField("as_of"), "profile.as_of"),
    "no first day": (
        lambda request: request.profile.daily_trade.ClearField("first_day"),
        "profile.daily_trade.first_day",
    ),
    "no such day": (
        lambda request: setattr(request.profile.daily_trade.first_day, "day", 31),
        "profile.daily_trade.first_day",
    ),
    "days to come": (
        lambda request: setattr(request.profile.daily_trade.first_day, "month", 4),
        "profile.daily_trade.first_day",
    ),
    "too many": (lambda request: request.profile.daily_trade.counts.extend([1]), "profile.daily_trade.counts"),
    "peers at zero": (lambda request: setattr(request, "peer_change_28d", 0.0), "peer_change_28d"),
    "peers no number": (lambda request: setattr(request, "peer_change_28d", float("nan")), "peer_change_28d"),
}


@pytest.mark.parametrize("case", SPOILT)
async def test_bad_input_names_its_field(case: str) -> None:
    spoil, field = SPOILT[case]
    request = asked()
    request.profile.daily_trade.first_day.CopyFrom(date_to_proto(date(2016, 1, 1)))
    if case == "no such day":
        request.profile.daily_trade.first_day.month = 6
    spoil(request)
    with pytest.raises(InvalidArgument) as error:
        await HANDLERS.AssessDistress(request, NO_CONTEXT)
    assert field in str([violation.field for violation in error.value.violations])
