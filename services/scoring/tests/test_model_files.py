"""The committed artefacts and cards: whole, small, monotone, and refused when they do not belong together."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sycee_scoring import card
from sycee_scoring.domain import application, bureau
from sycee_scoring.domain.goods import GOODS
from sycee_scoring.model_files import (
    APPLICATION_VERSION,
    BUREAU_VERSION,
    MODELS,
    ModelRefusedError,
    canonical_json,
    load_application_model,
    load_bureau_model,
    schema_sha256,
)
from sycee_scoring.training import plots

VERSIONS = (APPLICATION_VERSION, BUREAU_VERSION)
COMPONENTS = {APPLICATION_VERSION: application, BUREAU_VERSION: bureau}
LOADERS = {APPLICATION_VERSION: load_application_model, BUREAU_VERSION: load_bureau_model}
CARDS: dict[str, dict[str, Any]] = {
    version: json.loads((MODELS / f"{version}.json").read_text(encoding="utf-8")) for version in VERSIONS
}
EVERY = pytest.mark.parametrize("version", VERSIONS)


@EVERY
def test_the_artefact_is_small(version: str) -> None:
    assert (MODELS / CARDS[version]["artefact"]).stat().st_size < 100_000


@EVERY
def test_the_digests_are_those_of_the_card(version: str) -> None:
    found, component = CARDS[version], COMPONENTS[version]
    assert hashlib.sha256((MODELS / found["artefact"]).read_bytes()).hexdigest() == found["artefact_sha256"]
    assert hashlib.sha256(canonical_json(found["serving"])).hexdigest() == found["serving_sha256"]
    assert found["schema_sha256"] == schema_sha256(component.FEATURES, component.MONOTONE)


@EVERY
def test_the_page_says_what_the_card_says(version: str) -> None:
    page = (MODELS / f"{version}.md").read_text(encoding="utf-8")
    assert page == card.render(CARDS[version])


@EVERY
def test_the_plots_are_there_and_small(version: str) -> None:
    page = (MODELS / f"{version}.md").read_text(encoding="utf-8")
    drawn = sorted(path.name for path in MODELS.glob(f"{version}.*.svg"))
    assert drawn == sorted(f"{version}.{name}.svg" for name in _plots(version))
    assert all(f"({name})" in page for name in drawn)
    for name in drawn:
        text = (MODELS / name).read_text(encoding="utf-8")
        assert text.startswith("<?xml")
        assert len(text) < 120_000
        assert "<dc:date>" not in text


def test_plots_are_drawn_out_of_the_card_the_same_each_time() -> None:
    for name, drawing in plots.draw(CARDS[BUREAU_VERSION]).items():
        assert (MODELS / f"{BUREAU_VERSION}.{name}.svg").read_text(encoding="utf-8") == drawing


def _plots(version: str) -> set[str]:
    return {"ranking", "calibration", "shapes", "drift" if version == APPLICATION_VERSION else "fairness"}


@EVERY
def test_a_version_names_its_artefact(version: str) -> None:
    assert LOADERS[version]().version == f"{version}+sha256.{CARDS[version]['artefact_sha256'][:12]}"


def test_the_application_card_has_what_a_reader_needs() -> None:
    found = CARDS[APPLICATION_VERSION]
    assert set(found["serving"]["goods_risk"]) == set(GOODS)
    assert 0.0 < found["serving"]["slope"] <= 1.0
    data = found["data"]
    assert data["retail_loans_with_outcome"] == 126_975
    assert data["guaranteed_whole_charged_off_before_2009"] == 0
    assert data["train_years"][1] < data["choice_years"][0] < data["test_years"][0] < data["late_years"][0]
    for key in ("results", "results_form", "results_comparable"):
        assert {"2005", "2006-2007", "2008-2010"} == set(found[key])
        for period in found[key].values():
            for name in ("auc", "ks"):
                assert 0.0 < period[name]["low"] <= period[name]["value"] <= period[name]["high"] < 1.0
            assert period["own_prior"]["brier"]["value"] < period["own_prior"]["brier_of_constant"]
            assert 0.5 < period["auc"]["low"] < period["auc"]["high"] < 0.75, "a higher one would be leaking"
    assert [row["fiscal_year"] for row in found["vintages"]] == list(range(1990, 2011))
    assert [row["year"] for row in found["drift"]["rows"]] == list(range(2005, 2011))
    assert len(found["limits"]) >= 4
    assert {row["features"] for row in found["challengers"]} == {"form", "portrait"}


def test_a_full_form_ranks_better_than_plain_boosting_on_the_file() -> None:
    found = CARDS[APPLICATION_VERSION]["results_form"]
    assert found["2006-2007"]["auc"]["low"] > 0.648
    assert found["2008-2010"]["auc"]["low"] > 0.667


def test_the_bureau_card_has_what_a_reader_needs() -> None:
    found = CARDS[BUREAU_VERSION]
    assert found["data"]["rows"] == 30_000
    aucs = {row["model"]: row["auc"]["value"] for row in found["comparison"]}
    assert len(aucs) == 5
    assert found["results"]["auc"]["value"] == aucs["additive, as served: arrears shrunk to 24 months"]
    assert found["gain_over_expert"]["low"] > 0.0
    assert all(0.0 < share < 1.0 for share in found["window"]["shares"])
    assert {row["attribute"] for row in found["fairness"]["groups"]} == {"sex", "age"}
    assert not {"sex", "age", "female"} & set(found["serving"]["features"])
    assert len(found["limits"]) >= 4


def test_no_business_is_named() -> None:
    texts = [path.read_text(encoding="utf-8") for version in VERSIONS for path in MODELS.glob(f"{version}*")]
    text = "".join(texts)
    assert "LLC" not in text
    assert " INC" not in text.upper().replace(" INCOME", "")
    assert "BANK" not in text


def change_card(change: Callable[[dict[str, Any]], object]) -> Callable[[Path, str], None]:
    def apply(folder: Path, version: str) -> None:
        path = folder / f"{version}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")

    return apply


def change_tables(change: Callable[[dict[str, Any]], object]) -> Callable[[Path, str], None]:
    """Changes the artefact and makes its digest right again."""

    def apply(folder: Path, version: str) -> None:
        path = folder / f"{version}.tables.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        change_card(lambda found: found.update(artefact_sha256=digest))(folder, version)

    return apply


def _serving(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def apply(content: dict[str, Any]) -> None:
        change(content["serving"])
        content["serving_sha256"] = hashlib.sha256(canonical_json(content["serving"])).hexdigest()

    return apply


def _flip_a_cell(folder: Path, version: str) -> None:
    path = folder / f"{version}.tables.json"
    text = path.read_text(encoding="utf-8")
    assert '"cells": [-0.' in text or '"cells": [0.' in text
    path.write_text(text.replace('"cells": [', '"cells": [1', 1), encoding="utf-8")


def _raise_a_cell(content: dict[str, Any]) -> None:
    """Against the direction of the table's feature: the last known cell is made the safest, or the riskiest."""
    first = content["terms"][0]
    direction = content["monotone"][content["features"].index(first["features"][0])]
    first["cells"][-2] = -9.0 * direction


@EVERY
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_flip_a_cell, "artefact has SHA-256"),
        (change_card(lambda c: c["serving"].update(reference=[])), "serving section"),
        (change_card(lambda c: c.update(artefact_sha256="0" * 64)), "artefact has SHA-256"),
        (change_card(_serving(lambda s: s["features"].__setitem__(0, "staff"))), "its card is made for features"),
        (change_card(_serving(lambda s: s["monotone"].__setitem__(0, 0))), "its card is made for features"),
        (change_card(_serving(lambda s: s.update(reference=[1.0]))), "reference has 1 features"),
        (change_card(lambda c: c.pop("serving")), "cannot be loaded"),
        (change_card(lambda c: c.pop("artefact")), "cannot be loaded"),
        (change_tables(lambda c: c["monotone"].__setitem__(1, 0)), "its artefact is made for features"),
        (change_tables(lambda c: c["features"].reverse()), "cannot be loaded|artefact is made for"),
        (change_tables(lambda c: c["terms"][0]["cells"].pop()), "cannot be loaded"),
        (change_tables(lambda c: c.update(schema=99)), "schema 99"),
        (change_tables(_raise_a_cell), "break the direction of"),
        (lambda folder, version: (folder / f"{version}.tables.json").unlink(), "cannot be loaded"),
        (lambda folder, version: (folder / f"{version}.json").write_text("{"), "cannot be loaded"),
        (lambda folder, version: (folder / f"{version}.json").write_text("[]"), "cannot be loaded"),
    ],
)
def test_a_model_that_is_not_what_its_card_says_is_refused(
    tmp_path: Path, version: str, damage: Callable[[Path, str], None], message: str
) -> None:
    folder = tmp_path / "models"
    shutil.copytree(MODELS, folder)
    LOADERS[version](folder)
    damage(folder, version)
    with pytest.raises(ModelRefusedError, match=message):
        LOADERS[version](folder)
