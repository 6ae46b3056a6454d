"""Trains the application or the bureau model from a lender's table: fits it, tests it, writes its card.

With a time column the last fifth is the test, and what is kept is what was tested. Without one, five folds test the
procedure and what is kept was fitted to all rows. Five folds of the training rows show how stable it is either way.
"""

from __future__ import annotations

from typing import Any, Final

import lightgbm
import numpy as np
from sycee_service.errors import FailedPrecondition, InvalidArgument

from sycee_scoring.domain import application, bureau
from sycee_scoring.domain.additive import to_text
from sycee_scoring.learning import metrics
from sycee_scoring.model_files import canonical_json
from sycee_scoring.registry import training_card
from sycee_scoring.registry.fitting import Fit, Index, Plan, fit, folds
from sycee_scoring.registry.model import Component, Facts, Figure, sha256_hex
from sycee_scoring.registry.schema import Schema
from sycee_scoring.registry.trainers import Tell
from sycee_scoring.registry.training_card import Said
from sycee_scoring.registry.training_table import Rows, read
from sycee_scoring.registry.wish import Job, Progress, Trained, TrainingTable
from sycee_scoring.training.boosting import MASKED_SHARE, PARAMETERS

FOLDS: Final = 5
LAST_SHARE: Final = 0.2
LEAST_TESTED: Final = 20
"""Bad rows, and good ones, that an out-of-time test holds at least. Judgement."""

PRIOR_SHARE: Final = 0.25
"""Share of the training rows, the last by time, whose bad rate is the level known before a test. Judgement."""


def train(job: Job, tell: Tell) -> Trained:
    """The model of a job with a table. Raises InvalidArgument naming column, value and rule."""
    if job.table is None:
        raise InvalidArgument("source", "must be a table")
    plan = plan_of(job.component)
    rows = read(job.table, Schema(plan.names, plan.directions))
    training, test = split(rows, job.table)
    stability, said = _folds(rows, training, plan, job.seed, tell)
    tell(Progress("the model itself", FOLDS, FOLDS + 1))
    model = fit(rows, training, plan, job.seed)
    if test is not None:
        said = _said(rows, training, test, model)
    tell(Progress("its card", FOLDS + 1, FOLDS + 1))
    artefact = to_text(model.table, plan.directions).encode()
    card = {
        **_identity(job, artefact, _serving(job, plan, rows, training)),
        "data": training_card.data_section(job.table, rows, training, plan.names),
        "model": _model_section(job, model),
        "evaluation": training_card.evaluation_section(said, stability, job.table, out_of_time=test is not None),
        "limits": list(training_card.LIMITS),
    }
    auc = metrics.auc_interval(said.bad, said.risk)
    facts = Facts(len(training), int(rows.bad[training].sum()), Figure(auc.value, auc.low, auc.high))
    return Trained(artefact, card, training_card.render(card), facts)


def plan_of(component: Component) -> Plan:
    """The columns of a component. Raises FailedPrecondition (COMPONENT_NOT_TRAINABLE)."""
    if component is Component.APPLICATION:
        return _plan(application.FEATURES, application.MONOTONE, len(application.PORTRAIT))
    if component is Component.BUREAU:
        return _plan(bureau.FEATURES, bureau.MONOTONE, len(bureau.PORTRAIT))
    raise FailedPrecondition("COMPONENT_NOT_TRAINABLE", f"{component.label} is not trained from such a table")


def _plan(names: tuple[str, ...], directions: tuple[int, ...], first: int) -> Plan:
    return Plan(names, directions, tuple(range(first)), tuple(range(first, len(names))))


def split(rows: Rows, table: TrainingTable) -> tuple[Index, Index | None]:
    """Rows to train on, and those to test on: the last fifth by time, cut between two times; None without a time.

    Raises InvalidArgument where the column cannot be cut so, or either side holds too few of a kind.
    """
    everything = np.arange(len(rows.bad), dtype=np.int64)
    if rows.time is None:
        return everything, None
    cut = float(np.quantile(rows.time, 1.0 - LAST_SHARE, method="lower"))
    if cut >= float(rows.time.max()):
        cut = float(np.max(rows.time[rows.time < cut], initial=-np.inf))
    training, test = everything[rows.time <= cut], everything[rows.time > cut]
    for name, part in (("earlier", training), ("last", test)):
        bads = int(rows.bad[part].sum()) if len(part) else 0
        if min(bads, len(part) - bads) < LEAST_TESTED:
            raise InvalidArgument(
                "table.time_column",
                f"column {table.time_column!r} must cut the rows so that the {name} part holds at least {LEAST_TESTED}"
                " bad and as many good ones",
                value=f"{bads} bad, {len(part) - bads} good",
            )
    return training, test


def _folds(rows: Rows, training: Index, plan: Plan, seed: int, tell: Tell) -> tuple[list[dict[str, Any]], Said]:
    """Figures of each fold, and what was said of all training rows by models that had not seen them."""
    part = folds(rows.bad[training], FOLDS, seed + 1)
    risk, probability = np.empty(len(training)), np.empty(len(training))
    stability = []
    for fold in range(FOLDS):
        tell(Progress(f"fold {fold + 1} of {FOLDS}", fold, FOLDS + 1))
        held = part == fold
        said = _said(rows, training[~held], training[held], fit(rows, training[~held], plan, seed))
        risk[held], probability[held] = said.risk, said.probability
        auc = metrics.auc(said.bad, said.risk)
        stability.append({"fold": fold + 1, "rows": len(said.bad), "bads": int(said.bad.sum()), "auc": round(auc, 4)})
    return stability, Said(rows.bad[training], risk, probability)


def _said(rows: Rows, training: Index, test: Index, model: Fit) -> Said:
    """The model on rows it had not seen, at the level known before them."""
    known = training
    if rows.time is not None:
        known = training[np.argsort(rows.time[training], kind="stable")][-max(1, round(PRIOR_SHARE * len(training))) :]
    rate = (float(rows.bad[known].sum()) + 0.5) / (len(known) + 1.0)
    base = metrics.intercept_for(rate, model.table.raw_many(rows.features[known]))
    risk = model.table.raw_many(rows.features[test])
    return Said(rows.bad[test], risk, np.asarray(1.0 / (1.0 + np.exp(-(base + risk)))))


def _identity(job: Job, artefact: bytes, serving: dict[str, Any]) -> dict[str, Any]:
    """Name and digests. The name bears a digest of the serving section, since that decides what is scored as well."""
    name, digest = f"{job.component.label}-own", sha256_hex(canonical_json(serving))
    return {
        "version": f"{name}.{digest[:6]}",
        "artefact": f"{name}.tables.json",
        "artefact_sha256": sha256_hex(artefact),
        "serving": serving,
        "serving_sha256": digest,
    }


def _model_section(job: Job, model: Fit) -> dict[str, Any]:
    return {
        "kind": "additive monotone boosted trees in two stages, LightGBM",
        "lightgbm": lightgbm.__version__,
        "seed": job.seed,
        "rounds": list(model.rounds),
        "slope": model.slope,
        "masked_share": MASKED_SHARE,
        "parameters": {key: value for key, value in PARAMETERS.items() if key != "verbose"},
    }


def _serving(job: Job, plan: Plan, rows: Rows, training: Index) -> dict[str, Any]:
    """What scoring needs beside the tables. What is not learnt here is the champion's."""
    base = job.base_card.get("serving", {})
    learnt: dict[str, Any] = {
        "features": list(plan.names),
        "monotone": list(plan.directions),
        "reference": _reference(rows, training, plan),
    }
    if job.component is Component.APPLICATION:
        learnt["slope"] = 1.0  # worked into the tables
    return {**base, **learnt}


def _reference(rows: Rows, training: Index, plan: Plan) -> list[float | None]:
    """An ordinary row, against which causes are measured: the median of each feature, null for the form's and for one
    that is never known."""
    values: list[float | None] = []
    for column in range(len(plan.names)):
        known = rows.features[training, column]
        known = known[~np.isnan(known)]
        values.append(None if column in plan.form or not len(known) else round(float(np.median(known)), 6))
    return values
