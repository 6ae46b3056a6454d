"""The application model as it is served: what a portrait has decides, and a form only sharpens."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from scoring_merchants import DAY, evidence
from sycee_scoring.domain import application
from sycee_scoring.domain.application import CODES, FEATURES, FORM, MONOTONE, PORTRAIT, ApplicationModel, assess
from sycee_scoring.domain.evidence import Traits
from sycee_scoring.domain.scale import BASE_LOG_ODDS

COLUMNS = len(PORTRAIT)


def test_every_direction_is_kept_whatever_the_others_are(model: ApplicationModel) -> None:
    assert model.table.features == FEATURES
    for column, direction in enumerate(MONOTONE):
        if direction > 0:
            assert model.table.least_step(column) >= -1e-6
            assert model.table.greatest_step(column) > 0.0
        if direction < 0:
            assert model.table.greatest_step(column) <= 1e-6
            assert model.table.least_step(column) < 0.0


def test_no_table_joins_a_form_with_a_portrait(model: ApplicationModel) -> None:
    sides = [{column < COLUMNS for column in entry.columns} for entry in model.table.terms]
    assert all(len(side) == 1 for side in sides)
    assert {True} in sides
    assert {False} in sides


def test_without_a_form_the_form_says_nothing(model: ApplicationModel) -> None:
    merchant = (3.0, 1.0, model.goods_risk["apparel"])
    places = model.table.places((*merchant, *[math.nan] * len(FORM)))
    own = sum(entry.at(places) for entry in model.table.terms if entry.columns[0] < COLUMNS)
    of_form = sum(entry.at(places) for entry in model.table.terms if entry.columns[0] >= COLUMNS)
    first_stage = model.table.intercept + of_form
    usual = model.table.places((math.nan,) * len(FEATURES))
    assert first_stage + own == pytest.approx(model.table.raw((*merchant, *[math.nan] * len(FORM))), abs=1e-9)
    assert abs(first_stage) < 0.5
    assert usual[COLUMNS:] == places[COLUMNS:]


def test_a_form_may_be_left_off(model: ApplicationModel) -> None:
    merchant = (3.0, 1.0, 0.1)
    assert model.log_odds(merchant) == model.log_odds((*merchant, *[math.nan] * len(FORM)))


def test_a_form_tells_lenders_apart(model: ApplicationModel) -> None:
    merchant = (3.0, 0.0, 0.0)
    good, poor = ((0.75, 0.0, elsewhere, risk, 5.0) for elsewhere, risk in ((0.0, -0.8), (1.0, 0.8)))
    assert model.log_odds((*merchant, *poor)) > model.log_odds((*merchant, *good)) + 1.0


def test_features_are_those_of_a_portrait() -> None:
    found = application.features_of(Traits("apparel", DAY - timedelta(days=100), 4), evidence(), {"apparel": 0.3})
    assert found[:COLUMNS] == (4.0, 1.0, 0.3)
    assert all(math.isnan(value) for value in found[COLUMNS:])
    nothing = application.features_of(Traits("", None, 0), replace(evidence(), trade=None), {})
    assert all(math.isnan(value) for value in nothing)
    assert len(nothing) == len(FEATURES)


def test_causes_are_what_an_ordinary_applicant_would_gain(model: ApplicationModel) -> None:
    traits = Traits("toys", DAY - timedelta(days=30), 1)
    opinion = assess(model, evidence(traits=traits))
    features = application.features_of(traits, evidence(), model.goods_risk)
    assert [cause.code for cause in opinion.causes] == list(CODES)
    for position, cause in enumerate(opinion.causes):
        cured = [model.reference[place] if place == position else value for place, value in enumerate(features)]
        assert cause.log_odds == pytest.approx(opinion.log_odds - model.log_odds(tuple(cured)), abs=1e-12)
        assert cause.log_odds > 0.0
    assert opinion.log_odds > BASE_LOG_ODDS
    assert opinion.weight == application.WEIGHT
