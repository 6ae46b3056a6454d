"""The policy: which evidence declines, refers or passes. Data with a version; a decision names the one it followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sycee_gateway.domain.evidence import Grade


class BadPolicyError(ValueError):
    """The policy's text does not make a policy."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What goes with every offer; the rule-book asks for it (CN-PIPL-03, CN-RATE-07)."""

    review_offered: bool
    cost_table_shown: bool


@dataclass(frozen=True, slots=True)
class DataBounds:
    """Which data goes to a person; the defaults send none."""

    refer_severe_defects: bool = False
    refer_quality_below: int = 0  # points of 100
    refer_fake_share_above: float = 1.0  # of the year's sales, 0 to 1


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy.

    What a policy cannot say: that a check which is missing, refers or blocks leads to an approval. That is fixed in
    `flow` and no file changes it.
    """

    version: str
    default_term_months: int
    hold_hours: int
    worst_grade: Grade
    referred_grades: frozenset[Grade]
    transfer_recipient: str
    disclosure: Disclosure
    worst_grade_by_product: Mapping[str, Grade] = field(default_factory=dict)
    data: DataBounds = DataBounds()

    def worst_grade_for(self, product_id: str) -> Grade:
        """The weakest grade that may still borrow this product."""
        return self.worst_grade_by_product.get(product_id, self.worst_grade)


def parse_policy(document: object) -> Policy:
    """Makes a policy out of a parsed document; raises BadPolicyError naming what is wrong."""
    if not isinstance(document, Mapping):
        raise BadPolicyError("the policy must be a mapping")
    credit = _section(document, "credit")
    disclosure = _section(document, "disclosure")
    products = credit.get("worst_grade_by_product", {})
    if not isinstance(products, Mapping):
        raise BadPolicyError("credit.worst_grade_by_product must be a mapping")
    return Policy(
        version=_text(document, "version"),
        default_term_months=_number(document, "default_term_months", low=1, high=60),
        hold_hours=_number(document, "hold_hours", low=1, high=720),
        worst_grade=_grade("credit.worst_grade", credit.get("worst_grade")),
        worst_grade_by_product={
            str(product): _grade(f"credit.worst_grade_by_product.{product}", grade)
            for product, grade in products.items()
        },
        referred_grades=frozenset(
            _grade("credit.referred_grades", grade) for grade in credit.get("referred_grades") or ()
        ),
        transfer_recipient=_text(_section(document, "consent"), "transfer_recipient"),
        disclosure=Disclosure(
            review_offered=_flag(disclosure, "review_offered"),
            cost_table_shown=_flag(disclosure, "cost_table_shown"),
        ),
        data=_data_bounds(_section(document, "data")) if "data" in document else DataBounds(),
    )


def _data_bounds(section: Mapping[str, Any]) -> DataBounds:
    return DataBounds(
        refer_severe_defects=_flag(section, "refer_severe_defects"),
        refer_quality_below=_number(section, "refer_quality_below", low=0, high=100),
        refer_fake_share_above=_number(section, "refer_fake_share_above_percent", low=0, high=100) / 100,
    )


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    if not isinstance(value, Mapping):
        raise BadPolicyError(f"{name} must be a mapping")
    return value


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise BadPolicyError(f"{name} must be a text")
    return value


def _number(document: Mapping[str, Any], name: str, *, low: int, high: int) -> int:
    value = document.get(name)
    if type(value) is not int or not low <= value <= high:
        raise BadPolicyError(f"{name} must be a whole number from {low} to {high}")
    return value


def _flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name)
    if not isinstance(value, bool):
        raise BadPolicyError(f"{name} must be true or false")
    return value


def _grade(name: str, value: object) -> Grade:
    if not isinstance(value, str) or value not in Grade.__members__:
        raise BadPolicyError(f"{name} must be one of {', '.join(Grade.__members__)}")
    return Grade[value]
