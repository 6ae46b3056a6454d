"""An expert's points table, not a trained model, over the bureau report and repayments through Sycee.

Points are score points (20 double the odds) against an average record, so a clean one earns some and each mark costs.
The bands and their order follow common scorecard practice and rule LM-05 (bureau queries as a warning); the sizes are
judgements until a lender's own outcomes replace them. Every characteristic is monotone. What a report does not say
scores zero: missing is not bad."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import Final, NamedTuple

from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.evidence import BureauReport, Evidence, Repayments
from sycee_scoring.domain.scale import BASE_LOG_ODDS, POINTS_PER_LOG_ODDS

NAME: Final = "bureau"
VERSION: Final = "bureau-expert-2026.1"

REPORT_WEIGHT: Final = 0.7
REPAYMENTS_WEIGHT: Final = 0.4
"""Weight of a record of at least `FULL_REPAYMENTS` repayments without any report."""

FULL_REPAYMENTS: Final = 6
FRESH_DAYS: Final = 30
STALE_DAYS: Final = 365
STALE_SHARE: Final = 0.25
"""A report keeps its whole weight for 30 days, then loses it evenly down to a quarter at one year."""

ERROR: Final = 0.45
"""Standard error of the log-odds: what an expert's table is worth. Judgement."""


class Table(NamedTuple):
    """Points by band: `points[i]` for values from `lower_bounds[i]` up to the next. `without_cause` are the points of a
    record that lacks the cause."""

    code: str
    lower_bounds: tuple[float, ...]
    points: tuple[float, ...]
    without_cause: float

    def at(self, value: float) -> float:
        """The points of a value of 0 or more."""
        return self.points[bisect_right(self.lower_bounds, value) - 1]


WORST_OVERDUE: Final = Table("ARREARS", (0, 1, 2, 3), (8, -15, -35, -70), 8)
MONTHS_OVERDUE: Final = Table("ARREARS", (0, 1, 2, 4, 7), (8, -8, -20, -35, -50), 8)
UTILISATION: Final = Table("CREDIT_LINES_USED_UP", (0, 0.3, 0.5, 0.75, 0.9, 1.0), (10, 4, -4, -14, -24, -36), 4)
ENQUIRIES: Final = Table("ENQUIRIES_MANY", (0, 1, 3, 6, 10), (6, 0, -10, -22, -35), 0)
PUBLIC_RECORDS: Final = Table("PUBLIC_RECORDS", (0, 1, 2), (4, -40, -70), 4)
DAYS_PAST_DUE: Final = Table("REPAID_LATE_BEFORE", (0, 1, 31, 91), (12, -15, -45, -120), 12)


def utilisation(report: BureauReport) -> float | None:
    """Debt over credit lines; None where no line is reported."""
    return report.outstanding_fen / report.credit_lines_fen if report.credit_lines_fen > 0 else None


def freshness(report_date: date, day: date) -> float:
    """Share of its weight that a report keeps, from 1 down to `STALE_SHARE`."""
    late = ((day - report_date).days - FRESH_DAYS) / (STALE_DAYS - FRESH_DAYS)
    return 1.0 - (1.0 - STALE_SHARE) * min(max(late, 0.0), 1.0)


def assess(evidence: Evidence) -> Opinion | None:
    """The component's opinion; None with neither a report nor a repayment through Sycee."""
    report, repayments = evidence.bureau, evidence.repayments
    if repayments is not None and repayments.repayment_count == 0 and repayments.worst_days_past_due == 0:
        repayments = None
    if report is None and repayments is None:
        return None
    lines = (_report_lines(report) if report is not None else []) + _repayment_lines(repayments)
    total = sum(points for _, points, _, _ in lines)
    causes = tuple(_merge(lines))
    odds = BASE_LOG_ODDS - total / POINTS_PER_LOG_ODDS
    return Opinion(NAME, VERSION, odds, ERROR, _weight(report, repayments, evidence.day), causes)


_Line = tuple[str, float, float, dict[str, float]]  # code, points, points without the cause, facts


def _report_lines(report: BureauReport) -> list[_Line]:
    overdue = {"worst": float(report.worst_overdue_24m), "months": float(report.months_overdue_24m)}
    lines = [
        _line(WORST_OVERDUE, report.worst_overdue_24m, overdue),
        _line(MONTHS_OVERDUE, report.months_overdue_24m, overdue),
        _line(ENQUIRIES, report.enquiries_3m, {"value": float(report.enquiries_3m)}),
        _line(PUBLIC_RECORDS, report.public_records, {"value": float(report.public_records)}),
    ]
    used = utilisation(report)
    if used is not None:
        lines.append(_line(UTILISATION, used, {"value": used}))
    return lines


def _repayment_lines(repayments: Repayments | None) -> list[_Line]:
    if repayments is None:
        return []
    late = repayments.worst_days_past_due
    return [_line(DAYS_PAST_DUE, late, {"value": float(late)})]


def _line(table: Table, value: float, facts: dict[str, float]) -> _Line:
    return table.code, table.at(value), table.without_cause, facts


def _merge(lines: list[_Line]) -> list[Cause]:
    """One cause a code: two characteristics of one fact are one reason."""
    causes: dict[str, Cause] = {}
    for code, points, without, facts in lines:
        before = causes[code].log_odds if code in causes else 0.0
        causes[code] = Cause(code, before + (without - points) / POINTS_PER_LOG_ODDS, facts)
    return list(causes.values())


def _weight(report: BureauReport | None, repayments: Repayments | None, day: date) -> float:
    of_report = REPORT_WEIGHT * freshness(report.report_date, day) if report is not None else 0.0
    seen = 0 if repayments is None else max(repayments.repayment_count, 1 if repayments.worst_days_past_due else 0)
    of_repayments = REPAYMENTS_WEIGHT * min(seen / FULL_REPAYMENTS, 1.0)
    return max(of_report, of_repayments)
