"""Explain and Recourse through the real server."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import grpc
import grpc.aio
import pytest
from scoring_merchants import request
from sycee.common.v1.common_pb2 import Grade
from sycee.scoring.v1 import explanation_pb2, score_pb2
from sycee_scoring.convert.scores import evidence_from_proto
from sycee_service.clock import business_day

Outcome = explanation_pb2.RecourseResponse


def explain() -> explanation_pb2.ExplainRequest:
    asked = request()
    return explanation_pb2.ExplainRequest(
        profile=asked.profile, requested_amount=asked.requested_amount, term_months=asked.term_months
    )


def recourse(**target: Any) -> explanation_pb2.RecourseRequest:
    asked = request()
    asked.requested_amount.units = 400_000
    return explanation_pb2.RecourseRequest(
        profile=asked.profile, requested_amount=asked.requested_amount, term_months=asked.term_months, **target
    )


async def test_an_explanation_is_of_the_score_and_adds_up(stub: Any) -> None:
    found = await stub.Explain(explain())
    assert found.score == (await stub.Score(request())).score
    assert round(found.points) == found.score.score
    total = math.fsum(component.points for component in found.components)
    assert total == pytest.approx(found.points - found.reference_points, abs=1e-9)
    assert [component.name for component in found.components] == ["structural", "application", "bureau"]
    for component in found.components:
        assert math.fsum(feature.points for feature in component.features) == pytest.approx(component.points, abs=1e-9)
    fee = next(f for f in found.components[0].features if f.name == "fee_share")
    assert (fee.value, fee.HasField("reference_value"), fee.reason_code) == (0.05, True, "PLATFORM_FEES_HIGH")
    assert found.interval.total == pytest.approx(
        math.hypot(found.interval.calibration, found.interval.components, found.interval.missing)
    )


async def test_a_score_that_is_none_has_no_explanation_and_no_recourse(stub: Any) -> None:
    asked, sought = explain(), recourse()
    for message in (asked, sought):
        message.profile.ClearField("trade")
        message.profile.ClearField("bureau")
    found = await stub.Explain(asked)
    assert not found.score.scorable
    assert not found.components
    advice = await stub.Recourse(sought)
    assert advice.outcome == Outcome.OUTCOME_NOT_SCORABLE
    assert not advice.HasField("after")


async def test_a_recourse_holds_when_the_changed_loan_is_scored(stub: Any) -> None:
    advice = await stub.Recourse(recourse(min_score=(await stub.Score(request())).score.score - 30))
    assert advice.outcome == Outcome.OUTCOME_FOUND
    assert advice.after.score > advice.before.score
    assert [round(step.points, 6) for step in advice.steps] == sorted(round(s.points, 6) for s in advice.steps)[::-1]
    assert all(step.text_zh and step.text_en for step in advice.steps)
    changed = request()
    changed.requested_amount.units = 400_000
    for step in advice.steps:
        if step.feature == "requested_amount":
            changed.requested_amount.units, rest = divmod(int(step.to), 100)
            assert (rest, getattr(step, "from"), step.takes_days) == (0, 40_000_000.0, 0)
        elif step.feature == "term_months":
            changed.term_months = int(step.to)
        else:
            pytest.skip(f"the cheapest step is {step.code}, which no request can take")
    assert (await stub.Score(changed)).score == advice.after


async def test_every_target_is_understood(stub: Any) -> None:
    met = await stub.Recourse(recourse(grade=Grade.GRADE_E))
    assert met.outcome == Outcome.OUTCOME_MET
    assert not met.steps
    assert (await stub.Recourse(recourse(max_default_probability=1e-6))).outcome == Outcome.OUTCOME_OUT_OF_REACH
    better = await stub.Recourse(recourse())
    assert better.outcome == Outcome.OUTCOME_FOUND
    assert better.after.grade < better.before.grade


async def test_a_step_that_waits_moves_the_day(stub: Any) -> None:
    asked = recourse(grade=Grade.GRADE_A)
    asked.profile.trade.months_of_history = 3
    del asked.profile.trade.weekly_net_fen[13:]
    asked.profile.ClearField("traits")
    advice = await stub.Recourse(asked)
    waits = [step for step in advice.steps if step.code == "KEEP_TRADING"]
    moved = advice.HasField("after") and advice.after.as_of.seconds - asked.profile.as_of.seconds
    assert bool(waits) == bool(moved)
    if waits:
        assert moved == 86_400 * waits[0].takes_days


async def test_bad_input_names_its_field(stub: Any) -> None:
    for name, spoil in product(("Explain", "Recourse"), ("currency", "term", "profile", "future")):
        asked = explain() if name == "Explain" else recourse()
        if spoil == "currency":
            asked.requested_amount.currency_code = "USD"
        elif spoil == "term":
            asked.term_months = 61
        elif spoil == "profile":
            asked.ClearField("profile")
        else:
            asked.profile.trade.last_day.year = 2031
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await getattr(stub, name)(asked)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        field = {"currency": "requested_amount", "term": "term_months", "profile": "profile"}
        assert field.get(spoil, "profile.trade.last_day") in caught.value.details()


async def test_a_target_outside_its_range_is_refused(stub: Any) -> None:
    for target in ({"min_score": 851}, {"max_default_probability": 1.0}, {"grade": 9}):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Recourse(recourse(**target))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_the_day_of_the_evidence_is_the_business_day() -> None:
    found = evidence_from_proto(score_pb2.ScoreRequest.FromString(request().SerializeToString()))
    assert found.day == business_day(found.as_of)
