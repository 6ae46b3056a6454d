"""What refit and evaluation learn from: loans with the evidence that was noted when they were scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from sycee_scoring.outcomes.labels import Label, Outcome, censoring_weights, horizon_end, judge

Array = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_] | npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScoredLoan:
    """A loan and the score it was granted on.

    `evidence` is weight · (log-odds − base of the opinions) by component, with the weight that coverage left before any
    scale; a component that said nothing is not in it.
    """

    outcome: Outcome
    scored_on: date
    evidence: dict[str, float]
    coverage: float
    default_probability: float


@dataclass(frozen=True, slots=True)
class OutcomeRows:
    """Loans as columns, in order of scoring and loan; `evidence` has a column for each of `components`.

    `known` says which have a label, `days` how long it took or how long was watched, `bad` the label where known (0
    elsewhere, which means nothing), `weight` the censoring weight among these rows, 0 for the unknown. `mature` rows
    are those whose twelve months were over when outcomes were last observed: only among them are good ones as likely to
    be known as bad ones.
    """

    components: tuple[str, ...]
    evidence: Array
    bad: Array
    known: npt.NDArray[np.bool_]
    mature: npt.NDArray[np.bool_]
    days: npt.NDArray[np.int64]
    weight: Array
    scored_on: tuple[date, ...]

    def counts(self) -> tuple[int, int]:
        """Known rows, and the bad ones of them."""
        return int(self.known.sum()), int(self.bad[self.known].sum())

    def only(self, chosen: Chosen) -> OutcomeRows:
        """The chosen rows, weighted anew among themselves."""
        days = np.array(self.scored_on, dtype=object)[chosen]
        return OutcomeRows(
            self.components,
            self.evidence[chosen],
            self.bad[chosen],
            self.known[chosen],
            self.mature[chosen],
            self.days[chosen],
            censoring_weights(self.days[chosen], self.known[chosen]),
            tuple(days.tolist()),
        )


def outcome_rows(loans: Sequence[ScoredLoan], components: tuple[str, ...]) -> OutcomeRows:
    """Columns of the loans, labelled and weighted. The order that loans are given in does not matter."""
    ordered = sorted(loans, key=lambda loan: (loan.scored_on, loan.outcome.loan_id))
    judged = [judge(loan.scored_on, loan.outcome) for loan in ordered]
    until = max((loan.outcome.observed_until for loan in ordered), default=date.min)
    known = np.array([one.label is not Label.UNKNOWN for one in judged], dtype=bool)
    days = np.array([one.days for one in judged], dtype=np.int64)
    evidence = [[loan.evidence.get(name, 0.0) for name in components] for loan in ordered]
    return OutcomeRows(
        components=components,
        evidence=np.array(evidence, dtype=np.float64).reshape(len(ordered), len(components)),
        bad=np.array([float(one.label is Label.BAD) for one in judged], dtype=np.float64),
        known=known,
        mature=np.array([horizon_end(loan.scored_on) <= until for loan in ordered], dtype=bool),
        days=days,
        weight=censoring_weights(days, known),
        scored_on=tuple(loan.scored_on for loan in ordered),
    )
