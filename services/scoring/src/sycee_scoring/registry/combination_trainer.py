"""Refits the combination from a lender's own outcomes, in the process that trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sycee_service.errors import InvalidArgument

from sycee_scoring.outcomes.artefact import FEATURES
from sycee_scoring.outcomes.combination_card import refitted
from sycee_scoring.outcomes.labels import Outcome
from sycee_scoring.outcomes.rows import ScoredLoan, outcome_rows
from sycee_scoring.registry.model import Facts, Figure
from sycee_scoring.registry.trainers import Tell
from sycee_scoring.registry.wish import Job, Progress, Trained

_DAYS = ("opened_on", "observed_until", "defaulted_on", "closed_on")


def train(job: Job, tell: Tell) -> Trained:
    """The combination of a job with own outcomes. The same loans give the same bytes, whatever the seed.

    Raises FailedPrecondition (TOO_FEW_OUTCOMES).
    """
    if job.loans is None:
        raise InvalidArgument("source", "must be own_outcomes")
    tell(Progress("refit and test", 0, 1))
    found = refitted(outcome_rows([_from_json(loan) for loan in job.loans], FEATURES), "own outcomes")
    tell(Progress("its card", 1, 1))
    facts = Facts(found.row_count, found.bad_count, Figure(found.auc.value, found.auc.low, found.auc.high))
    return Trained(found.artefact, found.card, found.markdown, facts)


def loans_to_json(loans: Sequence[ScoredLoan]) -> list[dict[str, Any]]:
    """The loans as a job holds them. Loans and merchants are numbered: nothing that names them leaves the server."""
    merchants = {name: str(place) for place, name in enumerate(sorted({loan.outcome.merchant_id for loan in loans}))}
    ordered = sorted(loans, key=lambda loan: (loan.scored_on, loan.outcome.loan_id))
    return [_to_json(loan, f"{place:09d}", merchants[loan.outcome.merchant_id]) for place, loan in enumerate(ordered)]


def _to_json(loan: ScoredLoan, loan_id: str, merchant_id: str) -> dict[str, Any]:
    outcome = asdict(loan.outcome) | {"loan_id": loan_id, "merchant_id": merchant_id}
    for name in _DAYS:
        outcome[name] = None if outcome[name] is None else outcome[name].isoformat()
    return {
        "outcome": outcome,
        "scored_on": loan.scored_on.isoformat(),
        "evidence": loan.evidence,
        "coverage": loan.coverage,
        "default_probability": loan.default_probability,
    }


def _from_json(said: Mapping[str, Any]) -> ScoredLoan:
    outcome = dict(said["outcome"])
    for name in _DAYS:
        outcome[name] = None if outcome[name] is None else date.fromisoformat(outcome[name])
    return ScoredLoan(
        outcome=Outcome(**outcome),
        scored_on=date.fromisoformat(said["scored_on"]),
        evidence=said["evidence"],
        coverage=said["coverage"],
        default_probability=said["default_probability"],
    )
