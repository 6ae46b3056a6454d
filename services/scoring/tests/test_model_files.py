"""The committed artefact and card: whole, small, monotone, and refused when they do not belong together."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from sycee_scoring import card
from sycee_scoring.domain.application import FEATURES, MONOTONE, ApplicationModel
from sycee_scoring.domain.goods import GOODS
from sycee_scoring.model_files import (
    APPLICATION_VERSION,
    MODELS,
    ModelRefusedError,
    canonical_json,
    load_application_model,
)

CARD: dict[str, Any] = json.loads((MODELS / f"{APPLICATION_VERSION}.json").read_text(encoding="utf-8"))


def test_the_artefact_is_small() -> None:
    assert (MODELS / CARD["artefact"]).stat().st_size < 300_000


def test_the_digests_are_those_of_the_card() -> None:
    assert hashlib.sha256((MODELS / CARD["artefact"]).read_bytes()).hexdigest() == CARD["artefact_sha256"]
    assert hashlib.sha256(canonical_json(CARD["serving"])).hexdigest() == CARD["serving_sha256"]


def test_the_page_says_what_the_card_says() -> None:
    assert (MODELS / f"{APPLICATION_VERSION}.md").read_text(encoding="utf-8") == card.render(CARD)


def test_the_card_has_what_a_reader_needs() -> None:
    assert CARD["version"] == APPLICATION_VERSION
    assert CARD["serving"]["features"] == list(FEATURES)
    assert CARD["serving"]["monotone"] == list(MONOTONE)
    assert set(CARD["serving"]["goods_risk"]) == set(GOODS)
    assert 0.0 < CARD["serving"]["slope"] <= 1.0
    assert CARD["data"]["retail_loans_with_outcome"] == 126_975
    assert CARD["data"]["train_years"][1] < CARD["data"]["choice_years"][0] < CARD["data"]["test_years"][0]
    assert {"2005", "2006-2007", "2008-2010"} == set(CARD["results"])
    for period in CARD["results"].values():
        for name in ("auc", "ks", "brier_at_prior_of_2004", "brier_at_own_prior"):
            figure = period[name]
            assert 0.0 < figure["low"] <= figure["value"] <= figure["high"] < 1.0
        assert period["brier_at_own_prior"]["value"] < period["brier_of_constant_at_own_prior"]
        assert 0.5 < period["auc"]["low"] < period["auc"]["high"] < 0.75, "a higher one would be leaking"
    assert [row["fiscal_year"] for row in CARD["vintages"]] == list(range(1990, 2011))
    assert len(CARD["limits"]) >= 4
    assert len(CARD["ablation"]) == 3


def test_no_business_is_named() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in MODELS.iterdir())
    assert "LLC" not in text
    assert " INC" not in text.upper().replace(" INCOME", "")


def test_the_model_moves_one_way_in_each_feature(model: ApplicationModel) -> None:
    values = [(*(thresholds), math.inf) for thresholds in model.table.thresholds]
    for position, direction in enumerate(MONOTONE):
        others = [(*values[other], math.nan) for other in range(len(MONOTONE)) if other != position]
        for rest in product(*others):
            line = [model.table.raw((*rest[:position], value, *rest[position:])) for value in values[position]]
            assert all(direction * (after - before) >= -1e-12 for before, after in pairwise(line))


def copied(folder: Path) -> Path:
    shutil.copytree(MODELS, folder / "models")
    return folder / "models"


def change_card(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / f"{APPLICATION_VERSION}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")

    return apply


def _other_feature(content: dict[str, Any]) -> None:
    content["serving"]["features"][0] = "staff"
    content["serving_sha256"] = hashlib.sha256(canonical_json(content["serving"])).hexdigest()


def _flip_a_leaf(folder: Path) -> None:
    path = folder / f"{APPLICATION_VERSION}.txt"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("leaf_value=-0.0", "leaf_value=-0.1", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_flip_a_leaf, "artefact has SHA-256"),
        (change_card(lambda content: content["serving"].update(slope=2.0)), "serving section"),
        (change_card(lambda content: content.update(artefact_sha256="0" * 64)), "artefact has SHA-256"),
        (change_card(_other_feature), "made for features"),
        (change_card(lambda content: content.pop("serving")), "cannot be loaded"),
        (lambda folder: (folder / f"{APPLICATION_VERSION}.txt").unlink(), "cannot be loaded"),
        (lambda folder: (folder / f"{APPLICATION_VERSION}.json").write_text("{"), "cannot be loaded"),
    ],
)
def test_a_model_that_is_not_what_its_card_says_is_refused(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    folder = copied(tmp_path)
    load_application_model(folder)
    damage(folder)
    with pytest.raises(ModelRefusedError, match=message):
        load_application_model(folder)
