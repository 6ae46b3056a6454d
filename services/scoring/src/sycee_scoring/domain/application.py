"""What a merchant says of itself, judged by a boosted model trained on real small-business loans.

`training` makes it; the card beside the artefact says from what, how well it ranks and where it must not be trusted.
The amount asked for is no feature: in the training data large loans default less, since banks lend them to the
strong, so a model free to use the amount would reward asking for more, and one that may only punish it leaves it
alone (the card's ablation shows both). The loan weighs in the structural component, where a larger one serves harder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sycee_scoring.domain.causes import Cause, Opinion
from sycee_scoring.domain.evidence import Evidence, Traits
from sycee_scoring.domain.goods import goods_of_category
from sycee_scoring.domain.scale import BASE_LOG_ODDS
from sycee_scoring.domain.trees import TreeTable

NAME: Final = "application"

FEATURES: Final = ("employees", "new_business", "goods_risk")
"""Column order of the model. `employees`: people who work there. `new_business`: 1 up to two years after opening, 0
later. `goods_risk`: log-odds of default of the goods against all retail, from the card."""

MONOTONE: Final = (-1, 1, 1)
"""More people never raise the probability, a new business and riskier goods never lower it."""

WEIGHT: Final = 0.5
"""Half: another country, another decade, shops with doors. Judgement."""

KNOWN_SHARES: Final = (0.3, 0.2, 0.5)
"""How much of the weight each known feature carries."""

NEW_YEARS: Final = 2.0
ERROR: Final = 0.30
"""Standard error of the log-odds, near the spread of the model's own output from vintage to vintage. Judgement."""

_CODES: Final = ("EMPLOYEES_FEW", "BUSINESS_NEW", "GOODS_RISKY")


@dataclass(frozen=True, slots=True)
class ApplicationModel:
    """A loaded model. `slope` shrinks its log-odds as the year that chose it did; `reference` are the features of an
    ordinary applicant, against which causes are measured."""

    version: str
    table: TreeTable
    slope: float
    goods_risk: Mapping[str, float]
    reference: tuple[float, float, float]

    def log_odds(self, features: tuple[float, ...]) -> float:
        """Log-odds of default in a portfolio at the base rate: the model's own base is left out (prior correction)."""
        return BASE_LOG_ODDS + self.slope * self.table.raw(features)


def features_of(traits: Traits, evidence: Evidence, goods_risk: Mapping[str, float]) -> tuple[float, float, float]:
    """The features of a merchant; NaN where one is not known."""
    employees = float(traits.employee_count) if traits.employee_count else math.nan
    goods = goods_of_category(traits.category)
    risk = goods_risk.get(goods, math.nan) if goods is not None else math.nan
    return employees, _new_business(traits, evidence), risk


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
    weight = WEIGHT * sum(share for share, value in zip(KNOWN_SHARES, features, strict=True) if not math.isnan(value))
    if weight == 0.0:
        return None
    odds = model.log_odds(features)
    causes = tuple(
        Cause(
            code, odds - model.log_odds(_replaced(features, position, model.reference)), {"value": features[position]}
        )
        for position, code in enumerate(_CODES)
        if not math.isnan(features[position])
    )
    return Opinion(NAME, model.version, odds, ERROR, weight, causes)


def _replaced(features: tuple[float, ...], position: int, reference: tuple[float, ...]) -> tuple[float, ...]:
    return (*features[:position], reference[position], *features[position + 1 :])
