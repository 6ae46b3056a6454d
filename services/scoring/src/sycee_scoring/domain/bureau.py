"""What lenders elsewhere report, judged by an additive model, and repayments through Sycee, judged by an expert's
table.

A model of reports is monotone and a sum of small tables (`additive`). The shipped one is trained on real card accounts
(`training.bureau`; its card says on what and how well it ranks); `EXPERT` is the table of points it replaced, which
serves where no model is loaded. Repayments stay an expert's judgement until a lender's own outcomes replace it. What a
report does not say tells nothing: missing is not bad.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from sycee_scoring.domain.additive import AdditiveTable, sizes, term
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.evidence import BureauReport, Evidence, Repayments
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS

NAME: Final = "bureau"

PORTRAIT: Final = ("months_overdue", "worst_overdue", "utilisation", "enquiries", "public_records")
"""What a portrait has of a report. `months_overdue`: of the last 24. `worst_overdue`: months in arrears at worst, 0 to
7. `utilisation`: debt over credit lines. `enquiries`: in three months. `public_records`: how many."""

GRID: Final = ("overdue_now", "paid_share", "line_size")
"""What a report's month-by-month grid adds. `overdue_now`: months in arrears today. `paid_share`: paid over billed in
the last five months, at most 1.5. `line_size`: log of the credit lines in years of national income per head."""

FEATURES: Final = (*PORTRAIT, *GRID)
"""Column order of the model."""

MONOTONE: Final = (1, 1, 1, 1, 1, 1, -1, -1)
"""Arrears, use of lines, enquiries and records never lower the probability; what was paid and the size of lines never
raise it."""

REFERENCE: Final = (0.0, 0.0, 0.4, 1.0, 0.0, math.nan, math.nan, math.nan)
"""An ordinary record, against which causes are measured: nothing overdue, four tenths of the lines used, one enquiry.
Judgement."""

CAUSES: Final = (
    ("ARREARS", (0, 1)),
    ("CREDIT_LINES_USED_UP", (2,)),
    ("ENQUIRIES_MANY", (3,)),
    ("PUBLIC_RECORDS", (4,)),
)
"""Each reason with its features: two characteristics of one fact are one reason."""

REPORT_WEIGHT: Final = 0.7
REPAYMENTS_WEIGHT: Final = 0.4
"""Weight of a record of at least `FULL_REPAYMENTS` repayments without any report."""

FULL_REPAYMENTS: Final = 6
FRESH_DAYS: Final = 30
STALE_DAYS: Final = 365
STALE_SHARE: Final = 0.25
"""A report keeps its whole weight for 30 days, then loses it evenly down to a quarter at one year."""

ERROR: Final = 0.45
"""Standard error of the log-odds: card holders of another place and decade stand in for merchants. Judgement."""


@dataclass(frozen=True, slots=True)
class BureauModel:
    """A loaded model of reports."""

    version: str
    table: AdditiveTable
    reference: tuple[float, ...] = REFERENCE

    def log_odds(self, features: Sequence[float]) -> float:
        """Log-odds of default in a portfolio at the base rate (prior correction). `features` as `FEATURES` has them,
        NaN where one is not known."""
        return BASE_LOG_ODDS + self.table.raw(features)


class Table(NamedTuple):
    """Score points by band (20 double the odds): `points[i]` for values from `lower_bounds[i]` up to the next.
    `without_cause` are the points of a record that lacks the cause."""

    code: str
    lower_bounds: tuple[float, ...]
    points: tuple[float, ...]
    without_cause: float

    def at(self, value: float) -> float:
        """The points of a value of 0 or more."""
        return self.points[bisect_right(self.lower_bounds, value) - 1]


DAYS_PAST_DUE: Final = Table("REPAID_LATE_BEFORE", (0, 1, 31, 91), (12, -15, -45, -120), 12)
"""An expert's: loans through Sycee have no outcomes to learn from yet."""

EXPERT_TABLES: Final = (
    Table("ARREARS", (0, 1, 2, 4, 7), (8, -8, -20, -35, -50), 8),
    Table("ARREARS", (0, 1, 2, 3), (8, -15, -35, -70), 8),
    Table("CREDIT_LINES_USED_UP", (0, 0.3, 0.5, 0.75, 0.9, 1.0), (10, 4, -4, -14, -24, -36), 4),
    Table("ENQUIRIES_MANY", (0, 1, 3, 6, 10), (6, 0, -10, -22, -35), 0),
    Table("PUBLIC_RECORDS", (0, 1, 2), (4, -40, -70), 4),
)
"""Of `PORTRAIT`, in its order. The bands and their order follow common scorecard practice and rule LM-05 (bureau
queries as a warning); the sizes are judgements."""


def _expert() -> BureauModel:
    """`EXPERT_TABLES` in the form that a model has."""
    uppers = tuple(tuple(math.nextafter(bound, -1.0) for bound in table.lower_bounds[1:]) for table in EXPERT_TABLES)
    thresholds = (*uppers, *(() for _ in GRID))
    terms = tuple(
        term((column,), sizes(thresholds), [*(-points / POINTS_PER_LOG_ODDS for points in table.points), 0.0])
        for column, table in enumerate(EXPERT_TABLES)
    )
    return BureauModel("bureau-expert-2026.1", AdditiveTable(FEATURES, thresholds, 0.0, terms))


EXPERT: Final = _expert()


def utilisation(report: BureauReport) -> float | None:
    """Debt over credit lines; None where no line is reported."""
    return report.outstanding_fen / report.credit_lines_fen if report.credit_lines_fen > 0 else None


def freshness(report_date: date, day: date) -> float:
    """Share of its weight that a report keeps, from 1 down to `STALE_SHARE`."""
    late = ((day - report_date).days - FRESH_DAYS) / (STALE_DAYS - FRESH_DAYS)
    return 1.0 - (1.0 - STALE_SHARE) * min(max(late, 0.0), 1.0)


def features_of(report: BureauReport) -> tuple[float, ...]:
    """The features of a report, as `FEATURES` has them; NaN where one is not known, as the grid's never are."""
    used = utilisation(report)
    return (
        float(report.months_overdue_24m),
        float(report.worst_overdue_24m),
        math.nan if used is None else used,
        float(report.enquiries_3m),
        float(report.public_records),
        *(math.nan for _ in GRID),
    )


def assess(evidence: Evidence, model: BureauModel = EXPERT) -> Opinion | None:
    """The component's opinion; None with neither a report nor a repayment through Sycee."""
    report, repayments = evidence.bureau, evidence.repayments
    if repayments is not None and repayments.repayment_count == 0 and repayments.worst_days_past_due == 0:
        repayments = None
    if report is None and repayments is None:
        return None
    odds, causes = (BASE_LOG_ODDS, ()) if report is None else _of_report(model, features_of(report))
    if repayments is not None:
        late = repayments.worst_days_past_due
        points, without = DAYS_PAST_DUE.at(late), DAYS_PAST_DUE.without_cause
        odds -= points / POINTS_PER_LOG_ODDS
        causes = (*causes, Cause(DAYS_PAST_DUE.code, (without - points) / POINTS_PER_LOG_ODDS, {"value": float(late)}))
    return Opinion(NAME, model.version, odds, ERROR, _weight(report, repayments, evidence.day), causes)


def _of_report(model: BureauModel, features: tuple[float, ...]) -> tuple[float, tuple[Cause, ...]]:
    """Log-odds and causes of a report."""
    odds = model.log_odds(features)
    causes = []
    for code, columns in CAUSES:
        if math.isnan(features[columns[0]]):
            continue
        cured = [model.reference[column] if column in columns else value for column, value in enumerate(features)]
        facts = {"months": features[0], "worst": features[1]} if code == "ARREARS" else {"value": features[columns[0]]}
        causes.append(Cause(code, odds - model.log_odds(cured), facts))
    return odds, tuple(causes)


def _weight(report: BureauReport | None, repayments: Repayments | None, day: date) -> float:
    of_report = REPORT_WEIGHT * freshness(report.report_date, day) if report is not None else 0.0
    seen = 0 if repayments is None else max(repayments.repayment_count, 1 if repayments.worst_days_past_due else 0)
    of_repayments = REPAYMENTS_WEIGHT * min(seen / FULL_REPAYMENTS, 1.0)
    return max(of_report, of_repayments)
