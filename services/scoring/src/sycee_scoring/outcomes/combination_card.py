"""The card of a refitted combination: what it was learnt from, how well it does on outcomes that it did not see, by
vintage, beside the committed one and a constant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sycee_scoring.domain.combine import COMMITTED, CombinationModel
from sycee_scoring.domain.scale import probability
from sycee_scoring.learning.metrics import Figure, auc_interval
from sycee_scoring.outcomes.artefact import FEATURES, MONOTONE, to_bytes, version_of
from sycee_scoring.outcomes.refit import LEAST_BADS, fit, refit, require_enough
from sycee_scoring.outcomes.rows import OutcomeRows
from sycee_scoring.registry.model import sha256_hex

Array = npt.NDArray[np.float64]

NAME: Final = "combined-refit"
TEST_SHARE: Final = 0.2
"""The newest fifth of the mature loans is the test."""

FOLDS: Final = 5
LIMITS: Final = (
    "Only loans that were granted have outcomes: what the refit learns holds for merchants that would be granted.",
    "Censoring is taken to be independent of default given that a loan is still observed; a lender that reports bad "
    "loans sooner than good ones breaks that.",
    "The interval allows for how few outcomes there are and not for a change of the times; drift watches those.",
)


@dataclass(frozen=True, slots=True)
class Refitted:
    """A refitted combination with what the registry keeps of it."""

    model: CombinationModel
    artefact: bytes
    card: dict[str, Any]
    markdown: str
    row_count: int
    bad_count: int
    auc: Figure


def refitted(rows: OutcomeRows, source: str) -> Refitted:
    """Refits on all loans and tests on such as a fit did not see: the newest fifth of mature ones or, where too few
    are mature, five folds. The same rows give the same bytes.

    Raises FailedPrecondition (TOO_FEW_OUTCOMES).
    """
    require_enough(rows)
    artefact = to_bytes(refit(rows, NAME))
    model = refit(rows, version_of(NAME, artefact))
    tested = _tested(rows)
    known, bads = rows.counts()
    auc = auc_interval(tested.rows.bad, tested.log_odds)
    card = _head(model, artefact, rows, source) | {
        "test": _test(tested, auc),
        "vintages": _vintages(tested),
        "limits": list(LIMITS),
    }
    return Refitted(model, artefact, card, render(card), known, bads, auc)


@dataclass(frozen=True, slots=True)
class _Tested:
    """Known rows with log-odds and a constant's probability of a fit that did not see them."""

    how: str
    rows: OutcomeRows
    log_odds: Array
    constant: Array


def _tested(rows: OutcomeRows) -> _Tested:
    """Out of time where that can be, else by folds.

    Out of time, the test is the newest fifth of mature loans, and the fit has seen loans scored before the first of
    them. Newer ones are no test: of those, only defaults are known.
    """
    mature = rows.only(rows.mature & rows.known)
    first = mature.scored_on[-max(round(TEST_SHARE * len(mature.bad)), 1)] if mature.scored_on else None
    if first is not None:
        test = mature.only(np.array([day >= first for day in mature.scored_on], dtype=bool))
        learn = rows.only(np.array([day < first for day in rows.scored_on], dtype=bool))
        if _has_both(test) and _has_both(learn):
            how = f"the newest {len(test.bad)} of {len(mature.bad)} mature loans, scored from {first} on; fitted before"
            return _Tested(how, test, fit(learn).log_odds(test.evidence), np.full(len(test.bad), _rate(learn)))
    return _folded(rows)


def _folded(rows: OutcomeRows) -> _Tested:
    """Every fifth loan in the order of scoring is a fold, so that each is as old as the others."""
    log_odds, constant = np.empty(len(rows.bad)), np.empty(len(rows.bad))
    fold = np.arange(len(rows.bad)) % FOLDS
    for number in range(FOLDS):
        part = fold == number
        rest = rows.only(~part)
        log_odds[part] = fit(rest).log_odds(rows.evidence[part])
        constant[part] = _rate(rest)
    how = f"{FOLDS} folds, since too few loans are mature for a test out of time"
    seen = replace(rows.only(rows.known), weight=rows.weight[rows.known])
    return _Tested(how, seen, log_odds[rows.known], constant[rows.known])


def _has_both(rows: OutcomeRows) -> bool:
    known, bads = rows.counts()
    return min(bads, known - bads) >= LEAST_BADS


def _rate(rows: OutcomeRows) -> float:
    return float(rows.weight @ rows.bad / rows.weight.sum()) if rows.known.any() else COMMITTED_RATE


COMMITTED_RATE: Final = probability(COMMITTED.base_log_odds)


def _head(model: CombinationModel, artefact: bytes, rows: OutcomeRows, source: str) -> dict[str, Any]:
    known, bads = rows.counts()
    return {
        "version": model.version,
        "artefact": f"{NAME}.json",
        "artefact_sha256": sha256_hex(artefact),
        "serving": {"features": list(FEATURES), "monotone": list(MONOTONE)},
        "data": {
            "source": source,
            "first_day": min(rows.scored_on).isoformat(),
            "last_day": max(rows.scored_on).isoformat(),
            "loans": len(rows.bad),
            "known": known,
            "bad": bads,
            "censored": len(rows.bad) - known,
            "bad_rate": round(_rate(rows), 6),
        },
        "model": {
            "base_rate": round(probability(model.base_log_odds), 6),
            "scales": {name: round(value, 4) for name, value in model.scales.items()},
            "calibration_error": round(model.calibration_error, 4),
            "interval": "error model" if model.calibration is None else "Venn-Abers with Wilson's limits",
        },
    }


def _test(tested: _Tested, auc: Figure) -> dict[str, Any]:
    rows = tested.rows
    scales = np.array([COMMITTED.scales.get(name, 1.0) for name in rows.components])
    before = COMMITTED.base_log_odds + rows.evidence @ scales
    return {
        "how": tested.how,
        "loans": len(rows.bad),
        "bad": int(rows.bad.sum()),
        "auc": auc.as_json(),
        "auc_committed": auc_interval(rows.bad, before).as_json(),
        "brier": _brier(rows, _probabilities(tested.log_odds)),
        "brier_committed": _brier(rows, _probabilities(before)),
        "brier_constant": _brier(rows, tested.constant),
    }


def _probabilities(log_odds: Array) -> Array:
    found: Array = 1.0 / (1.0 + np.exp(-log_odds))
    return found


def _brier(rows: OutcomeRows, probability: Array) -> float:
    """Mean squared error, each loan with its censoring weight."""
    return round(float(rows.weight @ (rows.bad - probability) ** 2 / rows.weight.sum()), 6)


def _vintages(tested: _Tested) -> list[dict[str, Any]]:
    """Observed and stated rates of the tested loans by month of scoring."""
    months: dict[date, list[int]] = {}
    for row, day in enumerate(tested.rows.scored_on):
        months.setdefault(day.replace(day=1), []).append(row)
    found = []
    for month, members in sorted(months.items()):
        part = np.array(members)
        weight = tested.rows.weight[part]
        stated = _probabilities(tested.log_odds[part])
        found.append(
            {
                "month": f"{month:%Y-%m}",
                "loans": len(part),
                "bad": int(tested.rows.bad[part].sum()),
                "observed": round(float(weight @ tested.rows.bad[part] / weight.sum()), 6),
                "predicted": round(float(weight @ stated / weight.sum()), 6),
            }
        )
    return found


def render(card: dict[str, Any]) -> str:
    """Markdown of the card."""
    data, model, test = card["data"], card["model"], card["test"]
    scales = ", ".join(f"{name} × {value:.2f}" for name, value in model["scales"].items())
    rows = [
        f"| {row['month']} | {row['loans']:,} | {row['bad']:,} | {row['observed']:.2%} | {row['predicted']:.2%} |"
        for row in card["vintages"]
    ]
    lines = [
        f"# {card['version']}",
        "",
        f"The combination, refitted on {data['source']}: {data['loans']:,} loans scored from {data['first_day']} to "
        f"{data['last_day']}, {data['known']:,} of them known at twelve months, {data['bad']:,} bad, "
        f"{data['censored']:,} not known yet (left out, the known ones weighing for them).",
        "",
        f"Base rate {model['base_rate']:.2%}; {scales}; calibration error {model['calibration_error']:.2f} log-odds; "
        f"interval from: {model['interval']}.",
        "",
        f"Tested on {test['how']}: {test['loans']:,} loans, {test['bad']:,} bad.",
        "",
        "| | this | committed | constant |",
        "|---|---|---|---|",
        f"| AUC [95 %] | {_shown(test['auc'])} | {_shown(test['auc_committed'])} | 0.5 |",
        f"| Brier | {test['brier']:.5f} | {test['brier_committed']:.5f} | {test['brier_constant']:.5f} |",
        "",
        "| scored | loans | bad | observed | predicted |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in card["limits"]),
        "",
    ]
    return "\n".join(lines)


def _shown(figure: dict[str, float]) -> str:
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
