"""What a merchant says of itself, judged by an additive boosted model trained on real small-business loans.

`training` makes it; the card beside the artefact says from what, how well it ranks and where it must not be trusted.
The first three features are what a portrait has. The others are those of a full loan form, which lenders with branches
have and an online merchant's portrait does not: a model scores with and without them, and without them it is the model
that was trained on the first three alone.

The amount asked for is no feature: in the training data large loans default less, since banks lend them to the
strong, so a model free to use the amount would reward asking for more, and one that may only punish it leaves it
alone (the card's ablation shows both). The loan weighs in the structural component, where a larger one serves harder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain.additive import AdditiveTable
from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.evidence import Evidence, Traits
from sycee_scoring.domain.goods import goods_of_category
from sycee_scoring.domain.scale import BASE_LOG_ODDS

NAME: Final = "application"

PORTRAIT: Final = ("employees", "new_business", "goods_risk")
"""What a portrait has. `employees`: people who work there. `new_business`: 1 up to two years after opening, 0 later.
`goods_risk`: log-odds of default of the goods against all retail, from the card."""

FORM: Final = ("guaranteed_share", "revolving", "lender_elsewhere", "lender_risk", "lender_loans")
"""What a full form adds. `guaranteed_share`: of the loan, by a third party, 0 to 1. `revolving`: 1 for a line, 0 for a
term loan. `lender_elsewhere`: 1 where the lender sits in another state. `lender_risk`: log of the lender's own
charge-offs over those expected of its vintages, in the training years. `lender_loans`: log(1 + its loans then)."""

FEATURES: Final = (*PORTRAIT, *FORM)
"""Column order of the model."""

MONOTONE: Final = (-1, 1, 1, 0, 0, 1, 1, 0)
"""More people never raise the probability; a new business, riskier goods, a lender from elsewhere and one that lost
more never lower it. The share guaranteed, lines and the lender's size are free: a guarantee should make lenders
careless, yet in the data small, fast loans with little guaranteed fail more often, so no direction is forced on it."""

WEIGHT: Final = 0.5
"""Half: another country, another decade, shops with doors. Judgement."""

KNOWN_SHARES: Final = (0.3, 0.2, 0.5)
"""How much of the weight each known feature of the portrait carries. A form adds none: it sharpens what is said."""

NEW_YEARS: Final = 2.0
ERROR: Final = 0.30
"""Standard error of the log-odds, near the spread of the model's own output from vintage to vintage. Judgement."""

CODES: Final = ("EMPLOYEES_FEW", "BUSINESS_NEW", "GOODS_RISKY")
"""The reason that each feature of the portrait may become."""


@dataclass(frozen=True, slots=True)
class ApplicationModel:
    """A loaded model. `slope` shrinks its log-odds as the year that chose it did; `reference` are the features of an
    ordinary applicant, against which causes are measured, with NaN for the form's."""

    version: str
    table: AdditiveTable
    slope: float
    goods_risk: Mapping[str, float]
    reference: tuple[float, ...]

    def log_odds(self, features: tuple[float, ...]) -> float:
        """Log-odds of default in a portfolio at the base rate: the model's own base is left out (prior correction).
        `features` as `FEATURES` has them, NaN where one is not known; the form's may be left off."""
        missing = (math.nan,) * (len(FEATURES) - len(features))
        return BASE_LOG_ODDS + self.slope * self.table.raw((*features, *missing))


def features_of(traits: Traits, evidence: Evidence, goods_risk: Mapping[str, float]) -> tuple[float, ...]:
    """The features of a merchant, as `FEATURES` has them; NaN where one is not known, as the form's never are."""
    employees = float(traits.employee_count) if traits.employee_count else math.nan
    goods = goods_of_category(traits.category)
    risk = goods_risk.get(goods, math.nan) if goods is not None else math.nan
    return (employees, _new_business(traits, evidence), risk, *(math.nan for _ in FORM))


def _new_business(traits: Traits, evidence: Evidence) -> float:
    """From the opening day; a long trade record alone proves only that a business is not new."""
    if traits.opened_on is not None:
        return 1.0 if (evidence.day - traits.opened_on).days <= NEW_YEARS * 365.25 else 0.0
    trade = evidence.trade
    return 0.0 if trade is not None and trade.months_of_history > NEW_YEARS * 12 else math.nan


def assess(model: ApplicationModel, evidence: Evidence) -> Opinion | None:
    """The component's opinion; None where nothing is known of the merchant."""
    traits = evidence.traits
    if traits is None:
        return None
    features = features_of(traits, evidence, model.goods_risk)
    weight = WEIGHT * sum(share for share, value in zip(KNOWN_SHARES, features, strict=False) if not math.isnan(value))
    if weight == 0.0:
        return None
    odds = model.log_odds(features)
    causes = tuple(
        Cause(
            code, odds - model.log_odds(_replaced(features, position, model.reference)), {"value": features[position]}
        )
        for position, code in enumerate(CODES)
        if not math.isnan(features[position])
    )
    return Opinion(NAME, model.version, odds, ERROR, weight, causes)


def _replaced(features: tuple[float, ...], position: int, reference: tuple[float, ...]) -> tuple[float, ...]:
    return (*features[:position], reference[position], *features[position + 1 :])
