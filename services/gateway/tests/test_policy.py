"""The policy that ships is a policy, and a broken one is refused by the name of what is wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from sycee_gateway.domain.evidence import Grade
from sycee_gateway.domain.policy import BadPolicyError, DataBounds, parse_policy
from sycee_gateway.policy_file import load_policies, load_policy, policy_text


def shipped() -> dict[str, Any]:
    document = yaml.safe_load(policy_text("policy-2026.2"))
    assert isinstance(document, dict)
    return document


def test_the_policy_that_ships() -> None:
    policy = load_policy("policy-2026.2")
    assert policy.version == "policy-2026.2"
    assert policy.default_term_months == 12
    assert policy.hold_hours == 72
    assert policy.worst_grade_for("shopkeeper") is Grade.D
    assert policy.worst_grade_for("startup") is Grade.C
    assert policy.data == DataBounds(refer_severe_defects=True, refer_quality_below=35, refer_fake_share_above=0.3)


def test_a_policy_from_before_there_were_bounds_for_data_refers_none() -> None:
    assert load_policy("policy-2026.1").data == DataBounds()


def test_every_policy_that_ships_is_sound() -> None:
    assert set(load_policies()) >= {"policy-2026.1", "policy-2026.2"}


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(BadPolicyError, match=r"policy-1900\.1"):
        load_policy("policy-1900.1")
    with pytest.raises(BadPolicyError):
        load_policy("../pyproject")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("version",), "", "version"),
        (("default_term_months",), 0, "default_term_months"),
        (("default_term_months",), True, "default_term_months"),
        (("hold_hours",), 100_000, "hold_hours"),
        (("credit",), None, "credit"),
        (("credit", "worst_grade"), "F", "credit.worst_grade"),
        (("credit", "worst_grade_by_product"), ["C"], "credit.worst_grade_by_product"),
        (("credit", "worst_grade_by_product", "startup"), 3, "credit.worst_grade_by_product.startup"),
        (("credit", "referred_grades"), ["Z"], "credit.referred_grades"),
        (("data", "refer_severe_defects"), 1, "refer_severe_defects"),
        (("data", "refer_quality_below"), 101, "refer_quality_below"),
        (("data", "refer_fake_share_above_percent"), 0.3, "refer_fake_share_above_percent"),
        (("data",), ["yes"], "data"),
        (("consent", "transfer_recipient"), None, "transfer_recipient"),
        (("disclosure", "review_offered"), "yes", "review_offered"),
    ],
)
def test_a_broken_policy_names_what_is_wrong(path: tuple[str, ...], value: object, named: str) -> None:
    document = copy.deepcopy(shipped())
    part = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(BadPolicyError, match=named):
        parse_policy(document)


def test_a_policy_is_a_mapping() -> None:
    with pytest.raises(BadPolicyError):
        parse_policy([])
