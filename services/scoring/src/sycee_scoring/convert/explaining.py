"""Explanations and recourses to messages."""

from __future__ import annotations

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from sycee.scoring.v1 import explanation_pb2, score_pb2
from sycee_service.wire import money_to_fen

from sycee_scoring.convert.scores import score_to_proto
from sycee_scoring.domain.explain.explanation import ComponentShare, Explanation
from sycee_scoring.domain.recourse.loan_actions import USUAL_TERMS, Offered
from sycee_scoring.domain.recourse.recourse import Change, Outcome, Target
from sycee_scoring.domain.scale import Grade
from sycee_scoring.service.explaining import Advice
from sycee_scoring.service.scores import Unscorable

_OUTCOMES: Final = {
    Outcome.FOUND: explanation_pb2.RecourseResponse.OUTCOME_FOUND,
    Outcome.MET: explanation_pb2.RecourseResponse.OUTCOME_MET,
    Outcome.OUT_OF_REACH: explanation_pb2.RecourseResponse.OUTCOME_OUT_OF_REACH,
    Outcome.NOT_SCORABLE: explanation_pb2.RecourseResponse.OUTCOME_NOT_SCORABLE,
}


def score_request_of(
    request: explanation_pb2.ExplainRequest | explanation_pb2.RecourseRequest,
) -> score_pb2.ScoreRequest:
    """The score that is asked about."""
    return score_pb2.ScoreRequest(
        profile=request.profile if request.HasField("profile") else None,
        requested_amount=request.requested_amount,
        term_months=request.term_months,
    )


def target_from_proto(request: explanation_pb2.RecourseRequest) -> Target:
    """What is to be reached; nothing set is the next better grade."""
    which = request.WhichOneof("target")
    if which == "grade":
        return Target(grade=Grade(request.grade))
    if which == "min_score":
        return Target(min_score=request.min_score)
    if which == "max_default_probability":
        return Target(max_default_probability=request.max_default_probability)
    return Target()


def offered_from_proto(request: explanation_pb2.RecourseRequest) -> Offered:
    """The loans there are; every usual term and any amount where nothing is said."""
    return Offered(
        terms=tuple(sorted(set(request.allowed_term_months))) or USUAL_TERMS,
        least_fen=money_to_fen("least_amount", request.least_amount) if request.HasField("least_amount") else 0,
    )


def explanation_to_proto(
    asked: score_pb2.ScoreRequest, found: Explanation | Unscorable
) -> explanation_pb2.ExplainResponse:
    """The answer; without a score it holds what is missing and nothing else."""
    if isinstance(found, Unscorable):
        return explanation_pb2.ExplainResponse(score=score_to_proto(asked, found))
    width = found.width
    return explanation_pb2.ExplainResponse(
        score=score_to_proto(asked, found.result),
        points=found.points,
        reference_points=found.reference_points,
        components=[_component(component) for component in found.components],
        interval=explanation_pb2.IntervalExplanation(
            calibration=width.calibration, components=width.components, missing=width.missing, total=width.total
        ),
    )


def _component(component: ComponentShare) -> explanation_pb2.ComponentExplanation:
    return explanation_pb2.ComponentExplanation(
        name=component.name,
        version=component.version,
        points=component.points,
        features=[
            explanation_pb2.FeatureContribution(
                name=feature.name,
                value=feature.value,
                reference_value=feature.reference_value,
                points=feature.points,
                reason_code=feature.reason_code,
            )
            for feature in component.features
        ],
    )


def advice_to_proto(asked: score_pb2.ScoreRequest, advice: Advice) -> explanation_pb2.RecourseResponse:
    """The answer. A step that lets time pass moves `after.as_of` with it."""
    recourse = advice.recourse
    answer = explanation_pb2.RecourseResponse(
        outcome=_OUTCOMES[recourse.outcome],
        steps=[_step(change) for change in recourse.changes],
        before=score_to_proto(asked, advice.before),
    )
    if recourse.after is not None and recourse.changed is not None:
        answer.after.CopyFrom(score_to_proto(asked, recourse.after))
        moment = Timestamp()
        moment.FromDatetime(recourse.changed.as_of)
        if moment.seconds != asked.profile.as_of.seconds:
            answer.after.as_of.CopyFrom(moment)
    return answer


def _step(change: Change) -> explanation_pb2.RecourseStep:
    step = explanation_pb2.RecourseStep(
        code=change.code,
        feature=change.feature,
        to=change.then,
        text_zh=change.text_zh,
        text_en=change.text_en,
        points=change.points,
        takes_days=change.takes_days,
    )
    setattr(step, "from", change.now)  # a word that Python keeps for itself
    return step
