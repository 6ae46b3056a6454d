"""The application and the bureau component down to their features.

Both are sums of small tables, so that the Shapley value of a feature is the difference of its own table, and half of
what it does together with another where two share one (`additive`). What is missing counts with what the model makes of
the lack; what neither the merchant nor the reference has is left out, since it adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sycee_scoring.domain import application, bureau
from sycee_scoring.domain.additive import AdditiveTable
from sycee_scoring.domain.application import ApplicationModel
from sycee_scoring.domain.bureau import DAYS_PAST_DUE, BureauModel
from sycee_scoring.domain.causes import Opinion
from sycee_scoring.domain.evidence import Evidence
from sycee_scoring.domain.explain.opened import Contribution, Opened
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS

_APPLICATION_CODES = dict(enumerate(application.CODES))
_BUREAU_CODES = {column: code for code, columns in bureau.CAUSES for column in columns}


def open_application(model: ApplicationModel, evidence: Evidence, opinion: Opinion) -> Opened:
    """Opens the opinion of a merchant with traits."""
    if evidence.traits is None:
        raise ValueError("without traits the application component has no opinion")
    own = application.features_of(evidence.traits, evidence, model.goods_risk)
    features = _features(model.table, own, model.reference, model.slope, _APPLICATION_CODES)
    return Opened(opinion, model.log_odds(model.reference), features)


def open_bureau(model: BureauModel, evidence: Evidence, opinion: Opinion) -> Opened:
    """Opens the opinion on a report, a record of repayments, or both. Repayments start from none."""
    usual = BASE_LOG_ODDS
    features: tuple[Contribution, ...] = ()
    if evidence.bureau is not None:
        usual = model.log_odds(model.reference)
        features = _features(model.table, bureau.features_of(evidence.bureau), model.reference, 1.0, _BUREAU_CODES)
    repayments = evidence.repayments
    if repayments is not None and (repayments.repayment_count or repayments.worst_days_past_due):
        late = repayments.worst_days_past_due
        added = -DAYS_PAST_DUE.at(late) / POINTS_PER_LOG_ODDS
        features += (Contribution("worst_days_past_due", float(late), None, added, DAYS_PAST_DUE.code),)
    return Opened(opinion, usual, features)


def _features(
    table: AdditiveTable, own: Sequence[float], usual: Sequence[float], slope: float, codes: dict[int, str]
) -> tuple[Contribution, ...]:
    added = table.contributions(own, usual)
    return tuple(
        Contribution(name, _known(own[column]), _known(usual[column]), slope * added[column], codes.get(column, ""))
        for column, name in enumerate(table.features)
        if not (math.isnan(own[column]) and math.isnan(usual[column]))
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
