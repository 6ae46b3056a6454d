"""The gate that every model comes through."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from registry_models import SHIPPED, application_package
from sycee_scoring.domain import application
from sycee_scoring.domain.combine import COMMITTED
from sycee_scoring.model_files import ModelRefusedError, canonical_json
from sycee_scoring.registry.known_loaders import LOADERS
from sycee_scoring.registry.loaders import load, read_package
from sycee_scoring.registry.model import Component, Facts, Package, sha256_hex
from sycee_scoring.registry.schema import Schema
from sycee_scoring.registry.serving import Models, Serving

NO_FACTS = Facts(0, 0, None)


def test_a_whole_package_loads() -> None:
    loaded = load(SHIPPED, LOADERS)
    assert loaded.version == loaded.model.version == SHIPPED.version
    assert loaded.model.log_odds((5.0, 0.0, 0.0)) > loaded.model.log_odds((50.0, 0.0, 0.0))


def _artefact(change: bytes) -> Package:
    return replace(SHIPPED, artefact=SHIPPED.artefact + change)


def _stated(card_change: dict[str, Any]) -> Package:
    return replace(SHIPPED, card={**SHIPPED.card, **card_change})


FEATURES, MONOTONE = application.FEATURES, application.MONOTONE


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (_artefact(b" "), "the artefact has SHA-256"),
        (replace(SHIPPED, artefact_sha256="0" * 64), "the artefact has SHA-256"),
        (replace(SHIPPED, schema_sha256="0" * 64), "schema has SHA-256"),
        (application_package("m", 0.1, features=[*FEATURES[1:], FEATURES[0]]), "made for"),
        (application_package("m", 0.1, features=[*FEATURES[:-1], "other"]), "made for"),
        (application_package("m", 0.1, features=[*FEATURES, "more"], monotone=[*MONOTONE, 0]), "made for"),
        (application_package("m", 0.1, monotone=[-way for way in MONOTONE]), "made for"),
        (application_package("m", -0.1), "break the direction"),
        (_stated({"serving": {**SHIPPED.card["serving"], "slope": 2.0}}), "serving section"),
        (_stated({"serving": {}}), "states no features"),
        (replace(SHIPPED, version="application-other+sha256.000000000000"), "calls itself"),
        (replace(SHIPPED, component=Component.BUREAU), "made for"),
    ],
)
def test_a_package_that_is_not_what_it_says_is_refused(package: Package, message: str) -> None:
    with pytest.raises(ModelRefusedError, match=message):
        load(package, LOADERS)


def test_a_component_without_a_loader_is_refused() -> None:
    with pytest.raises(ModelRefusedError, match="no application models"):
        load(SHIPPED, {})


def test_the_schema_is_names_order_and_directions() -> None:
    one = Schema(("a", "b"), (1, 0))
    others = (Schema(("b", "a"), (0, 1)), Schema(("a", "b"), (0, 1)), Schema(("a", "c"), (1, 0)))
    assert len({one.sha256, *(other.sha256 for other in others)}) == 4


def test_files_become_a_package_or_are_refused(tmp_path: Path) -> None:
    loader = LOADERS[Component.APPLICATION]
    card = {**SHIPPED.card, "artefact": "m.tables.json"}
    (tmp_path / "m.json").write_text(json.dumps(card), encoding="utf-8")
    (tmp_path / "m.tables.json").write_bytes(SHIPPED.artefact)
    with pytest.raises(ModelRefusedError, match="m cannot be loaded"):
        read_package(loader, "m", lambda _card: NO_FACTS, tmp_path)
    (tmp_path / "m.md").write_text("# m\n", encoding="utf-8")
    package = read_package(loader, "m", lambda _card: NO_FACTS, tmp_path)
    assert load(package, LOADERS).version == SHIPPED.version
    del card["artefact_sha256"]
    (tmp_path / "m.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelRefusedError):
        read_package(loader, "m", lambda _card: NO_FACTS, tmp_path)


@pytest.mark.parametrize("component", list(Component))
def test_what_comes_with_the_code_loads(component: Component) -> None:
    shipped = LOADERS[component].shipped
    assert shipped is not None
    package = shipped()
    loaded = load(package, LOADERS)
    assert loaded.model.version == package.version
    assert package.markdown.startswith("# ")
    if component is not Component.COMBINATION:
        assert package.facts.row_count > package.facts.bad_count > 0
        assert package.facts.auc is not None
        assert package.facts.auc.low < package.facts.auc.value < package.facts.auc.high


def test_the_combination_that_comes_with_the_code_is_the_one_in_the_code() -> None:
    shipped = LOADERS[Component.COMBINATION].shipped
    assert shipped is not None
    assert replace(load(shipped(), LOADERS).model, version="") == replace(COMMITTED, version="")


def test_a_damaged_early_warning_is_refused() -> None:
    shipped = LOADERS[Component.DISTRESS].shipped
    assert shipped is not None
    package = shipped()
    serving = {**package.card["serving"], "slope": -1.0}
    artefact = canonical_json(serving)
    damaged = replace(package, artefact=artefact, artefact_sha256=sha256_hex(artefact))
    with pytest.raises(ModelRefusedError, match="cannot be loaded"):
        load(damaged, LOADERS)


def test_the_champions_score_together() -> None:
    with pytest.raises(LookupError):
        Models().panel()
    loaded = load(SHIPPED, LOADERS)
    models = Models(Serving(1, {Component.APPLICATION: loaded}))
    assert models.panel().application is loaded.model
    assert models.panel().combination is COMMITTED
    assert models.panel() is models.panel(), "made once a snapshot"
