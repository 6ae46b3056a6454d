"""Messages of outcomes, comparisons and drift to plain values and back. Total: bad input is InvalidArgument."""

from __future__ import annotations

from datetime import date

from google.type.date_pb2 import Date
from sycee.scoring.v1 import model_pb2, outcome_pb2
from sycee_service.wire import date_from_proto, date_to_proto

from sycee_scoring.learning.metrics import Figure
from sycee_scoring.outcomes.comparison import Comparison, Vintage
from sycee_scoring.outcomes.drift import Shift
from sycee_scoring.outcomes.labels import Outcome
from sycee_scoring.service.drifting import Drift
from sycee_scoring.service.outcomes import Contest


def outcomes_from_proto(request: outcome_pb2.RecordOutcomesRequest) -> list[Outcome]:
    """The outcomes of a request. Raises InvalidArgument that names the outcome and its field."""
    return [_outcome(f"outcomes[{place}]", message) for place, message in enumerate(request.outcomes)]


def _outcome(field: str, message: outcome_pb2.Outcome) -> Outcome:
    return Outcome(
        loan_id=message.loan_id,
        merchant_id=message.merchant_id,
        opened_on=date_from_proto(f"{field}.opened_on", message.opened_on),
        observed_until=date_from_proto(f"{field}.observed_until", message.observed_until),
        defaulted_on=_day(f"{field}.defaulted_on", message.defaulted_on, has=message.HasField("defaulted_on")),
        closed_on=_day(f"{field}.closed_on", message.closed_on, has=message.HasField("closed_on")),
    )


def _day(field: str, message: Date, *, has: bool) -> date | None:
    return date_from_proto(field, message) if has else None


def outcome_to_proto(outcome: Outcome) -> outcome_pb2.Outcome:
    """An outcome as it is shown."""
    return outcome_pb2.Outcome(
        loan_id=outcome.loan_id,
        merchant_id=outcome.merchant_id,
        opened_on=date_to_proto(outcome.opened_on),
        observed_until=date_to_proto(outcome.observed_until),
        defaulted_on=None if outcome.defaulted_on is None else date_to_proto(outcome.defaulted_on),
        closed_on=None if outcome.closed_on is None else date_to_proto(outcome.closed_on),
    )


def contest_from_proto(request: model_pb2.CompareModelsRequest) -> Contest:
    """Which versions to compare, on which days. Raises InvalidArgument for a day that does not exist."""
    return Contest(
        champion=request.champion_version,
        challenger=request.challenger_version,
        first_day=_day("first_day", request.first_day, has=request.HasField("first_day")),
        last_day=_day("last_day", request.last_day, has=request.HasField("last_day")),
    )


def comparison_to_proto(comparison: Comparison) -> model_pb2.CompareModelsResponse:
    """A comparison as it is shown."""
    return model_pb2.CompareModelsResponse(
        vintages=[_vintage(vintage) for vintage in comparison.vintages],
        total=_vintage(comparison.total),
        auc_difference=_figure(comparison.auc_difference),
        brier_difference=_figure(comparison.brier_difference),
        immature_count=comparison.immature_count,
    )


def _vintage(vintage: Vintage) -> model_pb2.VintageComparison:
    return model_pb2.VintageComparison(
        month=None if vintage.month is None else date_to_proto(vintage.month),
        count=vintage.count,
        bad_count=vintage.bad_count,
        champion_mean_probability=vintage.champion_mean,
        challenger_mean_probability=vintage.challenger_mean,
        champion_auc=vintage.champion_auc,
        challenger_auc=vintage.challenger_auc,
        champion_brier=vintage.champion_brier,
        challenger_brier=vintage.challenger_brier,
    )


def _figure(figure: Figure) -> model_pb2.ModelFigure:
    return model_pb2.ModelFigure(value=figure.value, low=figure.low, high=figure.high)


def drift_to_proto(drift: Drift) -> model_pb2.GetDriftResponse:
    """Drift as it is shown."""
    return model_pb2.GetDriftResponse(
        version=drift.version,
        reference=drift.reference,
        count=drift.count,
        score=_shift(drift.score),
        features=[_shift(shift) for shift in drift.features],
    )


def _shift(shift: Shift) -> model_pb2.DriftFigure:
    return model_pb2.DriftFigure(
        name=shift.name,
        index=shift.index,
        level=model_pb2.DriftFigure.Level.ValueType(shift.level),
        bins=[
            model_pb2.DriftBin(
                low=one.low,
                missing=one.missing,
                reference_share=one.reference_share,
                window_share=one.window_share,
            )
            for one in shift.bins
        ],
    )
